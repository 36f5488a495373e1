/** The layout of panes, what they do to a model, and the rows they make together; no terminal. */

import { expect, test } from "vitest";
import type { Model } from "../../src/tui/model.ts";
import { compose, type DrawnPane, type Picture } from "../../src/tui/panes/compose.ts";
import { placed } from "../../src/tui/panes/place.ts";
import {
  arrange,
  closePane,
  type Direction,
  focusPane,
  holds,
  nextPane,
  onePane,
  type Panes,
  panesMax,
  paneToward,
  type Size,
  type Split,
  splitPane,
  zoomPane,
} from "../../src/tui/panes/tree.ts";
import { lineCells } from "../../src/tui/text/lines.ts";
import fc from "../support/property.ts";
import {
  agentMessage,
  approvalDetail,
  modelWith,
  requested,
  shown,
  userMessage,
} from "./events.ts";

const desktop: Size = { columns: 200, rows: 50 };

type Step = { do: "split"; split: Split } | { do: "close" | "focus"; nth: number } | { do: "zoom" };
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("split" as const),
      split: fc.constantFrom<Split>("side", "stacked"),
    }),
  },
  fc.record({ do: fc.constantFrom("close" as const, "focus" as const), nth: fc.nat(3) }),
  fc.record({ do: fc.constant("zoom" as const) }),
);
const anySize = fc.record({
  columns: fc.integer({ min: 1, max: 260 }),
  rows: fc.integer({ min: 1, max: 80 }),
});

function after(steps: readonly Step[], size: Size): Panes {
  let made = 0;
  let panes = onePane(0);
  for (const one of steps) {
    if (one.do === "split") panes = splitPane(panes, one.split, ++made, size) ?? panes;
    else if (one.do === "zoom") panes = zoomPane(panes);
    else {
      const id = panes.recent[one.nth % panes.recent.length]!;
      panes = one.do === "focus" ? focusPane(panes, id) : (closePane(panes, id) ?? panes);
    }
  }
  return panes;
}

const split = (...splits: Split[]) =>
  after(
    splits.map((one) => ({ do: "split", split: one })),
    desktop,
  );

test("whatever is split, closed and resized, each cell belongs to one pane or one rule", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), anySize, anySize, (steps, made, size) => {
      const panes = after(steps, made);
      const { panes: rects, rules } = arrange(panes, size);
      const pieces = [...rects.values(), ...rules];
      const cells = Array.from({ length: size.columns * size.rows }, (_, at) => {
        const [x, y] = [at % size.columns, Math.floor(at / size.columns)];
        return pieces.filter((rect) => holds(rect, x, y)).length;
      });
      expect(new Set(cells)).toEqual(new Set([1]));
      expect(rects.has(panes.recent[0])).toBe(true);
      expect([1, panes.recent.length]).toContain(rects.size);
      expect(panes.recent.length).toBeLessThanOrEqual(panesMax);
      if (rects.size === 1) expect(rules).toEqual([]);
      else
        for (const { columns, rows } of rects.values()) {
          expect(columns).toBeGreaterThanOrEqual(30);
          expect(rows).toBeGreaterThanOrEqual(6);
        }
    }),
  );
});

test("every pane is reached by going on, and closing all but one leaves it the screen", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
      const panes = after(steps, desktop);
      const reached = new Set<number>();
      let at = panes;
      for (const _ of panes.recent) {
        const next = nextPane(at);
        if (next !== undefined) at = focusPane(at, next);
        reached.add(at.recent[0]);
      }
      expect(reached).toEqual(new Set(panes.recent));
      const [kept, ...others] = panes.recent;
      const left = others.reduce<Panes>((now, id) => closePane(now, id)!, panes);
      expect(left).toEqual(onePane(kept));
      expect(closePane(left, kept)).toBeNull();
    }),
  );
});

test("shares are even, a line parts what is side by side, and nothing what is stacked", () => {
  const columns = (panes: Panes) =>
    [...arrange(panes, desktop).panes.values()].map((rect) => rect.columns);
  expect(columns(split("side"))).toEqual([100, 99]);
  expect(columns(split("side", "side"))).toEqual([66, 66, 66]);
  expect(columns(split("side", "side", "side"))).toEqual([50, 49, 49, 49]);
  const { panes, rules } = arrange(split("side", "stacked"), desktop);
  expect(panes.get(2)).toEqual({ x: 101, y: 25, columns: 99, rows: 25 });
  expect(rules).toEqual([{ x: 100, y: 0, columns: 1, rows: 50 }]);
});

test("a pane that would be too small, or the fifth, is refused", () => {
  const table: [Split, Size, boolean][] = [
    ["side", { columns: 61, rows: 20 }, true],
    ["side", { columns: 60, rows: 20 }, false],
    ["side", { columns: 40, rows: 20 }, false],
    ["stacked", { columns: 40, rows: 20 }, true],
    ["stacked", { columns: 40, rows: 11 }, false],
  ];
  for (const [way, size, fits] of table) {
    expect([way, size, splitPane(onePane(0), way, 1, size) !== null]).toEqual([way, size, fits]);
  }
  expect(splitPane(split("side", "side", "side"), "stacked", 9, desktop)).toBeNull();
});

