/**
 * The TUI's composition root: `attach` shows a session on the terminal until the person
 * detaches, the shown session ends, or it can't be followed any more; `top` shows what all of them
 * do. Both leave the terminal as they found it and print nothing.
 */
import { homedir } from "node:os";
import type { Instance } from "ink";
import { createElement } from "react";
import type { Connection } from "../client/connection.ts";
import { type HeldLink, shareLink } from "../client/host.ts";
import { connectOrStart, reconnect } from "../client/launch.ts";
import { HacsError } from "../protocol/errors.ts";
import { type DaemonChoice, pathsFor } from "../system/paths.ts";
import { readSettings } from "../system/settings.ts";
import { App } from "./app.tsx";
import { asHacsError } from "./link.ts";
import { type Effect, noticed } from "./model.ts";
import { newId } from "./new-id.ts";
import type { Scene } from "./scene.ts";
import { nothingAround } from "./sessions/around.ts";
import { ringOf } from "./sessions/news.ts";
import { shownSession } from "./sessions/order.ts";
import { Stage } from "./sessions/stage.ts";
import { clipboardSequence } from "./terminal/clipboard.ts";
import { strokeOf } from "./terminal/keystrokes.ts";
import { mount, unmount } from "./terminal/mount.ts";
import { point } from "./terminal/point.ts";
import { mouseOff, mouseOn, redraw, takenBack } from "./terminal/terminal.ts";
import { type DashboardOptions, openDashboard } from "./top/dashboard.ts";

export interface AttachOptions {
  choice: DaemonChoice;
  name: string;
  readOnly: boolean;
  /** For an agent that a message of this client's wakes. */
  env?: Record<string, string>;
  /** To the machine of `choice`, where there is one already. */
  link?: HeldLink;
}

export interface Outcome {
  reason: "detached" | "ended" | "failed";
  /** The name of the session shown last; another may be shown by then, or it was renamed. */
  name: string;
  /** What was being written in a session that is no more. */
  unsent?: string;
  error?: HacsError;
}

/** Shows a session until the person detaches from it, or it ends. */
export async function attach(options: AttachOptions): Promise<Outcome> {
  const {
    session: _session,
    next: _next,
    ...outcome
  } = await showSession(options, dialFor(options));
  return outcome;
}

export type TopOptions = Pick<AttachOptions, "choice" | "link">;

/** Shows all sessions until the person leaves; a detach from one comes back here. */
export async function top(where: TopOptions): Promise<{ error?: HacsError }> {
  const { choice } = where;
  const dial = dialFor(where);
  let back: Pick<DashboardOptions, "before" | "notice"> = {};
  let selected: string | null = null;
  for (;;) {
    try {
      const board = boardOf(choice);
      const shown = await openDashboard({ dial, ...board, readOnly: false, selected, ...back });
      const name = await shown.chosen;
      if (name === null) {
        await shown.hide();
        return {};
      }
      const options = { choice, name, readOnly: false };
      const outcome = await showSession(options, dial, shown.hide);
      selected = outcome.session;
      back = { before: shown.model(), ...backFrom(outcome) };
    } catch (error) {
      return { error: asHacsError(error) };
    }
  }
}

function backFrom({ reason, name, error }: Shown): Pick<DashboardOptions, "notice"> {
  if (error !== undefined) return { notice: { text: error.message, tone: "warning" } };
  const text = reason === "ended" ? `session ${name} ended` : `detached from ${name}`;
  return { notice: { text, tone: "info" } };
}

function boardOf(choice: DaemonChoice): Pick<DashboardOptions, "around"> {
  const { settings } = readSettings(pathsFor(choice).configFile);
  return { around: { ...nothingAround, prefix: strokeOf(settings.prefix), home: homeOf(choice) } };
}

/** Another machine's is its daemon's to know, and where its relative paths begin. */
function homeOf({ host }: DaemonChoice): string {
  return host === undefined ? homedir() : "";
}

type Dial = () => Promise<Connection>;

/** The daemon is started for the first call alone; from then on it is one that was lost. */
function dialFor({ choice, link }: TopOptions): Dial {
  if (link !== undefined) shareLink(choice, link);
  let dialled = false;
  return () => {
    const way = dialled ? reconnect : connectOrStart;
    dialled = true;
    return way(choice, "tui");
  };
}

interface Shown extends Outcome {
  /** The id of the session shown last, which outlives a rename; its name until that is known. */
  session: string;
  /** What was chosen in the dashboard while the session below it ended. */
  next?: string;
}

/** `before` takes off the screen what was there until now, once there is something to show. */
async function showSession(
  options: AttachOptions,
  dial: Dial,
  before?: () => Promise<void>,
): Promise<Shown> {
  let shown = await showFrom(options, dial, before);
  while (shown.next !== undefined) shown = await showFrom({ ...options, name: shown.next }, dial);
  return shown;
}

