import { expect, test } from "vitest";
import type { HistoryRecord } from "../../src/protocol/session.ts";
import type { Model, Step } from "../../src/tui/model.ts";
import { press } from "../../src/tui/press.ts";
import { loadFailed } from "../../src/tui/receive.ts";
import { screenOf } from "../../src/tui/screen.ts";
import { span } from "../../src/tui/text/lines.ts";
import { matchesIn, patternOf, restyled, textOfLine } from "../../src/tui/transcript/match.ts";
import { receivedSeek } from "../../src/tui/transcript/search.ts";
import fc from "../support/property.ts";
import { agentMessage, feed, item, live, modelWith, shown } from "./events.ts";

const keys = (model: Model, ...pressed: string[]): Step =>
  pressed.reduce<Step>(
    ({ model, effects }, key) => {
      const stroke = key.startsWith("'") ? { text: key.slice(1) } : { key };
      const step = press(model, stroke, () => "m");
      return { model: step.model, effects: [...effects, ...step.effects] };
    },
    { model, effects: [] },
  );

const rows = (...texts: string[]) => texts.map((text) => [span(text)]);

test("words are found as they are drawn, across the rows they were broken into", () => {
  const table: [string, string[], [number, number][]][] = [
    [
      "two",
      ["one two", "two"],
      [
        [0, 4],
        [1, 0],
      ],
    ],
    ["one two", ["  │ one", "  │ two three"], [[0, 4]]],
    ["onetwo", ["  one", "  two"], [[0, 2]]],
    ["Two", ["two Two"], [[0, 4]]],
    ["two", ["tWo"], [[0, 0]]],
    ["a.c (x)", ["abc a.c (x)"], [[0, 4]]],
    ["日本", ["日", "本"], [[0, 0]]],
    ["none", ["one"], []],
  ];
  for (const [words, texts, expected] of table) {
    const found = matchesIn(rows(...texts), patternOf(words)!);
    expect([words, found.map(({ row, start }) => [row, start])]).toEqual([words, expected]);
  }
  expect(patternOf("  ")).toBeNull();
});

test("marking matches changes no text, whatever is sought in whatever", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", "b", " ", "│", "日", "(", "\\", "*"),
    maxLength: 30,
  });
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), text, (texts, words) => {
      const lines = texts.map((one) => [span(one.slice(0, 3)), span(one.slice(3), "bold")]);
      const pattern = patternOf(words);
      if (pattern === null) return;
      for (const { parts } of matchesIn(lines, pattern)) {
        for (const { row, start, end } of parts) {
          expect(end).toBeLessThanOrEqual(textOfLine(lines[row]!).length);
          const marked = restyled(lines[row]!, [{ start, end, style: "match" }]);
          expect(textOfLine(marked)).toBe(textOfLine(lines[row]!));
        }
      }
    }),
  );
});

const history = Array.from({ length: 60 }, (_, index) =>
  agentMessage(index + 1, index % 20 === 5 ? `needle ${index}` : `straw ${index}`),
);

test("a search goes up from the screen, n further up, N down again, and marks what it found", () => {
  const model = modelWith({ events: history });
  const first = keys(model, "ctrl-b", "'[/needle", "enter").model;
  const styles = (of: Model) =>
    screenOf(of).rows.flatMap((line) =>
      line
        .filter(({ style }) => style === "match" || style === "matchHere")
        .map(({ text }) => text),
    );
  expect(shown(first).join("\n")).toContain("needle 45");
  expect(styles(first)).toEqual(["needle"]);
  const second = keys(first, "'n").model;
  expect(shown(second).join("\n")).toContain("needle 25");
  const grown = feed(second, agentMessage(61, "needle new"));
  expect(shown(grown).slice(0, 20)).toEqual(shown(second).slice(0, 20));
  const third = keys(second, "'n").model;
  expect(shown(third).join("\n")).toContain("needle 5");
  expect(shown(keys(third, "'n").model).join("\n")).toContain("no older match");
  expect(shown(keys(third, "'N").model).join("\n")).toContain("needle 25");
  const left = keys(third, "escape").model;
  expect(left).toMatchObject({ anchor: null, reading: false, search: null });
});

test("what is not there is said, and a read-only client searches too", () => {
  const absent = keys(modelWith({ events: history }), "'/find gold", "enter");
  expect(absent.effects).toEqual([]);
  expect(shown(absent.model).join("\n")).toContain("not found: gold");
  const watching = modelWith({ events: history, readOnly: true });
  expect(shown(keys(watching, "'/needle 5", "enter").model).join("\n")).toContain("• needle 5");
  const typing = keys(watching, "'/needlf", "backspace").model;
  expect(shown(typing).join("\n")).toContain("/needl▏");
  expect(keys(typing, "escape").model.search).toBeNull();
});

test("what only folded output has is found, and opened for it", () => {
  const output = Array.from({ length: 500 }, (_, line) => `line ${line}.`).join("\n");
  const model = modelWith({
    events: [
      item(1, "commandExecution", { command: "seq", aggregatedOutput: output, exitCode: 0 }),
    ],
  });
  expect(shown(model).join("\n")).not.toContain("line 250.");
  const found = keys(model, "'/find line 250.", "enter").model;
  expect(shown(found).join("\n")).toContain("line 250.");
  expect(found.opened).toEqual(["item i1"]);
});

test("older pages are looked through without being kept, until one has the words", () => {
  const late = Array.from({ length: 200 }, (_, index) => agentMessage(1_001 + index, "straw"));
  const model = modelWith({ events: late });
  const asked = keys(model, "'/find needle", "enter");
  expect(asked.effects).toMatchObject([{ do: "seek", before: 1_001 }]);
  expect(shown(asked.model).join("\n")).toMatch(/searching needle · 1001 records to go/);
  const { id } = asked.model.search!.seeking!;
  const page = (from: number, text: string) =>
    Array.from({ length: 200 }, (_, index) =>
      agentMessage(from + index, index === 100 ? text : "straw"),
    ) as unknown as HistoryRecord[];
  expect(receivedSeek(asked.model, id + 1, page(801, "needle")).model).toBe(asked.model);
  const on = receivedSeek(asked.model, id, page(801, "straw"));
  expect(on.effects).toMatchObject([{ do: "seek", before: 801 }]);
  expect(on.model.transcript.entries).toBe(asked.model.transcript.entries);
  const there = receivedSeek(on.model, id, page(601, "needle")).model;
  expect(shown(there).join("\n")).toContain("• needle");
  expect(there.transcript.entries).toHaveLength(200);
  expect(there).toMatchObject({ oldest: 601, newer: { after: 800 } });
  // Adjoining pages are joined, so the way back down needs no loading.
  const adjoining = receivedSeek(asked.model, id, page(801, "needle")).model;
  expect(adjoining.transcript.entries).toHaveLength(400);
  expect(adjoining.newer).toBeNull();
  expect(keys(on.model, "escape").model.search?.seeking).toBeNull();
  expect(loadFailed(on.model).search?.seeking).toBeNull();
  expect(feed(there, live("session/live", { seq: 1 })).newer).not.toBeNull();
});
