/** A codex that is updated while agents run: the idle go over, whoever is in the middle waits. */
import { execFileSync } from "node:child_process";
import { chmodSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import { codexBinary, joinCodex } from "../support/codex.ts";
import { eventually } from "../support/eventually.ts";
import { expectWhole } from "../support/history-check.ts";
import { createHome, type Home } from "../support/home.ts";
import { createSession, say } from "../support/sessions.ts";

let home: Home;
let connection: Connection;
let codex: string;
beforeEach(async () => {
  home = await createHome();
  codex = join(home.dir, "bin-codex");
  install("0.169.0");
  home.configure({ codex });
  connection = await home.connect();
});
afterEach(() => home.close());

/** The real codex under another version's name; it takes the old one's place in one step. */
function install(version: string): void {
  writeFileSync(
    `${codex}.new`,
    `#!/bin/sh\n[ "$1" = --version ] && { echo "codex-cli ${version}"; exit; }\nexec ${codexBinary} "$@"\n`,
  );
  chmodSync(`${codex}.new`, 0o755);
  renameSync(`${codex}.new`, codex);
}

const versionOf = async (name: string) => (await home.show(name)).codexVersion;

test("idle agents go over; one in a turn and one that is asked do so after it", async () => {
  for (const name of ["idle", "working", "asking", "other"])
    await createSession(home, connection, { name });
  await say(connection, "idle", "say before");
  await connection.call("session/sleep", { name: "other" });
  await home.ok(["send", "working", "gated k and done"]);
  await home.ok(["send", "asking", "ask echo allowed"]);
  await home.model.reached("k");
  await eventually(async () => (await home.show("asking")).approvals === 1, { what: "it asks" });
  const agents = [await home.agentPid("working"), await home.agentPid("asking")];

  install("0.169.1");
  // Nothing looks at the disk by the clock: something has to happen.
  await connection.call("session/wake", { name: "other" });
  await eventually(async () => (await versionOf("idle")) === "0.169.1", {
    what: "the idle one goes over",
  });
  expect(await versionOf("other")).toBe("0.169.1");
  expect([await home.agentPid("working"), await home.agentPid("asking")]).toEqual(agents);
  expect(await home.cliJson(["daemon", "status"])).toMatchObject({
    codexVersion: "0.169.1",
    agentVersions: { "0.169.0": 2, "0.169.1": 2 },
  });
  expect(await home.ok(["daemon", "status"])).toMatch(/codex +0\.169\.1, 2 agents on 0\.169\.0/);
  expect(await home.ok(["show", "working"])).toMatch(/version +0\.169\.0/);

  home.model.release("k");
  await home.ok(["approve", "asking"]);
  for (const name of ["working", "asking"])
    await eventually(async () => (await versionOf(name)) === "0.169.1", {
      what: `${name} goes over after its turn`,
    });
  for (const name of ["idle", "working", "asking"]) {
    const records = await expectWhole(home, name);
    const asleep = records.find(({ params }) => params.status === "asleep");
    expect(asleep?.params.reason).toBe("codex 0.169.0 was replaced by 0.169.1");
    expect(records.filter(({ params }) => params.turnStatus === "interrupted")).toEqual([]);
  }
  expect((await say(connection, "idle", "say after")).text).toBe("after");
  expect(home.model.conversation().slice(-1)).toEqual(["say after"]);
});

test("an agent stays with its codex while there is none, or one too old, and then goes over", async () => {
  await createSession(home, connection, { name: "bot" });
  await say(connection, "bot", "say one");
  const agent = await home.agentPid("bot");
  for (const broken of [() => rmSync(codex), () => install("0.1.0")]) {
    broken();
    const before = home.daemonLog().split("stays with its codex").length;
    await say(connection, "bot", "say more");
    await eventually(() => home.daemonLog().split("stays with its codex").length > before, {
      what: "it was looked at",
    });
    expect(await home.agentPid("bot")).toBe(agent);
  }
  install("0.170.0");
  await say(connection, "bot", "say last");
  await eventually(async () => (await versionOf("bot")) === "0.170.0", { what: "it goes over" });
});

test("the daemon that adopts an agent sees that its codex was updated meanwhile", async () => {
  await createSession(home, connection, { name: "bot" });
  await say(connection, "bot", "say one");
  const agent = await home.agentPid("bot");
  await home.killDaemon();
  install("0.169.2");
  connection = await home.connect();
  await eventually(async () => (await versionOf("bot")) === "0.169.2", { what: "it goes over" });
  expect(await home.agentPid("bot")).not.toBe(agent);
});

test("what an agent left running in the background keeps it where it is, until it ends", async () => {
  home.model.on(/^background/, async function* ({ toolOutput }) {
    if (toolOutput !== null) return yield { text: "left behind" };
    yield {
      call: "exec_command",
      arguments: { cmd: "cat fifo", yield_time_ms: 250 },
    };
  });
  execFileSync("mkfifo", [join(home.work, "fifo")]);
  await createSession(home, connection, { name: "bot" });
  await say(connection, "bot", "background please");
  const agent = await home.agentPid("bot");
  install("0.169.3");
  await lookedAt("0.169.3");
  expect(await home.agentPid("bot")).toBe(agent);
  writeFileSync(join(home.work, "fifo"), "");
  await eventually(async () => (await versionOf("bot")) === "0.169.3", {
    what: "it goes over when the command has ended",
  });
});

test("a client of codex's own is not cut off for it", async () => {
  await createSession(home, connection, { name: "bot" });
  await say(connection, "bot", "say one");
  const agent = await home.agentPid("bot");
  const { codexSocket } = await home.show("bot");
  const client = await joinCodex(codexSocket!);
  await eventually(async () => (await home.show("bot")).clients === 1, { what: "it is attached" });
  install("0.169.3");
  await lookedAt("0.169.3");
  expect(await home.agentPid("bot")).toBe(agent);
  client.close();
  await eventually(async () => (await versionOf("bot")) === "0.169.3", {
    what: "it goes over when the client has left",
  });
});

/** Another session's going over, which comes after "bot" in line, shows that all were looked at. */
async function lookedAt(version: string): Promise<void> {
  const { agentPid } = await createSession(home, connection, { name: "probe" });
  install(`${version}-next`);
  install(version);
  await say(connection, "probe", "say three");
  await eventually(
    async () =>
      (await versionOf("probe")) === version && (await home.agentPid("probe")) !== agentPid,
    {
      what: "the others go over",
    },
  );
}
