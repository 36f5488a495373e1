/** What a hundred sleeping sessions cost. */
import { readFileSync } from "node:fs";
import { createHome } from "../test/support/home.ts";
import { startProgram } from "../test/support/program.ts";
import type { Benchmark } from "./measure.ts";

const sessions = 100;
const mbMost = 90;

export const sleeping: Benchmark = async () => {
  const home = await createHome();
  try {
    const connection = await home.connect();
    for (let i = 0; i < sessions; i++) {
      const name = `s${i}`;
      await connection.call("session/new", { name, spec: { cwd: home.work }, env: home.env });
      await connection.call("session/sleep", { name });
    }
    // Once with all that the making of them left behind, once as a daemon that starts has it.
    const grown = residentMb(home.daemonPid());
    connection.close();
    await home.ok(["daemon", "restart"]);
    await home.ok(["ls"]);
    const fresh = residentMb(home.daemonPid());
    const bare = startProgram(process.execPath, [
      "-e",
      "process.stdout.write('up'); setInterval(() => {}, 1e6)",
    ]);
    await bare.waitFor("up");
    const control = residentMb(bare.pid);
    bare.kill();
    return [
      {
        what: `a daemon with ${sessions} sleeping sessions, resident`,
        measured: `${fresh.toFixed(0)} MB`,
        target: `≤ ${mbMost} MB`,
        met: fresh <= mbMost,
        details: `${(fresh / control).toFixed(2)}× a bare node (${control.toFixed(0)} MB); ${grown.toFixed(0)} MB right after making and using all of them`,
      },
    ];
  } finally {
    await home.close();
  }
};

export function residentMb(pid: number): number {
  const kb = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kb) / 1024;
}
