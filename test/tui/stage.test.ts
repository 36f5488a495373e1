/** Changing sessions against a daemon of the test's own, for what a real one does too seldom. */
import { duplexPair } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { Connection } from "../../src/client/connection.ts";
import type { HacsError } from "../../src/protocol/errors.ts";
import { LineSplitter } from "../../src/protocol/framing.ts";
import {
  decode,
  encodeFailure,
  encodeNotification,
  encodeResult,
  type JsonObject,
} from "../../src/protocol/messages.ts";
import type { SessionInfo } from "../../src/protocol/session.ts";
import { shownMinMs } from "../../src/tui/approvals/in-view.ts";
import type { Model } from "../../src/tui/model.ts";
import { nothingAround } from "../../src/tui/sessions/around.ts";
import type { News } from "../../src/tui/sessions/news.ts";
import { Stage } from "../../src/tui/sessions/stage.ts";
import { strike } from "../../src/tui/terminal/strike.ts";
import { live, sessionInfo } from "./events.ts";

type Answer = object | undefined | Promise<object>;
type Handlers = Record<string, (params: JsonObject) => Answer>;

const infos = ["api", "web", "gone"].map((name) => sessionInfo({ name, id: `id-${name}` }));
const named = (name: unknown) => infos.find((info) => info.name === name || info.id === name);
const stages: Stage[] = [];
afterEach(() => {
  for (const stage of stages.splice(0)) stage.stop();
});

function daemon(handlers: Handlers) {
  const all: Handlers = {
    "session/list": () => ({ sessions: infos }),
    "session/attach": ({ name }) =>
      name === "id-gone"
        ? { code: -32000, message: "gone is gone", data: { code: "session-ended" } }
        : { session: named(name), head: 0, approvals: [], messages: [] },
    ...handlers,
  };
  return async () => {
    const [near, far] = duplexPair();
    const splitter = new LineSplitter();
    far.on("error", () => {});
    far.on("data", async (chunk: Buffer) => {
      for (const line of splitter.push(chunk)) {
        const message = decode(line);
        if (message.kind !== "request") continue;
        const result = await all[message.method]?.(message.params);
        if (result === undefined) continue;
        const failed = "code" in result;
        far.write(
          `${failed ? encodeFailure(message.id, result as never) : encodeResult(message.id, result)}\n`,
        );
        if (message.method !== "session/attach" || failed) continue;
        const session = named(message.params.name)?.id ?? "";
        const event = { ...live("session/live", { seq: 0 }), session };
        far.write(`${encodeNotification("session/event", event)}\n`);
      }
    });
    return new Connection(near);
  };
}

async function start(handlers: Handlers = {}, dial = daemon(handlers)) {
  const errors: HacsError[] = [];
  const rings: News[] = [];
  const performed: string[] = [];
  const stage = new Stage({
    dial,
    name: "api",
    readOnly: false,
    size: { columns: 80, rows: 24 },
    around: nothingAround,
    environment: {},
    perform: (effect) => performed.push(effect.do),
    onEnded: (error) => errors.push(error),
    ring: (news) => rings.push(news),
  });
  stages.push(stage);
  await stage.start();
  await until(stage, ({ around }) => around.sessions.length === 3);
  return { stage, errors, rings, performed };
}

/** What the pane that has the keys draws. */
function drawn(stage: Stage): Model {
  return stage.picture.panes[0].model;
}

/** Resolves when what is drawn is so. */
function until(stage: Stage, is: (picture: Model) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!is(drawn(stage))) return;
      unsubscribe();
      resolve();
    };
    const unsubscribe = stage.subscribe(look);
    look();
  });
}

let ids = 0;

function keys(stage: Stage, ...pressed: string[]): void {
  for (const key of pressed) {
    const stroke = /^(ctrl-|enter$)/.test(key) ? { key } : { text: key };
    strike(stage, stroke, () => `m${++ids}`);
  }
}

test("a session that can't be attached leaves the one before on the screen, and says why", async () => {
  const { stage, errors } = await start();
  keys(stage, "my draft", "ctrl-b", "2");
  await until(stage, ({ notice }) => notice?.text === "gone is gone");
  expect(stage.model.name).toBe("api");
  expect(stage.model.composer.text).toBe("my draft");
  expect(errors).toEqual([]);
});

test("the picture stays until the next session has one, and keys are for that one already", async () => {
  let attached = () => {};
  const held = new Promise<void>((resolve) => {
    attached = resolve;
  });
  const answer = (name: unknown) => ({
    session: named(name),
    head: 0,
    approvals: [],
    messages: [],
  });
  const { stage } = await start({
    "session/attach": ({ name }) =>
      name === "id-web" ? held.then(() => answer(name)) : answer(name),
  });
  keys(stage, "ctrl-b", "nhello");
  expect([drawn(stage).name, stage.model.name]).toEqual(["api", "web"]);
  expect(stage.model.composer.text).toBe("hello");
  attached();
  await until(stage, ({ name, link }) => name === "web" && link === "live");
  expect(drawn(stage).composer.text).toBe("hello");
});

