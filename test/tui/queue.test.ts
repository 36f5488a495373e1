/** The queue above the composer, what Enter does while a turn runs, and taking a message back. */

import { expect, test } from "vitest";
import { HacsError } from "../../src/protocol/errors.ts";
import type { Effect, Model } from "../../src/tui/model.ts";
import { press } from "../../src/tui/press.ts";
import { failed, withdrawn } from "../../src/tui/receive.ts";
import { screenOf } from "../../src/tui/screen.ts";
import type { Stroke } from "../../src/tui/terminal/keystrokes.ts";
import { lineCells } from "../../src/tui/text/lines.ts";
import fc from "../support/property.ts";
import { feed, modelWith, record, shown, userMessage } from "./events.ts";

const turn = record(1, "turn/started", { threadId: "t1", turn: { id: "u1" } });
const ann = { kind: "tui", user: "ann", from: "pts/1" };

function queued(seq: number, text: string, changes: object = {}) {
  const params = { id: `m${seq}`, status: "accepted", mode: "queue", content: { text }, by: ann };
  return record(seq, "session/message", { ...params, ...changes });
}

function keys(model: Model, ...strokes: Stroke[]): { model: Model; effects: Effect[] } {
  let effects: Effect[] = [];
  let at = model;
  for (const stroke of strokes) {
    const step = press(at, stroke, () => "new");
    at = step.model;
    effects = [...effects, ...step.effects];
  }
  return { model: at, effects };
}

test("the queue stands above the composer, in order, each with what becomes of it", () => {
  const events = [turn, queued(2, "first\nand more"), queued(3, "second", { mode: "steer" })];
  const lines = shown(modelWith({ columns: 50, rows: 24, events }));
  expect(lines.slice(-4)).toEqual([
    "› first  +1 lines  queued",
    "› second  steers",
    "›",
    expect.stringContaining("[api]"),
  ]);
});

test("of a long queue the next ones are shown, and how many more there are", () => {
  const events = Array.from({ length: 9 }, (_, index) => queued(index + 2, `n${index}`));
  const lines = shown(modelWith({ columns: 36, rows: 24, events: [turn, ...events] }));
  expect(lines.join("\n")).toContain("› n2  queued\n  6 more queued");
  const small = shown(modelWith({ columns: 36, rows: 6, events: [turn, ...events] }));
  expect(small.join("\n")).toContain("9 queued");
});

test("whatever waits, at any size, the screen keeps its rows and no escape gets through", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 200 });
  const sizes = { columns: fc.integer({ min: 8, max: 90 }), rows: fc.integer({ min: 5, max: 40 }) };
  fc.assert(
    fc.property(fc.record(sizes), fc.array(text, { maxLength: 12 }), (size, texts) => {
      const events = texts.map((one, index) => queued(index + 2, `${one}\u001b[2J\u202e`));
      const screen = screenOf(modelWith({ ...size, events: [turn, ...events] }));
      expect(screen.rows).toHaveLength(size.rows);
      for (const line of screen.rows) {
        expect(lineCells(line)).toBeLessThanOrEqual(size.columns);
        expect(line.map((one) => one.text).join("")).not.toMatch(/[\u0000-\u001f\u202e]/);
      }
    }),
  );
});

test("Up in an empty composer takes the last queued message back; a script's own stays", () => {
  const script = { kind: "script", user: "ann", from: "pid 7" };
  const events = [turn, queued(2, "mine"), queued(3, "its", { by: script })];
  const model = modelWith({ events });
  expect(keys(model, { key: "up" }).effects).toEqual([{ do: "withdraw", id: "m2" }]);
  const cancelled = record(4, "session/message", { id: "m2", status: "cancelled", by: ann });
  const back = withdrawn(feed(model, cancelled), "mine");
  expect(back.composer).toMatchObject({ text: "mine", cursor: 4 });
  expect(shown(back).join("\n")).toContain("a queued message was taken back by ann");
  expect(keys(back, { text: "!" }, { key: "enter" }).model.outbox).toEqual([
    { id: "new", text: "mine!", mode: "queue" },
  ]);
  expect(keys(back, { key: "ctrl-c" }).model.composer.text).toBe("");
});

test("Up goes through history where nothing is queued, and while something is written", () => {
  const events = [userMessage(1, "before"), record(2, "turn/started", { turn: { id: "u" } })];
  const model = modelWith({ events: [...events] });
  expect(keys(model, { key: "up" }).model.composer.text).toBe("before");
  const waits = feed(model, queued(3, "waits"));
  const writing = keys(waits, { text: "new" }, { key: "up" });
  expect(writing.effects).toEqual([]);
  expect(writing.model.composer.text).toBe("new");
});

test("what comes back while one writes stands before it; one that is gone is only news", () => {
  const writing = keys(modelWith(), { text: "now" }).model;
  expect(withdrawn(writing, "before").composer).toMatchObject({ text: "before\nnow", cursor: 10 });
  const late = failed(writing, new HacsError("message-sent", "it is with codex"));
  expect(late.notice).toMatchObject({ tone: "info" });
});

test("Tab, /steer and /queue choose what Enter does in a turn, and the screen says which", () => {
  const model = modelWith({ events: [turn] });
  expect(shown(model).join("\n")).toContain("Enter queues · Tab: steer");
  const steering = keys(model, { key: "tab" }).model;
  const quiet = { ...steering, notice: null };
  expect(shown(quiet).join("\n")).toContain("Enter steers · Tab: queue");
  const sent = keys(steering, { text: "left!" }, { key: "enter" }).model;
  expect(sent.outbox).toMatchObject([{ text: "left!", mode: "steer" }]);
  const again = keys(steering, { text: "/queue" }, { key: "enter" }).model;
  expect(again.enters).toBe("queue");
  expect(keys(model, { text: "/steer" }, { key: "enter" }).model.enters).toBe("steer");
  expect(keys(steering, { text: "/queue this" }, { key: "enter" }).model.outbox).toMatchObject([
    { text: "this", mode: "queue" },
  ]);
  const idle = keys({ ...modelWith(), enters: "steer" }, { text: "hi" }, { key: "enter" }).model;
  expect(idle.outbox).toMatchObject([{ mode: "queue" }]);
});
