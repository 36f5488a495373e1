import { expect, test } from "vitest";
import { span } from "../../src/tui/text/lines.ts";
import {
  type Anchor,
  type Blocks,
  scroll,
  toStart,
  view,
} from "../../src/tui/transcript/viewport.ts";
import fc from "../support/property.ts";

/** Blocks of so many rows each, named by `first` + their place. */
function blocks(sizes: number[], first = 0): Blocks {
  return {
    count: sizes.length,
    head: 0,
    key: (index) => String(first + index),
    lines: (index) =>
      Array.from({ length: sizes[index]! }, (_, row) => [span(`${first + index}.${row}`)]),
    find: (key) => (Number(key) - first < sizes.length ? Number(key) - first : -1),
  };
}

const rowsOf = (given: Blocks, anchor: Anchor, height: number) =>
  view(given, anchor, height).rows.map((line) => line[0]!.text);

const sizes = fc.array(fc.nat(5), { maxLength: 20 });
const height = fc.integer({ min: 1, max: 12 });
const moves = fc.array(fc.integer({ min: -15, max: 15 }), { maxLength: 10 });

function after(given: Blocks, rows: number, steps: number[]): Anchor {
  return steps.reduce<Anchor>((anchor, step) => scroll(given, anchor, rows, step), null);
}

test("the screen shows consecutive rows, as many as there are room for", () => {
  fc.assert(
    fc.property(sizes, height, moves, (given, rows, steps) => {
      const all = given.flatMap((size, index) =>
        Array.from({ length: size }, (_, row) => `${index}.${row}`),
      );
      const anchor = after(blocks(given), rows, steps);
      const shown = rowsOf(blocks(given), anchor, rows);
      expect(shown).toHaveLength(Math.min(rows, all.length));
      const start = all.indexOf(shown[0] ?? "");
      expect(shown).toEqual(all.slice(Math.max(0, start), Math.max(0, start) + rows));
      const { atStart, atEnd } = view(blocks(given), anchor, rows);
      expect(atStart).toBe(all.length === 0 || start === 0);
      expect(atEnd).toBe(start + rows >= all.length);
    }),
  );
});

test("what arrives below, or is loaded above, moves nothing that is read", () => {
  fc.assert(
    fc.property(sizes, height, moves, sizes, sizes, (given, rows, steps, below, above) => {
      const anchor = after(blocks(given), rows, steps);
      fc.pre(anchor !== null);
      const before = rowsOf(blocks(given), anchor, rows);
      const grown = blocks([...above, ...given, ...below], -above.length);
      expect(rowsOf(grown, anchor, rows)).toEqual(before);
    }),
  );
});

test("blocks without rows at the start are no place to be", () => {
  const given = blocks([0, 1, 2]);
  expect(scroll(given, null, 3, -1)).toBeNull();
  expect(view(given, null, 3)).toMatchObject({ atStart: true, atEnd: true });
});

test("scrolling goes both ways, follows again at the end, and stops at the start", () => {
  const given = blocks([3, 3, 3]);
  expect(rowsOf(given, null, 4)).toEqual(["1.2", "2.0", "2.1", "2.2"]);
  const up = scroll(given, null, 4, -2);
  expect(rowsOf(given, up, 4)).toEqual(["1.0", "1.1", "1.2", "2.0"]);
  expect(scroll(given, up, 4, 2)).toBeNull();
  expect(rowsOf(given, scroll(given, up, 4, -99), 4)).toEqual(["0.0", "0.1", "0.2", "1.0"]);
  expect(rowsOf(given, toStart(given, 4), 4)).toEqual(["0.0", "0.1", "0.2", "1.0"]);
  expect(toStart(given, 9)).toBeNull();
});

test("a reader at the very start stays there when more is loaded above", () => {
  const withHead = (sizes: number[], first: number): Blocks => ({
    ...blocks(sizes, first),
    head: 1,
    key: (index) => (index === 0 ? "head" : String(first + index)),
    find: (key) => (key === "head" ? 0 : Number(key) - first),
  });
  const top = toStart(withHead([1, 2, 2, 2], 0), 4);
  expect(rowsOf(withHead([1, 2, 2, 2], 0), top, 4)).toEqual(["0.0", "1.0", "1.1", "2.0"]);
  const grown = withHead([1, 2, 2, 2, 2, 2], -2);
  expect(rowsOf(grown, top, 4).slice(1)).toEqual(["1.0", "1.1", "2.0"]);
});

test("only the blocks in view are drawn", () => {
  const drawn = new Set<number>();
  const many = blocks(Array(10_000).fill(2));
  const watched: Blocks = {
    ...many,
    lines: (index) => {
      drawn.add(index);
      return many.lines(index);
    },
  };
  view(watched, null, 20);
  expect(drawn.size).toBeLessThan(15);
});
