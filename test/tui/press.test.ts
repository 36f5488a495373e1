import { expect, test } from "vitest";
import { shownMinMs } from "../../src/tui/approvals/in-view.ts";
import { SLASH } from "../../src/tui/composer/slash.ts";
import { type Command, KEYMAP } from "../../src/tui/keymap.ts";
import type { Effect, Model } from "../../src/tui/model.ts";
import { paste, press } from "../../src/tui/press.ts";
import type { Stroke } from "../../src/tui/terminal/keystrokes.ts";
import {
  agentMessage,
  answered,
  approvalDetail,
  feed,
  live,
  modelWith,
  record,
  requested,
  shown,
  userMessage,
} from "./events.ts";

/** Presses named keys; anything else is typed as text, and "later" lets a while go by. */
function keys(model: Model, ...pressed: string[]): { model: Model; effects: Effect[] } {
  let ids = 0;
  return pressed.reduce<{ model: Model; effects: Effect[] }>(
    (before, key) => {
      if (key === "later") return { model: later(before.model), effects: before.effects };
      const named =
        /^(ctrl|alt|shift)-|^(enter|tab|escape|up|down|left|pageup|pagedown|backspace)$/;
      const stroke: Stroke = named.test(key) ? { key } : { text: key };
      const step = press(before.model, stroke, () => `m${++ids}`);
      return { model: step.model, effects: [...before.effects, ...step.effects] };
    },
    { model, effects: [] },
  );
}

/** The same a while later, when what is on the screen can have been read. */
const later = (model: Model): Model => ({ ...model, now: model.now + shownMinMs });
const asked = (changes = {}) => modelWith({ events: [requested(1, approvalDetail(changes))] });
const turn = record(1, "turn/started", { threadId: "t1", turn: { id: "u1" } });

test("Enter sends what is written, once, and empties the composer", () => {
  const { model, effects } = keys(modelWith(), "hello", "alt-enter", "there", "enter", "enter");
  expect(model.composer.text).toBe("");
  expect(model.outbox).toEqual([{ id: "m1", text: "hello\nthere", mode: "queue" }]);
  expect(effects).toEqual([{ do: "flush" }]);
  expect(keys(modelWith(), "  ", "enter").effects).toEqual([]);
});

test("a backslash at the end makes Enter a new line, and two are words", () => {
  const { model, effects } = keys(modelWith(), "one\\", "enter", "two");
  expect(model.composer.text).toBe("one\ntwo");
  expect(effects).toEqual([]);
  expect(keys(model, "enter").model.outbox[0]?.text).toBe("one\ntwo");
  expect(keys(modelWith(), "C:\\\\", "enter").model.outbox[0]?.text).toBe("C:\\\\");
  // Only where it ends the text.
  expect(keys(modelWith(), "a\\", "left", "enter").model.outbox[0]?.text).toBe("a\\");
});

test("while a turn runs, Enter queues and says so, and /steer goes into the turn", () => {
  const working = modelWith({ events: [turn] });
  const queued = keys(working, "next", "enter").model;
  expect(queued.outbox[0]).toMatchObject({ mode: "queue" });
  expect(shown(queued).join("\n")).toContain("queued");
  const steered = keys(working, "/steer to the left", "enter").model;
  expect(steered.outbox[0]).toMatchObject({ text: "to the left", mode: "steer" });
});

test("the prefix, its keys and the commands for keyboards without Ctrl", () => {
  expect(keys(modelWith(), "ctrl-b", "d").effects).toEqual([{ do: "detach" }]);
  expect(keys(modelWith(), "ctrl-b", "dx").effects).toEqual([{ do: "detach" }]);
  expect(keys(modelWith(), "/detach", "enter").effects).toEqual([{ do: "detach" }]);
  expect(keys(modelWith(), "ctrl-b", "y", "d").model.composer.text).toBe("d");
  expect(keys(modelWith(), "ctrl-b", "r").effects).toEqual([{ do: "redraw" }]);
  const help = keys(modelWith(), "ctrl-b", "?").model;
  expect(shown(help).join("\n")).toContain("Ctrl-b d");
  expect(keys(help, "escape").model.dialog).toBeNull();
  expect(shown(keys(modelWith(), "/help", "enter").model).join("\n")).toContain("Ctrl-b d");
  const unknown = keys(modelWith(), "/nothing", "enter");
  expect(unknown.effects).toEqual([]);
  expect(unknown.model.composer.text).toBe("/nothing");
});

