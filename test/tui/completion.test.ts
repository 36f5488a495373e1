/** What the word at the cursor may become, image chips, and shell commands. */

import { expect, test } from "vitest";
import {
  chipOf,
  contentOf,
  droppedImage,
  eraseBack,
  textOf,
} from "../../src/tui/composer/chips.ts";
import { completionOf } from "../../src/tui/composer/completion.ts";
import { shellTyped } from "../../src/tui/composer/shell.ts";
import { offersIn } from "../../src/tui/controls/controls.ts";
import type { Effect, Model } from "../../src/tui/model.ts";
import { paste, press } from "../../src/tui/press.ts";
import { screenOf } from "../../src/tui/screen.ts";
import type { Stroke } from "../../src/tui/terminal/keystrokes.ts";
import { lineCells } from "../../src/tui/text/lines.ts";
import fc from "../support/property.ts";
import { modelWith, record, shown } from "./events.ts";

const named = /^(ctrl|alt|shift)-|^(enter|tab|escape|up|down|left|backspace)$/;

function keys(model: Model, ...pressed: string[]): { model: Model; effects: Effect[] } {
  let at = model;
  const effects: Effect[] = [];
  for (const key of pressed) {
    const stroke: Stroke = named.test(key) ? { key } : { text: key };
    const step = press(at, stroke, () => "new");
    at = step.model;
    effects.push(...step.effects);
  }
  return { model: at, effects };
}

const found = (model: Model, query: string, ...paths: string[]): Model => ({
  ...model,
  completing: { ...model.completing, files: { query, paths } },
});

test("commands are listed as they are typed, and Enter never runs one that is not written out", () => {
  const typing = keys(modelWith(), "/det").model;
  expect(shown(typing).join("\n")).toContain("▸ /detach");
  const completed = keys(typing, "enter");
  expect(completed.effects).toEqual([]);
  expect(completed.model.composer.text).toBe("/detach ");
  expect(keys(completed.model, "enter").effects).toEqual([{ do: "detach" }]);
  expect(keys(modelWith(), "/detach", "enter").effects).toEqual([{ do: "detach" }]);
});

test("the list is gone through with the arrow keys, and Escape leaves it and interrupts nothing", () => {
  const turn = record(1, "turn/started", { threadId: "t1", turn: { id: "u1" } });
  const typing = keys(modelWith({ events: [turn] }), "/de").model;
  const labels = completionOf(typing)!.candidates.map(({ label }) => label);
  expect(labels).toEqual(["/detach", "/deny"]);
  expect(keys(typing, "down", "tab").model.composer.text).toBe("/deny ");
  expect(keys(typing, "up", "tab").model.composer.text).toBe("/deny ");
  const left = keys(typing, "escape");
  expect(left.effects).toEqual([]);
  expect(completionOf(left.model)).toBeNull();
  expect(completionOf(keys(left.model, "n").model)).not.toBeNull();
  expect(keys(left.model, "escape").effects).toEqual([{ do: "interrupt" }]);
});

test("files are asked for once a word, and the answer to another word is not shown", () => {
  const typing = keys(modelWith(), "see @ma", "in");
  expect(typing.effects).toEqual([
    { do: "find", query: "ma" },
    { do: "find", query: "main" },
  ]);
  expect(completionOf(found(typing.model, "ma", "map.ts"))).toBeNull();
  const known = found(typing.model, "main", "src/main.ts", "a b/main.ts", "main.png");
  expect(keys(known, "tab", "now").model.composer.text).toBe("see src/main.ts now");
  expect(keys(known, "down", "enter").model.composer.text).toBe('see "a b/main.ts" ');
  expect(keys(known, "up", "tab").model.composer.text).toBe("see [image /work/api/main.png] ");
  expect(keys(modelWith(), "ann@example.org").effects).toEqual([]);
});

test("skills are asked for once, and completed from the answer", () => {
  const typing = keys(modelWith(), "$t", "i");
  expect(typing.effects).toEqual([{ do: "skills" }]);
  const skills = [
    { name: "tidy", about: "tidies up" },
    { name: "plan", about: "" },
  ];
  const known = { ...typing.model, completing: { ...typing.model.completing, skills } };
  expect(shown(known).join("\n")).toContain("▸ $tidy  tidies up");
  expect(keys(known, "tab").model.composer.text).toBe("$tidy ");
});

