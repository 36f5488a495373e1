import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { afterMs } from "../../src/system/after-ms.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const dayMs = 86_400_000;

test("a time that is longer than a timer takes does not ring at once", () => {
  const ring = vi.fn();
  afterMs(60 * dayMs, ring);
  vi.advanceTimersByTime(60 * dayMs - 1);
  expect(ring).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(ring).toHaveBeenCalledTimes(1);
});

test("it is stopped at any time", () => {
  const ring = vi.fn();
  const stop = afterMs(60 * dayMs, ring);
  vi.advanceTimersByTime(40 * dayMs);
  stop();
  vi.advanceTimersByTime(40 * dayMs);
  expect(ring).not.toHaveBeenCalled();
});
