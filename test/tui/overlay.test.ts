/** Keys and rows of what is opened over the transcript, without a terminal. */

import { expect, test } from "vitest";
import type { SessionInfo } from "../../src/protocol/session.ts";
import { shownMinMs } from "../../src/tui/approvals/in-view.ts";
import type { Effect, Model } from "../../src/tui/model.ts";
import { paste, press } from "../../src/tui/press.ts";
import { screenOf } from "../../src/tui/screen.ts";
import type { Stroke } from "../../src/tui/terminal/keystrokes.ts";
import { lineCells } from "../../src/tui/text/lines.ts";
import fc from "../support/property.ts";
import { agentMessage, modelWith, sessionInfo, shown } from "./events.ts";

const other = (n: number, changes: Partial<SessionInfo> = {}) =>
  sessionInfo({ id: `s${n}`, name: `n${n}`, ...changes });

function among(sessions: SessionInfo[], options: Parameters<typeof modelWith>[0] = {}): Model {
  const model = modelWith(options);
  return { ...model, around: { ...model.around, sessions, home: "/home/ann" } };
}
const three = (options = {}) => among([sessionInfo(), other(2), other(3)], options);

function keys(model: Model, ...pressed: string[]): { model: Model; effects: Effect[] } {
  return pressed.reduce<{ model: Model; effects: Effect[] }>(
    (before, key) => {
      if (key === "later") return { model: later(before.model), effects: before.effects };
      const named = /^(ctrl|alt|shift)-|^(enter|tab|escape|up|down|left|right|backspace)$/;
      const stroke: Stroke = named.test(key) ? { key } : { text: key };
      const step = press(before.model, stroke, () => "m1");
      return { model: step.model, effects: [...before.effects, ...step.effects] };
    },
    { model, effects: [] },
  );
}

/** When what is on the screen can have been read. */
const later = (model: Model): Model => ({ ...model, now: model.now + shownMinMs });
const screen = (model: Model) => shown(model).join("\n");

test("tmux's keys choose the session that tmux would", () => {
  const model = { ...three(), around: { ...three().around, last: "s3" } };
  const table: [string[], string | null][] = [
    [["ctrl-b", "n"], "s2"],
    [["ctrl-b", "p"], "s3"],
    [["ctrl-b", "l"], "s3"],
    [["ctrl-b", "1"], "s2"],
    [["ctrl-b", "0"], null],
    [["ctrl-b", "7"], null],
    [["/switch n2", "enter"], "s2"],
    [["/switch n", "enter"], null],
    [["ctrl-b", "s", "down", "enter"], "s2"],
    [["ctrl-b", "s", "G", "enter"], "s3"],
    [["ctrl-b", "s", "2"], "s3"],
    [["ctrl-b", "s", "enter"], null],
    [["ctrl-b", ":", "attach n3", "enter"], "s3"],
  ];
  for (const [pressed, id] of table) {
    const effects = id === null ? [] : [{ do: "show", session: id }];
    expect([pressed, keys(model, ...pressed).effects]).toEqual([pressed, effects]);
  }
  expect(keys(among([sessionInfo()]), "ctrl-b", "n").effects).toEqual([]);
  expect(keys(modelWith(), "ctrl-b", "p").effects).toEqual([]);
});

test("the next session that waits is a key away", () => {
  const waiting = { state: "needs-approval", approvals: 1 } as const;
  const all = [sessionInfo(waiting), other(2), other(3, waiting), other(4, waiting)];
  const effects = [{ do: "show", session: "s3" }];
  expect(keys(among(all), "ctrl-b", "alt-n").effects).toEqual(effects);
  expect(keys(among(all), "/waiting", "enter").effects).toEqual(effects);
  expect(keys(among(all.slice(0, 2)), "ctrl-b", "alt-n").effects).toEqual([]);
  expect(keys(modelWith(), "ctrl-b", "alt-n").effects).toEqual([]);
});

test("Tab completes verbs and names in the command line, as far as they agree", () => {
  const model = among([sessionInfo(), other(2, { name: "web-1" }), other(3, { name: "web-2" })]);
  const table: [string, string][] = [
    ["ren", ":rename ▏"],
    ["s", ":s▏"],
    ["attach w", ":attach web-▏"],
    ["attach a", ":attach api ▏"],
    ["attach x", ":attach x▏"],
    ["x", ":x▏"],
    ["", ":▏"],
  ];
  for (const [typed, line] of table) {
    const { model: after } = keys(model, "ctrl-b", ":", typed, "tab");
    expect([typed, shown(after).at(-1)]).toEqual([typed, line]);
  }
});

