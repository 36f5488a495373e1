/** How much may wait, in bytes, and what is told of what waits. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { History } from "../../../src/daemon/session/history.ts";
import { Inbox } from "../../../src/daemon/session/inbox.ts";
import { Store } from "../../../src/daemon/store/store.ts";
import type { Receipt } from "../../../src/protocol/session.ts";
import { sessionRow } from "../../support/session-row.ts";

const me = { kind: "script", user: "me", from: "here" };
const envelope = JSON.stringify({ text: "" }).length;
let store: Store;
beforeEach(() => {
  store = new Store(":memory:");
});
afterEach(() => store.close());

function inboxOf(id: string, queueBytes?: { each: number; inAll: number }): Inbox {
  const row = store.sessions.get(id);
  if (row === undefined) store.sessions.insert(sessionRow(id));
  const history = new History(id, row?.seq ?? 0, store);
  const owner = { id, name: () => id, maxQueued: () => 1_000 };
  return new Inbox(queueBytes === undefined ? owner : { ...owner, queueBytes }, store, history);
}

function sends(inbox: Inbox, id: string, bytes: number): Receipt {
  return inbox.accept({ text: "x".repeat(bytes - envelope) }, "queue", id, me);
}

test("of a session so many bytes wait, and there is room again when one goes, however it goes", () => {
  const inbox = inboxOf("a", { each: 300, inAll: 10_000 });
  for (const id of ["m1", "m2", "m3"]) sends(inbox, id, 100);
  expect(() => sends(inbox, "m4", 13)).toThrow(
    /"a" at most maxQueuedSize .* 300 B \(300 bytes\); 300 B do, and this one has 13 B/,
  );
  // Acknowledged before: the same message, and no more of it.
  expect(sends(inbox, "m2", 100).status).toBe("accepted");

  inbox.withdraw("m2", me);
  sends(inbox, "m4", 100);
  inbox.delivered("m1", "turn");
  sends(inbox, "m5", 100);
  expect(() => sends(inboxOf("a", { each: 300, inAll: 10_000 }), "m6", 13)).toThrow(
    /maxQueuedSize/,
  );
  inbox.close();
  sends(inbox, "m6", 300);
});

test("of all sessions so many, also after a start", () => {
  const bounds = { each: 10_000, inAll: 300 };
  const [a, b] = [inboxOf("a", bounds), inboxOf("b", bounds)];
  sends(a, "m1", 200);
  sends(b, "m1", 100);
  const refusal = /all sessions together at most maxQueuedSizeInAll .* 300 B \(300 bytes\)/;
  expect(() => sends(b, "m2", 13)).toThrow(refusal);
  store.queuedBytes = store.messages.queuedBytes();
  expect(() => sends(inboxOf("b", bounds), "m2", 13)).toThrow(refusal);
  a.withdraw("m1", me);
  sends(b, "m2", 200);
});

test("a message that could not be stored takes no room", () => {
  const inbox = inboxOf("a", { each: 300, inAll: 300 });
  expect(() =>
    store.transaction(() => {
      sends(inbox, "m1", 300);
      throw new Error("no");
    }),
  ).toThrow("no");
  expect(store.queuedBytes).toBe(0);
});

test("of a long queue the beginnings are told, without a secret that is cut, and the whole when it is taken back", () => {
  const inbox = inboxOf("a");
  const secret = `ghp_${"a1B2".repeat(9)}`;
  const long = `${"word ".repeat(198)}${secret} and more`;
  for (const id of ["m1", "m2"]) sends(inbox, id, 1024 * 1024);
  inbox.accept({ text: long }, "queue", "m3", me);
  inbox.accept({ text: "short" }, "queue", "m4", me);
  const [first, second, third, fourth] = inbox.unfinished();
  expect(first?.content.text).toHaveLength(1024 * 1024 - envelope);
  expect(second).not.toHaveProperty("cut");
  expect(third).toMatchObject({ cut: true });
  expect(third?.content.text.replace(/^(word )+/, "")).toBe("ghp_…");
  expect(fourth?.content).toEqual({ text: "short" });
  expect(fourth).not.toHaveProperty("cut");
  expect(inbox.withdraw("m3", me).content.text).toBe(
    long.replace(secret, "ghp_[redacted: GitHub token]"),
  );
});
