import { expect, test } from "vitest";
import type { Model } from "../../src/tui/model.ts";
import { press } from "../../src/tui/press.ts";
import { clipboardSequence, copyBytesMax, pasteable } from "../../src/tui/terminal/clipboard.ts";
import fc from "../support/property.ts";
import { agentMessage, item, live, modelWith, shown, userMessage } from "./events.ts";

function keys(model: Model, ...texts: string[]) {
  let step = press(model, { key: "ctrl-b" }, () => "m");
  for (const text of ["[", ...texts]) step = press(step.model, { text }, () => "m");
  return step;
}

const code = "Do this:\n\n```sh\nmake one\n```\nthen\n```\nmake two\n  now\n```\ndone";

test("y copies the item at the bottom as it was written, Y its last code block", () => {
  const output = { command: "ls", aggregatedOutput: "a\u001b[31mb\u001b[0m\r\n", exitCode: 0 };
  const table: [Parameters<typeof agentMessage>[1] | object, string, string | null, RegExp][] = [
    [code, "y", code, /copied answer \(11 lines\): Do this:/],
    [code, "Y", "make two\n  now", /copied code block \(2 lines\): make two/],
    ["```\nstill coming", "Y", "still coming", /copied code block \(12 characters\)/],
    ["no code", "Y", null, /no code block/],
    [output, "y", "ls\nab", /copied command and output \(2 lines\)/],
    ["x".repeat(copyBytesMax + 1), "y", null, /not copied: 75 kB, a terminal takes 74 kB/],
  ];
  for (const [given, key, text, note] of table) {
    const event =
      typeof given === "string" ? agentMessage(2, given) : item(2, "commandExecution", given);
    const model = modelWith({ events: [userMessage(1, "hello"), event] });
    const { model: after, effects } = keys(model, key);
    expect(effects).toEqual(text === null ? [] : [{ do: "copy", text }]);
    expect(shown(after).join("\n")).toMatch(note);
  }
});

test("with a match in view, its item is the one; /copy takes the last answer", () => {
  const model = modelWith({
    events: [agentMessage(1, "first needle"), agentMessage(2, "second"), userMessage(3, "more")],
  });
  const typed = press(model, { text: "/find needle" }, () => "m").model;
  const found = press(typed, { key: "enter" }, () => "m").model;
  expect(press(found, { text: "y" }, () => "m").effects).toEqual([
    { do: "copy", text: "first needle" },
  ]);
  const asked = press(model, { text: "/copy" }, () => "m").model;
  expect(press(asked, { key: "enter" }, () => "m").effects).toEqual([
    { do: "copy", text: "second" },
  ]);
  expect(keys(modelWith(), "y").effects).toEqual([]);
});

test("what is on its way can be copied as far as it is", () => {
  const begun = live("item/started", {
    threadId: "t1",
    turnId: "u1",
    item: { id: "i", type: "agentMessage", text: "" },
  });
  const delta = live(
    "item/agentMessage/delta",
    { threadId: "t1", turnId: "u1", itemId: "i", delta: "so far" },
    0,
  );
  expect(keys(modelWith({ events: [begun, delta] }), "y").effects).toEqual([
    { do: "copy", text: "so far" },
  ]);
});

test("nothing that is copied has a control character, and the sequence is base64 alone", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(pasteable(text)).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
      expect(clipboardSequence(text)).toMatch(/^\u001b\]52;c;[A-Za-z0-9+/=]*\u0007$/);
    }),
  );
  expect(pasteable("a\u001b]52;c;aGk=\u0007b\u001b[2Jc\tx\r\ny")).toBe("abc\tx\ny");
});
