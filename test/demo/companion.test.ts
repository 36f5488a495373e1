/** The program itself, with a real codex: it answers, and it lives exactly as long as it should. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { isObject, type Json, type JsonObject } from "../../src/protocol/messages.ts";
import { codexConfig, root, startCodex } from "../support/codex.ts";
import { isRunning, killTree, whenGone } from "../support/processes.ts";
import { type Program, startProgram } from "../support/program.ts";

let dir: string;
let started: number[];
beforeEach(() => {
  dir = mkdtempSync("/tmp/hs-");
  started = [];
});
afterEach(async () => {
  for (const pid of started) await killTree(pid);
  rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
});

function startDemo(args: string[] = []): Program {
  const demo = startProgram(process.execPath, [join(root, "src/demo/main.ts"), ...args]);
  started.push(demo.pid);
  return demo;
}

async function portOf(demo: Program): Promise<number> {
  return JSON.parse(await demo.waitFor(/^\{.*\}\n$/)).port;
}

/** Something to watch. */
function startSleeper(): ChildProcess & { pid: number } {
  const sleeper = spawn("sleep", ["600"], { stdio: "ignore" });
  started.push(sleeper.pid!);
  return sleeper as ChildProcess & { pid: number };
}

test("a real codex gets its answers, commands, approvals and errors from it", async () => {
  const demo = startDemo();
  const port = await portOf(demo);
  const codexHome = join(dir, "codex");
  const cwd = join(dir, "work");
  for (const made of [codexHome, cwd]) mkdirSync(made);
  const config = codexConfig({ baseUrl: `http://127.0.0.1:${port}/v1` });
  writeFileSync(join(codexHome, "config.toml"), config);
  const codex = await startCodex({ dir, codexHome, cwd });
  started.push(codex.pid);
  demo.write(`{"pid":${codex.pid}}\n`);

  const { thread } = await codex.call("thread/start", {
    cwd,
    sandbox: "workspace-write",
    approvalPolicy: "on-request",
  });
  const threadId = String((thread as JsonObject).id);
  expect(await codex.turn(threadId, "hello")).toEqual({
    status: "completed",
    text: expect.stringMatching(/^\[demo model\] Hello!/),
  });
  const ran = await codex.turn(threadId, "run echo made by $((6 * 7))");
  expect(ran.text).toContain("made by 42");
  expect((await codex.turn(threadId, "fail")).status).toBe("failed");

  const asked = codex.turn(threadId, "ask echo approved");
  const request = await codex.until("codex asks for approval", ({ id }) => id !== undefined);
  expect(request.method).toBe("item/commandExecution/requestApproval");
  codex.answer(request.id!, { decision: "accept" });
  expect((await asked).text).toContain("approved");

  // What is always allowed from now on is run once all the same.
  const always = codex.turn(threadId, "ask echo again");
  const isNew = ({ id }: { id?: unknown }) => id !== undefined && id !== request.id;
  const second = await codex.until("codex asks once more", isNew);
  const { availableDecisions } = second.params as { availableDecisions: Json[] };
  codex.answer(second.id!, { decision: availableDecisions.find((one) => isObject(one))! });
  expect((await always).text).toContain("again");
  const runs = codex.events.filter(
    ({ method, params }) =>
      method === "item/completed" && JSON.stringify(params).includes("echo again'"),
  );
  expect(runs).toHaveLength(1);

  await codex.turn(threadId, "write note.txt hello");
  expect(codex.events).toContainEqual(
    expect.objectContaining({
      method: "item/completed",
      params: expect.objectContaining({ item: expect.objectContaining({ type: "fileChange" }) }),
    }),
  );

  demo.endInput();
  await codex.kill();
  expect((await demo.ended).code).toBe(0);
});

test("it lives while its process lives, though its input has ended and its output is closed", async () => {
  const sleeper = startSleeper();
  const demo = startDemo();
  const port = await portOf(demo);
  demo.write(`{"pid":${sleeper.pid}}\n`);
  demo.endInput();
  // Two of its looks; it must not have gone in between.
  await new Promise((resolve) => setTimeout(resolve, 2_200));
  expect(isRunning(demo.pid)).toBe(true);
  await connects(port);
  sleeper.kill("SIGKILL");
  await whenGone(demo.pid);
});

test.each([
  ["its input ends before it knows whom to watch", ""],
  ["the process to watch is gone already", '{"pid":4194303}\n'],
  ["the line is not what it should be", "hello\n"],
  ["the pid is nobody's to watch", '{"pid":1}\n'],
])("it ends when %s", async (_, input) => {
  const demo = startDemo();
  await portOf(demo);
  demo.write(input);
  demo.endInput();
  expect((await demo.ended).code).toBe(0);
});

test("it takes the port that it is given, and says why it can't", async () => {
  const port = await portOf(startDemo());
  const second = startDemo(["--port", String(port)]);
  const { code, stderr, stdout } = await second.ended;
  expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
  expect(stderr).toContain("EADDRINUSE");
  expect((await startDemo(["--port"]).ended).stderr).toContain("usage: demo.cjs");
});

function connects(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(port, "127.0.0.1", () => {
      socket.destroy();
      resolve();
    });
    socket.on("error", reject);
  });
}
