/** What a session is doing, and how busy it was: pure, by what codex tells. */
import { expect, test } from "vitest";
import { actionOf } from "../../../src/daemon/session/action.ts";
import { Activity } from "../../../src/daemon/session/activity.ts";
import { activityMinutes, activityTurns, describeAction } from "../../../src/protocol/activity.ts";
import type { JsonObject } from "../../../src/protocol/messages.ts";
import type { Draft } from "../../../src/protocol/records.ts";
import { approvalOf } from "../../cli/fake.ts";

const now = 1_800_000_005_000;
const minute = 60_000;

type History = ConstructorParameters<typeof Activity>[1];
const nothing: History = { lastTurnEnds: () => [], lastUsages: () => [] };

/** One that has read what was there before. */
function activity(history: History = nothing): Activity {
  const made = new Activity("s", history, () => "own");
  made.turnsMs();
  return made;
}

function usage(total: number, last = total, cached = 0): JsonObject {
  const breakdown = (tokens: number) => ({
    inputTokens: tokens + cached,
    cachedInputTokens: cached,
    outputTokens: 0,
  });
  return { total: breakdown(total), last: breakdown(last) };
}

function used(one: Activity, tokenUsage: JsonObject, atMs: number, threadId = "own"): void {
  one.hear("thread/tokenUsage/updated", { threadId, tokenUsage }, atMs);
}

function ended(one: Activity, durationMs: unknown, threadId = "own"): void {
  one.hear("turn/completed", { threadId, turn: { id: "t", durationMs } as JsonObject }, now);
}

test("tokens count in the minute they were used in, and fall out after the last", () => {
  const one = activity();
  used(one, usage(100), now);
  used(one, usage(160, 60), now - 0.5 * minute);
  expect(one.tokensPerMinute(now).at(-1)).toBe(160);
  expect(one.tokensPerMinute(now + 2 * minute).slice(-3)).toEqual([160, 0, 0]);
  const all = one.tokensPerMinute(now + (activityMinutes - 2) * minute);
  expect(all).toHaveLength(activityMinutes);
  expect(all.reduce((sum, tokens) => sum + tokens)).toBe(160);
  expect(one.tokensPerMinute(now + activityMinutes * minute)).toEqual(
    Array(activityMinutes).fill(0),
  );
});

test("what is told again adds nothing, and what was cached is not counted", () => {
  const one = activity();
  used(one, usage(100, 100, 5_000), now);
  used(one, usage(100, 100, 5_000), now);
  expect(one.tokensPerMinute(now).at(-1)).toBe(100);
});

test("a thread that began anew counts from its last answer, and sub-agents count too", () => {
  const one = activity();
  used(one, usage(1_000), now);
  used(one, usage(30, 20), now);
  used(one, usage(500), now, "sub-agent");
  expect(one.tokensPerMinute(now).at(-1)).toBe(1_520);
});

test("the last turns of its own thread are kept, and no others", () => {
  const one = activity();
  for (let turn = 1; turn <= activityTurns + 5; turn++) ended(one, turn);
  ended(one, 99_999, "sub-agent");
  ended(one, null);
  expect(one.turnsMs()).toHaveLength(activityTurns);
  expect(one.turnsMs()[0]).toBe(6);
  expect(one.turnsMs().at(-1)).toBe(activityTurns + 5);
});

test("a new daemon reads the end of the history once, and what it is told then is in it", () => {
  const at = new Date(now).toISOString();
  let reads = 0;
  const history: History = {
    lastTurnEnds: () => {
      reads++;
      return [{ threadId: "own", durationMs: 40 }];
    },
    lastUsages: () => [
      { at: new Date(now - 5 * minute).toISOString(), threadId: "own", usage: usage(700, 50) },
      { at, threadId: "own", usage: usage(720, 20) },
    ],
  };
  const one = new Activity("s", history, () => "own");
  used(one, usage(720, 20), now);
  expect(one.tokensPerMinute(now).at(-1)).toBe(20);
  expect(one.tokensPerMinute(now).at(-6)).toBe(50);
  used(one, usage(725, 5), now);
  expect(one.tokensPerMinute(now).at(-1)).toBe(25);
  expect(one.turnsMs()).toEqual([40]);
  expect(reads).toBe(1);
});

