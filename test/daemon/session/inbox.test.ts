/** The inbox against a model of it: any order of sends, deliveries, failures and starts anew. */

import { expect, test } from "vitest";
import { History } from "../../../src/daemon/session/history.ts";
import { Inbox } from "../../../src/daemon/session/inbox.ts";
import type { MessageRow } from "../../../src/daemon/store/message-table.ts";
import { Store } from "../../../src/daemon/store/store.ts";
import type { SendMode } from "../../../src/protocol/session.ts";
import fc from "../../support/property.ts";
import { sessionRow } from "../../support/session-row.ts";

const by = { kind: "script", user: "me", from: "here" };
type Step =
  | { do: "send"; mode: SendMode }
  | { do: "attempt" | "lost" | "refused"; turnRuns: boolean }
  | { do: "taken" | "ended" | "restart" };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant("send" as const),
    mode: fc.constantFrom<SendMode>("queue", "steer", "interrupt"),
  }),
  fc.record({
    do: fc.constantFrom("attempt" as const, "lost" as const, "refused" as const),
    turnRuns: fc.boolean(),
  }),
  fc.record({ do: fc.constantFrom("taken" as const, "ended" as const, "restart" as const) }),
);

interface Known {
  id: string;
  mode: SendMode;
  state: "waiting" | "attempted" | "delivered" | "finished" | "failed";
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
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const store = new Store(":memory:");
      try {
        run(store, steps);
      } finally {
        store.close();
      }
    }),
    { numRuns: 150 },
  );
});

function run(store: Store, steps: Step[]): void {
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
  for (const each of steps) {
    switch (each.do) {
      case "send": {
        const id = `m${known.length}`;
        const content = { text: id };
        const receipt = inbox.accept(content, each.mode, id, by);
        // Sent again, it is the same one.
        expect(inbox.accept(content, each.mode, id, by)).toEqual(receipt);
        known.push({ id, mode: each.mode, state: "waiting" });
        break;
      }
      case "attempt":
      case "lost":
      case "refused": {
        const [said, message] = next(each.turnRuns);
        expect(said).toBe(expectedNext(known, each.turnRuns));
        if (message === undefined) break;
        inbox.attempt(message);
        set(message.id, "attempted");
        if (each.do === "lost") {
          inbox.notDelivered(message);
          set(message.id, "waiting");
        } else if (each.do === "refused") {
          inbox.failed(message, "codex said no");
          set(message.id, "failed");
        }
        break;
      }
      case "taken":
        for (const { id } of inbox.inDoubt()) {
          inbox.delivered(id, "turn");
          inbox.delivered(id, "turn");
          set(id, "delivered");
        }
        break;
      case "ended":
        inbox.turnEnded("turn", { turnStatus: "completed", text: "", error: null, usage: null });
        for (const one of known) if (one.state === "delivered") one.state = "finished";
        break;
      case "restart":
        history = new History("s", history.head, store);
        inbox = new Inbox(session, store, history);
    }
    expect(inbox.inDoubt().map(({ id }) => id)).toEqual(
      known.filter(({ state }) => state === "attempted").map(({ id }) => id),
    );
    const waits = ({ state }: Known) => state === "waiting" || state === "attempted";
    expect(inbox.queued).toBe(known.filter(waits).length);
  }
  const told = history.after(0, 1_000);
  expect(told.map(({ seq }) => seq)).toEqual(told.map((_, i) => i + 1));
  for (const { id, state } of known) {
    const status = state === "waiting" || state === "attempted" ? "accepted" : state;
    expect(inbox.receipt(id).status).toBe(status);
  }
}
