/** The table of events that hooks are told of, and the page that describes it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  HOOK_EVENTS,
  hookEventNames,
  hookEventOf,
  isHookEvent,
  summarize,
} from "../../src/protocol/hooks.ts";
import { isObject, type Json, type JsonObject } from "../../src/protocol/messages.ts";
import { root } from "../support/codex.ts";

test("PROTOCOL.md has every event with its members, and no other", () => {
  const text = readFileSync(join(root, "PROTOCOL.md"), "utf8");
  const described = [
    ...text.matchAll(
      /^\| `((?:session|turn|approval|message)\.\w+)` \| ([^|]+) \| `([^`]+)` \|$/gm,
    ),
  ];
  expect(described.map(([, name]) => name)).toEqual(hookEventNames);
  for (const [, name = "", about, members = ""] of described) {
    if (!isHookEvent(name)) throw new Error(name);
    expect(about).toBe(HOOK_EVENTS[name].about);
    expect(
      members
        .split(/[{}, ]+/)
        .filter((word) => word !== "")
        .toSorted(),
    ).toEqual(namesIn(HOOK_EVENTS[name].sample as JsonObject).toSorted());
  }
});

/** `by` is an actor, as everywhere. */
function namesIn(value: Json): string[] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, each]) =>
    key === "by" ? [key] : [key, ...namesIn(each ?? null)],
  );
}

test.each([
  ["turn/completed", { threadId: "t", turn: { status: "completed" } }, "turn.completed"],
  ["turn/completed", { threadId: "t", turn: { status: "failed" } }, "turn.failed"],
  ["turn/completed", { threadId: "t", turn: { status: "inProgress" } }, undefined],
  ["turn/completed", { threadId: "a sub-agent's", turn: { status: "completed" } }, undefined],
  ["turn/started", { threadId: "t", turn: {} }, "turn.started"],
  ["session/approval", { status: "requested" }, "approval.requested"],
  ["session/agent", { status: "crashed" }, "session.crashed"],
  ["session/agent", { status: "adopted" }, undefined],
  ["session/message", { status: "accepted" }, "message.accepted"],
  ["session/message", { status: "constructor" }, undefined],
  ["session/trimmed", {}, undefined],
])("%s of %j is %s", (method, params, event) => {
  expect(hookEventOf(method, params as JsonObject, "t")).toBe(event);
});

test("a summary is one short line", () => {
  const text = `first\n${"x".repeat(1000)}`;
  expect(summarize("turn.completed", "web", { text })).toBe("web is done: first");
  const long = summarize("turn.failed", "web", { error: "y".repeat(1000) });
  expect(long).toHaveLength("web failed: ".length + 201);
  expect(summarize("session.asleep", "web", { reason: null })).toBe("web sleeps");
});
