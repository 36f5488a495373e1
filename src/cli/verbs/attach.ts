import { HacsError } from "../../protocol/errors.ts";
import type { Context } from "../context.ts";
import { refuseElsewhere } from "../elsewhere.ts";
import { lastUsed } from "../last-used.ts";
import { runOfficialTui } from "../official-tui.ts";
import { openTui } from "../open-tui.ts";
import { environment } from "../session-environment.ts";
import type { Verb } from "../verb.ts";

interface Options {
  readOnly?: boolean;
  updateEnv?: boolean;
  codex?: boolean;
}

export const attach: Verb<Options> = {
  name: "attach",
  alias: "a",
  group: "Sessions",
  summary: "attach to a session, without a name to the one used last",
  arguments: ["[session]"],
  options: [
    { flags: "-r, --read-only", about: "look, and change nothing", conflicts: ["codex"] },
    { flags: "--update-env", about: "give a sleeping agent this terminal's environment" },
    { flags: "--codex", about: "open codex's own TUI on the same thread" },
  ],
  examples: [
    ["attach", "to the session used last"],
    ["a fix -r", "look at fix without a hand in it"],
    ["attach fix --codex", "the official codex TUI; others stay attached and see the same"],
  ],
  async run(context, [given], options) {
    checkTerminal(context);
    const name = given ?? (await lastUsed(context)).name;
    const option = options.codex ? "--codex" : options.updateEnv ? "--update-env" : undefined;
    if (option !== undefined)
      refuseElsewhere(context, name, option, "Run it there: ssh -t HOST hacs-session attach NAME");
    await checkLives(context, name);
    const env = options.updateEnv ? { env: environment(context.env) } : {};
    if (options.codex) return runOfficialTui(context, { name, ...env });
    return openTui(context, { name, readOnly: options.readOnly ?? false, ...env });
  },
};

function checkTerminal({ terminal }: Context): void {
  if (terminal.in && terminal.out) return;
  throw new HacsError(
    "invalid-usage",
    `attach needs a terminal; ${terminal.in ? "stdout" : "stdin"} is none.`,
    "Without one, use: hacs-session tail NAME -f, or over ssh: ssh -t HOST hacs-session attach NAME",
  );
}

/** The TUI would show it for a moment and end. */
async function checkLives(context: Context, name: string): Promise<void> {
  const { session } = await context.call("session/show", { name });
  if (session.state !== "ended") return;
  throw new HacsError(
    "session-ended",
    `The session "${session.name}" was ended, and nobody can attach to it any more.`,
    `Read it with: hacs-session tail ${session.name}`,
  );
}
