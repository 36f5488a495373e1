/** `daemon logs`: with a daemon, without one, and over the parts of its log. */
import { appendFileSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { logLine } from "../../src/cli/text/log-line.ts";
import { partsOf } from "../../src/system/log-files.ts";
import { createHome, type Home } from "../support/home.ts";

let home: Home;
beforeEach(async () => {
  home = await createHome();
});
afterEach(() => home.close());

test("it is read whether a daemon runs or not, and followed into the next one's", async () => {
  expect(await home.cli(["daemon", "logs"])).toMatchObject({
    code: 0,
    stdout: "",
    stderr: expect.stringContaining("There is no log yet"),
  });
  await home.ok(["daemon", "start"]);
  const pid = home.daemonPid();
  const text = await home.ok(["daemon", "logs"]);
  expect(text).toMatch(
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}info {3}listening {2}socket=\S+ sessions=0\n$/,
  );
  const following = home.start(["daemon", "logs", "-f", "-n", "1"]);
  await following.waitFor("listening");
  await home.killDaemon();
  expect((await home.ok(["daemon", "logs", "--json"])).trim().split("\n")).toHaveLength(1);
  await home.ok(["daemon", "start"]);
  await following.waitFor(/listening[\s\S]*listening/);
  following.kill("SIGINT");
  await following.ended;
  const lines = (await home.ok(["daemon", "logs", "--json", "-n", "2"])).trim().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { msg: "listening", pid },
    { msg: "listening", pid: home.daemonPid() },
  ]);
});

test("the log is kept in parts, as the config has it", async () => {
  const { codex } = JSON.parse(readFileSync(join(home.dir, "config/config.json"), "utf8"));
  home.configure({ codex, logSize: "1K", logFiles: 3 });
  const log = join(home.dir, "state/default/daemon.log");
  for (let i = 0; i < 4; i++) {
    await home.ok(["daemon", "start"]);
    await home.killDaemon();
    appendFileSync(log, `${"x".repeat(1024 - statSync(log).size - 1)}\n`);
  }
  await home.ok(["daemon", "start"]);
  const parts = partsOf(log);
  expect(parts).toHaveLength(3);
  expect(Math.max(...parts.map(({ size }) => size))).toBeLessThanOrEqual(1024);
  const shown = (await home.ok(["daemon", "logs"])).trim().split("\n");
  expect(shown.filter((line) => line.includes("listening"))).toHaveLength(3);
});

describe("a line", () => {
  const plain = (_: string, text: string) => text;
  const entry = { level: 40, time: "2026-11-21T14:00:00.000Z", pid: 1, msg: "it failed" };

  test("has what is behind it, and what an error says", () => {
    const line = logLine(
      JSON.stringify({ ...entry, err: { message: "why" }, a: "b c", n: 1, list: ["x"] }),
      plain,
    );
    expect(line).toMatch(/ {2}warn {3}it failed: why {2}a="b c" n=1 list=\["x"\]$/);
  });

  test("does nothing to a terminal", () => {
    const evil = "\u001b]0;x\u0007\u202e";
    for (const text of [JSON.stringify({ ...entry, msg: evil, [evil]: evil }), evil, `{${evil}`])
      expect(logLine(text, plain)).not.toMatch(/[\u0000-\u001f\u007f\u202e]/);
  });

  test("that is none of ours is shown", () => {
    for (const text of ["a stack trace", "7", '{"level":1}'])
      expect(logLine(text, plain)).toBe(text);
  });
});
