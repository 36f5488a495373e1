import { HacsError } from "../protocol/errors.ts";
import type { Context } from "./context.ts";
import { lastUsed } from "./last-used.ts";
import { openTui } from "./open-tui.ts";

/** Without a verb, as tmux: to the session used last; where there is none, or no terminal, help. */
export async function attachOrHelp(context: Context, help: string): Promise<number> {
  if (!context.terminal.in || !context.terminal.out) {
    context.print(help.trimEnd());
    return 0;
  }
  try {
    const { name } = await lastUsed(context);
    return await openTui(context, { name, readOnly: false });
  } catch (error) {
    if (!(error instanceof HacsError) || error.code !== "no-sessions") throw error;
    context.print(help.trimEnd());
    context.note("\nThere is no session yet. Make one here with: hacs-session new");
    return 0;
  }
}
