/** hacs-session is updated while agents run: the next version's daemon adopts them, and the old one's. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { root } from "../support/codex.ts";
import { eventually } from "../support/eventually.ts";
import { expectWhole } from "../support/history-check.ts";
import { createHome, type Home } from "../support/home.ts";
import { runProgram } from "../support/program.ts";
import { createSession, finished } from "../support/sessions.ts";

const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const next = "99.0.0";
let home: Home;
let dist: string;
beforeEach(async () => {
  home = await createHome();
  dist = join(home.dir, "next");
  const build = ["bin/node", "scripts/build.mjs", "cli", "cli-main", "daemon"];
  const env = { PATH: process.env.PATH, HACS_SESSION_DIST: dist, HACS_SESSION_VERSION: next };
  expect(await runProgram("sh", build, { cwd: root, env })).toMatchObject({ code: 0 });
});
afterEach(() => home.close());

/** The command line of the next version. */
const updated = (...args: string[]) =>
  runProgram(process.execPath, [join(dist, "cli.cjs"), ...args], {
    env: home.env,
    cwd: home.work,
  });

test("an update keeps every agent, in a turn or not, and so does the way back", async () => {
  const connection = await home.connect();
  for (const name of ["idle", "working", "asking"]) await createSession(home, connection, { name });
  const send = async (name: string, text: string) =>
    (await connection.call("session/send", { name, content: { text } })).messageId;
  const working = await send("working", "gated k and done");
  const asking = await send("asking", "ask echo allowed");
  await home.model.reached("k");
  await eventually(async () => (await home.show("asking")).approvals === 1, { what: "it asks" });
  const agents = home.agentPids().toSorted();

  // What is new speaks with what runs, and says that it is older.
  const listed = await updated("ls", "--json");
  expect(JSON.parse(listed.stdout)).toHaveLength(3);
  expect((await updated("doctor")).stdout).toContain(`version ${version}; this command is ${next}`);

  expect((await updated("daemon", "restart")).code).toBe(0);
  expect(await home.cliJson(["daemon", "status"])).toMatchObject({ version: next });
  expect(home.agentPids().toSorted()).toEqual(agents);
  home.model.release("k");
  const after = await home.connect();
  expect(await finished(after, "working", working)).toMatchObject({ turnStatus: "completed" });

  await home.ok(["daemon", "restart"]);
  expect(await home.cliJson(["daemon", "status"])).toMatchObject({ version });
  await eventually(async () => (await home.show("asking")).approvals === 1, {
    what: "it still asks",
  });
  await home.ok(["approve", "asking"]);
  const last = await home.connect();
  expect(await finished(last, "asking", asking)).toMatchObject({ turnStatus: "completed" });
  expect(home.agentPids().toSorted()).toEqual(agents);
  for (const name of ["working", "asking"]) await expectWhole(home, name);
});
