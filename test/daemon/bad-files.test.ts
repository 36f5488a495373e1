/** Files that are broken, foreign or from the future: the daemon says which, and touches none. */
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../support/eventually.ts";
import { createHome, type Home } from "../support/home.ts";
import { createSession, say } from "../support/sessions.ts";

let home: Home;
beforeEach(async () => {
  home = await createHome();
});
afterEach(() => home.close());

/** A command fails with this, in three lines at most and without a stack, and no daemon stays. */
async function refused(code: number, ...words: string[]): Promise<void> {
  const outcome = await home.cli(["ls"]);
  expect(outcome).toMatchObject({ code, stdout: "" });
  for (const word of words) expect(outcome.stderr).toContain(word);
  expect(outcome.stderr.trim().split("\n").length).toBeLessThanOrEqual(3);
  expect(outcome.stderr).not.toMatch(/\n\s+at /);
  await noDaemon();
}

const noDaemon = () =>
  eventually(() => home.daemonPids().length === 0, { what: "no daemon stays" });

test.each([
  "",
  "{",
  "[]",
  "7",
  '"text"',
  '{"unknown":1}',
  '{"codex":7}',
  '{"codex":""}',
  '{"logLevel":"loud"}',
  '{"codex":"x"} trailing',
])("the config file %j", async (text) => {
  const file = join(home.dir, "config/config.json");
  writeFileSync(file, text);
  await refused(1, file);
  expect(readFileSync(file, "utf8")).toBe(text);
});

test("no config file at all is as good as an empty one, and none is made", async () => {
  const config = join(home.dir, "elsewhere");
  expect(await home.cli(["ls", "--json"], { env: { HACS_SESSION_HOME: config } })).toMatchObject({
    code: 0,
    stdout: "[]\n",
  });
  expect(() => readFileSync(join(config, "config/config.json"))).toThrow("ENOENT");
});

test.each([
  ["state", 1],
  ["run", 7],
] as const)("a file where the %s directory should be", async (name, code) => {
  writeFileSync(join(home.dir, name), "in the way");
  await refused(code, join(home.dir, name));
  expect(readFileSync(join(home.dir, name), "utf8")).toBe("in the way");
});

test("a history of a newer version is left untouched", async () => {
  await home.ok(["daemon", "start"]);
  await home.ok(["daemon", "stop"]);
  await noDaemon();
  const file = join(home.dir, "state/default/history.db");
  const db = new DatabaseSync(file, { timeout: 5_000 });
  db.exec(
    "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE; PRAGMA user_version = 999",
  );
  db.close();
  const before = readFileSync(file);
  await refused(1, file, "999");
  expect(readFileSync(file).equals(before)).toBe(true);
});

test("a damaged history is named, and left for its owner to look at", async () => {
  const file = join(home.dir, "state/default/history.db");
  mkdirSync(join(home.dir, "state/default"), { recursive: true, mode: 0o700 });
  writeFileSync(file, "all kinds of bytes that are not SQLite's ".repeat(200));
  const before = readFileSync(file);
  await refused(1, file, "damaged");
  expect(readFileSync(file).equals(before)).toBe(true);
});

test("bytes torn off or added at the end of the write-ahead log lose nothing that was acknowledged", async () => {
  const connection = await home.connect();
  await createSession(home, connection, { name: "bot" });
  await say(connection, "bot", "say precious");
  const { seq } = await home.show("bot");
  await home.killDaemon();
  const log = join(home.dir, "state/default/history.db-wal");
  expect(readFileSync(log).length).toBeGreaterThan(0);
  appendFileSync(log, Buffer.alloc(3000, 0xa5));
  const { records } = await (await home.connect()).call("session/history", { name: "bot" });
  expect(records.length).toBeGreaterThanOrEqual(seq);
  expect(records.slice(0, seq).map((record) => record.seq)).toEqual(
    Array.from({ length: seq }, (_, i) => i + 1),
  );
});

test("a session whose environment is lost says so, and can be given another", async () => {
  const connection = await home.connect();
  const { id } = await createSession(home, connection, { name: "bot" });
  await connection.call("session/sleep", { name: "bot" });
  writeFileSync(join(home.dir, "state/default/sessions", id, "env.json"), "{");
  const { code, stderr } = await home.cli(["wake", "bot"]);
  expect([code, stderr]).toEqual([1, expect.stringContaining("environment")]);
  await connection.call("session/wake", { name: "bot", env: home.env });
  expect((await say(connection, "bot", "say back")).text).toBe("back");
});

test("a socket path that the system would cut is refused, with its length and what helps", async () => {
  const long = join(home.dir, "x".repeat(120), "d.sock");
  const { code, stderr } = await home.cli(["-S", long, "ls"]);
  expect(code).toBe(2);
  expect(stderr).toContain("107");
  expect(stderr).toContain(String(Buffer.byteLength(long)));
  const deep = join(home.dir, "y".repeat(100));
  mkdirSync(deep, { mode: 0o700 });
  expect(await home.cli(["ls"], { env: { HACS_SESSION_HOME: deep } })).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("107"),
  });
});

test("where an agent's socket would not fit, the daemon says so at its start", async () => {
  // The longest home whose daemon socket still fits: an agent's socket has a longer name.
  const length = 107 - "/run/default.sock".length - home.dir.length - 1;
  const deep = join(home.dir, "z".repeat(length));
  mkdirSync(deep, { mode: 0o700 });
  const { code, stderr } = await home.cli(["ls"], { env: { HACS_SESSION_HOME: deep } });
  expect([code, stderr]).toEqual([2, expect.stringContaining("107")]);
  await noDaemon();
});