test("Up goes through the lines that were given before, also after another session", () => {
  const given = keys(
    three(),
    "ctrl-b",
    ":",
    "sleep n2",
    "enter",
    "ctrl-b",
    ":",
    "wake n2",
    "enter",
  );
  const again = keys(given.model, "ctrl-b", ":", "up", "up");
  expect(screen(again.model)).toContain(":sleep n2");
  expect(screen(keys(again.model, "down").model)).toContain(":wake n2");
  expect(keys(again.model, "down", "enter").effects).toEqual([
    { do: "order", order: { verb: "wake", session: "s2" } },
  ]);
  expect(keys(again.model, "down", "down", "enter").effects).toEqual([]);
});

test("a fork is named after its session when nobody names it", () => {
  const model = among([sessionInfo(), other(2, { name: "api-2" })]);
  expect(keys(model, "/fork ", "enter").effects).toMatchObject([
    { order: { verb: "fork", session: "s1", to: "api-3" } },
  ]);
});

test("nothing but y kills, and what is typed on is not lost", () => {
  const asked = keys(three(), "ctrl-b", "&");
  expect(screen(asked.model)).toContain("kill session api? Its history stays. (y/n)");
  for (const key of ["enter", "n", "escape", "q", " ", "Y", "x"]) {
    expect([key, keys(asked.model, key).effects]).toEqual([key, []]);
  }
  expect(keys(asked.model, "n", "yes").model.composer.text).toBe("yes");
  const order = { verb: "kill", session: "s1" };
  expect(keys(asked.model, "later", "y").effects).toEqual([{ do: "order", order }]);
  expect(keys(three(), "/kill n2", "enter", "later", "y").effects).toMatchObject([
    { order: { session: "s2" } },
  ]);
});

test("leaving a question of the chooser's leads back to it, with the same one selected", () => {
  const asked = keys(three(), "ctrl-b", "s", "j", "x");
  expect(keys(asked.model, "n").model.dialog).toMatchObject({ kind: "chooser", selected: "s2" });
  const renaming = keys(three(), "ctrl-b", "s", "j", "r", "-x", "enter");
  expect(renaming.effects).toEqual([
    { do: "order", order: { verb: "rename", session: "s2", to: "n2-x" } },
  ]);
  expect(renaming.model.dialog).toMatchObject({ kind: "chooser", selected: "s2" });
});

test("a name is asked for in the status line, with the one there is to begin from", () => {
  const asked = keys(three(), "ctrl-b", ",");
  expect(shown(asked.model).at(-1)).toBe("rename to api▏");
  const named = keys(asked.model, "ctrl-u", "x", "enter");
  expect(named.effects).toMatchObject([{ order: { verb: "rename", to: "x" } }]);
  expect(keys(asked.model, "ctrl-u", "enter").effects).toEqual([]);
  const pasted = paste(asked.model, "\u001b]0;x\u0007\ny").model;
  expect(shown(pasted).at(-1)).toBe("rename to api^[]0;x^G y▏");
});

test("the form of a new session begins beside the shown one, and as its answers come", () => {
  const form = keys(three(), "ctrl-b", "c");
  expect(screen(form.model)).toContain("Directory  /work/api");
  const filled = keys(form.model, "made", "tab", "tab", "gpt-6", "tab", " ", "enter");
  const spec = { cwd: "/work/api", model: "gpt-6", sandbox: "read-only" };
  expect(filled.effects).toEqual([
    { do: "order", order: { verb: "new", params: { name: "made", spec }, shows: true } },
  ]);
  const back = keys(form.model, "up", "left", "left", "right", "right", "enter");
  expect(back.effects).toMatchObject([{ order: { params: { spec: { cwd: "/work/api" } } } }]);
  const demo = three({ session: { labels: { demo: "true" } } });
  expect(keys(demo, "ctrl-b", "c", "enter").effects).toMatchObject([
    { order: { params: { spec: { provider: "demo" } } } },
  ]);
});

test("read-only, other sessions are shown and none is changed", () => {
  const model = three({ readOnly: true });
  expect(keys(model, "ctrl-b", "n").effects).toHaveLength(1);
  for (const pressed of ["&", ",", "c"]) {
    const { model: after, effects } = keys(model, "ctrl-b", pressed, "y", "enter");
    expect([pressed, effects, after.dialog]).toEqual([pressed, [], null]);
  }
  expect(keys(model, "ctrl-b", ":", "kill n2", "enter", "y").effects).toEqual([]);
  expect(keys(model, "ctrl-b", "s", "j", "x", "y").effects).toEqual([]);
  expect(keys(model, "ctrl-b", "s", "c", "enter").effects).toEqual([]);
});

test("another prefix takes the usual one's place, and pressed twice its key is itself", () => {
  const model = three();
  const mine = { ...model, around: { ...model.around, prefix: "ctrl-a" } };
  expect(keys(mine, "ctrl-a", "d").effects).toEqual([{ do: "detach" }]);
  expect(keys(mine, "ctrl-b", "d").effects).toEqual([]);
  const twice = keys(mine, "word", "ctrl-a", "ctrl-a").model;
  expect([twice.composer.cursor, twice.prefix]).toEqual([0, false]);
  expect(screen(keys(mine, "ctrl-a", "?").model)).toContain("Ctrl-a d");
  expect(keys(model, "ctrl-b", "ctrl-b", "d").effects).toEqual([]);
});

