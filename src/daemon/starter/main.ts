/**
 * A program of its own: starts what the daemon tells it to, and says what became of it. It ends with
 * the daemon, and what it started lives on.
 */
import { type Order, start } from "./start.ts";
import type { Answer } from "./starter.ts";

const daemonPid = Number(process.argv[2]);

function tell(answer: Answer): void {
  // The daemon may be gone: then nobody waits for it.
  if (process.connected) process.send?.(answer, () => {});
}

process.on("disconnect", () => process.exit());
// What a terminal or a manager says to all is the daemon's to follow.
for (const name of ["SIGHUP", "SIGINT", "SIGTERM"]) process.on(name, () => {});
process.on("message", ({ id, order }: { id: number; order: Order }) => {
  // What a daemon ordered that has died meanwhile is for the next one to decide.
  if (process.ppid !== daemonPid) return;
  const { identity, ended } = start(order);
  tell({ id, identity });
  void ended.then((how) => tell({ id, ended: how }));
});
tell({ ready: true });
