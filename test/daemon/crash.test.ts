/** What becomes of a turn whose agent died in it, and of an agent that lives and does not answer. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import type { OnCrash } from "../../src/protocol/session.ts";
import { eventually } from "../support/eventually.ts";
import { expectWhole } from "../support/history-check.ts";
import { createHome, type Home } from "../support/home.ts";
import { signal } from "../support/processes.ts";
import { createSession, finished, say } from "../support/sessions.ts";
import { watch } from "../support/watcher.ts";

let home: Home;
let connection: Connection;
beforeEach(async () => {
  home = await createHome({ config: { stallAfter: "2s" } });
  connection = await home.connect();
});
afterEach(() => home.close());

const create = (name: string, onCrash?: OnCrash) =>
  createSession(home, connection, {
    name,
    spec: onCrash === undefined ? {} : { onCrash },
  });
const send = (name: string, text: string) =>
  connection.call("session/send", { name, content: { text } });
/** What the daemon itself wrote to the agent. */
const asked = async (name: string) => {
  const { records } = await connection.call("session/history", { name, after: 0 });
  return records
    .filter(({ method, params }) => method === "session/message" && params.status === "accepted")
    .filter(({ params }) => String(params.id).startsWith("go-on-"));
};
const idle = (name: string) =>
  eventually(async () => (await home.show(name)).state === "idle", { what: `${name} is idle` });

test("a crash marks its turn, in the history and on the receipt, and the agent is left alone", async () => {
  await create("bot");
  const watcher = await watch(home, "bot");
  const { messageId } = await send("bot", "gated k never");
  await home.model.reached("k");
  const { turn } = await home.show("bot");
  await home.killAgent("bot");
  const crashed = await watcher.until(
    "the crash",
    ({ method, params }) => method === "session/agent" && params.status === "crashed",
  );
  expect(crashed.params.turnId).toBe(turn?.id);
  expect(await finished(connection, "bot", messageId)).toMatchObject({
    turnStatus: "interrupted",
    error: "its agent died in the middle of the turn",
  });
  const held = await watcher.until("it is held", ({ method }) => method === "session/control");
  expect(held.params).toMatchObject({
    action: "hold",
    detail: { why: expect.stringContaining("--on-crash") },
  });
  await idle("bot");
  expect(await asked("bot")).toEqual([]);
  watcher.stop();
});

test("with --on-crash continue the agent is asked once to go on, before what is queued", async () => {
  await create("bot", "continue");
  await send("bot", "gated k never");
  await home.model.reached("k");
  const { messageId: queued } = await send("bot", "say queued");
  await home.killAgent("bot");
  expect(await finished(connection, "bot", queued)).toMatchObject({ text: "queued" });
  const [message, ...more] = await asked("bot");
  expect(more).toEqual([]);
  expect(message?.params.by).toEqual({ kind: "daemon", user: "the daemon", from: "after a crash" });
  expect(await finished(connection, "bot", String(message?.params.id))).toMatchObject({
    turnStatus: "completed",
  });
  expect(home.model.texts().map((text) => text.slice(0, 11))).toEqual([
    "gated k nev",
    "The process",
    "say queued",
  ]);
  await expectWhole(home, "bot");
});

test("daemon and agent that die together are the same crash, however often the daemon does", async () => {
  await create("bot", "continue");
  await send("bot", "gated k never");
  await home.model.reached("k");
  const [agent] = home.agentPids();
  await home.killDaemon();
  signal(agent!, "SIGKILL");
  // The first of these begins to look, and is killed somewhere on the way.
  await home.ok(["ls"]);
  // What it is just starting looks like the daemon for a moment.
  await eventually(() => home.killDaemon(), { what: "the daemon is killed" });
  connection = await home.connect();
  const message = await eventually(async () => (await asked("bot"))[0], { what: "it is asked" });
  expect(await finished(connection, "bot", String(message.params.id))).toMatchObject({
    turnStatus: "completed",
  });
  await home.ok(["restart", "bot"]);
  expect(await asked("bot")).toHaveLength(1);
});

test("an agent that dies again and again is asked three times, and then held", async () => {
  home.model.on(/^The process/, async function* ({ signal }) {
    yield { text: "going on " };
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  });
  await create("bot", "continue");
  const watcher = await watch(home, "bot");
  await send("bot", "gated k never");
  await home.model.reached("k");
  for (let crash = 1; crash <= 4; crash++) {
    await home.killAgent("bot");
    if (crash > 3) break;
    await eventually(async () => (await asked("bot")).length === crash, { what: `asked ${crash}` });
    await eventually(() => home.model.requests.length > crash, { what: "it went on" });
  }
  const held = await watcher.until("it is held", ({ method }) => method === "session/control");
  expect(held.params).toMatchObject({ action: "hold", by: { kind: "daemon" } });
  await idle("bot");
  expect(await asked("bot")).toHaveLength(3);
  // A person goes on, and it is a new story.
  expect((await say(connection, "bot", "say hello")).text).toBe("hello");
  watcher.stop();
});

test("a turn that waited for an approval, or was stopped on purpose, is not gone on with", async () => {
  await create("asker", "continue");
  await send("asker", "ask echo never");
  await eventually(async () => (await home.show("asker")).approvals === 1, { what: "it asks" });
  await home.killAgent("asker");
  await idle("asker");
  await create("stopped", "continue");
  await send("stopped", "gated s never");
  await home.model.reached("s");
  signal(await home.agentPid("stopped"), "SIGSTOP");
  await home.ok(["restart", "--force", "stopped"]);
  await idle("stopped");
  await create("panicked", "continue");
  await send("panicked", "gated p never");
  await home.model.reached("p");
  await home.ok(["panic", "panicked"]);
  await home.ok(["wake", "panicked"]);
  await idle("panicked");
  for (const name of ["asker", "stopped", "panicked"]) expect(await asked(name)).toEqual([]);
});

test("an agent that does not answer is seen to stall, and to answer again", async () => {
  await create("bot");
  await create("busy");
  const watcher = await watch(home, "bot");
  const { messageId } = await send("bot", "gated k went on");
  await send("busy", "slow 60");
  await home.model.reached("k");
  const pid = await home.agentPid("bot");
  signal(pid, "SIGSTOP");
  const told = (status: string) =>
    watcher.until(
      status,
      ({ method, params }) => method === "session/agent" && params.status === status,
    );
  expect((await told("stalled")).params).toMatchObject({ pid, reason: expect.any(String) });
  const { session } = await connection.call("session/show", { name: "bot" });
  expect([session.state, session.stalledSince]).toEqual(["working", expect.any(String)]);
  expect(await home.ok(["ls"])).toMatch(/working, stalled since/);
  expect(await home.ok(["show", "bot"])).toMatch(/restart --force bot, or panic bot/);
  expect((await home.show("busy")).stalledSince).toBeUndefined();

  signal(pid, "SIGCONT");
  await told("answers");
  home.model.release("k");
  expect(await finished(connection, "bot", messageId)).toMatchObject({ turnStatus: "completed" });
  expect((await home.show("bot")).stalledSince).toBeUndefined();
  watcher.stop();
});