test("a prefix key that there is not is told, with the prefix as it is configured", () => {
  const given = modelWith();
  const model = { ...given, around: { ...given.around, prefix: "ctrl-a" } };
  const armed = press(model, { key: "ctrl-a" }, () => "m").model;
  const told = press(armed, { text: "k" }, () => "m").model;
  expect(shown(told).join("\n")).toContain("Ctrl-a k: no such key; Ctrl-a ? lists them");
  expect(told.prefix).toBe(false);
});

test("every action has a command, for keyboards without Ctrl", () => {
  const effects = (text: string) => {
    const typed = press(modelWith(), { text }, () => "m").model;
    return press(
      { ...typed, completing: { ...typed.completing, dismissed: text } },
      { key: "enter" },
      () => "m",
    );
  };
  expect(effects("/detach").effects).toEqual([{ do: "detach" }]);
  expect(effects("/redraw").effects).toEqual([{ do: "redraw" }]);
  expect(effects("/suspend").effects).toEqual([{ do: "suspend" }]);
  expect(effects("/scroll").model.reading).toBe(true);
  expect(effects("/expand").model.expanded).toBe(true);
  expect(effects("/fork two").effects).toMatchObject([{ order: { verb: "fork", to: "two" } }]);
  for (const command of ["/next", "/previous", "/last"]) {
    expect(effects(command).model.notice?.text).toMatch(/session/);
  }
  // A key of the prefix that no command stands for would be out of reach there.
  const words: Partial<Record<Command, string>> = {
    "approval-focus": "/answer",
    "command-line": "/command",
    reading: "/scroll",
    "session-next": "/next",
    "session-previous": "/previous",
    "session-last": "/last",
    "session-new": "/new",
    "session-number": "/switch",
    "session-rename": "/rename",
    "session-kill": "/kill",
    "session-waiting": "/waiting",
    "pane-split": "/split",
    "pane-vsplit": "/vsplit",
    "pane-zoom": "/zoom",
    "pane-close": "/close",
  };
  for (const { does } of KEYMAP.prefix) {
    if (does === "prefix-cancel" || does === "page-up") continue;
    expect(Object.keys(SLASH)).toContain(
      words[does] ?? (does.startsWith("pane-") ? "/pane" : `/${does}`),
    );
  }
});

test("Escape interrupts a turn, and only a turn", () => {
  expect(keys(modelWith(), "escape").effects).toEqual([]);
  expect(keys(modelWith({ events: [turn] }), "escape").effects).toEqual([{ do: "interrupt" }]);
  expect(keys(modelWith({ events: [turn] }), "/interrupt", "enter").effects).toEqual([
    { do: "interrupt" },
  ]);
});

test("an approval takes no key until it has been shown and given the keyboard", () => {
  const model = asked();
  const typedOn = keys(later(model), "y", "enter");
  expect(typedOn.effects).toEqual([{ do: "flush" }]);
  expect(keys(model, "tab", "y")).toMatchObject({
    effects: [],
    model: { composer: { text: "y" } },
  });
  expect(keys(later(model), "tab", "enter", " ", "z").effects).toEqual([]);
  for (const [key, decision] of Object.entries({
    y: "accept",
    a: "acceptForSession",
    n: "decline",
    c: "cancel",
  })) {
    const { effects, model: after } = keys(later(model), "tab", key);
    expect(effects).toEqual([{ do: "answer", id: "a1", answer: { decision } }]);
    expect(after.dialog).toBeNull();
  }
  expect(keys(later(model), "ctrl-b", "a", "y").effects).toHaveLength(1);
  expect(keys(later(model), "tab", "escape", "y").effects).toEqual([]);
});

test("an approval that takes another's place does not take its answer", () => {
  const first = approvalDetail({ id: "a1" });
  const second = approvalDetail({ id: "a2", command: "rm -rf /" });
  const both = later(modelWith({ events: [requested(1, first), requested(2, second)] }));
  const focused = keys(both, "tab").model;
  const elsewhere = feed(focused, answered(3, "a1"));
  expect(elsewhere.dialog).toBeNull();
  expect(shown(elsewhere).join("\n")).toContain("allowed by ann (cli, ssh 10.0.0.7)");
  expect(keys(elsewhere, "y").effects).toEqual([]);
  expect(keys(elsewhere, "tab", "y").effects).toEqual([]);
  expect(keys(elsewhere, "ctrl-u", "/approve", "enter").effects).toEqual([]);
  expect(keys(later(elsewhere), "tab", "y").effects).toMatchObject([{ id: "a2" }]);
});

