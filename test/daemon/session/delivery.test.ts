/** A message's last step, with a codex that answers when the test says so. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Redactor } from "../../../src/daemon/redaction/redactor.ts";
import { Delivery } from "../../../src/daemon/session/delivery.ts";
import { History } from "../../../src/daemon/session/history.ts";
import { Inbox } from "../../../src/daemon/session/inbox.ts";
import { Store } from "../../../src/daemon/store/store.ts";
import { HacsError } from "../../../src/protocol/errors.ts";
import type { Json } from "../../../src/protocol/messages.ts";
import { type Disk, diskThatFills } from "../../support/full-disk.ts";
import { sessionRow } from "../../support/session-row.ts";

const me = { kind: "script", user: "me", from: "here" };
let disk: Disk;
let store: Store;
let inbox: Inbox;
let calls: string[];
let answers: ((answer: Json) => void)[];
const onStoreError = vi.fn();
let delivery: Delivery;

beforeEach(() => {
  vi.useFakeTimers();
  onStoreError.mockClear();
  disk = diskThatFills();
  store = new Store(":memory:", new Redactor(), disk.Database);
  store.sessions.insert(sessionRow("s"));
  inbox = new Inbox(
    { id: "s", name: () => "s", maxQueued: () => 1_000 },
    store,
    new History("s", 0, store),
  );
  calls = [];
  answers = [];
  delivery = new Delivery({
    inbox,
    ready: () => true,
    wake: async () => undefined,
    busy: () => false,
    frozen: () => false,
    turnId: () => null,
    threadId: () => "t",
    // codex is at rest, as far as it says, and slow to take a turn in.
    call: (method) => {
      calls.push(method);
      if (method !== "turn/start") return Promise.resolve({});
      return new Promise((resolve) => void answers.push(resolve));
    },
    reconcile: async () => {},
    log: () => {},
    onStoreError,
  });
});
afterEach(() => {
  vi.useRealTimers();
  store.close();
});

const sent = () => calls.filter((method) => method === "turn/start").length;

test("a message that is on its way is in no doubt: an earlier turn's end does not send it again", async () => {
  inbox.accept({ text: "once" }, "queue", "m", me);
  delivery.pump();
  await vi.advanceTimersByTimeAsync(1);
  delivery.settleDoubts();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(sent()).toBe(1);
  expect(inbox.inDoubt().map(({ id }) => id)).toEqual(["m"]);
  // Once it is answered and nothing comes of it, codex is asked and does not have it.
  answers[0]?.({});
  await vi.advanceTimersByTimeAsync(1);
  delivery.settleDoubts();
  await vi.advanceTimersByTimeAsync(5_000);
  expect(sent()).toBe(2);
});

test("what can't be stored on the way to codex ends the daemon, since nothing would come back to it", async () => {
  inbox.accept({ text: "kept" }, "queue", "m", me);
  disk.full = true;
  delivery.pump();
  await vi.advanceTimersByTimeAsync(1);
  expect(onStoreError).toHaveBeenCalledWith(expect.any(HacsError));
  expect(onStoreError.mock.calls[0]?.[0]).toMatchObject({ code: "state-unwritable" });
  expect(sent()).toBe(0);
});