test("keys that come faster than sessions do count from where they lead", async () => {
  const { stage } = await start();
  keys(stage, "ctrl-b", "2", "ctrl-b", "p", "ctrl-b", "p", "ctrl-b", "l");
  await until(stage, ({ name, link }) => name === "web" && link === "live");
});

test("what was written in a session that was left is sent all the same, and its draft stays", async () => {
  const sent: unknown[] = [];
  let acknowledge = () => {};
  const held = new Promise<void>((resolve) => {
    acknowledge = resolve;
  });
  const { stage } = await start({
    "session/send": async ({ id, name, content }) => {
      await held;
      sent.push([name, content]);
      return { messageId: id };
    },
  });
  keys(stage, "one", "enter", "two", "enter", "a draft", "ctrl-b", "n");
  await until(stage, ({ name }) => name === "web");
  const all = stage.sent();
  acknowledge();
  await all;
  expect(sent).toEqual([
    ["id-api", { text: "one" }],
    ["id-api", { text: "two" }],
  ]);
  keys(stage, "ctrl-b", "l");
  await until(stage, ({ name, composer }) => name === "api" && composer.text === "a draft");
  expect(stage.model.outbox).toEqual([]);
});

/** The sessions on the screen, the one with the keys first. */
function seen(stage: Stage): string[] {
  return stage.picture.panes.map(({ model }) => model.name);
}

const wide = { columns: 200, rows: 50 };

test("a new pane shows the session shown before, else the next, and a session that can't be attached takes none", async () => {
  const { stage } = await start();
  stage.resize(wide);
  keys(stage, "ctrl-b", "1");
  await until(stage, ({ name, link }) => name === "web" && link === "live");
  keys(stage, "ctrl-b", "%");
  expect(seen(stage)).toEqual(["api", "web"]);
  keys(stage, "ctrl-b", "%");
  expect(seen(stage)).toEqual(["gone", "api", "web"]);
  await until(stage, ({ notice }) => notice?.text === "gone is gone");
  expect(seen(stage)).toEqual(["api", "web"]);
  keys(stage, "ctrl-b", "x");
  expect(seen(stage)).toEqual(["web"]);
  keys(stage, "ctrl-b", "%");
  expect(seen(stage)).toEqual(["api", "web"]);
});

test("each pane has its place, keeps its draft, and knows what is around it", async () => {
  const { stage } = await start();
  stage.resize(wide);
  keys(stage, "for api", "ctrl-b", "%", "for web", "ctrl-b", "m");
  const [web, api] = stage.picture.panes;
  expect(web.model.size).toEqual({ columns: 99, rows: 50 });
  expect(api?.model.size).toEqual({ columns: 100, rows: 50 });
  expect([web.model.composer.text, api?.model.composer.text]).toEqual(["for web", "for api"]);
  expect(api?.model.around).toBe(web.model.around);
  expect(web.model.around.mouse).toBe(false);
  keys(stage, "ctrl-b", "z");
  expect(stage.picture.panes).toHaveLength(1);
  expect(stage.model.size).toEqual(wide);
  expect(stage.model.pane.hidden).toBe(1);
});

test("a pane in which nothing happens keeps its model, so that it is not drawn again", async () => {
  const { stage } = await start();
  stage.resize(wide);
  keys(stage, "ctrl-b", "%");
  await until(stage, ({ name, link }) => name === "web" && link === "live");
  const before = stage.picture;
  stage.tick();
  expect(stage.picture).toBe(before);
  keys(stage, "x");
  expect(stage.picture).not.toBe(before);
  expect(stage.picture.panes[1]?.model).toBe(before.panes[1]?.model);
});

test("leaving with words unsent in any pane takes a second time, and says what may still arrive", async () => {
  const { stage, performed } = await start({ "session/send": () => new Promise(() => {}) });
  stage.resize(wide);
  keys(stage, "hello", "enter", "ctrl-b", "%", "ctrl-b", "d");
  expect(performed).not.toContain("detach");
  const arrives = "1 not acknowledged may still arrive";
  expect(drawn(stage).notice?.text).toBe(`${arrives}; detach again to leave`);
  // Only one is under way at a time: what stands behind it has never left.
  keys(stage, "ctrl-b", "o", "and this", "enter", "ctrl-b", "d");
  expect(performed).not.toContain("detach");
  const drops = "detaching again drops that";
  expect(drawn(stage).notice?.text).toBe(`${arrives}, 1 not sent yet; ${drops}`);
  keys(stage, "/detach", "enter");
  expect(performed).toContain("detach");
});