test("the chooser shows all it can at any width, and the selected one's last lines", () => {
  const model = among(
    [sessionInfo(), other(2, { state: "needs-approval", approvals: 2, cwd: "/home/ann/x" })],
    { columns: 100, events: [agentMessage(1, "what was said last")] },
  );
  const wide = screen(keys(model, "ctrl-b", "s").model);
  expect(wide).toContain("*0  api  idle");
  expect(wide).toContain("needs-approval (2)");
  expect(wide).toContain("~/x");
  expect(wide).toContain("• what was said last");
  const narrow = { ...model, size: { columns: 36, rows: 20 } };
  expect(screen(keys(narrow, "ctrl-b", "s").model)).toContain(" 1  n2   needs-approval (2)");
});

test("a long name among the sessions takes the place of nobody's state", () => {
  const name = "a-name-that-is-as-long-as-names-may-be-0123456789";
  const sessions = [
    sessionInfo(),
    other(2, { state: "needs-approval", approvals: 2 }),
    other(3, { name }),
    other(4, { name: `desk/${name}`, peer: "desk", state: "crashed" }),
  ];
  for (const columns of [36, 40, 45, 80]) {
    const opened = keys(
      among(sessions, { columns, rows: 20 }),
      "ctrl-b",
      "s",
      "down",
      "down",
    ).model;
    const rows = shown(opened);
    const row = (lead: string) => rows.find((one) => one.startsWith(lead)) ?? "";
    expect(row("*0")).toContain("  idle");
    expect(row(" 1")).toContain("  needs-approval (2)");
    expect(row(" 2  a-name-")).toContain("  idle");
    expect(row(" 3    a-na")).toContain("  crashed");
    // The preview's head names what a narrow list cuts, as far as the screen goes.
    expect(rows.some((one) => one.startsWith(`── ${name.slice(0, columns - 4)}`))).toBe(true);
  }
});

test("whatever is open, the screen has the terminal's rows and none too wide", () => {
  const opened = [
    ["ctrl-b", "s"],
    ["ctrl-b", "s", "G"],
    ["ctrl-b", "c"],
    ["ctrl-b", "c", "up"],
    ["ctrl-b", "&"],
    ["ctrl-b", ":", "日本語 ".repeat(30)],
    ["ctrl-b", "?"],
    [],
  ];
  const states = ["idle", "working", "needs-approval", "crashed", "asleep"] as const;
  const info = fc.record({
    state: fc.constantFrom(...states),
    name: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$/),
    cwd: fc.string({ unit: "binary" }),
    model: fc.option(fc.string({ unit: "binary" })),
    approvals: fc.nat(3),
    clients: fc.nat(3),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 8, max: 200 }),
      fc.integer({ min: 5, max: 60 }),
      fc.array(info, { maxLength: 40 }),
      fc.constantFrom(...opened),
      (columns, rows, infos, pressed) => {
        const sessions = infos.map((one, index) => other(index, one));
        const events = [agentMessage(1, "日本語 **and** `code`\n".repeat(20))];
        const { model } = keys(among(sessions, { columns, rows, events }), ...pressed);
        const drawn = screenOf(model);
        expect(drawn.rows).toHaveLength(rows);
        for (const line of drawn.rows) expect(lineCells(line)).toBeLessThanOrEqual(columns);
        const text = drawn.rows
          .flat()
          .map((part) => part.text)
          .join("");
        expect(text).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
      },
    ),
  );
});

test("the status line lists sessions where there is room, and who waits where there is not", () => {
  const sessions = [
    sessionInfo(),
    other(2, { state: "working" }),
    other(3, { state: "needs-approval", approvals: 1 }),
    other(4, { state: "asleep" }),
  ];
  const status = (columns: number, changes: Partial<Model["around"]> = {}) => {
    const model = among(sessions, { columns });
    return shown({ ...model, around: { ...model.around, ...changes } }).at(-1) ?? "";
  };
  expect(status(100, { last: "s4" })).toMatch(/0 api\* {2}1 n2# {2}2 n3! {2}3 n4z-$/);
  expect(status(60)).toMatch(/^\[api\] idle .* n3!|2 n3!/);
  expect(status(36)).toMatch(/^\[api\] idle .*n3!$/);
  expect(status(36, { sessions: sessions.slice(0, 2) })).not.toContain("n2");
  const many = [sessionInfo(), ...Array.from({ length: 30 }, (_, n) => other(n + 2))];
  expect(status(100, { sessions: many })).toMatch(/0 api\* {2}1 n2 .* >$/);
});
