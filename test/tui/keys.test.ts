import type { Key } from "ink";
import { expect, test } from "vitest";
import { SLASH, typed } from "../../src/tui/composer/slash.ts";
import { CONTROLS } from "../../src/tui/controls/controls.ts";
import { helpLines } from "../../src/tui/help.ts";
import { commandFor, type Focus, KEYMAP } from "../../src/tui/keymap.ts";
import { strokesOf } from "../../src/tui/terminal/keystrokes.ts";
import { ReportFilter } from "../../src/tui/terminal/reports.ts";

const none = {} as Key;
const key = (changes: Partial<Key>) => ({ ...none, ...changes });

test("what Ink hands over becomes strokes, one by one where they came together", () => {
  const table: [string, Key, unknown[]][] = [
    ["hello", none, [{ text: "hello" }]],
    ["hello\r", none, [{ text: "hello" }, { key: "enter" }]],
    ["\u0002d", none, [{ key: "ctrl-b" }, { text: "d" }]],
    ["a\nb", none, [{ text: "a" }, { key: "ctrl-j" }, { text: "b" }]],
    ["\n", none, [{ key: "ctrl-j" }]],
    ["b", key({ ctrl: true }), [{ key: "ctrl-b" }]],
    ["\r", key({ return: true }), [{ key: "enter" }]],
    ["\r", key({ return: true, meta: true }), [{ key: "alt-enter" }]],
    ["", key({ upArrow: true, shift: true }), [{ key: "shift-up" }]],
    ["", key({ escape: true }), [{ key: "escape" }]],
    ["f", key({ meta: true }), [{ key: "alt-f" }]],
    ["日本", none, [{ text: "日本" }]],
    ["a", key({ eventType: "release" }), []],
  ];
  for (const [input, given, expected] of table) expect(strokesOf(input, given)).toEqual(expected);
});

test("what the mouse does is taken out of what comes, also when it comes in pieces", () => {
  const up = (x: number, y: number) => ({ does: "wheel-up", x, y });
  const table: [string[], string, unknown[]][] = [
    [["a\u001b[<64;10;3Mb"], "ab", [up(9, 2)]],
    [
      ["\u001b[<65;200;300M\u001b[<81;1;1M"],
      "",
      [
        { does: "wheel-down", x: 199, y: 299 },
        { does: "wheel-down", x: 0, y: 0 },
      ],
    ],
    [["\u001b[<0;10;3M\u001b[<0;10;3m"], "", [{ does: "click", x: 9, y: 2 }]],
    [["\u001b[<4;10;3M\u001b[<1;1;1M\u001b[<2;1;1M\u001b[<32;1;1M\u001b[<64;1;1m"], "", []],
    [["x\u001b[<64;1", "0;3My"], "xy", [up(9, 2)]],
    [["\u001b", "[A\u001b[<", "64;1;1M"], "\u001b[A", [up(0, 0)]],
    [["\u001b[<64;1", "no"], "\u001b[<64;1no", []],
  ];
  for (const [chunks, rest, pointings] of table) {
    const filter = new ReportFilter();
    const taken = chunks.map((chunk) => filter.take(chunk));
    expect(taken.map((one) => one.rest).join("")).toBe(rest);
    expect(taken.flatMap((one) => one.pointings)).toEqual(pointings);
  }
});

test("the terminal's colour is taken out of what is typed, wherever it is parted", () => {
  for (const end of ["\u0007", "\u001b\\"]) {
    const whole = `a\u001b]11;rgb:fdfd/f6f6/e3e3${end}b`;
    for (let at = 1; at < whole.length; at++) {
      const filter = new ReportFilter();
      const taken = [whole.slice(0, at), whole.slice(at)].map((part) => filter.take(part));
      expect(taken.map(({ rest }) => rest).join("")).toBe("ab");
      expect(taken.map(({ background }) => background)).toContain("rgb:fdfd/f6f6/e3e3");
    }
  }
});

