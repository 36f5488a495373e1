import { describe, expect, test } from "vitest";
import { HacsError } from "../../src/protocol/errors.ts";
import { LineSplitter } from "../../src/protocol/framing.ts";
import fc from "../support/property.ts";

const line = fc.string({ unit: "binary", minLength: 1 }).filter((text) => !text.includes("\n"));

/** Cuts bytes at the given places, in any order and however often. */
function cut(bytes: Buffer, places: number[]): Buffer[] {
  const at = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length];
  const sorted = at.sort((a, b) => a - b);
  return sorted.slice(1).map((end, index) => bytes.subarray(sorted[index], end));
}

test("however the bytes are cut, the lines are the same", () => {
  fc.assert(
    fc.property(fc.array(line), fc.array(fc.nat()), fc.boolean(), (lines, places, ended) => {
      const text = lines.map((each) => `${each}\n`).join("");
      const bytes = Buffer.from(ended ? text : `${text}unfinished`);
      const splitter = new LineSplitter();
      const seen = cut(bytes, places).flatMap((chunk) => splitter.push(chunk));
      // Lone surrogates become U+FFFD on the wire, as in any UTF-8 encoder.
      expect(seen).toEqual(lines.map((each) => each.toWellFormed()));
    }),
  );
});

test("a byte at a time is as good as all at once", () => {
  const splitter = new LineSplitter();
  const bytes = Buffer.from("é\n\n漢字\n😀");
  const lines = [...bytes].flatMap((byte) => splitter.push(Buffer.from([byte])));
  expect(lines).toEqual(["é", "漢字"]);
  expect(splitter.push(Buffer.from("\n"))).toEqual(["😀"]);
});

describe("the bound", () => {
  const bound = 16;
  const full = Buffer.alloc(bound, "x");

  test("lets a frame of exactly its length through, any number of times", () => {
    const splitter = new LineSplitter(bound);
    const frames = Buffer.concat(
      Array.from({ length: 5 }, () => Buffer.concat([full, Buffer.from("\n")])),
    );
    expect(splitter.push(frames)).toHaveLength(5);
  });

  test("refuses one byte more, wherever the frame is cut and before its end is seen", () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.nat({ max: 3 }), (places, before) => {
        const splitter = new LineSplitter(bound);
        const frames = Buffer.concat([Buffer.from("ok\n".repeat(before)), full, Buffer.from("x")]);
        let caught: unknown;
        try {
          for (const chunk of cut(frames, places)) splitter.push(chunk);
        } catch (error) {
          caught = error;
        }
        expect(caught).toBeInstanceOf(HacsError);
        expect((caught as HacsError).code).toBe("frame-too-large");
      }),
    );
  });
});
