import { beforeEach, expect, test, vi } from "vitest";
import { Alarm, systemClock } from "../../../src/daemon/clock.ts";
import { Deadlines } from "../../../src/daemon/session/deadlines.ts";
import { TestClock } from "../../support/clock.ts";

let clock: TestClock;
let turn: { id: string; startedAt: string } | null;
let asks: boolean;
let most: number | null;
let end: { at: string; ttlMs: number } | null;
let overran: string[];
let ends: number;
let deadlines: Deadlines;

beforeEach(() => {
  clock = new TestClock();
  [turn, asks, most, end, overran, ends] = [null, false, 60_000, null, [], 0];
  deadlines = new Deadlines({
    clock,
    end: () => end,
    maxTurnTimeMs: () => most,
    turn: () => turn,
    asks: () => asks,
    onEnd: () => ends++,
    onOverrun: (id) => overran.push(id),
  });
});

const begin = (id: string, agoMs = 0) => {
  turn = { id, startedAt: new Date(Date.now() - agoMs).toISOString() };
  deadlines.look();
};

test("an end that could not be stored comes again, unless it may stay by then", () => {
  end = { at: new Date(Date.now() + 1_000).toISOString(), ttlMs: 1_000 };
  deadlines.live();
  clock.pass(1_000);
  expect(ends).toBe(1);
  deadlines.endLater();
  clock.pass(60_000);
  expect(ends).toBe(2);
  deadlines.endLater();
  end = null;
  deadlines.live();
  clock.pass(60_000);
  expect(ends).toBe(2);
});

test("a turn that takes longer is told, once", () => {
  begin("t1");
  clock.pass(59_999);
  deadlines.look();
  expect(overran).toEqual([]);
  clock.pass(1);
  expect(overran).toEqual(["t1"]);
  deadlines.look();
  clock.pass(600_000);
  expect(overran).toEqual(["t1"]);
  begin("t2");
  clock.pass(60_000);
  expect(overran).toEqual(["t1", "t2"]);
});

test("one that ends in time is not, and its time is not the next one's", () => {
  begin("t1");
  clock.pass(50_000);
  turn = null;
  deadlines.look();
  begin("t2");
  clock.pass(50_000);
  expect(overran).toEqual([]);
  turn = null;
  deadlines.look();
  expect(clock.pending).toBe(0);
});

test("while it waits for a person its clock stands still", () => {
  begin("t1");
  clock.pass(40_000);
  asks = true;
  deadlines.look();
  clock.pass(86_400_000);
  expect(overran).toEqual([]);
  asks = false;
  deadlines.look();
  clock.pass(19_999);
  expect(overran).toEqual([]);
  clock.pass(1);
  expect(overran).toEqual(["t1"]);
});

test("a turn that a daemon joins has run since it began; a clock that was set back takes nothing", () => {
  begin("t1", 45_000);
  clock.pass(14_000);
  expect(overran).toEqual([]);
  clock.pass(1_500);
  expect(overran).toEqual(["t1"]);
  begin("t2", -3_600_000);
  clock.pass(59_999);
  expect(overran).toEqual(["t1"]);
});

test("a limit that changes holds for the running turn", () => {
  most = null;
  begin("t1");
  clock.pass(100_000);
  most = 150_000;
  deadlines.look();
  clock.pass(49_999);
  expect(overran).toEqual([]);
  clock.pass(1);
  expect(overran).toEqual(["t1"]);
});

test("a life ends at its date, counted without the wall's clock, and never later than it is long", () => {
  end = { at: new Date(Date.now() + 3_600_000).toISOString(), ttlMs: 3_600_000 };
  deadlines.live();
  vi.useFakeTimers({ now: Date.now() + 86_400_000, toFake: ["Date"] });
  clock.pass(3_590_000);
  expect(ends).toBe(0);
  clock.pass(10_100);
  expect(ends).toBe(1);
  // A daemon that starts while the clock is a year behind.
  vi.setSystemTime(Date.now() - 365 * 86_400_000);
  deadlines.live();
  clock.pass(3_600_000);
  expect(ends).toBe(2);
  vi.useRealTimers();
  end = null;
  deadlines.live();
  expect(clock.pending).toBe(0);
});

test("a time beyond what a timer takes does not ring at once", () => {
  vi.useFakeTimers();
  let rung = 0;
  const alarm = new Alarm({ ...systemClock, nowMs: () => Date.now() }, () => rung++);
  const dayMs = 86_400_000;
  alarm.set(60 * dayMs);
  vi.advanceTimersByTime(59.9 * dayMs);
  expect(rung).toBe(0);
  vi.advanceTimersByTime(0.2 * dayMs);
  expect(rung).toBe(1);
  alarm.set(60 * dayMs);
  vi.advanceTimersByTime(50 * dayMs);
  alarm.clear();
  vi.advanceTimersByTime(50 * dayMs);
  expect(rung).toBe(1);
  vi.useRealTimers();
});
