/** A field's text is the same however its deltas are repeated, and wherever a reader joins. */

import { describe, expect, test } from "vitest";
import {
  applyDelta,
  type DraftField,
  deltaField,
  draftCharsMax,
  draftStepChars,
} from "../../src/protocol/records.ts";
import fc from "../support/property.ts";

interface Delta {
  delta: string;
  offset: number;
}

function deltasOf(pieces: string[]): Delta[] {
  let offset = 0;
  return pieces.map((delta) => {
    const placed = { delta, offset };
    offset += delta.length;
    return placed;
  });
}

const apply = (field: DraftField | undefined, { delta, offset }: Delta) =>
  applyDelta(field, delta, offset);
const read = (deltas: Delta[], from?: DraftField) =>
  deltas.reduce<DraftField | undefined>(apply, from);

const pieces = fc.array(fc.string({ unit: "binary", minLength: 1, maxLength: 6 }), {
  minLength: 1,
});

test("deltas in order give the whole text", () => {
  fc.assert(
    fc.property(pieces, (texts) => {
      expect(read(deltasOf(texts))).toEqual({ from: 0, text: texts.join(""), partial: false });
    }),
  );
});

test("any delta that was seen before changes nothing", () => {
  fc.assert(
    fc.property(pieces, fc.array(fc.tuple(fc.nat(), fc.nat())), (texts, repeats) => {
      const deltas = deltasOf(texts);
      const heard = [...deltas.keys()];
      // Each repeat comes somewhere after the delta that it repeats.
      for (const [which, later] of repeats) {
        const index = which % deltas.length;
        const first = heard.indexOf(index);
        heard.splice(first + 1 + (later % (heard.length - first)), 0, index);
      }
      expect(read(heard.map((index) => deltas[index]!))).toEqual(read(deltas));
    }),
  );
});

test("joining from a draft equals having seen all, even when some deltas come again", () => {
  fc.assert(
    fc.property(pieces, fc.nat(), fc.nat(), (texts, joined, again) => {
      const deltas = deltasOf(texts);
      const at = 1 + (joined % deltas.length);
      const draft = read(deltas.slice(0, at));
      expect(read(deltas.slice(at - (again % (at + 1))), draft)).toEqual(read(deltas));
    }),
  );
});

describe("text that was missed marks the field, and its places stay right", () => {
  test("before it", () => {
    expect(read([{ delta: "late", offset: 9 }])).toEqual({ from: 9, text: "late", partial: true });
  });

  test("inside it", () => {
    const field = read([
      { delta: "abc", offset: 0 },
      { delta: "xyz", offset: 10 },
    ]);
    expect(field).toEqual({ from: 7, text: "abcxyz", partial: true });
    expect(apply(field, { delta: "xyz", offset: 10 })).toEqual(field);
    expect(apply(field, { delta: "abc", offset: 0 })).toEqual(field);
    expect(apply(field, { delta: "z!", offset: 12 })).toEqual({ ...field, text: "abcxyz!" });
  });
});

test("a field keeps its end when it grows past the bound", () => {
  const part = 100_000;
  const deltas = deltasOf(Array.from({ length: 8 }, (_, index) => String(index).repeat(part)));
  const field = read([...deltas, ...deltas]);
  const length = field?.text.length ?? 0;
  expect(length).toBeLessThanOrEqual(draftCharsMax);
  expect(length).toBeGreaterThan(draftCharsMax - draftStepChars);
  expect(field).toMatchObject({ from: 8 * part - length, partial: false });
  expect(field?.text.endsWith("7".repeat(part))).toBe(true);
});

test("its beginning stays the same for many deltas, and does not depend on how they were cut", () => {
  const text = "abcdefgh".repeat(draftCharsMax / 4);
  const cut = (chars: number) =>
    Array.from({ length: Math.ceil(text.length / chars) }, (_, index) =>
      text.slice(index * chars, (index + 1) * chars),
    );
  let field: DraftField | undefined;
  const beginnings = new Set<number>();
  for (const delta of deltasOf(cut(1_000))) {
    field = apply(field, delta);
    beginnings.add(field.from);
  }
  expect(beginnings.size).toBeLessThanOrEqual(2 + draftCharsMax / draftStepChars);
  expect(read(deltasOf(cut(77_777)))).toEqual(field);
});

describe("a delta belongs to a field", () => {
  const delta = { itemId: "i", delta: "x" };
  test.each([
    ["item/agentMessage/delta", delta, "text"],
    ["item/plan/delta", delta, "text"],
    ["item/commandExecution/outputDelta", delta, "output"],
    ["item/reasoning/summaryTextDelta", { ...delta, summaryIndex: 2 }, "summary.2"],
    ["item/reasoning/textDelta", delta, "content.0"],
    ["item/ofTomorrow/delta", delta, "item/ofTomorrow/delta"],
    ["item/agentMessage/delta", { delta: "x" }, null],
    ["item/agentMessage/delta", { itemId: "i", delta: 5 }, null],
    ["item/completed", delta, null],
  ])("%s", (method, params, field) => {
    expect(deltaField(method, params)).toBe(field);
  });
});
