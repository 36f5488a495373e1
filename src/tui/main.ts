/**
 * The TUI's composition root: `attach` shows a session on the terminal until the person
 * detaches, the shown session ends, or it can't be followed any more. It leaves the terminal as it
 * found it and prints nothing.
 */
import { randomUUID } from "node:crypto";
import { homedir } from "node:os";
import { type Instance, render } from "ink";
import { createElement } from "react";
import { connectOrStart, reconnect } from "../client/launch.ts";
import { HacsError, messageOf } from "../protocol/errors.ts";
import { type DaemonChoice, pathsFor } from "../system/paths.ts";
import { readSettings } from "../system/settings.ts";
import { App } from "./app.tsx";
import { type Effect, noticed } from "./model.ts";
import type { Scene } from "./scene.ts";
import { nothingAround } from "./sessions/around.ts";
import { ringOf } from "./sessions/news.ts";
import { Stage } from "./sessions/stage.ts";
import { clipboardSequence } from "./terminal/clipboard.ts";
import { strokeOf } from "./terminal/keystrokes.ts";
import { withoutMouse } from "./terminal/mouse.ts";
import { point } from "./terminal/point.ts";
import { mouseOff, mouseOn, redraw } from "./terminal/terminal.ts";

import { wantsColor } from "./text/theme.ts";

export interface AttachOptions {
  choice: DaemonChoice;
  name: string;
  readOnly: boolean;
  /** For an agent that a message of this client's wakes. */
  env?: Record<string, string>;
}

export interface Outcome {
  reason: "detached" | "ended" | "failed";
  /** The name of the session shown last; another may be shown by then, or it was renamed. */
  name: string;
  error?: HacsError;
}

export async function attach(options: AttachOptions): Promise<Outcome> {
  const { choice, name, readOnly, env } = options;
  if (!process.stdin.isTTY || !process.stdout.isTTY) {
    return { reason: "failed", name, error: noTerminal() };
  }
  let finish: (outcome: Omit<Outcome, "name">) => void = () => {};
  const finished = new Promise<Omit<Outcome, "name">>((resolve) => {
    finish = resolve;
  });
  let screen: Instance | undefined;
  const perform = (effect: Effect): void => {
    if (effect.do === "detach") finish({ reason: "detached" });
    else if (effect.do === "end") finish({ reason: effect.reason });
    else if (effect.do === "redraw") screen && redraw(screen, stage);
    else if (effect.do === "suspend") process.kill(process.pid, "SIGTSTP");
    else if (effect.do === "copy") process.stdout.write(clipboardSequence(effect.text));
    else if (effect.do === "mouse") process.stdout.write(effect.on ? mouseOn : mouseOff);
  };
  const { columns, rows } = process.stdout;
  const { settings, complaint } = readSettings(pathsFor(choice).configFile);
  let dialled = false;
  const dial = () => {
    const way = dialled ? reconnect : connectOrStart;
    dialled = true;
    return way(choice, "tui");
  };
  const stage = new Stage({
    dial,
    name,
    readOnly,
    size: { columns, rows },
    around: { ...nothingAround, prefix: strokeOf(settings.prefix), home: homedir() },
    ...(env ? { env } : {}),
    environment: ownEnvironment(),
    perform,
    onEnded: (error) => finish(outcomeOf(error)),
    ring: (news) => settings.notify && process.stdout.write(ringOf(news, process.env)),
  });
  // A terminal that is gone reports its end as an error of the stream; there is nobody to tell.
  const gone = () => finish({ reason: "detached" });
  process.stdout.on("error", gone);
  process.stdin.on("error", gone);
  try {
    await Promise.race([stage.start(), finished]);
    if (complaint !== null) stage.act((model) => noticed(model, complaint, "warning"));
    screen = show(stage);
    screen.waitUntilExit().catch((error) => finish({ reason: "failed", error: asHacs(error) }));
    const outcome = await finished;
    if (outcome.reason === "detached") await stage.sent();
    return { ...outcome, name: stage.model.name };
  } catch (error) {
    return { reason: "failed", name: stage.model.name, error: asHacs(error) };
  } finally {
    await hide(screen);
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
  // Ink does this too, but after the first frame: a key that answers what is seen at once would
  // still go through the line discipline, which echoes it and makes Enter a newline.
  process.stdin.setRawMode(true);
  return render(createElement(App, { store, color: wantsColor(process.env) }), {
    stdin: withoutMouse(process.stdin, (pointing) => point(store, pointing, randomUUID)),
    alternateScreen: true,
    incrementalRendering: true,
    exitOnCtrlC: false,
    // Ink takes CI=1 for a pipe; attach has made sure of a terminal.
    interactive: true,
    patchConsole: false,
    maxFps: 30,
  });
}

async function hide(screen: Instance | undefined): Promise<void> {
  if (screen === undefined) return;
  screen.unmount();
  await screen.waitUntilExit().catch(() => {});
  process.stdin.setRawMode(false);
}

function ownEnvironment(): Record<string, string> {
  const given = Object.entries(process.env);
  return Object.fromEntries(
    given.filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}

function asHacs(error: unknown): HacsError {
  return error instanceof HacsError ? error : new HacsError("internal", messageOf(error));
}

function noTerminal(): HacsError {
  return new HacsError(
    "invalid-usage",
    "Attaching needs a terminal for input and output, and this is none.",
    "In a script use: hacs-session send NAME TEXT --wait, or hacs-session tail -f NAME",
  );
}