test("/approve and /deny answer what is on the screen, in what words it takes", () => {
  expect(keys(later(asked()), "/approve", "enter").effects).toMatchObject([
    { answer: { decision: "accept" } },
  ]);
  const decisions = [{ id: "cancel", label: "No, and stop" }];
  expect(keys(later(asked({ decisions })), "/deny", "enter").effects).toMatchObject([
    { answer: { decision: "cancel" } },
  ]);
  expect(keys(later(asked({ decisions })), "/approve", "enter").effects).toEqual([]);
  expect(keys(modelWith(), "/approve", "enter").effects).toEqual([]);
});

test("questions are answered by number or by text, one after another", () => {
  const questions = [
    {
      id: "q1",
      header: "Colour",
      question: "Which one?",
      isOther: false,
      options: [
        { label: "red", description: "warm" },
        { label: "blue", description: "cold" },
      ],
    },
    { id: "q2", header: "Name", question: "What name?", isOther: true, options: null },
  ];
  const model = later(asked({ kind: "question", command: null, params: { questions } }));
  const focused = keys(model, "tab").model;
  expect(shown(focused).join("\n")).toContain("2 blue  cold");
  expect(keys(focused, "x", "enter").effects).toEqual([]);
  const second = keys(focused, "2", "later").model;
  expect(shown(second).join("\n")).toContain("What name?");
  const { effects } = keys(second, "my cart", "backspace", "backspace", "t", "enter");
  const answers = { q1: { answers: ["blue"] }, q2: { answers: ["my cat"] } };
  expect(effects).toEqual([{ do: "answer", id: "a1", answer: { response: { answers } } }]);
});

test("a form is filled in with values of its own types, or declined", () => {
  const requestedSchema = {
    type: "object",
    properties: {
      count: { type: "integer", title: "How many" },
      sure: { type: "boolean" },
      note: { type: "string" },
    },
    required: ["count"],
  };
  const decisions = [{ id: "decline", label: "No" }];
  const params = { serverName: "shop", mode: "form", requestedSchema };
  const model = later(asked({ kind: "elicitation", command: "Order?", decisions, params }));
  expect(keys(model, "tab", "n").effects).toMatchObject([{ answer: { decision: "decline" } }]);
  const first = keys(model, "tab", "f", "later", "enter", "many", "enter").model;
  expect(shown(first).join("\n")).toContain("a whole number is needed here");
  const { effects } = keys(first, "ctrl-u", "12", "enter", "later", "1", "later", "enter");
  expect(effects).toMatchObject([
    { answer: { response: { action: "accept", content: { count: 12, sure: true } } } },
  ]);
});

test("an option is answered by its place: of two that are called the same, the one that was chosen", () => {
  const oneOf = [
    { const: "this one", title: "delete" },
    { const: "everything", title: "delete" },
  ];
  const requestedSchema = {
    properties: { what: { oneOf }, ["__proto__"]: { type: "string" }, constructor: {} },
  };
  const params = { serverName: "shop", mode: "form", requestedSchema };
  const model = later(asked({ kind: "elicitation", command: "Which?", decisions: [], params }));
  const { effects } = keys(
    model,
    "tab",
    "f",
    "later",
    "2",
    "later",
    "p",
    "enter",
    "later",
    "enter",
  );
  const [effect] = effects as [Extract<Effect, { do: "answer" }>];
  expect(JSON.stringify(effect.answer.response)).toBe(
    JSON.stringify({
      action: "accept",
      content: Object.fromEntries([
        ["what", "everything"],
        ["__proto__", "p"],
      ]),
      _meta: null,
    }),
  );
});

test("of more options than digits one is chosen by its number and Enter", () => {
  const values = Array.from({ length: 300 }, (_, index) => `value ${index + 1}`);
  const requestedSchema = { properties: { which: { type: "string", enum: values } } };
  const params = { serverName: "shop", mode: "form", requestedSchema };
  const model = later(asked({ kind: "elicitation", command: "Which?", decisions: [], params }));
  const typed = keys(model, "tab", "f", "later", "123");
  expect(typed.effects).toEqual([]);
  expect(shown(typed.model).join("\n")).toContain("› 123▏");
  expect(keys(typed.model, "enter").effects).toMatchObject([
    { answer: { response: { content: { which: "value 123" } } } },
  ]);
  const none = keys(model, "tab", "f", "later", "301", "enter");
  expect(none.effects).toEqual([]);
  expect(shown(none.model).join("\n")).toContain("choose one by its number");
});

