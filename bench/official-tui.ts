/** The official TUI on a session of ours: the control that `attach` is compared with. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { codexBinary } from "../test/support/codex.ts";
import type { Home } from "../test/support/home.ts";
import { openTerminal, type TestTerminal } from "../test/support/terminal.ts";

export type Size = { cols: number; rows: number };

/** It asks for a login first, whatever provider the config names; a made-up key is one. */
export function signIn(home: Home): void {
  const login = JSON.stringify({ OPENAI_API_KEY: "sk-none" });
  writeFileSync(join(home.codexHome, "auth.json"), login, { mode: 0o600 });
}

/** What opens it on the session's thread, on its agent's own socket. The session must be awake. */
export async function officialTui(home: Home, name: string): Promise<(size: Size) => TestTerminal> {
  const { threadId } = await home.show(name);
  const socket = await home.agentSocket(name);
  const args = ["--remote", `unix://${socket}`, "resume", String(threadId)];
  return (size) =>
    openTerminal({ command: codexBinary, args, ...size, env: home.env, cwd: home.work });
}

/** True when the text is on the screen and the line that takes input stands below it. */
export function paintedWith(text: string): (lines: string[]) => boolean {
  return (lines) => {
    const said = lines.findLastIndex((line) => line.includes(text));
    return said !== -1 && lines.slice(said + 1).some((line) => line.startsWith("›"));
  };
}