test("a message that leaves after the warning that it is dropped is warned of again", async () => {
  let back = () => {};
  const away = new Promise<void>((resolve) => {
    back = resolve;
  });
  let lose = () => {};
  const dial = daemon({ "session/send": () => new Promise(() => {}) });
  let dialled = 0;
  const { stage, performed } = await start({}, async () => {
    // The third is the shown session's again; its list has a connection of its own.
    if (++dialled > 2) await away;
    const connection = await dial();
    if (dialled === 1) lose = () => connection.close();
    return connection;
  });
  lose();
  await until(stage, ({ link }) => link === "reconnecting");
  keys(stage, "hello", "enter", "ctrl-b", "d");
  expect(drawn(stage).notice?.text).toBe("1 not sent yet; detaching again drops it");
  back();
  await until(stage, ({ outbox }) => outbox[0]?.tried === true);
  keys(stage, "ctrl-b", "d");
  expect(performed).not.toContain("detach");
  const said = "1 not acknowledged may still arrive; detach again to leave";
  expect(drawn(stage).notice?.text).toBe(said);
  keys(stage, "ctrl-b", "d");
  expect(performed).toContain("detach");
});

test("what a visible pane shows does not ring; what a zoomed one hides does", async () => {
  let web = sessionInfo({ name: "web", id: "id-web", state: "working" });
  const { stage, rings } = await start({
    "session/list": () => ({ sessions: [infos[0]!, web, infos[2]!] }),
  });
  stage.resize(wide);
  await until(stage, ({ around }) => around.sessions[1]?.state === "working");
  const ends = (state: SessionInfo["state"]) =>
    stage.act(
      (model) => ({
        ...model,
        transcript: { ...model.transcript, session: { ...web, state } },
      }),
      1,
    );
  keys(stage, "ctrl-b", "%");
  await until(stage, ({ name, link }) => name === "web" && link === "live");
  ends("working");
  ends("idle");
  expect(rings).toEqual([]);
  keys(stage, "ctrl-b", "o", "ctrl-b", "z");
  ends("working");
  web = { ...web, state: "idle" };
  ends("idle");
  expect(rings).toEqual([{ session: "web", what: "finished its turn" }]);
});

test("a pane with an open chooser that loses its session leaves the chooser to the next", async () => {
  const { stage } = await start({
    "session/kill": () => ({ session: infos[1]!, cancelled: 0 }),
  });
  stage.resize(wide);
  keys(stage, "ctrl-b", "%");
  await until(stage, ({ name, link }) => name === "web" && link === "live");
  keys(stage, "ctrl-b", "s", "x");
  await delay(shownMinMs);
  keys(stage, "y");
  await until(stage, ({ notice }) => notice?.text === "killed web");
  expect(seen(stage)).toEqual(["api"]);
  expect(stage.model.dialog).toMatchObject({ kind: "chooser", selected: "id-api" });
});

test("what a small pane would cut has the screen while it is open; a large pane keeps its place", async () => {
  const { stage } = await start();
  stage.resize({ columns: 40, rows: 20 });
  keys(stage, "/split web", "enter");
  for (const [opens, closes] of [
    ["s", "q"],
    ["?", "q"],
    ["c", "ctrl-c"],
  ] as const) {
    expect([opens, seen(stage)]).toEqual([opens, ["web", "api"]]);
    keys(stage, "ctrl-b", opens);
    expect([opens, seen(stage)]).toEqual([opens, ["web"]]);
    expect(stage.model.size).toEqual({ columns: 40, rows: 20 });
    keys(stage, closes);
  }
  keys(stage, "ctrl-b", ":");
  expect(seen(stage)).toEqual(["web", "api"]);
  stage.resize(wide);
  keys(stage, "ctrl-c", "ctrl-b", "?");
  expect(seen(stage)).toEqual(["web", "api"]);
});

test("what was written in a pane that could not be attached is there the next time", async () => {
  const attached = { head: 0, approvals: [], messages: [] };
  let refuses = true;
  const { stage } = await start({
    "session/attach": ({ name }) =>
      refuses && name === "id-web"
        ? { code: -32000, message: "not now", data: { code: "internal" } }
        : { session: named(name), ...attached },
  });
  stage.resize(wide);
  keys(stage, "ctrl-b", "%", "one", "enter", "two");
  await until(stage, ({ notice }) => notice?.text === "not now");
  expect(seen(stage)).toEqual(["api"]);
  expect(stage.model.composer.text).toBe("");
  refuses = false;
  keys(stage, "ctrl-b", "%");
  await until(stage, ({ name, link }) => name === "web" && link === "live");
  expect(stage.model.composer.text).toBe("one\ntwo");
});
