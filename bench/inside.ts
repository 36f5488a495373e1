/** What a daemon says of itself from inside; `inside.cjs` is the part that is in there. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../test/support/codex.ts";
import { eventually } from "../test/support/eventually.ts";
import type { Home } from "../test/support/home.ts";

export interface Inside {
  pid: number;
  p99Ms: number;
  maxMs: number;
  heapMb: number;
  handles: number;
}

/** The environment of a home whose daemons are looked into. */
export function insideEnv(file: string): Record<string, string> {
  return { NODE_OPTIONS: `--require ${join(root, "bench/inside.cjs")}`, HACS_INSIDE: file };
}

/** What was since the last look, or since the daemon's start. */
export async function lookInside(home: Home): Promise<Inside> {
  const file = home.env.HACS_INSIDE ?? "";
  const pid = home.daemonPid();
  return eventually(
    () => {
      const inside = JSON.parse(readFileSync(file, "utf8")) as Inside;
      if (inside.pid !== pid) return null;
      rmSync(file);
      return inside;
    },
    { what: "the daemon writes down how it is" },
  );
}

/** The same after a collection: what is held for good. */
export async function lookAtHeld(home: Home): Promise<Inside> {
  const order = `${home.env.HACS_INSIDE}.collect`;
  writeFileSync(order, "");
  for (let i = 0; i < 3; i++) await lookInside(home);
  rmSync(order);
  return lookInside(home);
}
