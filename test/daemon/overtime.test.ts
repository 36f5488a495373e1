/** Sessions that live so long, turns that take so long, and queues and clients with a bound. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import { eventually } from "../support/eventually.ts";
import { createHome, type Home } from "../support/home.ts";
import { signal } from "../support/processes.ts";
import { createSession, errorOf, finished, say } from "../support/sessions.ts";
import { watch } from "../support/watcher.ts";

let home: Home;
let connection: Connection;
beforeAll(async () => {
  home = await createHome({ config: { maxQueued: 3 } });
  connection = await home.connect();
});
afterAll(() => home.close());

const create = (name: string, limits = {}) => createSession(home, connection, { name, limits });
const send = (name: string, text: string) =>
  connection.call("session/send", { name, content: { text } });
const info = async (name: string) => (await connection.call("session/show", { name })).session;

test("a session ends when its time is over, in a turn too, and says by what", async () => {
  await create("mortal", { ttlMs: 3_000 });
  expect((await info("mortal")).endsAt).not.toBeNull();
  const { messageId } = await send("mortal", "gated mortal");
  await home.model.reached("mortal");
  const watcher = await watch(home, "mortal");
  const { params } = await watcher.until("its end", ({ method }) => method === "session/ended");
  expect(params).toMatchObject({ by: { user: "ttl", from: "3s" }, reason: "it had 3s to live" });
  expect(await finished(connection, "mortal", messageId)).toMatchObject({
    turnStatus: "interrupted",
  });
  expect((await errorOf(send("mortal", "say more"))).code).toBe("session-ended");
  expect((await info("mortal")).endsAt).toBeNull();
  const { entries } = await connection.call("daemon/audit", { name: "mortal" });
  expect(entries.at(-1)).toMatchObject({ action: "kill", by: { kind: "daemon", user: "ttl" } });
  watcher.stop();
});

test("a life counts on while no daemon runs, asleep or not, and from anew when it is changed", async () => {
  for (const name of ["short", "longer", "spared"]) await create(name, { ttlMs: 600_000 });
  await connection.call("session/sleep", { name: "short" });
  await connection.call("session/update", { name: "longer", limits: { ttlMs: 3_600_000 } });
  await connection.call("session/update", { name: "spared", limits: { ttlMs: 0 } });
  const ended = async () => {
    const { sessions } = await connection.call("session/list", { all: true });
    return sessions.find(({ name }) => name === "short")?.state === "ended";
  };
  await home.killDaemon();
  // Ten minutes pass.
  const db = new DatabaseSync(join(home.dir, "state/default/history.db"));
  const past = new Date(Date.now() - 1_000).toISOString();
  db.prepare("UPDATE sessions SET ends_at = ? WHERE name = 'short'").run(past);
  db.close();
  connection = await home.connect();
  await eventually(ended, { what: "the next daemon ends it" });
  // Their agents lived on, and each is found by itself.
  for (const name of ["longer", "spared"])
    await eventually(async () => (await info(name)).state === "idle", { what: `${name} is back` });
  expect((await info("spared")).endsAt).toBeNull();
});

test("a turn that takes too long is interrupted; the receipt, the history and the audit say why", async () => {
  await create("hasty", { maxTurnTimeMs: 1_500 });
  expect((await say(connection, "hasty", "say quick")).turnStatus).toBe("completed");
  const waiting = home.start(["send", "hasty", "gated never", "--wait"]);
  const outcome = await waiting.ended;
  expect(outcome.code).toBe(4);
  expect(outcome.stderr).toContain("the turn took longer than 1s (maxTurnTime)");
  const { messages } = await info("hasty");
  expect(messages.find(({ turnStatus }) => turnStatus === "interrupted")?.error).toContain(
    "maxTurnTime",
  );
  const tail = await home.ok(["tail", "hasty"]);
  expect(tail).toMatch(/interrupted by maxTurnTime .*: the turn took longer than 1s/);
  const { entries } = await connection.call("daemon/audit", { name: "hasty" });
  expect(entries.at(-1)).toMatchObject({ action: "interrupt", by: { user: "maxTurnTime" } });
  expect((await say(connection, "hasty", "say on")).text).toBe("on");
});

test("the time that a turn waits for a person does not count", async () => {
  await create("patient", { maxTurnTimeMs: 4_000 });
  const { messageId } = await send("patient", "ask echo hello");
  await eventually(async () => (await info("patient")).state === "needs-approval", {
    what: "it asks",
  });
  // Another one with the same limit is interrupted meanwhile.
  await create("meanwhile", { maxTurnTimeMs: 4_000 });
  const other = await send("meanwhile", "gated meanwhile");
  expect((await finished(connection, "meanwhile", other.messageId)).error).toContain("maxTurnTime");
  expect((await info("patient")).state).toBe("needs-approval");
  await connection.call("session/answer", { name: "patient", answer: { decision: "accept" } });
  expect((await finished(connection, "patient", messageId)).turnStatus).toBe("completed");
});

test("an agent that does not take the interruption is started anew", async () => {
  const { agentPid } = await create("hung", { maxTurnTimeMs: 1_000 });
  const { messageId } = await send("hung", "gated hung");
  await home.model.reached("hung");
  signal(agentPid!, "SIGSTOP");
  const receipt = await finished(connection, "hung", messageId);
  expect(receipt).toMatchObject({ turnStatus: "interrupted" });
  expect(receipt.error).toContain("maxTurnTime");
  await eventually(async () => (await info("hung")).state === "idle", { what: "it is back" });
  expect(await home.agentPid("hung")).not.toBe(agentPid);
});

test("a queue has a bound; what is refused says what to do, and what is taken is delivered", async () => {
  await create("crowded", { maxQueued: 2 });
  await send("crowded", "gated crowd");
  await home.model.reached("crowd");
  const ids = [];
  for (const text of ["say 1", "say 2"]) ids.push((await send("crowded", text)).messageId);
  const error = await errorOf(send("crowded", "say 3"));
  expect(error).toMatchObject({ code: "queue-full", next: expect.stringContaining("wait") });
  expect(error.message).toContain("at most 2 messages");
  // The same message again is no new one.
  const again = { name: "crowded", id: ids[0]!, content: { text: "say 1" } };
  expect((await connection.call("session/send", again)).status).toBe("accepted");
  // Another session has the config's bound.
  await create("plain");
  expect((await info("plain")).limits.maxQueued).toBe(3);
  home.model.release("crowd");
  for (const id of ids)
    expect((await finished(connection, "crowded", id)).turnStatus).toBe("completed");
});

test("new, update and show speak of limits", async () => {
  await home.ok([
    "new",
    "-d",
    "worded",
    "--ttl",
    "8h",
    "--max-turn-time",
    "1h",
    "--idle-timeout",
    "2h",
  ]);
  const shown = await home.ok(["show", "worded"]);
  expect(shown).toMatch(/^sleeps\s+after 2h idle, in 1h 59m/m);
  expect(shown).toMatch(/^ends\s+\S+Z \(in 7h 59m\)/m);
  expect(shown).toMatch(/^turns\s+at most 1h$/m);
  expect(shown).toMatch(/^queue\s+at most 3 messages$/m);
  const { stderr } = await home.cli(["update", "worded", "--ttl", "never", "--max-queued", "7"]);
  expect(stderr).toContain("worded sleeps after 2h idle");
  expect(await info("worded")).toMatchObject({
    endsAt: null,
    limits: { maxQueued: 7, ttlMs: null },
  });
  await home.ok(["update", "worded", "--max-queued", "default", "--idle-timeout", "never"]);
  expect(await info("worded")).toMatchObject({ limits: { maxQueued: 3, idleTimeoutMs: null } });
  const wrong = await home.cli(["update", "worded", "--ttl", "soon"]);
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('got "soon"') });
  const findings = await home.cliJson(["doctor"]).catch(() => []);
  expect(JSON.stringify(findings)).toContain("run at once");
});