test("a paste into a form is text, and chooses nothing", () => {
  const options = [{ label: "yes" }, { label: "no" }];
  const ask = (isOther: boolean) =>
    asked({
      kind: "question",
      command: null,
      params: { questions: [{ id: "q", header: "H", question: "Q?", isOther, options }] },
    });
  expect(paste(keys(later(ask(false)), "tab").model, "1").effects).toEqual([]);
  const { model, effects } = paste(keys(later(ask(true)), "tab").model, "1");
  expect(effects).toEqual([]);
  expect(keys(model, "enter").effects).toMatchObject([
    { answer: { response: { answers: { q: { answers: ["1"] } } } } },
  ]);
});

test("a prompt that came while something else covered the screen is new when that goes", () => {
  for (const covering of ["?", "s", "c"]) {
    const open = keys(modelWith(), "ctrl-b", covering).model;
    expect(open.dialog).not.toBeNull();
    const under = later(feed(open, requested(1, approvalDetail())));
    const back = keys(under, "escape", "tab", "y");
    expect(back.effects.filter((effect) => effect.do === "answer")).toEqual([]);
    expect(back.model.composer.text).toBe("y");
    expect(keys(later(back.model), "ctrl-b", "a", "y").effects).toHaveLength(1);
  }
});

test("/approve is for the prompt that was there when it was begun", () => {
  const begun = keys(later(asked()), "/app").model;
  const other = feed(begun, answered(2, "a1"), requested(3, approvalDetail({ id: "a2" })));
  const said = keys(later(other), "rove", "enter");
  expect(said.effects).toEqual([]);
  expect(shown(said.model).join("\n")).toContain("this prompt is new");
  expect(keys(later(said.model), "/approve", "enter").effects).toMatchObject([
    { do: "answer", id: "a2" },
  ]);
});

test("a prompt of a session whose picture is not here yet takes no answer", () => {
  const model = { ...asked(), link: "catching-up" as const };
  const away = later(feed(model, requested(2, approvalDetail({ id: "a2" }))));
  expect(keys(away, "tab", "y").effects).toEqual([]);
  expect(keys(away, "ctrl-u", "/approve", "enter").effects).toEqual([]);
  const here = feed(away, live("session/live", {}));
  expect(keys(here, "tab", "y").effects).toEqual([]);
  expect(keys(later(here), "tab", "y").effects).toHaveLength(1);
});

test("answers too long to stand below what is asked scroll with it, and none is out of reach", () => {
  const rule = Array.from({ length: 60 }, (_, word) => `rule${word}`).join(" ");
  const decisions = [
    { id: "acceptWithExecpolicyAmendment", label: `Yes, and always allow: ${rule}` },
    { id: "decline", label: "No, and go on without it" },
  ];
  for (const rows of [8, 12, 20]) {
    const small = modelWith({
      columns: 40,
      rows,
      events: [requested(1, approvalDetail({ decisions }))],
    });
    let model = keys(later(small), "tab").model;
    expect(shown(model).join("\n")).toMatch(/▼ \d+ rows more/);
    let seen = "";
    for (let row = 0; row < 80; row++) {
      seen += shown(model).join("\n");
      model = keys(model, "down").model;
    }
    for (const text of ["rm -rf build", "p Yes", "rule0", "rule59", "n No", "Esc back"])
      expect(seen).toContain(text);
  }
});

test("a long command is shown whole, by scrolling, and says how much is not in view", () => {
  const command = Array.from({ length: 60 }, (_, line) => `step ${line} `).join("\n");
  const small = modelWith({
    columns: 40,
    rows: 20,
    events: [requested(1, approvalDetail({ command }))],
  });
  let model = keys(later(small), "tab").model;
  const seen = new Set<string>();
  for (let page = 0; page < 20; page++) {
    for (const row of shown(model)) if (row.includes("step")) seen.add(row);
    model = keys(model, "pagedown").model;
  }
  expect(seen.size).toBe(60);
  expect(shown(keys(later(small), "tab").model).join("\n")).toMatch(/▼ \d+ rows more/);
  expect(keys(model, "y").effects).toMatchObject([{ answer: { decision: "accept" } }]);
});