test("a history that can't be read and values of another shape are no failure", () => {
  const one = activity({
    ...nothing,
    lastUsages: () => {
      throw new Error("malformed");
    },
  });
  for (const odd of [null, 7, [], {}, { total: "x" }, { total: { inputTokens: "1" } }])
    used(one, odd as never, now);
  ended(one, "long");
  expect(one.tokensPerMinute(now).at(-1)).toBe(0);
  expect(one.turnsMs()).toEqual([]);
});

test("its memory has a bound, however long it runs", () => {
  const one = activity();
  for (let i = 1; i <= 2_000; i++) used(one, usage(i * 10, 10), now - 2_000 * minute + i * minute);
  for (let i = 0; i < 500; i++) used(one, usage(1), now, `thread-${i}`);
  expect(one.tokensPerMinute(now).filter((tokens) => tokens > 0).length).toBeLessThanOrEqual(
    activityMinutes,
  );
});

const at = "2026-01-02T03:04:05.000Z";
function draft(item: JsonObject, threadId = "own"): Draft {
  const startedAtMs = Date.parse(at);
  return { threadId, turnId: "t", itemId: "i", item: { ...item, startedAtMs }, fields: {} };
}

test.each<[JsonObject, string]>([
  [{ type: "commandExecution", command: "/bin/bash -lc 'npm  test\n--all'" }, "$ npm test --all"],
  [{ type: "fileChange", changes: [{ path: "/w/src/a.ts" }, { path: "b.ts" }] }, "edits a.ts b.ts"],
  [{ type: "mcpToolCall", server: "shop", tool: "buy" }, "calls shop.buy"],
  [{ type: "dynamicToolCall", namespace: null, tool: "look" }, "calls look"],
  [{ type: "webSearch", query: "cats" }, "searches cats"],
  [{ type: "webSearch", action: { type: "openPage", url: "http://x" } }, "searches http://x"],
  [{ type: "collabAgentToolCall", tool: "wait", prompt: null }, "sub-agent wait"],
  [{ type: "reasoning" }, "thinks"],
  [{ type: "agentMessage", text: "hello" }, "writes"],
  [{ type: "plan" }, "plans"],
  [{ type: "contextCompaction" }, "compacts the context"],
  [{ type: "somethingNew", secret: "x" }, "somethingNew"],
])("%j is said as %j", (item, said) => {
  const action = actionOf({ waiting: [], drafts: [draft(item)], busy: true }, "own")!;
  expect(describeAction(action)).toBe(said);
  expect(action.since).toBe(at);
});

test("an approval goes before what runs, its own thread before sub-agents, the last before the first", () => {
  const writes = draft({ type: "agentMessage" });
  const runs = draft({ type: "commandExecution", command: "ls" });
  const foreign = draft({ type: "plan" }, "sub-agent");
  const said = (drafts: Draft[], more = {}) =>
    actionOf({ waiting: [], drafts, busy: true, ...more }, "own");
  expect(said([writes, runs, foreign])).toMatchObject({ kind: "command", text: "ls" });
  expect(said([foreign])?.kind).toBe("plan");
  expect(said([])).toEqual({ kind: "think", text: "", since: null });
  expect(said([], { busy: false })).toBeNull();
  const waiting = [approvalOf({ command: "/bin/sh -c 'rm -rf build'" })];
  expect(said([runs], { waiting })).toMatchObject({ kind: "approval", text: "rm -rf build" });
});

test("an action's text has a bound, and does not part a character", () => {
  const item = { type: "commandExecution", command: `${"x".repeat(198)}${"🙂".repeat(200)}` };
  const action = actionOf({ waiting: [], drafts: [draft(item)], busy: true }, "own")!;
  expect(action.text.length).toBeLessThanOrEqual(200);
  expect(action.text.isWellFormed()).toBe(true);
});
