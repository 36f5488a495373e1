/** The tools that other tests trust, tried by themselves. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { JsonObject } from "../../src/protocol/messages.ts";
import { startCodex } from "./codex.ts";
import { eventually, within } from "./eventually.ts";
import { createHome, type Home } from "./home.ts";
import { isRunning, killTree, readProcess } from "./processes.ts";
import { runProgram, startProgram } from "./program.ts";
import { openTerminal, type TestTerminal } from "./terminal.ts";

let terminal: TestTerminal | undefined;
let home: Home | undefined;
afterEach(async () => {
  await terminal?.close();
  await home?.close();
  terminal = undefined;
  home = undefined;
});

test("what comes late says what was awaited and what was seen", async () => {
  let asked = 0;
  expect(await eventually(() => ++asked === 3 && "there", { what: "three" })).toBe("there");
  const never = eventually(() => null, { what: "the moon", timeoutMs: 30 });
  await expect(never).rejects.toThrow("in vain for: the moon. Last seen: null");
  const thrown = eventually(() => Promise.reject(new Error("clouds")), {
    what: "x",
    timeoutMs: 30,
  });
  await expect(thrown).rejects.toThrow("Last seen: clouds");
  const hung = within(new Promise(() => {}), {
    what: "the sun",
    timeoutMs: 30,
    seen: () => "rain",
  });
  await expect(hung).rejects.toThrow("in vain for: the sun. Last seen: rain");
});

test("a program is run to its end, or watched and killed with its children", async () => {
  expect(
    await runProgram("sh", ["-c", "cat; echo $A >&2; exit 3"], { input: "in", env: { A: "b" } }),
  ).toEqual({ code: 3, signal: null, stdout: "in", stderr: "b\n" });
  const beside = startProgram("sh", ["-c", "sleep 600 & echo $!; wait"]);
  const child = Number(await beside.waitFor(/\d+\n/));
  await eventually(() => readProcess(child)?.argv.join(" ") === "sleep 600", {
    what: "the child has become sleep",
  });
  await killTree(beside.pid);
  expect(isRunning(child)).toBe(false);
  await expect(beside.waitFor("more")).rejects.toThrow("ended before more");
});

test("a terminal shows what a program draws, and sends it keys", async () => {
  terminal = openTerminal({ command: "bash", args: ["--norc", "--noprofile"], cols: 60, rows: 10 });
  await terminal.waitFor(/[$#]$/m);
  terminal.type("echo $((20+1)) $(tput cols)x$(tput lines)");
  terminal.press("enter");
  await terminal.waitFor("21 60x10");
  terminal.resize(40, 8);
  terminal.type("echo $(tput cols)x$(tput lines)\r");
  await terminal.waitFor(/^40x8$/m);
  expect(terminal.screen()).toHaveLength(8);
  terminal.type("tput smcup; read -rsn1 -p 'key? ' key; tput rmcup; echo \"got=$key\"\r");
  const asked = (lines: string[]) => lines.some((line) => line.startsWith("key?"));
  await terminal.waitFor((lines) => terminal!.alternate() && asked(lines));
  terminal.press("x");
  await terminal.waitFor("got=x");
  // The program asks where the cursor is, and the emulator answers.
  terminal.type("clear; IFS=';[' read -rsd R -p $'\\e[6n' _ row column; echo row=$row\r");
  await terminal.waitFor("row=1");
  terminal.press("ctrl-d");
  expect(await terminal.exited).toEqual({ code: 0, signal: null });
  await expect(terminal.waitFor("never")).rejects.toThrow("The screen:");
});

test("the model holds an answer at a gate, and survives a codex that is killed there", async () => {
  home = await createHome();
  const { model, codexHome, work: cwd } = home;
  const run = join(home.dir, "run");
  mkdirSync(run);
  const codex = await startCodex({ dir: run, codexHome, cwd, env: home.env });
  const { thread } = await codex.call("thread/start", { cwd, sandbox: "workspace-write" });
  const threadId = String((thread as JsonObject).id);

  const turn = codex.turn(threadId, "gated one and on");
  await model.reached("one");
  await codex.until("the text before the gate", ({ method, params }) => {
    return method === "item/agentMessage/delta" && params.delta === "before one ";
  });
  model.release("one");
  expect((await turn).text).toBe("before one and on");
  expect((await codex.turn(threadId, "run echo hi")).text).toMatch(/^output: [\s\S]*hi\n$/);
  expect((await codex.turn(threadId, "write f.txt hi")).status).toBe("completed");
  expect((await codex.turn(threadId, "words 3")).text).toBe("word0 word1 word2 ");

  codex.turn(threadId, "gated two").catch(() => {});
  await model.reached("two");
  await codex.kill();
  const again = await startCodex({ dir: run, codexHome, cwd, env: home.env });
  await again.call("thread/resume", { threadId, excludeTurns: true });
  expect((await again.turn(threadId, "say still here")).text).toBe("still here");
  expect(model.texts()).toEqual([
    "gated one and on",
    "run echo hi",
    "write f.txt hi",
    "words 3",
    "gated two",
    "say still here",
  ]);
  expect(model.conversation()).toEqual(model.texts());
});

test("a home leaves neither processes nor files", async () => {
  home = await createHome({ env: { EXTRA: "1" } });
  const left = startProgram("sleep", ["600"], { env: home.env });
  await eventually(() => home?.processes().length === 1, {
    what: "the process of the home is seen",
  });
  const { dir } = home;
  writeFileSync(join(dir, "work/file"), "x");
  await home.close();
  home = undefined;
  expect(isRunning(left.pid)).toBe(false);
  expect(existsSync(dir)).toBe(false);
});