test("what codex lists reaches the terminal visible, and the screen keeps its rows", () => {
  const path = fc.string({ unit: "grapheme", minLength: 1, maxLength: 120 });
  const sizes = { columns: fc.integer({ min: 8, max: 90 }), rows: fc.integer({ min: 5, max: 40 }) };
  fc.assert(
    fc.property(fc.record(sizes), fc.array(path, { minLength: 1 }), (size, paths) => {
      const typing = keys(modelWith(size), "@x").model;
      const { rows } = screenOf(found(typing, "x", ...paths, "\u001b]0;x\u0007"));
      expect(rows).toHaveLength(size.rows);
      for (const line of rows) {
        expect(lineCells(line)).toBeLessThanOrEqual(size.columns);
        expect(line.map(({ text }) => text).join("")).not.toMatch(/[\u0000-\u001f]/);
      }
    }),
  );
});

test.each([
  ["/tmp/a.png", "/tmp/a.png"],
  ["'/tmp/my shot.PNG' ", "/tmp/my shot.PNG"],
  ["/tmp/my\\ shot.jpg", "/tmp/my shot.jpg"],
  ["file:///tmp/my%20shot.webp", "/tmp/my shot.webp"],
  ["~/a.gif", "/home/ann/a.gif"],
  ["/tmp/a.txt", null],
  ["relative.png", null],
  ["/tmp/a.png /tmp/b.png", null],
  ["look at /tmp/a.png", null],
  ["/tmp/a.png\nand more", null],
])("a paste of %s is the image %s", (pasted, path) => {
  expect(droppedImage(pasted, "/home/ann")).toBe(path);
});

test("an image goes along as long as its chip stands in the text", () => {
  const dropped = paste(keys(modelWith(), "see ").model, "/tmp/a.png").model;
  expect(dropped.composer.text).toBe("see [image /tmp/a.png] ");
  expect(contentOf("see [image /tmp/a.png] [image /x]")).toEqual({
    text: "see [image /tmp/a.png] [image /x]",
    images: ["/tmp/a.png"],
  });
  const { text } = dropped.composer;
  expect(textOf(contentOf(text))).toBe(text);
  expect(textOf({ text: "", images: ["/b.png"] })).toBe(chipOf("/b.png"));
  expect(eraseBack({ text, cursor: text.length - 1, recalled: null })).toMatchObject({
    text: "see  ",
    cursor: 4,
  });
  expect(keys(dropped, "backspace", "backspace").model.composer.text).toBe("see ");
});

test.each([
  ["!ls -l | wc", "ls -l | wc"],
  ["! git status\n", "git status"],
  ["!!important", null],
  ["![a picture](x.png)", null],
  ["!", null],
  ["!one\ntwo", null],
  ["say !ls", null],
])("%s is the command %s", (text, command) => {
  expect(shellTyped(text)).toBe(command);
});

test("a shell command says that it is one, and two marks send one", () => {
  const typing = keys(modelWith(), "!ls").model;
  expect(shown(typing).join("\n")).toContain("outside the sandbox");
  expect(keys(typing, "enter").effects).toMatchObject([
    { method: "thread/shellCommand", params: { command: "ls" } },
  ]);
  expect(keys(modelWith(), "!!wow", "enter").model.outbox).toMatchObject([{ text: "!wow" }]);
});

test("a command that codex does not have is not shown", () => {
  const methods = Array.from({ length: 12 }, (_, index) => `\`thread/m${index}\``).join(", ");
  const offers = offersIn(`Invalid request: unknown variant \`x\`, expected one of ${methods}`);
  expect(offers?.has("thread/m3")).toBe(true);
  expect(offersIn("no such thing")).toBeNull();
  const without = { ...modelWith(), offers };
  expect(shown(keys(without, "/comp").model).join("\n")).not.toContain("/compact");
  expect(keys(without, "/compact", "enter").effects).toEqual([]);
  expect(shown(keys(modelWith(), "/comp").model).join("\n")).toContain("/compact");
  expect(shown(keys(without, "/exp").model).join("\n")).toContain("/export");
});