/** Begins with the session of the options; what is shown then may be another. */
async function showFrom(
  options: AttachOptions,
  dial: Dial,
  before: () => Promise<void> = async () => {},
): Promise<Shown> {
  const { choice, name, readOnly, env } = options;
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    return { reason: "failed", name, session: name, error: noTerminal() };
  }
  type Ending = Omit<Shown, "name" | "session" | "next">;
  /** What comes next, after the picture that is on the screen. */
  let next = Promise.withResolvers<Ending | "top">();
  const finish = (ending: Ending) => next.resolve(ending);
  let screen: Instance | undefined;
  const perform = (effect: Effect): void => {
    if (effect.do === "detach") finish({ reason: "detached" });
    else if (effect.do === "top") next.resolve("top");
    else if (effect.do === "end") finish({ reason: effect.reason });
    else if (effect.do === "redraw") screen && redraw(screen, stage);
    else if (effect.do === "suspend") process.kill(process.pid, "SIGTSTP");
    else if (effect.do === "copy") process.stdout.write(clipboardSequence(effect.text));
    else if (effect.do === "mouse") process.stdout.write(effect.on ? mouseOn : mouseOff);
  };
  const { columns, rows } = process.stdout;
  const { settings, complaint } = readSettings(pathsFor(choice).configFile);
  const stage = new Stage({
    dial,
    name,
    readOnly,
    size: { columns, rows },
    around: { ...nothingAround, prefix: strokeOf(settings.prefix), home: homeOf(choice) },
    ...(env ? { env } : {}),
    // Over there this terminal's environment means nothing.
    ...(choice.host === undefined ? { environment: ownEnvironment() } : {}),
    perform,
    onEnded: (error) => finish(outcomeOf(error)),
    ring: (news) => settings.notify && process.stdout.write(ringOf(news, process.env)),
  });
  const told = (ending: Ending): Shown => ({
    ...ending,
    ...(ending.reason === "ended" ? { unsent: stage.model.composer.text } : {}),
    name: stage.model.name,
    session: shownSession(stage.model),
  });
  /**
   * The panes stay as they are meanwhile, and what is on its way in them goes on. Gives the session
   * that was chosen.
   */
  const above = async (): Promise<string | null> => {
    try {
      const selected = shownSession(stage.model);
      const around = { ...boardOf(choice).around, mouse: stage.model.around.mouse };
      const board = await openDashboard({ dial, around, readOnly, selected });
      const session = await board.chosen;
      await board.hide();
      return session;
    } catch (error) {
      stage.act((model) => noticed(model, asHacsError(error).message, "warning"));
      return null;
    }
  };
  // A terminal that is gone reports its end as an error of the stream; there is nobody to tell.
  const gone = () => finish({ reason: "detached" });
  process.stdout.on("error", gone);
  process.stdin.on("error", gone);
  try {
    await Promise.race([stage.start(), next.promise]);
    await before();
    if (complaint !== null) stage.act((model) => noticed(model, complaint, "warning"));
    for (;;) {
      screen = show(stage);
      screen
        .waitUntilExit()
        .catch((error) => finish({ reason: "failed", error: asHacsError(error) }));
      const ending = await next.promise;
      // An editor has the terminal to its end, and what is written in it is not lost.
      await takenBack();
      if (ending !== "top") {
        if (ending.reason === "detached") await stage.sent();
        return told(ending);
      }
      next = Promise.withResolvers();
      await unmount(screen);
      screen = undefined;
      const session = await above();
      if (session === null) continue;
      const over = await Promise.race([next.promise, null]);
      if (over !== null && over !== "top") return { ...told(over), next: session };
      stage.act((model) => ({ model, effects: [{ do: "show", session }] }));
    }
  } catch (error) {
    await before();
    return told({ reason: "failed", error: asHacsError(error) });
  } finally {
    await unmount(screen);
    await stage.leave();
    stage.stop();
    process.stdout.off("error", gone);
    process.stdin.off("error", gone);
  }
}

/** A session that was killed while the daemon was away has ended like any other. */
function outcomeOf(error: HacsError): Omit<Outcome, "name"> {
  return error.code === "session-ended" ? { reason: "ended" } : { reason: "failed", error };
}

function show(store: Scene): Instance {
  const picture = createElement(App, { store });
  return mount(picture, (pointing) => point(store, pointing, newId));
}

function ownEnvironment(): Record<string, string> {
  const given = Object.entries(process.env);
  return Object.fromEntries(
    given.filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}

function noTerminal(): HacsError {
  return new HacsError(
    "invalid-usage",
    "Attaching needs a terminal for input and output, and this is none.",
    "In a script use: hacs-session send NAME TEXT --wait, or hacs-session tail -f NAME",
  );
}
