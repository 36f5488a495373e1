import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { received } from "../../src/tui/receive.ts";
import { frameMs, Store } from "../../src/tui/store.ts";
import { live, modelWith } from "./events.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function delta(index: number) {
  const params = { threadId: "t1", turnId: "u1", itemId: "i1", delta: "x" };
  return live("item/agentMessage/delta", params, index);
}

test("thousands of deltas a second are drawn less than thirty times", () => {
  const store = new Store(modelWith(), () => {});
  let frames = 0;
  store.subscribe(() => frames++);
  for (let index = 0; index < 5_000; index++) {
    store.feed((model) => received(model, delta(index)));
    vi.advanceTimersByTime(index % 5 === 0 ? 1 : 0);
  }
  vi.advanceTimersByTime(frameMs);
  expect(frames).toBeLessThanOrEqual(30);
  expect(store.model.transcript.drafts[0]!.fields.text!.text).toHaveLength(5_000);
});

test("a key is drawn at once, and takes along what waited for its frame", () => {
  const store = new Store(modelWith(), () => {});
  let frames = 0;
  store.subscribe(() => frames++);
  store.act((model) => model);
  store.feed((model) => received(model, delta(0)));
  expect(frames).toBe(1);
  store.act((model) => model);
  expect(frames).toBe(2);
  vi.advanceTimersByTime(1_000);
  expect(frames).toBe(2);
});

test("keys take the place of frames, and hold none back for longer than two", () => {
  const store = new Store(modelWith(), () => {});
  const drawnAt: number[] = [];
  store.subscribe(() => drawnAt.push(Date.now()));
  const from = Date.now();
  for (let ms = 1; ms <= 1_000; ms++) {
    store.feed((model) => received(model, delta(ms)));
    if (ms % 97 === 0) store.act((model) => model);
    vi.advanceTimersByTime(1);
  }
  expect(drawnAt.length).toBeLessThanOrEqual(30);
  for (const [index, at] of drawnAt.entries()) {
    expect(at - (drawnAt[index - 1] ?? from)).toBeLessThanOrEqual(2 * frameMs);
  }
});