test("without room for all the focused pane is alone, until there is room again", () => {
  const panes = split("side");
  expect([...arrange(panes, { columns: 40, rows: 20 }).panes.keys()]).toEqual([1]);
  expect(arrange(panes, desktop).panes.size).toBe(2);
  expect([...arrange({ ...panes, zoomed: true }, desktop).panes.keys()]).toEqual([1]);
  expect(splitPane({ ...panes, zoomed: true }, "side", 2, desktop)?.zoomed).toBe(false);
});

test("an arrow goes to the pane that borders there, round the edge, the later used of two", () => {
  // 0 on the left; 1 above 2 on the right.
  const panes = split("side", "stacked");
  const table: [number, Direction, number | undefined][] = [
    [0, "right", 2],
    [0, "left", 2],
    [0, "up", undefined],
    [1, "left", 0],
    [1, "down", 2],
    [1, "up", 2],
    [2, "up", 1],
    [2, "right", 0],
  ];
  for (const [from, direction, to] of table) {
    const at = focusPane(panes, from);
    expect([from, direction, paneToward(at, direction)]).toEqual([from, direction, to]);
  }
  expect(paneToward(focusPane(focusPane(panes, 1), 0), "right")).toBe(1);
  expect(paneToward(onePane(0), "up")).toBeUndefined();
});

test("the pane used before gets the keys of one that closes", () => {
  const panes = focusPane(split("side", "side"), 0);
  expect(closePane(panes, 0)?.recent).toEqual([2, 1]);
  expect(closePane(panes, 1)?.recent).toEqual([0, 2]);
});

function picture(panes: Panes, models: Model[], size = desktop): Picture {
  const { panes: rects, rules } = arrange(panes, size);
  const state = (id: number) => ({ focused: id === panes.recent[0], visible: true, hidden: 0 });
  const drawn = panes.recent.flatMap((id): DrawnPane[] => {
    const rect = rects.get(id);
    return rect ? [{ id, rect, model: placed(models[id]!, rect, state(id)) }] : [];
  });
  return { size, panes: drawn as unknown as Picture["panes"], rules };
}

const models = ["left", "right", "below", "last"].map((name, index) =>
  modelWith({
    session: { name, id: `s${index}` },
    events: [userMessage(1, `to ${name}`), agentMessage(2, "日本語 **text** ".repeat(40))],
  }),
);

test("the rows of all panes fill the terminal's exactly, and the cursor is in the focused one", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), anySize, (steps, size) => {
      const panes = after(steps, desktop);
      const reused = panes.recent.every((id) => models[id] !== undefined);
      fc.pre(reused && size.columns >= 8 && size.rows >= 5);
      const seen = picture(panes, models, size);
      const { rows, cursor } = compose(seen);
      expect(rows).toHaveLength(size.rows);
      for (const row of rows) {
        if (seen.panes.length > 1) expect(lineCells(row)).toBe(size.columns);
        else expect(lineCells(row)).toBeLessThanOrEqual(size.columns);
      }
      if (size.rows >= 6)
        expect(cursor && holds(seen.panes[0].rect, cursor.x, cursor.y)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test("one pane's status line has the list and hints; the others say only whose they are", () => {
  const text = compose(picture(split("side"), models))
    .rows.map((row) => row.map((part) => part.text).join(""))
    .at(-1)!;
  expect(text.slice(0, 100).trimEnd()).toBe("[left] idle · gpt-5 · 1 client");
  expect(text.slice(100)).toMatch(/^│\[right\] idle .*Ctrl-b \? keys$/);
});

test("a pane that loses the keys takes them from what it asked, and keeps what is written", () => {
  const away = { focused: false, visible: true, hidden: 0 };
  const asked = { ...modelWith({ events: [requested(1, approvalDetail())] }), prefix: true };
  const dialogs: [Model["dialog"], boolean][] = [
    [{ kind: "approval", id: "a1", row: 0, form: null }, false],
    [{ kind: "approval", id: "a1", row: 0, form: { index: 0, text: "half", entered: [] } }, true],
    [{ kind: "help", row: 0 }, true],
  ];
  for (const [dialog, stays] of dialogs) {
    const left = placed({ ...asked, dialog }, asked.size, away);
    expect([left.dialog !== null, left.prefix]).toEqual([stays, false]);
  }
  expect(shown(placed(asked, asked.size, away)).join("\n")).toContain("Run this command?");
});

test("a prompt that waited out of sight is new when it comes to the screen", () => {
  const asked = modelWith({ events: [requested(1, approvalDetail())] });
  const hidden = placed(asked, asked.size, { focused: false, visible: false, hidden: 1 });
  const later = { ...hidden, now: hidden.now + 60_000 };
  const seen = placed(later, asked.size, { focused: true, visible: true, hidden: 0 });
  expect(seen.shown?.at).toBe(later.now);
});

test("a pane whose model is the same is the same, and its rows are not made again", () => {
  const [model] = models;
  expect(placed(model!, model!.size, { ...model!.pane })).toBe(model);
  const seen = picture(split("side"), models);
  const [focused, other] = seen.panes;
  const typed = { ...focused, model: { ...focused.model, prefix: true } };
  const before = compose(seen).rows.at(-1)!;
  const next = compose({ ...seen, panes: [typed, other!] }).rows.at(-1)!;
  expect(next[0]).toBe(before[0]);
});