test("who only watches can scroll, get help and leave, and nothing else", () => {
  const events = [turn, requested(2, approvalDetail())];
  const model = later(modelWith({ readOnly: true, events }));
  const { effects } = keys(model, "hello", "enter", "escape", "tab", "y", "ctrl-b", "a", "y");
  expect(effects).toEqual([]);
  expect(paste(model, "text").effects).toEqual([]);
  expect(keys(model, "ctrl-b", "d").effects).toEqual([{ do: "detach" }]);
  expect(shown(model).at(-1)).toContain("read-only");
  expect(shown(model).join("\n")).not.toContain("Tab");
});

test("a paste is inserted as it is, newlines and all, and sends nothing", () => {
  const { model, effects } = paste(modelWith(), "one\r\ntwo\ry\u001b[31m");
  expect(model.composer.text).toBe("one\ntwo\ny\u001b[31m");
  expect(effects).toEqual([]);
  expect(shown(model).join("\n")).not.toContain("\u001b");
});

test("what was sent comes back with Up in an empty composer", () => {
  const model = modelWith({ events: [userMessage(1, "first"), userMessage(2, "second")] });
  expect(keys(model, "up").model.composer.text).toBe("second");
  expect(keys(model, "up", "up").model.composer.text).toBe("first");
  expect(keys(model, "up", "up", "down", "down").model.composer.text).toBe("");
  expect(keys(model, "draft", "up").model.composer.text).toBe("draft");
});

test("new output does not move what is read, and the screen says that there is more", () => {
  const messages = Array.from({ length: 60 }, (_, index) => agentMessage(index + 1, `n${index}`));
  const up = keys(modelWith({ events: messages }), "pageup").model;
  const before = shown(up).slice(0, 20);
  expect(shown(up).join("\n")).toMatch(/▼ \d+ more below/);
  const grown = feed(up, agentMessage(61, "new"), live("item/started", { item: { id: "x" } }));
  expect(shown(grown).slice(0, 20)).toEqual(before);
  const back = keys(grown, "escape");
  expect(back.effects).toEqual([]);
  expect(shown(back.model).join("\n")).toContain("• new");
});

test("panes are split, gone to, zoomed and closed by tmux's keys, and by words", () => {
  const split = (split: string, name: string | null = null) => ({ verb: "split", split, name });
  const focus = (to: string) => ({ verb: "focus", to });
  const table: [string[], object][] = [
    [["ctrl-b", "%"], split("side")],
    [["ctrl-b", '"'], split("stacked")],
    [["/split", "enter"], split("stacked")],
    [["/vsplit web", "enter"], split("side", "web")],
    [["ctrl-b", ":", "split-window -h web", "enter"], split("side", "web")],
    [["ctrl-b", "o"], focus("next")],
    [["ctrl-b", "left"], focus("left")],
    [["ctrl-b", ";"], focus("last")],
    [["/pane", "enter"], focus("next")],
    [["/pane down", "enter"], focus("down")],
    [["ctrl-b", ":", "select-pane -U", "enter"], focus("up")],
    [["ctrl-b", "z"], { verb: "zoom" }],
    [["/zoom", "enter"], { verb: "zoom" }],
    [["ctrl-b", "x"], { verb: "close" }],
    [["/close", "enter"], { verb: "close" }],
  ];
  for (const [pressed, order] of table) {
    const { model, effects } = keys(modelWith(), ...pressed);
    expect([pressed, effects]).toEqual([pressed, [{ do: "pane", order }]]);
    expect([pressed, model.composer.text]).toEqual([pressed, ""]);
  }
  for (const [wrong, said] of [
    ["/pane aside", "pane takes [left|right|up|down|last]"],
    ["/close it", "close takes nothing"],
    ["/split a b", "split takes [-h] [NAME]"],
  ] as const) {
    const { model, effects } = keys(modelWith(), wrong, "enter");
    expect([effects, model.notice?.text]).toEqual([[], said]);
  }
});

test("Ctrl-o, the prefix with e, and /expand show long output in full", () => {
  for (const pressed of [["ctrl-o"], ["ctrl-b", "e"], ["/expand", "enter"]]) {
    const once = keys(modelWith(), ...pressed).model;
    expect([pressed, once.expanded]).toEqual([pressed, true]);
    expect([pressed, keys(once, ...pressed).model.expanded]).toEqual([pressed, false]);
  }
});
