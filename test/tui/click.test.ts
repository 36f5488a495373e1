/** What a click means in the pane that has the keys, without a terminal. */
import { expect, test } from "vitest";
import { click } from "../../src/tui/click.ts";
import type { Model } from "../../src/tui/model.ts";
import { agentMessage, item, modelWith, sessionInfo, shown, userMessage } from "./events.ts";

const output = Array.from({ length: 60 }, (_, n) => `row ${n}`).join("\n");
const card = item(2, "commandExecution", {
  command: "make",
  aggregatedOutput: output,
  exitCode: 0,
});
const long = modelWith({ rows: 30, events: [userMessage(1, "go"), card, agentMessage(3, "done")] });
const rowOf = (model: Model, text: string) => shown(model).findIndex((row) => row.includes(text));
const at = (model: Model, text: string) => click(model, { x: 4, y: rowOf(model, text) }).model;

test("a click opens a card where it is, and folds it again; then the end is followed as before", () => {
  const before = { ...long, size: { columns: 80, rows: 60 } };
  const opened = at(before, "lines more");
  expect(opened.opened).toHaveLength(1);
  expect(rowOf(opened, "lines more")).toBe(-1);
  expect(rowOf(opened, "$ make")).toBe(rowOf(before, "$ make"));
  const folded = at(opened, "row 3");
  expect(folded.opened).toEqual([]);
  expect(folded.anchor).toBeNull();
  expect(shown(folded)).toEqual(shown(before));
});

test("a click elsewhere does nothing, and none reaches through what is open", () => {
  const screen = shown(long);
  for (const text of ["done", "›"]) expect(shown(at(long, text))).toEqual(screen);
  expect(shown(click(long, { x: 0, y: 27 }).model)).toEqual(screen);
  const help: Model = { ...long, dialog: { kind: "help", row: 0 } };
  for (let y = 0; y < 29; y++)
    expect(click(help, { x: 2, y })).toEqual({ model: help, effects: [] });
});

test("a click on a session in the status line shows it", () => {
  const others = [2, 3].map((n) => sessionInfo({ id: `s${n}`, name: `日本-${n}` }));
  const sessions = [sessionInfo(), ...others];
  const model: Model = { ...long, around: { ...long.around, sessions } };
  const status = model.size.rows - 1;
  const shows = (x: number) => click(model, { x, y: status }).effects;
  // 80 columns end with "0 api*  1 日本-2  2 日本-3".
  expect(shown(model)[status]).toMatch(/0 api\* {2}1 日本-2 {2}2 日本-3$/);
  const show = (session: string) => [{ do: "show", session }];
  expect([80 - 8, 80 - 1].map(shows)).toEqual([show("s3"), show("s3")]);
  expect([80 - 18, 80 - 11].map(shows)).toEqual([show("s2"), show("s2")]);
  for (const x of [0, 20, 80 - 9, 80 - 10, 80 - 22]) expect([x, shows(x)]).toEqual([x, []]);
});

test("a click on who waits elsewhere shows one of them", () => {
  const waiting = sessionInfo({ id: "s2", name: "web", state: "needs-approval", approvals: 1 });
  const narrow = modelWith({ columns: 40, rows: 20 });
  const model: Model = {
    ...narrow,
    around: { ...narrow.around, sessions: [sessionInfo(), waiting] },
  };
  expect(click(model, { x: 38, y: 19 }).effects).toEqual([{ do: "show", session: "s2" }]);
});
