/**
 * The demo model's program: the companion of one agent that has no real model. It says on stdout
 * which port it took, learns on stdin whose companion it is, and ends when that process does, so
 * it outlives the daemon with its agent and is never left over.
 *
 *     demo.cjs [--port N]      stdout: {"port":N}      stdin: {"pid":N}, each one line of JSON
 *
 * When stdin ends before that line came, the parent died while it started the agent, and this
 * program ends as well.
 */
import { createInterface } from "node:readline";
import { identify, isAlive, type ProcessIdentity } from "../system/process-identity.ts";
import { demoReply } from "./reply.ts";
import { createModelServer } from "./server.ts";

const lookMs = 1_000;

async function main(): Promise<void> {
  const server = await createModelServer(demoReply, portFrom(process.argv.slice(2)));
  // The parent reads the port and may then close its end, or die.
  process.stdout.on("error", () => {});
  process.stdout.write(`${JSON.stringify({ port: server.port })}\n`);

  let watched: ProcessIdentity | undefined;
  const lines = createInterface({ input: process.stdin });
  process.stdin.on("error", () => {});
  lines.once("line", (line) => {
    watched = identify(pidFrom(line));
    if (watched === undefined) process.exit(0);
  });
  lines.on("close", () => {
    if (watched === undefined) process.exit(0);
  });
  setInterval(() => {
    if (watched !== undefined && !isAlive(watched)) process.exit(0);
  }, lookMs);
}

function portFrom(args: string[]): number {
  if (args.length === 0) return 0;
  const port = Number(args[1]);
  if (
    args[0] === "--port" &&
    args.length === 2 &&
    Number.isInteger(port) &&
    port >= 0 &&
    port < 65_536
  )
    return port;
  throw new Error(`usage: demo.cjs [--port N], N from 0 to 65535; got ${JSON.stringify(args)}`);
}

function pidFrom(line: string): number {
  try {
    return Number((JSON.parse(line) as { pid?: unknown } | null)?.pid);
  } catch {
    return Number.NaN;
  }
}

// The terminal's and the daemon's signals are not for it: it goes when its agent goes.
process.on("SIGHUP", () => {});
process.on("SIGINT", () => {});

main().catch((error: unknown) => {
  process.stderr.write(`demo model: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
