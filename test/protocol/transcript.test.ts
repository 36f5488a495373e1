/** The promise behind every client: fold what comes, and what is drawn is the same for all. */

import { describe, expect, test } from "vitest";
import type { SessionEvent } from "../../src/protocol/records.ts";
import {
  disconnected,
  draftText,
  emptyTranscript,
  fold,
  type Transcript,
} from "../../src/protocol/transcript.ts";
import fc from "../support/property.ts";
import { Source, type Step } from "./source.ts";

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("delta" as const), text: fc.string() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("item" as const, "complete", "turn") }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom("message" as const, "deliver", "ask", "answer") }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("cut" as const, "crash", "notice") }) },
);
const steps = fc.array(step, { maxLength: 60 }).map((list): Step[] => [{ do: "turn" }, ...list]);

const foldAll = (events: SessionEvent[], from: Transcript = emptyTranscript) =>
  events.reduce(fold, from);
/** Whether a client follows live is its own affair; all else must agree. */
const drawn = (transcript: Transcript) => ({ ...transcript, live: false });

test("any event that comes again while it is news changes nothing", () => {
  fc.assert(
    fc.property(steps, fc.array(fc.nat()), (list, repeats) => {
      const source = new Source();
      for (const each of list) source.take(each);
      let transcript = emptyTranscript;
      for (const [index, event] of source.events.entries()) {
        transcript = fold(transcript, event);
        if (repeats.some((repeat) => repeat % source.events.length === index))
          expect(fold(transcript, event)).toEqual(transcript);
      }
    }),
  );
});

test("all records so far may come again at any time", () => {
  fc.assert(
    fc.property(steps, (list) => {
      const source = new Source();
      for (const each of list) source.take(each);
      const transcript = foldAll(source.events);
      expect(foldAll(source.records, transcript)).toBe(transcript);
    }),
  );
});

test("a client that joins late, goes away and comes back draws what one who stayed draws", () => {
  fc.assert(
    fc.property(steps, fc.array(fc.nat(), { minLength: 1, maxLength: 6 }), (list, places) => {
      const source = new Source();
      const changes = new Set(places.map((place) => place % list.length));
      let client = emptyTranscript;
      let attached = false;
      const attach = () => {
        client = foldAll(source.join(client.cursor), disconnected(client));
        attached = true;
      };
      for (const [index, each] of list.entries()) {
        if (changes.has(index)) {
          if (attached) attached = false;
          else attach();
        }
        const heard = source.events.length;
        source.take(each);
        if (attached) client = foldAll(source.events.slice(heard), client);
      }
      if (!attached) attach();
      expect(drawn(client)).toEqual(drawn(foldAll(source.events)));
    }),
    { numRuns: 500 },
  );
});

describe("what is folded is drawn", () => {
  test("an answer grows, ends and becomes an entry", () => {
    const source = new Source();
    const take = (...list: Step[]) => {
      for (const each of list) source.take(each);
      return foldAll(source.events);
    };
    const growing = take({ do: "turn" }, { do: "item" }, { do: "delta", text: "Hel" });
    expect(growing.drafts.map(draftText)).toEqual(["Hel"]);
    expect(growing.turn?.id).toBe("turn-1");
    expect(take({ do: "delta", text: "lo" }).drafts.map(draftText)).toEqual(["Hello"]);
    const ended = take({ do: "complete" }, { do: "turn" });
    expect(ended).toMatchObject({ drafts: [], turn: null });
    expect(ended.entries).toMatchObject([
      { kind: "item", cut: false, item: { text: "Hello" } },
      { kind: "turn", status: "completed", durationMs: 5 },
    ]);
  });

  test("messages and approvals wait until they are settled", () => {
    const source = new Source();
    for (const each of ["message", "message", "ask", "deliver"] as const) source.take({ do: each });
    const waiting = foldAll(source.events);
    expect(waiting.queue.map(({ id }) => id)).toEqual(["message-2"]);
    expect(waiting.approvals.map(({ id }) => id)).toEqual(["approval-3"]);
    source.take({ do: "answer" });
    const settled = foldAll(source.events);
    expect(settled.approvals).toEqual([]);
    expect(settled.entries).toMatchObject([{ kind: "own", method: "session/approval" }]);
  });

  test("keys are unique", () => {
    fc.assert(
      fc.property(steps, (list) => {
        const source = new Source();
        for (const each of list) source.take(each);
        const keys = foldAll(source.events).entries.map(({ key }) => key);
        expect(new Set(keys).size).toBe(keys.length);
      }),
    );
  });
});

test("an item that is announced again keeps the text it has", () => {
  const source = new Source();
  for (const each of [{ do: "turn" }, { do: "item" }, { do: "delta", text: "so far" }] as Step[])
    source.take(each);
  const started = source.events.find(({ method }) => method === "item/started")!;
  const { seq: _seq, ...again } = started;
  expect(fold(foldAll(source.events), again).drafts.map(draftText)).toEqual(["so far"]);
});
