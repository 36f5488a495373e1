/** Loads the TUI, which is a program of its own, only when someone is to look at it. */
import type { HeldLink } from "../client/host.ts";
import { visibleLines } from "../protocol/address.ts";
import { ERRORS, type ErrorCode, HacsError } from "../protocol/errors.ts";
import type { DaemonChoice } from "../system/paths.ts";
import type { Context } from "./context.ts";

/** The TUI's face, in `src/tui/main.ts`; the CLI does not import it, so that Ink stays outside. */
interface Tui {
  attach(options: {
    choice: DaemonChoice;
    name: string;
    readOnly: boolean;
    env?: Record<string, string>;
    link?: HeldLink;
  }): Promise<{
    reason: "detached" | "ended" | "failed";
    name: string;
    unsent?: string;
    error?: Error;
  }>;
  top(options: { choice: DaemonChoice; link?: HeldLink }): Promise<{ error?: Error }>;
}

export async function openTui(
  context: Context,
  options: { name: string; readOnly: boolean; env?: Record<string, string> },
): Promise<number> {
  const tui = await load(context);
  const {
    reason,
    name,
    unsent = "",
    error,
  } = await tui.attach({ ...(await whereTo(context)), ...options });
  if (error) throw ourOwn(error);
  context.print(
    reason === "ended" ? `[ended] (session ${name})` : `[detached (from session ${name})]`,
  );
  if (unsent !== "") context.print(`Written and not sent:\n${visibleLines(unsent)}`);
  return 0;
}

/** What all sessions do, until the person leaves it. */
export async function openTop(context: Context): Promise<number> {
  const tui = await load(context);
  const { error } = await tui.top(await whereTo(context));
  if (error) throw ourOwn(error);
  return 0;
}

/** A person who logged in for the first look is not asked again for the terminal. */
async function whereTo({ choice }: Context): Promise<{ choice: DaemonChoice; link?: HeldLink }> {
  if (choice.host === undefined) return { choice };
  const { heldLink } = await import("../client/host.ts");
  const link = await heldLink(choice);
  return { choice, ...(link === undefined ? {} : { link }) };
}

async function load(context: Context): Promise<Tui> {
  const { pathToFileURL } = await import("node:url");
  const { programFile } = await import("../system/program-file.ts");
  const tui = (await import(pathToFileURL(programFile("tui.mjs")).href)) as Tui;
  context.close();
  // The TUI has the terminal: ^C is a key there, and a terminal that goes away is a detach.
  process.removeAllListeners("SIGINT");
  return tui;
}

/** The TUI's bundle has a HacsError of its own, which is no instance of this one's. */
function ourOwn(error: Error & { code?: string; next?: string }): Error {
  if (error.code === undefined || !(error.code in ERRORS)) return error;
  return new HacsError(error.code as ErrorCode, error.message, error.next);
}
