/**
 * The TUI's composition root: `attach` shows one session on the terminal until the person
 * detaches, the session ends, or it can't be followed any more. It leaves the terminal as it
 * found it and prints nothing.
 */
import { type Instance, render } from "ink";
import { createElement } from "react";
import { connectOrStart, reconnect } from "../client/launch.ts";
import { HacsError, messageOf } from "../protocol/errors.ts";
import type { DaemonChoice } from "../system/paths.ts";
import { App } from "./app.tsx";
import { Link } from "./link.ts";
import { type Effect, initialModel } from "./model.ts";
import { Store } from "./store.ts";
import { redraw } from "./terminal.ts";
import { wantsColor } from "./theme.ts";

export interface AttachOptions {
  choice: DaemonChoice;
  name: string;
  readOnly: boolean;
  /** For an agent that a message of this client's wakes. */
  env?: Record<string, string>;
}

export interface Outcome {
  reason: "detached" | "ended" | "failed";
  /** The session's name in the end; it may have been renamed. */
  name: string;
  error?: HacsError;
}

/** History usually arrives well within this; what is there is shown when it does not. */
const firstFrameMs = 250;

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
    else if (effect.do === "redraw") screen && redraw(screen, store);
    else if (effect.do === "suspend") process.kill(process.pid, "SIGTSTP");
    else void link.perform(effect);
  };
  const { columns, rows } = process.stdout;
  const model = initialModel({ name, readOnly, size: { columns, rows }, now: Date.now() });
  const store = new Store(model, perform);
  let dialled = false;
  const dial = () => {
    const way = dialled ? reconnect : connectOrStart;
    dialled = true;
    return way(choice, "tui");
  };
  const link = new Link({ dial, name, readOnly, store, ...(env ? { env } : {}) });
  // A terminal that is gone reports its end as an error of the stream; there is nobody to tell.
  const gone = () => finish({ reason: "detached" });
  process.stdout.on("error", gone);
  process.stdin.on("error", gone);
  try {
    await link.start();
    void link.ended.then((error) => error && finish(outcomeOf(error)));
    await Promise.race([link.live, finished, delay(firstFrameMs)]);
    screen = show(store);
    screen.waitUntilExit().catch((error) => finish({ reason: "failed", error: asHacs(error) }));
    const outcome = await finished;
    return { ...outcome, name: store.model.name };
  } catch (error) {
    return { reason: "failed", name: store.model.name, error: asHacs(error) };
  } finally {
    await hide(screen);
    await link.leave();
    link.stop();
    store.close();
    process.stdout.off("error", gone);
    process.stdin.off("error", gone);
  }
}

/** A session that was killed while the daemon was away has ended like any other. */
function outcomeOf(error: HacsError): Omit<Outcome, "name"> {
  return error.code === "session-ended" ? { reason: "ended" } : { reason: "failed", error };
}

function show(store: Store): Instance {
  // Ink does this too, but after the first frame: a key that answers what is seen at once would
  // still go through the line discipline, which echoes it and makes Enter a newline.
  process.stdin.setRawMode(true);
  return render(createElement(App, { store, color: wantsColor(process.env) }), {
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

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
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
