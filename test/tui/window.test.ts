/** A history of 100,000 items, walked through from end to start and back, a page at a time. */
import { expect, test } from "vitest";
import type { HistoryRecord } from "../../src/protocol/session.ts";
import { pageRecords } from "../../src/tui/link.ts";
import type { Effect, Model, Step } from "../../src/tui/model.ts";
import { press } from "../../src/tui/press.ts";
import { received, receivedEarlier } from "../../src/tui/receive.ts";
import { receivedSeek } from "../../src/tui/transcript/search.ts";
import { entriesMax, receivedJump, receivedLater } from "../../src/tui/transcript/window.ts";
import { agentMessage, feed, modelWith, shown } from "./events.ts";

const total = 100_000;
const records = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, index) =>
    agentMessage(from + index, `item ${from + index}.`),
  ) as unknown as HistoryRecord[];

/** Stands in for the daemon's history: what the link does with the effects. */
function answer(model: Model, effect: Effect, head = total): Step {
  const before = (seq: number) => records(Math.max(1, seq - pageRecords), seq - 1);
  const after = (seq: number) => records(seq + 1, Math.min(head, seq + pageRecords));
  const only = (next: Model): Step => ({ model: next, effects: [] });
  switch (effect.do) {
    case "earlier":
      return receivedEarlier(model, effect.before, before(effect.before));
    case "later":
      return only(receivedLater(model, effect.after, after(effect.after)));
    case "jump":
      return only(
        receivedJump(model, effect.to, effect.to === "start" ? after(0) : before(head + 1)),
      );
    case "seek":
      return receivedSeek(
        model,
        effect.id,
        "before" in effect ? before(effect.before) : after(effect.after),
      );
    default:
      return only(model);
  }
}

let most = 0;
function go(model: Model, ...strokes: ({ key: string } | { text: string })[]): Model {
  let next = model;
  for (const stroke of strokes) {
    const queue: Effect[] = [];
    const take = (step: Step) => {
      next = step.model;
      most = Math.max(most, next.transcript.entries.length);
      queue.push(...step.effects);
    };
    take(press(next, stroke, () => "m"));
    for (let effect = queue.shift(); effect !== undefined; effect = queue.shift()) {
      take(answer(next, effect));
    }
  }
  return next;
}

/** The numbers of the items on the screen, which are never to skip one. */
function inView(model: Model): number[] {
  return shown(model).flatMap((row) => {
    const found = /• item (\d+)\.$/.exec(row)?.[1];
    return found === undefined ? [] : [Number(found)];
  });
}

const attached = () =>
  modelWith({ events: records(total - pageRecords + 1, total) as never, columns: 60, rows: 40 });

test("paging up and down again passes every item, in order, and never holds many", () => {
  let model = attached();
  most = 0;
  const seen = new Set<number>(inView(model));
  const read = (key: string) => {
    model = go(model, { key });
    const numbers = inView(model);
    numbers.forEach((number, index) => {
      if (index > 0) expect(number).toBe(numbers[index - 1]! + 1);
      seen.add(number);
    });
  };
  const back = 12_000;
  while (Math.min(...inView(model)) > total - back) read("pageup");
  expect(model.newer).not.toBeNull();
  for (let number = total - back + 20; number <= total; number++) {
    if (!seen.has(number)) throw new Error(`item ${number} was passed over on the way up`);
  }
  seen.clear();
  // What comes meanwhile is not put where it does not belong, and is there at the end.
  for (let presses = 0; model.anchor !== null && presses < 2_000; presses++) read("pagedown");
  for (let number = total - back + 60; number <= total; number++) {
    if (!seen.has(number)) throw new Error(`item ${number} was passed over on the way down`);
  }
  expect(model).toMatchObject({ newer: null, anchor: null });
  expect(inView(model).at(-1)).toBe(total);
  expect(most).toBeLessThanOrEqual(entriesMax + pageRecords);
});

test("Home goes to the first item and End to the last, at once", () => {
  most = 0;
  const first = go(attached(), { key: "home" });
  expect(inView(first)[0]).toBe(1);
  expect(first.earlier).toBe("none");
  expect(shown(first).join("\n")).toContain("more below");
  const last = go(first, { key: "end" });
  expect(inView(last).at(-1)).toBe(total);
  expect(last).toMatchObject({ newer: null, anchor: null });
  expect(most).toBe(pageRecords);
});

test("what arrives while one reads far back is not shown there, and is at the end", () => {
  const first = go(attached(), { key: "home" });
  const grown = feed(first, agentMessage(total + 1, "item 100001."));
  expect(shown(grown).slice(0, 30)).toEqual(shown(first).slice(0, 30));
  expect(grown.transcript.entries).toBe(first.transcript.entries);
  // The end is asked for, and one more comes before the answer does.
  const asked = press(grown, { key: "end" }, () => "m");
  expect(asked.effects).toEqual([{ do: "jump", to: "end" }]);
  const meanwhile = feed(asked.model, agentMessage(total + 2, "item 100002."));
  const there = answer(meanwhile, asked.effects[0]!, total + 1).model;
  expect(inView(there).slice(-3)).toEqual([total, total + 1, total + 2]);
});

test("who pages down faster than history comes waits for it, and is not taken to the end", () => {
  let model = go(attached(), { key: "home" });
  const asked: Effect[] = [];
  for (let presses = 0; presses < 50; presses++) {
    const step = press(model, { key: "pagedown" }, () => "m");
    model = step.model;
    asked.push(...step.effects);
  }
  expect(asked).toEqual([{ do: "later", after: pageRecords }]);
  expect(inView(model).at(-1)).toBe(pageRecords);
  const more = go(answer(model, asked[0]!).model, { key: "pagedown" });
  expect(inView(more)).toContain(pageRecords + 1);
});

test("a page that was asked for before the reader went elsewhere joins nothing", () => {
  const paged = go(attached(), { key: "home" });
  const later = records(5_001, 5_200);
  expect(receivedLater(paged, 5_000, later)).toBe(paged);
  const waiting: Model = { ...paged, earlier: "loading", oldest: 701 };
  expect(receivedEarlier(waiting, 201, records(1, 200)).model).toBe(waiting);
  expect(receivedJump(paged, "end", later)).toBe(paged);
});

test("a page that begins or ends with a record that stands for others joins what is held", () => {
  const paged = go(attached(), { key: "home" });
  const asked: Model = { ...paged, newer: { after: 200, state: "loading", held: null } };
  const later = receivedLater(asked, 200, records(301, 400));
  expect(later.newer).toEqual({ after: 400, state: "unknown", held: null });
  const waiting: Model = { ...attached(), earlier: "loading", oldest: 701 };
  const { model: longer } = receivedEarlier(waiting, 701, records(401, 500));
  expect(longer).toMatchObject({ oldest: 401, earlier: "unknown" });
});

test("a message that is sent from far back is seen where it goes, at the end", () => {
  const first = go(attached(), { key: "home" });
  const sent = go(first, { text: "hello" }, { key: "enter" });
  const { model, effects } = received(sent, agentMessage(total + 1, "item 100001."));
  expect(effects).toEqual([{ do: "jump", to: "end" }]);
  expect(inView(answer(model, effects[0]!, total + 1).model).at(-1)).toBe(total + 1);
});

test("a search goes through all of it and keeps one page", () => {
  most = 0;
  const found = go(attached(), { text: "/find item 77." }, { key: "enter" });
  expect(inView(found)).toContain(77);
  expect(most).toBeLessThanOrEqual(2 * pageRecords);
});
