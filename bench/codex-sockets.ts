/** What the sockets of a thousand sleeping sessions cost that speak codex's own protocol. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Store } from "../src/daemon/store/store.ts";
import { isListening } from "../src/system/probe-socket.ts";
import { eventually } from "../test/support/eventually.ts";
import { createHome, type Home } from "../test/support/home.ts";
import { sessionRow } from "../test/support/session-row.ts";
import type { Benchmark } from "./measure.ts";

const sessions = 1_000;
const kbMost = 32;

export const codexSockets: Benchmark = async () => {
  const home = await createHome();
  try {
    const none = await cost(home);
    const store = new Store(join(home.dir, "state/default/history.db"));
    for (let i = 0; i < sessions; i++)
      store.sessions.insert(sessionRow(i.toString(16).padStart(16, "0"), `s${i}`));
    store.close();
    const all = await cost(home, (sessions - 1).toString(16).padStart(16, "0"));
    const kb = (all.kb - none.kb) / sessions;
    const fds = (all.fds - none.fds) / sessions;
    return [
      {
        what: `a sleeping session with its codex socket (of ${sessions})`,
        measured: `${fds.toFixed(0)} descriptor, ${kb.toFixed(1)} KB`,
        target: `1, ≤ ${kbMost} KB`,
        met: fds <= 1.01 && kb <= kbMost,
        details: `a daemon with none: ${none.fds} descriptors, ${(none.kb / 1024).toFixed(0)} MB; with all: ${all.fds}, ${(all.kb / 1024).toFixed(0)} MB; all listen ${(all.ms - none.ms).toFixed(0)} ms after a start with none`,
      },
    ];
  } finally {
    await home.close();
  }
};

/** Of a daemon that was started anew, once the last socket listens. */
async function cost(home: Home, last?: string): Promise<{ kb: number; fds: number; ms: number }> {
  const before = performance.now();
  await home.ok(["daemon", "start"]);
  if (last !== undefined) {
    const socket = join(home.dir, `run/default.codex/${last}.sock`);
    await eventually(() => isListening(socket), { what: "the last socket listens", everyMs: 5 });
  }
  const ms = performance.now() - before;
  const pid = home.daemonPid();
  const kb = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  const fds = readdirSync(`/proc/${pid}/fd`).length;
  await home.ok(["daemon", "stop"]);
  return { kb, fds, ms };
}
