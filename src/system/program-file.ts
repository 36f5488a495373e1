import { dirname, join } from "node:path";

/** Where the bundled programs lie: beside the bundle that runs, or in dist/ for sources. */
export function programFile(name: string): string {
  const here = typeof __dirname === "string" ? __dirname : dirname(process.argv[1] ?? ".");
  return join(process.env.HACS_SESSION_DIST ?? here, name);
}
