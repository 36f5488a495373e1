/** Clearing what is written without losing it, also where there is no Ctrl key. */
import { expect, test } from "vitest";
import type { Effect, Model } from "../../src/tui/model.ts";
import { press } from "../../src/tui/press.ts";
import { modelWith, record, shown, userMessage } from "./events.ts";

function keys(given: Model, ...pressed: string[]): { model: Model; effects: Effect[] } {
  const effects: Effect[] = [];
  let model = given;
  for (const key of pressed) {
    const named = /^(enter|escape|up|down|ctrl-c)$/.test(key);
    const step = press(model, named ? { key } : { text: key }, () => "m");
    model = step.model;
    effects.push(...step.effects);
  }
  return { model, effects };
}
const screen = (model: Model) => shown(model).join("\n");

test("Escape twice clears what is written, says so before, and Up brings it back", () => {
  const once = keys(modelWith({ columns: 40, rows: 20 }), "a long thought", "escape").model;
  expect(once.composer.text).toBe("a long thought");
  expect(screen(once)).toContain("── Esc again clears; Up brings it back");
  const twice = keys(once, "escape");
  expect(twice).toMatchObject({ model: { composer: { text: "" } }, effects: [] });
  expect(screen(twice.model)).toContain("cleared; Up brings it back");
  expect(keys(twice.model, "up").model.composer.text).toBe("a long thought");
  expect(keys(keys(modelWith(), "again").model, "ctrl-c", "up").model.composer.text).toBe("again");
});

test("only two in a row clear: another key, or a hint that went, begins anew", () => {
  expect(keys(modelWith(), "text", "escape", "x", "escape").model.composer.text).toBe("textx");
  const gone = { ...keys(modelWith(), "text", "escape").model, notice: null };
  expect(keys(gone, "escape").model.composer.text).toBe("text");
});

test("while a turn runs Escape interrupts it, and what is written stays", () => {
  const turn = record(1, "turn/started", { threadId: "t1", turn: { id: "u1" } });
  const { model, effects } = keys(modelWith({ events: [turn] }), "next", "escape", "escape");
  expect(effects).toEqual([{ do: "interrupt" }, { do: "interrupt" }]);
  expect(model.composer.text).toBe("next");
});

test("Up goes back in the order in which things were sent or cleared", () => {
  const begun = modelWith({ events: [userMessage(1, "sent first")] });
  const both = keys(begun, "cleared", "escape", "escape", "sent last", "enter").model;
  const ups = (count: number) => keys(both, ...Array<string>(count).fill("up")).model.composer.text;
  expect([1, 2, 3].map(ups)).toEqual(["sent last", "sent first", "cleared"]);
  const newest = keys(both, "cleared last", "ctrl-c");
  expect(keys(newest.model, "up").model.composer.text).toBe("cleared last");
  // What was brought back and cleared again is there once.
  const again = keys(newest.model, "up", "ctrl-c", "up", "up").model;
  expect(again.composer.text).toBe("sent last");
});
