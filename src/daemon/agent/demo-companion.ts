/**
 * Starts the demo model that answers a demo session's agent. It lives exactly as long as that
 * agent: it is told the agent's pid and ends when that is gone, so it too outlives the daemon.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { HacsError } from "../../protocol/errors.ts";
import { markVariable } from "../../system/agent-family.ts";

const startTimeoutMs = 10_000;

export interface DemoCompanion {
  port: number;
  /** Ties it to an agent. Until then it ends with the daemon. */
  watch: (pid: number) => void;
}

export function startDemoCompanion(programDir: string, session: string): Promise<DemoCompanion> {
  const home = process.env.HACS_SESSION_HOME;
  const child = spawn(process.execPath, [join(programDir, "demo.cjs")], {
    cwd: "/",
    // It needs nothing; whose it is shows.
    env: {
      [markVariable]: session,
      ...(home === undefined ? {} : { HACS_SESSION_HOME: home }),
    },
    detached: true,
    stdio: ["pipe", "pipe", "ignore"],
  });
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      clearTimeout(timer);
      child.kill("SIGKILL");
      reject(
        new HacsError(
          "codex-failed",
          `The demo model did not start: ${why}.`,
          "hacs-session doctor checks the installation.",
        ),
      );
    };
    const timer = setTimeout(
      () => fail(`it was not ready within ${startTimeoutMs / 1000} s`),
      startTimeoutMs,
    );
    let said = "";
    child.on("error", (error) => fail(error.message));
    child.on("exit", (code) => fail(`exit code ${code}`));
    child.stdin.on("error", () => {});
    child.stdout.on("data", (chunk) => {
      said += chunk;
      if (!said.includes("\n")) return;
      clearTimeout(timer);
      child.removeAllListeners("exit");
      child.stdout.destroy();
      child.unref();
      const { port } = JSON.parse(said) as { port: number };
      resolve({ port, watch: (pid) => child.stdin.end(`${JSON.stringify({ pid })}\n`) });
    });
  });
}
