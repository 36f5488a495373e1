/**
 * The inbox against a model of it: any order of sends, deliveries, failures, full disks and starts
 * anew.
 */

import { expect, test } from "vitest";
import { Redactor } from "../../../src/daemon/redaction/redactor.ts";
import { History } from "../../../src/daemon/session/history.ts";
import { Inbox } from "../../../src/daemon/session/inbox.ts";
import type { MessageRow } from "../../../src/daemon/store/message-table.ts";
import { Store } from "../../../src/daemon/store/store.ts";
import type { SendMode } from "../../../src/protocol/session.ts";
import { type Disk, diskThatFills } from "../../support/full-disk.ts";
import fc from "../../support/property.ts";
import { sessionRow } from "../../support/session-row.ts";

const by = { kind: "script", user: "me", from: "here" };
type Step = { full: boolean } & (
  | { do: "send"; mode: SendMode }
  | { do: "attempt" | "lost" | "refused"; turnRuns: boolean }
  | { do: "taken" | "ended" | "takenBack" | "restart" }
);

const step = fc.oneof(
  fc.record({
    do: fc.constant("send" as const),
    mode: fc.constantFrom<SendMode>("queue", "steer", "interrupt"),
  }),
  fc.record({
    do: fc.constantFrom("attempt" as const, "lost" as const, "refused" as const),
    turnRuns: fc.boolean(),
  }),
  fc.record({
    do: fc.constantFrom(
      "taken" as const,
      "ended" as const,
      "takenBack" as const,
      "restart" as const,
    ),
  }),
);
/** In some the disk is full, which shows at the commit. */
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.tuple(step, fc.integer({ max: 3, min: 0 })).map(([one, n]) => ({ ...one, full: n === 0 })),
  { maxLength: 60 },
);

interface Known {
  id: string;
  mode: SendMode;
  state: "waiting" | "attempted" | "delivered" | "finished" | "failed" | "cancelled";
}

/** Which is next, in words as short as the promise: interrupting ones first, else as they came. */
function expectedNext(known: Known[], turnRuns: boolean): string | undefined {
  if (known.some(({ state }) => state === "attempted")) return undefined;
  const waiting = known.filter(({ state }) => state === "waiting");
  const [first] = [
    ...waiting.filter(({ mode }) => mode === "interrupt"),
    ...waiting.filter(({ mode }) => mode !== "interrupt"),
  ];
  if (first === undefined) return undefined;
  if (!turnRuns) return `deliver ${first.id}`;
  if (first.mode === "interrupt") return `interrupt for ${first.id}`;
  const steering = waiting.find(({ mode }) => mode === "steer");
  return steering && `deliver ${steering.id}`;
}

test("messages go out in their order, each once, whatever fails and whenever it is started anew", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const disk = diskThatFills();
      const store = new Store(":memory:", new Redactor(), disk.Database);
      try {
        run(store, disk, all);
      } finally {
        store.close();
      }
    }),
    { numRuns: 150 },
  );
});

function run(store: Store, disk: Disk, all: Step[]): void {
  store.sessions.insert(sessionRow("s"));
  const session = { id: "s", name: () => "s", maxQueued: () => 1_000 };
  let history = new History("s", 0, store);
  let inbox = new Inbox(session, store, history);
  const known: Known[] = [];
  const next = (turnRuns: boolean): [string | undefined, MessageRow | undefined] => {
    const found = inbox.next(turnRuns);
    if (found === undefined) return [undefined, undefined];
    if ("deliver" in found) return [`deliver ${found.deliver.id}`, found.deliver];
    return [`interrupt for ${found.interruptFor.id}`, undefined];
  };
  const set = (id: string, state: Known["state"]) => {
    const one = known.find((message) => message.id === id);
    if (one !== undefined) one.state = state;
  };
  /** Gives what is known then, once it is stored. */
  const act = (each: Step): (() => void) => {
    switch (each.do) {
      case "send": {
        const id = `m${known.length}`;
        const content = { text: id };
        const receipt = inbox.accept(content, each.mode, id, by);
        // Sent again, it is the same one.
        expect(inbox.accept(content, each.mode, id, by)).toEqual(receipt);
        return () => known.push({ id, mode: each.mode, state: "waiting" });
      }
      case "attempt":
      case "lost":
      case "refused": {
        const [said, message] = next(each.turnRuns);
        expect(said).toBe(expectedNext(known, each.turnRuns));
        if (message === undefined) return () => {};
        const { id } = message;
        inbox.attempt(message);
        if (each.do === "lost") {
          inbox.notDelivered(message);
          return () => set(id, "waiting");
        }
        if (each.do === "attempt") return () => set(id, "attempted");
        inbox.failed(message, "codex said no");
        return () => set(id, "failed");
      }
      case "taken": {
        const ids = inbox.inDoubt().map(({ id }) => id);
        for (const id of ids) {
          inbox.delivered(id, "turn");
          inbox.delivered(id, "turn");
        }
        return () => {
          for (const id of ids) set(id, "delivered");
        };
      }
      case "ended":
        inbox.turnEnded("turn", { turnStatus: "completed", text: "", error: null, usage: null });
        return () => {
          for (const one of known) if (one.state === "delivered") one.state = "finished";
        };
      case "takenBack": {
        const one = known.find(({ state }) => state === "waiting");
        if (one === undefined) return () => {};
        inbox.withdraw(one.id, by);
        return () => set(one.id, "cancelled");
      }
      case "restart":
        history = new History("s", history.head, store);
        inbox = new Inbox(session, store, history);
        return () => {};
    }
  };
  for (const each of all) {
    disk.full = each.full;
    if (each.full)
      expect(() => store.transaction(() => act(each))).toThrow("database or disk is full");
    else act(each)();
    disk.full = false;
    expect(inbox.inDoubt().map(({ id }) => id)).toEqual(
      known.filter(({ state }) => state === "attempted").map(({ id }) => id),
    );
    const waits = ({ state }: Known) => state === "waiting" || state === "attempted";
    expect(inbox.queued).toBe(known.filter(waits).length);
    // What was not stored is not remembered either: a daemon that starts now knows the same.
    if (each.full)
      expect(inbox.unfinished()).toEqual(new Inbox(session, store, history).unfinished());
    expect(store.sessions.get("s")?.seq).toBe(history.head);
    expect(store.queuedBytes).toBe(store.messages.queuedBytes());
  }
  const told = history.after(0, 1_000);
  expect(told.map(({ seq }) => seq)).toEqual(told.map((_, i) => i + 1));
  for (const { id, state } of known) {
    const status = state === "waiting" || state === "attempted" ? "accepted" : state;
    expect(inbox.receipt(id).status).toBe(status);
  }
}
