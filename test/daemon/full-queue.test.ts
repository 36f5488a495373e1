/** Queues that are as full as they may be: a daemon starts on them and stays small. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { History } from "../../src/daemon/session/history.ts";
import { Inbox } from "../../src/daemon/session/inbox.ts";
import { Store } from "../../src/daemon/store/store.ts";
import { limits } from "../../src/protocol/methods.ts";
import { freeze, freezeFile } from "../../src/system/freeze.ts";
import { createHome, type Home } from "../support/home.ts";
import { sessionRow } from "../support/session-row.ts";
import { errorOf } from "../support/sessions.ts";

/** Much less than what waits in the test, and enough for a daemon. */
const heapMb = 48;
const sessions = ["a", "b", "c", "d"];
/** Messages of a mebibyte of which one more is too much for a session. */
const each = 32;
const me = { kind: "script", user: "me", from: "here" };

let home: Home;
beforeEach(async () => {
  home = await createHome({ env: { NODE_OPTIONS: `--max-old-space-size=${heapMb}` } });
});
afterEach(() => home.close());

/** As a daemon left them that was killed: frozen, so that nothing is delivered. */
function fill(): void {
  const stateDir = join(home.dir, "state/default");
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const store = new Store(join(stateDir, "history.db"));
  for (const id of sessions) {
    store.sessions.insert({ ...sessionRow(id), spec: { cwd: home.work } });
    mkdirSync(join(stateDir, "sessions", id), { recursive: true, mode: 0o700 });
    freeze(freezeFile(stateDir, id), { at: new Date().toISOString(), by: me, recorded: true });
    const owner = { id, name: () => id, maxQueued: () => 1_000 };
    const inbox = new Inbox(owner, store, new History(id, 0, store));
    // One commit for a session's, to be quick.
    store.transaction(() => {
      for (let i = 0; i < each; i++) inbox.accept({ text: textOf(i) }, "queue", `m${i}`, me);
    });
    expect(inbox.full(limits.messageBytesMax)?.code).toBe("queue-full");
  }
  store.close();
}

/** As large as a message may be, and each its own. */
function textOf(n: number): string {
  return `${n} `.padEnd(limits.messageBytesMax - 16, "some words ");
}

test("a daemon starts on full queues, stays small, and says which bound is met", {
  timeout: 60_000,
}, async () => {
  fill();
  const connection = await home.connect();
  const { sessions: shown } = await connection.call("session/list", {});
  expect(shown.reduce((sum, { queued }) => sum + queued, 0)).toBe(each * sessions.length);

  // Who attaches sees a part of each, and has the whole when it is taken back.
  const { messages } = await connection.call("session/attach", { name: "a" });
  expect(messages).toHaveLength(each);
  const last = messages.at(-1)!;
  expect(last.cut).toBe(true);
  expect(last.content.text).toBe(`${textOf(each - 1).slice(0, 1_000)}…`);
  expect(messages[0]).not.toHaveProperty("cut");
  expect(messages[0]!.content.text).toBe(textOf(0));

  const send = (text: string) => connection.call("session/send", { name: "a", content: { text } });
  const full = await errorOf(send(textOf(1)));
  expect(full.code).toBe("queue-full");
  expect(full.message).toMatch(/maxQueuedSize .*33554432 bytes/);
  const { content } = await connection.call("session/withdraw", { name: "a", id: last.messageId });
  expect(content.text).toBe(textOf(each - 1));
  expect((await send(textOf(1))).status).toBe("accepted");
});