test("the mark before a paste is not taken for keys, wherever a slow line parts it", () => {
  const whole = "\u001b[200~rm x\ry\u001b[201~";
  for (let at = 1; at < whole.length; at++) {
    const filter = new ReportFilter();
    const parts = [whole.slice(0, at), whole.slice(at)].map((part) => filter.take(part).rest);
    expect(parts.join("")).toBe(whole);
    // What Ink would take for keys after a moment: a sequence that has begun and is no paste.
    expect(parts[0]).not.toMatch(/^\u001b(\[\d*)?$/);
  }
});

test("what is pasted is text: it neither clicks nor tells colours, wherever it is parted", () => {
  const pasted = "a\u001b[<0;1;1Mb\u001b]11;rgb:00/00/00\u0007c\u001b[20\u001b[200~d";
  const whole = `\u001b[200~${pasted}\u001b[201~`;
  for (let at = 1; at <= whole.length; at++) {
    const filter = new ReportFilter();
    const sent = `${whole}\u001b[<0;4;2M`;
    const taken = [sent.slice(0, at), sent.slice(at)].map((part) => filter.take(part));
    expect(taken.map(({ rest }) => rest).join("")).toBe(whole);
    expect(taken.map(({ background }) => background)).toEqual([null, null]);
    expect(taken.flatMap(({ pointings }) => pointings)).toEqual([{ does: "click", x: 3, y: 1 }]);
  }
});

test("an answer of the terminal's that nobody here asked for is not typed", () => {
  for (const answer of [
    "]10;rgb:ff/ff/ff\u0007",
    "P1$r0m\u001b\\",
    "_Gi=1;OK\u001b\\",
    "]lwho\u001b\\",
  ]) {
    expect(new ReportFilter().take(`a\u001b${answer}b`).rest).toBe("ab");
  }
});

test("a key means what has the keyboard makes of it", () => {
  const table: [Focus, string, string | undefined][] = [
    ["composer", "enter", "send"],
    ["composer", "ctrl-j", "newline"],
    ["composer", "y", undefined],
    ["composer", "tab", "approval-focus"],
    ["prefix", "d", "detach"],
    ["approval", "enter", undefined],
    ["approval", "y", undefined],
    ["approval", "escape", "approval-leave"],
    ["form", "enter", "form-submit"],
    ["watching", "enter", undefined],
    ["watching", "escape", "to-end"],
    ["reading", "q", "to-end"],
    ["reading", "y", "copy-message"],
    ["watching", "/", "search"],
    ["composer", "/", undefined],
    ["search", "y", undefined],
  ];
  for (const [focus, pressed, expected] of table) {
    expect([focus, pressed, commandFor(focus, pressed)]).toEqual([focus, pressed, expected]);
  }
});

test("no key has two meanings for one focus, and the prefix is reached from everywhere", () => {
  for (const [focus, bindings] of Object.entries(KEYMAP)) {
    const keys = bindings.flatMap((binding) => binding.keys);
    expect([focus, keys.filter((one, index) => keys.indexOf(one) !== index)]).toEqual([focus, []]);
    if (focus !== "prefix") expect(keys).toContain("ctrl-b");
  }
});

test("slash commands are told from messages", () => {
  expect(typed("/detach")).toEqual({ kind: "command", command: "/detach", rest: "" });
  expect(typed(" /steer  to the\nleft ")).toMatchObject({
    command: "/steer",
    rest: "to the\nleft",
  });
  expect(typed("/etc/hosts is wrong")).toEqual({ kind: "message", text: "/etc/hosts is wrong" });
  expect(typed("//detach")).toEqual({ kind: "message", text: "/detach" });
  expect(typed("/detatch now")).toEqual({ kind: "unknown", command: "/detatch" });
  expect(typed("/constructor")).toEqual({ kind: "unknown", command: "/constructor" });
});

test("a key that a command is said to be as does something in the composer", () => {
  const abouts = [...Object.values(SLASH), ...Object.values(CONTROLS).map(({ about }) => about)];
  const named = abouts.flatMap((about) => /as Ctrl-(\w) does/.exec(about)?.[1] ?? []);
  expect(named).toContain("g");
  for (const letter of named) {
    expect([letter, commandFor("composer", `ctrl-${letter}`)]).not.toContain(undefined);
  }
});

test("the help names the commands, and none to one who only watches", () => {
  const help = (readOnly: boolean) =>
    helpLines(80, readOnly)
      .map((line) => line.map(({ text }) => text).join(""))
      .join("\n");
  for (const command of Object.keys(SLASH)) expect(help(false)).toContain(command);
  expect(help(true)).not.toContain("/approve");
  expect(help(true)).toContain("Ctrl-b d");
});
