/** What the model asked for, from the file that codex keeps its thread in. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writtenCall } from "../../../src/daemon/agent/written-call.ts";
import type { AgentRow } from "../../../src/daemon/store/session-table.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync("/tmp/hs-");
});
afterEach(() => rmSync(dir, { recursive: true }));

const agentOf = (thread: string) => ({ socket: "", codexVersion: "", thread }) satisfies AgentRow;
const line = (payload: object) => JSON.stringify({ type: "response_item", payload });
function written(...lines: string[]): string | null {
  const thread = join(dir, "rollout.jsonl");
  writeFileSync(thread, `${lines.join("\n")}\n`);
  return writtenCall(agentOf(thread), "call_1");
}

test.each<[string, object, string | null]>([
  [
    "a patch",
    { type: "custom_tool_call", call_id: "call_1", name: "apply_patch", input: "*** Begin Patch" },
    "*** Begin Patch",
  ],
  [
    "a command",
    { type: "function_call", call_id: "call_1", arguments: '{"cmd":"apply_patch <<EOF"}' },
    "apply_patch <<EOF",
  ],
  [
    "a command in words",
    { type: "function_call", call_id: "call_1", arguments: '{"command":["apply_patch","x"]}' },
    "apply_patch x",
  ],
  [
    "arguments that are no object",
    { type: "function_call", call_id: "call_1", arguments: "[1]" },
    "[1]",
  ],
  ["another call", { type: "function_call", call_id: "call_2", arguments: "call_1" }, null],
  ["its output", { type: "function_call_output", call_id: "call_1", output: "done" }, null],
  ["an odd shape", { type: "custom_tool_call", call_id: "call_1", input: { toString: 1 } }, null],
])("%s", (_, payload, expected) => {
  expect(written(line({ type: "message", text: "call_1" }), line(payload), "torn {")).toBe(
    expected,
  );
});

test("a file that is gone, or none, tells nothing", () => {
  expect(writtenCall(null, "call_1")).toBe(null);
  expect(writtenCall(agentOf(join(dir, "missing")), "call_1")).toBe(null);
  expect(writtenCall(agentOf(dir), "call_1")).toBe(null);
  const pipe = join(dir, "pipe");
  execFileSync("mkfifo", [pipe]);
  expect(writtenCall(agentOf(pipe), "call_1")).toBe(null);
});
