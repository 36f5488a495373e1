/** When a delivery is due, whatever somebody does to the clock. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Store } from "../../../src/daemon/store/store.ts";
import { sessionRow } from "../../support/session-row.ts";

const hook = "post https://example.org";
const hourMs = 3_600_000;
const longestMs = hourMs / 2;
const nowMs = Date.UTC(2030, 0, 1);
let dir: string;
let store: Store;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "hs-"));
  store = new Store(join(dir, "history.db"));
  store.sessions.insert(sessionRow("s", "bot"));
  for (const [seq, dueAt] of [nowMs - 1, nowMs + 1_000, nowMs + longestMs].entries())
    store.hooks.insert({
      hook,
      session: "s",
      seq,
      event: "turn.completed",
      dueAt,
      createdAt: nowMs,
    });
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true });
});

const dueAt = (ms: number) => store.hooks.due(hook, ms, longestMs, 10).map(({ seq }) => seq);

test("what is put off comes at its time", () => {
  expect(dueAt(nowMs)).toEqual([0]);
  expect(store.hooks.nextDueAt(hook, nowMs, longestMs)).toBe(nowMs + 1_000);
  expect(dueAt(nowMs + 1_000)).toEqual([0, 1]);
  expect(dueAt(nowMs + longestMs)).toEqual([0, 1, 2]);
  expect(store.hooks.nextDueAt(hook, nowMs + longestMs, longestMs)).toBeNull();
});

test("a clock that was set back holds up nothing", () => {
  expect(dueAt(nowMs - 6 * hourMs)).toEqual([0, 1, 2]);
});
