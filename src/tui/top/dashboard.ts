/** The dashboard on the terminal, from its first picture until the person leaves it. */
import type { Instance } from "ink";
import { createElement } from "react";
import type { Connection } from "../../client/connection.ts";
import type { Around } from "../sessions/around.ts";
import { Store } from "../store.ts";
import { mount, unmount } from "../terminal/mount.ts";
import { redraw } from "../terminal/terminal.ts";
import { initialTop, lostDaemon, noticedTop, type TopEffect, type TopModel } from "./model.ts";
import { clickTop, pressTop } from "./press-top.ts";
import { TopApp } from "./top-app.tsx";
import { Watch } from "./watch.ts";

export interface DashboardOptions {
  dial: () => Promise<Connection>;
  around: Around;
  readOnly: boolean;
  /** By id; null chooses the most urgent. */
  selected: string | null;
  /** As it was left, when one comes back to it. */
  before?: TopModel | undefined;
  /** Said in it, when one comes back. */
  notice?: { text: string; tone: "info" | "warning" };
}

export interface Dashboard {
  /** A session's id to attach to, or null to leave; settles once. */
  chosen: Promise<string | null>;
  model: () => TopModel;
  /** Gives the terminal back. */
  hide: () => Promise<void>;
}

/** Throws why the daemon can't be had, unless there is a picture of before. */
export async function openDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { dial, around, readOnly, selected, before, notice } = options;
  const { columns, rows } = process.stdout;
  const size = { columns, rows };
  let choose: (session: string | null) => void = () => {};
  const chosen = new Promise<string | null>((resolve) => {
    choose = resolve;
  });
  let screen: Instance | undefined;
  const perform = (effect: TopEffect): void => {
    if (effect.do === "quit") choose(null);
    else if (effect.do === "attach") choose(effect.session);
    else if (effect.do === "redraw") screen && redraw(screen, store);
    else if (effect.do === "suspend") process.kill(process.pid, "SIGTSTP");
    else void watch.perform(effect);
  };
  const empty = initialTop({ now: Date.now(), size, around, readOnly, selected });
  const known = before === undefined ? empty : { ...empty, ...pictureOf(before) };
  const store = new Store<TopModel, TopEffect>(known, perform);
  if (notice) store.act((model) => noticedTop(model, notice.text, notice.tone));
  const watch = new Watch(store, dial);
  // A terminal that is gone reports its end as an error of the stream; there is nobody to tell.
  const gone = () => choose(null);
  process.stdout.on("error", gone);
  process.stdin.on("error", gone);
  const hide = async () => {
    watch.stop();
    store.close();
    await unmount(screen);
    screen = undefined;
    process.stdout.off("error", gone);
    process.stdin.off("error", gone);
  };
  const started = watch.start();
  try {
    if (before === undefined) await started;
  } catch (error) {
    await hide();
    throw error;
  }
  started.catch(() => store.act(lostDaemon));
  const picture = createElement(TopApp, { store });
  screen = mount(picture, ({ does, y }) => {
    store.act((model) => (does === "click" ? clickTop(model, y) : pressTop(model, { key: does })));
  });
  screen.waitUntilExit().catch(gone);
  return { chosen, model: () => store.model, hide };
}

/** What stays while one was elsewhere; what waits may have been answered there. */
function pictureOf({ sessions, selected, sort }: TopModel): Partial<TopModel> {
  return { sessions, selected, sort };
}
