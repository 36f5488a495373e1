/** codex's own TUI on a session's thread, over the socket that speaks codex's protocol. */
import { dirname } from "node:path";
import { HacsError } from "../protocol/errors.ts";
import { checkPrivateDirectory } from "../system/paths.ts";
import type { Context } from "./context.ts";

/** Gives codex's exit code. */
export async function runOfficialTui(
  context: Context,
  options: { name: string; env?: Record<string, string> },
): Promise<number> {
  await context.call("session/wake", options);
  const { session } = await context.call("session/show", { name: options.name });
  const { codexSocket, threadId, spec } = session;
  if (codexSocket === null || threadId === null) {
    throw new HacsError(
      "agent-gone",
      `The session "${session.name}" is ${session.state}, and has no thread to open.`,
      `See: hacs-session show ${session.name}`,
    );
  }
  // Whoever answers there is told everything, and decides what codex shows.
  checkPrivateDirectory(dirname(codexSocket));
  const { spawn } = await import("node:child_process");
  const { locateCodex } = await import("../system/codex-binary.ts");
  const codex = await locateCodex({
    ...(spec.codex ? { given: spec.codex } : {}),
    env: context.env,
  });
  const env = spec.codexHome ? { ...context.env, CODEX_HOME: spec.codexHome } : context.env;
  const args = ["--remote", `unix://${codexSocket}`, "resume", threadId];
  context.close();
  process.removeAllListeners("SIGINT");
  // The terminal sends ^C to both; it is codex's to act on.
  process.on("SIGINT", () => {});
  const child = spawn(codex.path, args, { stdio: "inherit", cwd: spec.cwd, env });
  return new Promise((resolve, reject) => {
    child.on("error", (error) =>
      reject(
        new HacsError(
          "codex-failed",
          `codex can't be started: ${error.message}.`,
          "See: hacs-session doctor",
        ),
      ),
    );
    child.on("exit", (code, signal) => resolve(code ?? (signal === "SIGINT" ? 130 : 1)));
  });
}
