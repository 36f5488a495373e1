/** Hooks as they are used: a real daemon with a config file, sessions, commands and a server. */
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { HookEvent, HookInfo } from "../../src/protocol/hooks.ts";
import { eventually } from "../support/eventually.ts";
import { createHome, type Home } from "../support/home.ts";
import { openWebHook, type WebHook } from "../support/web-hook.ts";

let home: Home;
let server: WebHook;
/** Put together here, so that this file holds none. */
const canary = `gh${"p_"}0123456789abcdefghijABCDEFGHIJ456789`;
const secretPath = "/services/T0/SECRETPATH";

beforeEach(async () => {
  home = await createHome();
  server = await openWebHook();
});
afterEach(async () => {
  await home.close();
  await server.close();
});

function configure(hooks: object[], more: object = {}): void {
  const { codex } = JSON.parse(readFileSync(join(home.dir, "config/config.json"), "utf8"));
  home.configure({ codex, hooks, ...more });
}

/** A command that writes down what it is told. */
const told = () => join(home.dir, "told.jsonl");
const recorder = () => `cat >> ${told()}`;
function heard(): HookEvent[] {
  try {
    return readFileSync(told(), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
  } catch {
    return [];
  }
}
const until = (type: string) =>
  eventually(() => heard().find((event) => event.type === type), { what: `${type} is told` });

const hooks = (): Promise<HookInfo[]> => home.cliJson(["hooks", "ls"]);

test("what happens is told, with what it is about", async () => {
  const on = [
    ...["session.created", "session.started", "session.asleep", "session.crashed", "session.ended"],
    ...["turn.started", "turn.completed", "turn.failed", "approval.requested", "approval.answered"],
    "message.finished",
  ];
  configure([{ on, run: recorder() }]);
  await home.ok(["new", "bot", "-d"]);
  await home.ok(["send", "bot", "--wait", `say done with ${canary}`]);
  const { id } = await home.show("bot");
  const completed = await until("turn.completed");
  expect(completed.data).toMatchObject({
    session: { id, name: "bot", cwd: home.work },
    text: expect.stringContaining("done with ghp_[redacted"),
    summary: expect.stringContaining("bot is done: done with"),
    durationMs: expect.any(Number),
  });
  expect(completed.id).toBe(`${id}-${completed.data.seq}`);
  expect((await until("message.finished")).data.message).toMatchObject({ turnStatus: "completed" });
  const failing = await home.cli(["send", "bot", "--wait", "fail because"]);
  expect(failing.code).toBe(4);
  expect((await until("turn.failed")).data.error).toContain("because");
  await home.cli(["send", "bot", "--wait", "ask echo hello"]);
  const asked = await until("approval.requested");
  expect(asked.data.approval).toMatchObject({
    kind: "command",
    command: expect.stringContaining("echo hello"),
    decisions: expect.arrayContaining(["accept"]),
  });
  await home.ok(["approve", "bot"]);
  const answered = await until("approval.answered");
  expect(answered.data.approval).toMatchObject({ decision: "accept", by: { kind: "cli" } });
  expect(answered.data.waitedMs).toBeGreaterThanOrEqual(0);
  await home.ok(["wait", "bot"]);
  await home.killAgent("bot");
  expect((await until("session.crashed")).data.reason).toContain("died");
  await home.ok(["kill", "bot"]);
  await until("session.ended");
  // Each once: nothing was killed.
  await eventually(async () => (await hooks())[0]?.pending === 0, { what: "all is told" });
  const ids = heard().map((event) => event.id);
  expect(new Set(ids).size).toBe(ids.length);
});

test("only sessions that match are told of, and only the events that were asked for", async () => {
  configure([
    { on: ["turn.completed"], sessions: "web*", run: recorder() },
    { on: ["turn.completed"], post: server.url },
  ]);
  for (const name of ["docs", "web1"]) {
    await home.ok(["new", name, "-d"]);
    await home.ok(["send", name, "--wait", "say x"]);
  }
  await server.until("the second", ({ json }) => json.data.session.name === "web1");
  await until("turn.completed");
  expect(server.posted.map(({ json }) => [json.type, json.data.session.name])).toEqual([
    ["turn.completed", "docs"],
    ["turn.completed", "web1"],
  ]);
  expect(heard().map(({ data }) => data.session.name)).toEqual(["web1"]);
});

test("what was not delivered when the daemon was killed, the next one delivers", async () => {
  configure([{ name: "team", on: ["turn.completed"], post: server.url + secretPath }]);
  await home.ok(["new", "bot", "-d"]);
  server.answers = ["never", "never", "never"];
  await home.ok(["send", "bot", "--wait", "say one"]);
  const first = await server.until("an attempt", () => true);
  await home.killDaemon();
  // The agent goes on with a turn that the next daemon hears of afterwards.
  server.answers = [];
  await home.ok(["send", "bot", "--wait", "say two"]);
  await eventually(() => server.posted.length >= 3, { what: "both are delivered" });
  const ids = server.posted.map(({ headers }) => headers["webhook-id"]);
  expect(ids[1]).toBe(first.headers["webhook-id"]);
  expect(server.posted[1]?.text).toBe(first.text);
  expect(server.posted[2]?.json.data.text).toBe("two");
  await eventually(async () => (await hooks())[0]?.pending === 0, { what: "nothing is pending" });
});

test("a command that a killed daemon left is ended, and run again", async () => {
  const pids = join(home.dir, "pids");
  const gate = join(home.dir, "gate");
  const line = `echo $$ >> ${pids}; test -e ${gate} || exec sleep 1000; ${recorder()}`;
  configure([{ on: ["turn.completed"], run: line, timeout: "10m" }]);
  await home.ok(["new", "bot", "-d"]);
  await home.ok(["send", "bot", "--wait", "say one"]);
  const pid = await eventually(() => Number(readFileSync(pids, "utf8").trim()), {
    what: "the command runs",
  });
  // Its pid is written down as soon as it runs, and nothing else tells of it.
  await home.ok(["ls"]);
  await home.killDaemon();
  writeFileSync(gate, "");
  await home.ok(["ls"]);
  expect((await until("turn.completed")).data.text).toBe("one");
  expect(home.processes().map((process) => process.pid)).not.toContain(pid);
});

test("a hook that hangs or fails holds up no session, and shows", async () => {
  configure([
    { name: "hung", on: ["turn.completed"], run: "sleep 1000", timeout: "10m" },
    { name: "broken", on: ["turn.completed"], run: "echo why >&2; exit 7" },
    { name: "refused", on: ["turn.completed"], post: server.url + secretPath },
    { name: "fine", on: ["turn.completed"], run: recorder() },
  ]);
  await home.ok(["new", "bot", "-d"]);
  server.answers = Array(100).fill([503, { "retry-after": "3600" }]);
  for (let i = 0; i < 6; i++) await home.ok(["send", "bot", "--wait", `say ${i}`]);
  await eventually(() => heard().length === 6, { what: "the fine one was told of all" });
  const found = await eventually(
    async () => {
      const [hung, broken, refused, fine] = await hooks();
      return broken?.failed === 6 && refused?.retryAt !== null && { hung, broken, refused, fine };
    },
    { what: "the others show" },
  );
  expect(found).toMatchObject({
    hung: { pending: 6, delivered: 0 },
    broken: { pending: 0, error: "exit code 7: why" },
    refused: { pending: 6, error: "answered 503" },
    fine: { pending: 0, delivered: 6, error: null },
  });
  // Two at most were on their way when it said to wait.
  expect(server.posted.length).toBeLessThanOrEqual(2);
  const status = await home.ok(["daemon", "status"]);
  expect(status).toContain("2 failing");
  expect(Math.max(...status.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
});

test("what fails is tried again until it is taken", async () => {
  configure([{ on: ["turn.completed"], post: server.url }]);
  server.answers = [500, "cut", 204];
  await home.ok(["new", "bot", "-d"]);
  await home.ok(["send", "bot", "--wait", "say x"]);
  await eventually(() => server.posted.length === 3, { what: "three attempts" });
  expect(new Set(server.posted.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
  expect(await eventually(async () => (await hooks())[0]?.delivered, { what: "it is taken" })).toBe(
    1,
  );
});

test("while nobody answers, what waits is not tried one by one, and goes out when somebody does", async () => {
  configure([{ on: ["turn.completed"], post: server.url }]);
  server.answers = Array(100).fill("cut");
  await home.ok(["new", "bot", "-d"]);
  for (let i = 0; i < 6; i++) await home.ok(["send", "bot", "--wait", `say ${i}`]);
  await eventually(async () => (await hooks())[0]?.retryAt, { what: "the hook pauses" });
  const ids = () => new Set(server.posted.map(({ headers }) => headers["webhook-id"]));
  await eventually(() => server.posted.length >= 3, { what: "it is tried again" });
  expect((await hooks())[0]).toMatchObject({ pending: 6, delivered: 0 });
  server.answers = [];
  await eventually(async () => (await hooks())[0]?.delivered === 6, { what: "all are taken" });
  expect(ids().size).toBe(6);
});

test("a URL that is gone is left alone", async () => {
  configure([{ on: ["turn.completed"], post: server.url }]);
  server.answers = [410];
  await home.ok(["new", "bot", "-d"]);
  for (const text of ["one", "two"]) await home.ok(["send", "bot", "--wait", `say ${text}`]);
  await eventually(async () => (await hooks())[0]?.failed === 1, { what: "it shows" });
  expect((await hooks())[0]).toMatchObject({ pending: 0, error: "answered 410" });
  expect(server.posted).toHaveLength(1);
});

test("hooks test sends a sample, and says what came of it", async () => {
  configure([
    { name: "web", on: ["turn.completed"], post: server.url, body: { text: "{{data.summary}}" } },
    { name: "local", on: ["turn.completed", "turn.failed"], run: recorder() },
  ]);
  const tried = await home.ok(["hooks", "test", "turn.completed"]);
  expect(tried).toMatch(/^web: done in \d+ ms, 204\nlocal: done in \d+ ms, exit code 0\n$/);
  expect(server.posted[0]?.json).toEqual({ text: "example is done: All tests pass now." });
  expect(heard()[0]).toMatchObject({ test: true, type: "turn.completed" });
  await home.ok(["hooks", "test", "session.crashed", "--hook", "web"]);
  expect(server.posted).toHaveLength(2);
  server.answers = [500];
  const failed = await home.cli(["hooks", "test", "turn.failed", "--hook", "web", "--json"]);
  expect(failed.code).toBe(1);
  expect(JSON.parse(failed.stdout)).toMatchObject([{ hook: "web", outcome: "failed" }]);
  const none = await home.cli(["hooks", "test", "approval.lost"]);
  expect(none).toMatchObject({ code: 1, stderr: expect.stringContaining("There are: web, local") });
  const unknown = await home.cli(["hooks", "test", "turn.done"]);
  expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining("turn.completed") });
});

test("secrets of hooks are in no log and no answer", async () => {
  const keyFile = join(home.dir, "key");
  writeFileSync(keyFile, `whsec_${Buffer.alloc(32, "SECRETKEY").toString("base64")}`, {
    mode: 0o600,
  });
  configure(
    [
      {
        on: ["turn.completed"],
        post: server.url + secretPath,
        secretFile: keyFile,
        headers: { Authorization: "Basic SECRETHEADER" },
      },
      { on: ["turn.completed"], run: ["/bin/false", "SECRETARGUMENT"] },
    ],
    { logLevel: "debug" },
  );
  server.answers = [500];
  await home.ok(["new", "bot", "-d"]);
  await home.ok(["send", "bot", "--wait", "say x"]);
  await eventually(() => server.posted.length === 2, { what: "a second attempt" });
  await eventually(async () => (await hooks())[1]?.failed === 1, {
    what: "the command has failed",
  });
  const told = [await home.ok(["hooks", "ls"]), await home.ok(["daemon", "status", "--json"])];
  const trial = await home.cli(["hooks", "test", "turn.completed"]);
  expect(
    [...told, trial.stdout, trial.stderr, ...filesIn(join(home.dir, "state"))].join("\n"),
  ).not.toMatch(/SECRET|U0VDUkVU/);
});

function filesIn(dir: string): string[] {
  return readdirSync(dir, { recursive: true })
    .map((name) => join(dir, String(name)))
    .filter((file) => statSync(file).isFile())
    .map((file) => readFileSync(file, "latin1"));
}

test("a wrong hook is refused by the config, without its value", async () => {
  configure([{ on: ["turn.completed"], post: "SECRETURL" }]);
  const { code, stderr } = await home.cli(["ls"]);
  expect(code).not.toBe(0);
  expect(stderr).toContain("hooks[0].post is a URL that begins with https://");
  expect(stderr).not.toContain("SECRETURL");
});

test("what is forgotten is not told, and what a hook was that is gone neither", async () => {
  configure([{ name: "old", on: ["turn.completed", "session.ended"], post: server.url }]);
  server.answers = Array(100).fill([503, { "retry-after": "3600" }]);
  await home.ok(["new", "bot", "-d"]);
  await home.ok(["send", "bot", "--wait", "say x"]);
  await eventually(async () => (await hooks())[0]?.retryAt, { what: "it waits" });
  await home.ok(["kill", "bot"]);
  await eventually(async () => (await hooks())[0]?.pending === 2, { what: "two are to be told" });
  await home.ok(["rm", "bot"]);
  expect((await hooks())[0]?.pending).toBe(0);
  await home.ok(["new", "web", "-d"]);
  await home.ok(["send", "web", "--wait", "say y"]);
  expect((await hooks())[0]?.pending).toBe(1);
  configure([{ name: "new", on: ["turn.completed"], post: server.url }]);
  await home.ok(["daemon", "restart"]);
  expect(await hooks()).toMatchObject([{ name: "new", pending: 0 }]);
  expect(home.daemonLog()).toContain("a hook is not in the config file any more");
});
