/**
 * A session's agent runs in the environment of the client that created it, not in the daemon's:
 * the wound of tools that share one server among all directories and shells.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createHome, type Home } from "../support/home.ts";
import { readProcess } from "../support/processes.ts";
import { createSession, say } from "../support/sessions.ts";

let home: Home;
beforeEach(async () => {
  home = await createHome();
  await home.ok(["daemon", "start"], { env: { OF_THE_DAEMON: "1", SHARED: "daemon" } });
});
afterEach(() => home.close());

async function agentEnv(name: string): Promise<Record<string, string>> {
  return readProcess(await home.agentPid(name))!.env;
}

test("the agent, and what it runs, has the environment of the client that made the session", async () => {
  expect(readProcess(home.daemonPid())!.env).toMatchObject({ OF_THE_DAEMON: "1" });
  const connection = await home.connect();
  const env = { SHARED: "client", ODD: "two\nlines = ünïcode" };
  const { id } = await createSession(home, connection, { name: "bot", env });

  const had = await agentEnv("bot");
  expect(had).toMatchObject({ ...home.env, ...env, HACS_SESSION: "bot" });
  expect(had).not.toHaveProperty("OF_THE_DAEMON");
  const { text } = await say(connection, "bot", "run echo $SHARED/$OF_THE_DAEMON/$HACS_SESSION");
  expect(text).toContain("client//bot");

  // It may hold secrets: only its owner reads it, and it is in no other file of ours.
  const directory = join(home.dir, "state/default/sessions", id);
  expect(statSync(join(directory, "env.json")).mode & 0o777).toBe(0o600);
  expect(statSync(directory).mode & 0o777).toBe(0o700);
});

test("a secret in the environment is in no log and no history", async () => {
  const connection = await home.connect();
  const canary = "canary-7d1f0c";
  await createSession(home, connection, { name: "bot", env: { API_KEY: canary } });
  await say(connection, "bot", "say hello");
  await home.ok(["restart", "bot"]);
  expect((await agentEnv("bot")).API_KEY).toBe(canary);
  const state = join(home.dir, "state/default");
  const files = readdirSync(state, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  expect(files.some((file) => file.endsWith("daemon.log"))).toBe(true);
  const telling = files.filter((file) => readFileSync(file).includes(canary));
  expect(telling.map((file) => file.split("/").at(-1))).toEqual(["env.json"]);
  expect(JSON.stringify(await home.show("bot"))).not.toContain(canary);
  expect(home.processes().filter(({ argv }) => argv.join(" ").includes(canary))).toEqual([]);
});

test("it is kept for the next daemon's wake, whatever that daemon was started with", async () => {
  await home.ok(["new", "bot", "-d", "-e", "MINE=kept"], { env: { SHARED: "client" } });
  await home.ok(["sleep", "bot"]);
  await home.killDaemon();
  await home.ok(["daemon", "start"], { env: { SHARED: "another daemon" } });
  await home.ok(["wake", "bot"], { env: { SHARED: "another client" } });
  expect(await agentEnv("bot")).toMatchObject({ SHARED: "client", MINE: "kept" });
});

test("restart and wake take a new environment when they are given one", async () => {
  const connection = await home.connect();
  await createSession(home, connection, { name: "bot", env: { LEVEL: "1", GONE: "soon" } });
  await connection.call("session/restart", { name: "bot", env: { ...home.env, LEVEL: "2" } });
  const second = await agentEnv("bot");
  expect(second.LEVEL).toBe("2");
  expect(second).not.toHaveProperty("GONE");
  await connection.call("session/sleep", { name: "bot" });
  await connection.call("session/wake", { name: "bot", env: { ...home.env, LEVEL: "3" } });
  expect((await agentEnv("bot")).LEVEL).toBe("3");
  // A client that attaches brings its own along, for the next start; a read-only one does not.
  const attach = { name: "bot", env: { ...home.env, LEVEL: "4" } };
  await connection.call("session/attach", { ...attach, readOnly: true });
  await connection.call("session/detach", { name: "bot" });
  await connection.call("session/restart", { name: "bot" });
  expect((await agentEnv("bot")).LEVEL).toBe("3");
  await connection.call("session/attach", attach);
  expect((await agentEnv("bot")).LEVEL).toBe("3");
  await connection.call("session/restart", { name: "bot" });
  expect((await agentEnv("bot")).LEVEL).toBe("4");
});
