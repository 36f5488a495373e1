/** Events of a peer's sessions: read quickly, they are what they are when read in full. */

import { describe, expect, test } from "vitest";
import {
  type ForeignEvent,
  passed,
  readEvent,
  readFrame,
} from "../../../src/daemon/peers/foreign-event.ts";
import type { JsonObject } from "../../../src/protocol/messages.ts";
import fc from "../../support/property.ts";

const at = "2026-11-21T16:00:00.000Z";
const id = "0199aaaa-bbbb-7ccc-8ddd-eeeeeeeeeeee";
const item = { type: "agentMessage", id: "i", text: "a" };
const frameOf = (event: object) =>
  JSON.stringify({ jsonrpc: "2.0", method: "session/event", params: event });
/** As it goes on to a client here. */
const wholeOf = ({ session, tail }: ForeignEvent) =>
  JSON.parse(`{"session":"c/${session}",${tail}`);

const wire = <T extends object>(event: T): T => JSON.parse(JSON.stringify(event));

test("what passes quickly is what is passed when it is read in full", () => {
  const numbers = fc.record(
    { seq: fc.integer({ min: 1 }), offset: fc.nat() },
    { requiredKeys: [] },
  );
  const params = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }));
  fc.assert(
    fc.property(numbers, params, (some, more) => {
      const params = { ...more, item } as JsonObject;
      // As it comes over the wire, which knows no -0.
      const event = wire({ session: id, ...some, at, method: "item/completed", params });
      const quick = readFrame(frameOf(event));
      const full = readEvent("c", event);
      expect(wholeOf(quick!)).toEqual({ ...event, session: `c/${id}` });
      expect(wholeOf(full)).toEqual(wholeOf(quick!));
      expect(quick).toEqual({ ...full, tail: quick!.tail });
    }),
  );
});

describe("what is not plainly one event is left to be read in full", () => {
  const plain = frameOf({ session: id, seq: 1, at, method: "item/completed", params: { item } });
  const end = JSON.stringify({ item }).slice(1, -1);
  test.each<[string, string]>([
    ["one of ours", plain.replace("item/completed", "session/state")],
    ["no time", plain.replace(at, "2026-13-21T16:00:00.000Z")],
    ["an hour too many", plain.replace("T16", "T24")],
    ["params that end before the event does", plain.replace(end, `${end}},"session":"other"`)],
    ["another event behind them", plain.replace(end, `${end}}},"params":{"session":"other"`)],
    ["params that are no object", plain.replace(`{${end}}`, "[]")],
    ["no JSON", plain.replace(end, `${end},`)],
    ["a frame that does not end", plain.slice(0, -1)],
  ])("%s", (_, frame) => {
    expect(frame).not.toBe(plain);
    expect(readFrame(plain)).toBeDefined();
    expect(readFrame(frame)).toBeUndefined();
  });

  test("an item of any shape is codex's own word, and passes", () => {
    const odd = plain.replace('"id":"i"', '"id":1');
    expect(readFrame(odd)).toMatchObject({ params: { item: { id: 1 } } });
  });
});

test("an event that is written here reads like any other", () => {
  const event = passed(id, { at, method: "session/composed", params: { text: "", revision: 1 } });
  expect(wholeOf(event)).toEqual({
    session: `c/${id}`,
    at,
    method: "session/composed",
    params: { text: "", revision: 1 },
  });
});
