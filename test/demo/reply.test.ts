import { describe, expect, test } from "vitest";
import { demoReply, LABEL } from "../../src/demo/reply.ts";
import type { ModelRequest } from "../../src/demo/request.ts";
import type { ModelStep } from "../../src/demo/server.ts";

const allTools = ["exec_command", "write_stdin"];

async function replyTo(request: Partial<ModelRequest>): Promise<ModelStep[]> {
  const { signal } = new AbortController();
  const text = request.text ?? "";
  const asked = { userTexts: [text], text, toolOutput: null, tools: allTools, signal, ...request };
  const steps: ModelStep[] = [];
  for await (const step of demoReply(asked)) steps.push(step);
  return steps;
}

const textOf = (steps: ModelStep[]) =>
  steps.map((step) => ("text" in step ? step.text : "")).join("");
const callOf = (steps: ModelStep[]) => steps.find((step) => "call" in step);

describe.concurrent("every answer says that it comes from the demo model", () => {
  test.for([
    "hello",
    "who are you?",
    "Please fix the build.",
    "",
    "   ",
    "help",
    "run",
    "run date",
    "ask date",
    "write",
    "write a.txt b",
    "long 3",
    "slow 1",
    "long many",
    "slow -1",
    "long 1e9",
    "\u0000\u001b[31m",
  ])("to %j", async (text, { expect }) => {
    expect(textOf(await replyTo({ text }))).toMatch(/^\[demo model\] \S/);
  });

  test("and so does the error", async ({ expect }) => {
    expect(await replyTo({ text: "fail" })).toEqual([{ error: expect.stringContaining(LABEL) }]);
  });
});

test("a greeting and a question lead to what it can do and to a real model", async () => {
  for (const text of ["Hi there", "what are you", "help"]) {
    const answer = textOf(await replyTo({ text }));
    expect(answer).toContain("codex login");
    expect(answer).toContain("run COMMAND");
  }
});

test("a message is repeated, a long one in part", async () => {
  expect(textOf(await replyTo({ text: "first\nsecond" }))).toContain("> first\n> second");
  expect(textOf(await replyTo({ text: "x".repeat(50_000) })).length).toBeLessThan(3_000);
});

test("run, ask and write become calls that codex understands", async () => {
  expect(callOf(await replyTo({ text: "run ls -l | wc" }))).toEqual({
    call: "exec_command",
    arguments: { cmd: "ls -l | wc" },
  });
  expect(callOf(await replyTo({ text: "ask rm x" }))).toEqual({
    call: "exec_command",
    arguments: {
      cmd: "rm x",
      sandbox_permissions: "require_escalated",
      justification: expect.any(String),
    },
  });
  expect(callOf(await replyTo({ text: "write a/b.txt one\ntwo" }))).toEqual({
    call: "exec_command",
    arguments: {
      cmd: "apply_patch <<'EOF'\n*** Begin Patch\n*** Add File: a/b.txt\n+one\n+two\n*** End Patch\nEOF",
    },
  });
});

test("without the function to run commands it says so instead of calling it", async () => {
  const steps = await replyTo({ text: "run date", tools: [] });
  expect(callOf(steps)).toBeUndefined();
});

test("a result is reported without codex's own lines, and its exit code when it is not 0", async () => {
  const result = (code: number, output: string) =>
    `Chunk ID: 1\nWall time: 0.0 seconds\nProcess exited with code ${code}\nOutput:\n${output}`;
  const report = async (toolOutput: string) => textOf(await replyTo({ toolOutput }));
  expect(await report(result(0, "hi\n"))).toBe(`${LABEL} That gave:\n\n\`\`\`\nhi\n\`\`\``);
  expect(await report(result(2, "no\n"))).toContain("ended with code 2");
  expect(await report(result(0, ""))).toBe(`${LABEL} Done, without any output.`);
  expect(await report("rejected by user")).toContain("rejected by user");
});

test("a command that still runs is looked at again", async () => {
  const toolOutput = "Wall time: 10 seconds\nProcess running with session ID 42\nOutput:\n";
  expect(callOf(await replyTo({ toolOutput }))).toMatchObject({
    call: "write_stdin",
    arguments: { session_id: 42 },
  });
});

test("long and slow give as many words as were asked for", async () => {
  expect(textOf(await replyTo({ text: "long 500" })).match(/word\d+/g)).toHaveLength(500);
  expect(textOf(await replyTo({ text: "slow 2" }))).toBe(`${LABEL} word1 word2`);
});
