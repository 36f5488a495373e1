/** What is being written on several devices at once ends up the same on each. */

import { expect, test } from "vitest";
import type { Composition } from "../../src/protocol/session.ts";
import { insert } from "../../src/tui/composer/composer.ts";
import {
  draftToSend,
  joinedDraft,
  sendingDraft,
  sentDraft,
  toldDraft,
  unsentDraft,
} from "../../src/tui/composer/draft-sync.ts";
import type { Model } from "../../src/tui/model.ts";
import { received } from "../../src/tui/receive.ts";
import fc from "../support/property.ts";
import { live, modelWith } from "./events.ts";

const write = (model: Model, text: string): Model => ({
  ...model,
  composer: insert(model.composer, text),
});

test("what was left is there when one comes back, and what was written meanwhile stays", () => {
  const left = joinedDraft(modelWith(), { text: "left", revision: 4 });
  expect(left.composer).toMatchObject({ text: "left", cursor: 4 });
  const edited = write(left, "!");
  const again = joinedDraft(edited, { text: "theirs", revision: 6 });
  expect(again.composer.text).toBe("left!");
  expect(draftToSend(again)).toBe("left!");
});

test("another device's text is taken up, unless the one here was edited since", () => {
  const told = live("session/composed", { text: "theirs", revision: 1, by: {} });
  expect(received(modelWith(), told).model.composer.text).toBe("theirs");
  expect(received(write(modelWith(), "mine"), told).model.composer.text).toBe("mine");
  expect(received(modelWith({ readOnly: true }), told).model.composer.text).toBe("");
});

test("one's own text that comes back late does not undo what was typed since", () => {
  const typing = sendingDraft(write(modelWith(), "he"), "he");
  const echoed = toldDraft(write(typing, "llo"), { text: "he", revision: 1 });
  expect(echoed.composer.text).toBe("hello");
  const sent = sentDraft(echoed, 1);
  expect(sent.composer.text).toBe("hello");
  expect(draftToSend(sent)).toBe("hello");
  expect(toldDraft(sent, { text: "he", revision: 1 })).toBe(sent);
});

test("nothing is sent twice, before the first attach, or by one who only reads", () => {
  const edited = write(modelWith(), "x");
  expect(draftToSend(edited)).toBe("x");
  expect(draftToSend(sendingDraft(edited, "x"))).toBeNull();
  expect(draftToSend(unsentDraft(sendingDraft(edited, "x")))).toBe("x");
  expect(draftToSend({ ...edited, readOnly: true })).toBeNull();
  expect(draftToSend({ ...edited, link: "reconnecting" })).toBeNull();
});

/** A daemon with a revision, clients with a call under way, and events that come when they like. */
test("however calls and events cross, all devices end with the newest text", () => {
  const step = fc.record({
    device: fc.integer({ min: 0, max: 2 }),
    does: fc.constantFrom("type", "send", "answer", "hear"),
    text: fc.constantFrom("a", "b", "c"),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let kept: Composition = { text: "", revision: 0 };
      const devices = [0, 1, 2].map(() => ({
        model: modelWith(),
        inbox: [] as Composition[],
        answer: null as number | null,
      }));
      const hear = (device: (typeof devices)[number]) => {
        const next = device.inbox.shift();
        if (next !== undefined) device.model = toldDraft(device.model, next);
      };
      const send = (device: (typeof devices)[number]) => {
        const text = draftToSend(device.model);
        if (text === null) return;
        device.model = sendingDraft(device.model, text);
        if (text !== kept.text) {
          kept = { text, revision: kept.revision + 1 };
          for (const each of devices) each.inbox.push(kept);
        }
        device.answer = kept.revision;
      };
      const answer = (device: (typeof devices)[number]) => {
        if (device.answer === null) return;
        device.model = sentDraft(device.model, device.answer);
        device.answer = null;
      };
      for (const { device: index, does, text } of steps) {
        const device = devices[index]!;
        if (does === "type") device.model = write(device.model, text);
        else if (does === "send") send(device);
        else if (does === "answer") answer(device);
        else hear(device);
      }
      for (let round = 0; round < 8; round++) {
        for (const device of devices) {
          answer(device);
          while (device.inbox.length > 0) hear(device);
          send(device);
        }
      }
      for (const { model } of devices) expect(model.composer.text).toBe(kept.text);
    }),
  );
});
