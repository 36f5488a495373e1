/** How a process of codex's is ended. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { AgentProcess } from "../../../src/daemon/agent/agent-process.ts";
import { identify } from "../../../src/system/process-identity.ts";
import { isRunning, listProcesses } from "../../support/processes.ts";

test("one that ignores SIGTERM is killed, with what it started", async () => {
  const script = "trap '' TERM; sleep 600 & echo ready; while :; do wait; done";
  const child = spawn("sh", ["-c", script], {
    detached: true,
    stdio: ["ignore", "pipe", "ignore"],
  });
  await once(child.stdout, "data");
  const pid = child.pid!;
  const started = listProcesses().filter(({ ppid }) => ppid === pid);
  expect(started).toHaveLength(1);
  await AgentProcess.adopt(identify(pid)!)?.stop("SIGTERM");
  expect([pid, ...started.map((one) => one.pid)].filter(isRunning)).toEqual([]);
});
