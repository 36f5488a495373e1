/**
 * The promise that everything else rests on: the daemon, or codex, is killed with SIGKILL in the
 * middle of things, and nothing is lost or said twice.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { patchCommand } from "../../src/demo/reply.ts";
import type { JsonObject } from "../../src/protocol/messages.ts";
import { joinCodex } from "../support/codex.ts";
import { eventually } from "../support/eventually.ts";
import { clientIdsIn, historyOf } from "../support/history.ts";
import { expectWhole } from "../support/history-check.ts";
import { createHome, type Home } from "../support/home.ts";
import { watch } from "../support/watcher.ts";

let home: Home;
beforeEach(async () => {
  home = await createHome();
  await home.ok(["new", "bot", "-d"]);
});
afterEach(() => home.close());

const delta = (text: string) => (event: { method: string; params: JsonObject }) =>
  event.method === "item/agentMessage/delta" && String(event.params.delta).includes(text);

test("the daemon is killed in the middle of an answer: the same turn finishes", async () => {
  const watcher = await watch(home, "bot");
  const id = (await home.ok(["send", "bot", "gated k the rest of it"])).trim();
  await home.model.reached("k");
  await watcher.until("the first half", delta("before"));
  const agentPid = await home.agentPid("bot");

  await home.killDaemon();
  home.model.release("k");

  const finished = await watcher.message(id, "finished");
  expect(finished.params).toMatchObject({ turnStatus: "completed" });
  expect(finished.params.text).toContain("the rest of it");
  expect(await home.agentPid("bot")).toBe(agentPid);
  expect(home.model.texts()).toEqual(["gated k the rest of it"]);
  const records = await expectWhole(home, "bot");
  expect(clientIdsIn(records)).toEqual([id]);
  // The client that was there all along saw exactly the history, each record once.
  expect(watcher.records().map(({ seq }) => seq)).toEqual(
    records.slice(0, watcher.records().length).map(({ seq }) => seq),
  );
  watcher.stop();
});

test("the daemon is killed while an approval waits: it stays answerable, under the same id", async () => {
  const id = (await home.ok(["send", "bot", "ask echo approved"])).trim();
  const watcher = await watch(home, "bot");
  const asked = await watcher.until("the approval", ({ method }) => method === "session/approval");
  const approval = asked.params.approval as JsonObject;
  const agentPid = await home.agentPid("bot");

  await home.killDaemon();

  await eventually(async () => (await home.cliJson(["approvals", "bot"])).length === 1, {
    what: "the approval is back",
  });
  const [waiting] = await home.cliJson(["approvals", "bot"]);
  expect(waiting.id).toBe(approval.id);
  await home.ok(["approve", "bot", waiting.id]);
  const finished = await watcher.message(id, "finished");
  expect(finished.params).toMatchObject({ turnStatus: "completed" });
  expect(finished.params.text).toContain("approved");
  expect(await home.agentPid("bot")).toBe(agentPid);
  const records = await expectWhole(home, "bot");
  const statuses = records
    .filter(({ method }) => method === "session/approval")
    .map(({ params }) => params.status);
  expect(statuses).toEqual(["requested", "answered"]);
  watcher.stop();
});

test("a file change that codex asks for while no daemon runs is told as the model wrote it, and offered once", async () => {
  await home.ok(["new", "careful", "-d", "-s", "read-only"]);
  const patch = patchCommand("seen.txt", "hello");
  const id = (await home.ok(["send", "careful", `gatedrun k ${patch}`])).trim();
  await home.model.reached("k");
  const codex = await joinCodex(await home.agentSocket("careful"));
  await home.killDaemon();
  home.model.release("k");
  await codex.until("codex asks", ({ params }) =>
    JSON.stringify(params.status ?? null).includes("waitingOnApproval"),
  );
  codex.close();

  const waiting = () => home.cliJson(["approvals", "careful"]);
  await eventually(async () => (await waiting()).length === 1, { what: "the approval is there" });
  const [asked] = await waiting();
  expect(asked).toMatchObject({ kind: "fileChange", command: patch });
  expect(asked.unknown).toContain("this is what the model wrote");
  const decisions = asked.decisions.map((decision: JsonObject) => decision.id);
  expect(decisions).toEqual(["accept", "decline", "cancel"]);
  const shown = await home.ok(["approvals", "careful"]);
  expect(shown).toContain("! not known: ");
  expect(shown).toContain("*** Add File: seen.txt");
  const wider = await home.cli(["approve", "careful", "--for-session"]);
  expect(wider.code).toBe(2);
  await home.ok(["approve", "careful"]);
  await home.ok(["wait", "careful"]);
  expect(readFileSync(join(home.work, "seen.txt"), "utf8")).toBe("hello\n");
  expect((await historyOf(home, "careful")).some(({ params }) => params.id === id)).toBe(true);
});

test("the daemon is down while a turn begins and ends items: they are fetched, and the gap is told", async () => {
  const id = (await home.ok(["send", "bot", "gatedrun k echo while-away"])).trim();
  await home.model.reached("k");
  await home.killDaemon();
  home.model.release("k");
  await eventually(
    () => home.model.requests.some(({ toolOutput }) => toolOutput?.includes("while-away")),
    { what: "the command ran without a daemon" },
  );

  const watcher = await watch(home, "bot");
  await watcher.message(id, "finished");
  const records = await expectWhole(home, "bot");
  const gap = records.find(({ method }) => method === "session/gap");
  expect(gap?.params.recovered).toBeGreaterThan(0);
  expect(
    records.some(
      ({ params }) => (params.item as JsonObject | undefined)?.type === "commandExecution",
    ),
  ).toBe(true);
  watcher.stop();
});

test("codex is killed in the middle of an answer: the turn is told as interrupted, and the session goes on", async () => {
  const watcher = await watch(home, "bot");
  const id = (await home.ok(["send", "bot", "gated k never"])).trim();
  await watcher.until("the first half", delta("before"));
  const next = (await home.ok(["send", "bot", "say back again"])).trim();
  await home.killAgent("bot");

  const interrupted = await watcher.message(id, "finished");
  expect(interrupted.params.turnStatus).toBe("interrupted");
  const finished = await watcher.message(next, "finished");
  expect(finished.params).toMatchObject({ turnStatus: "completed", text: "back again" });
  const records = await expectWhole(home, "bot");
  expect(clientIdsIn(records)).toEqual([id, next]);
  const cut = records.find(({ method }) => method === "session/cut");
  expect(cut?.params.item).toMatchObject({ text: expect.stringContaining("before k") });
  watcher.stop();
});

test("codex is killed while an approval waits: the late answer is a clear error", async () => {
  await home.ok(["send", "bot", "ask echo never"]);
  const watcher = await watch(home, "bot");
  const asked = await watcher.until("the approval", ({ method }) => method === "session/approval");
  await home.killAgent("bot");
  await watcher.until(
    "the approval is lost",
    ({ method, params }) => method === "session/approval" && params.status === "lost",
  );
  const { code, stderr } = await home.cli([
    "approve",
    "bot",
    String((asked.params.approval as JsonObject).id),
  ]);
  expect(code).toBe(1);
  expect(stderr).toContain("can't be answered any more");
  watcher.stop();
});

test("daemon and codex are killed together: what was acknowledged is delivered when they are back", async () => {
  const first = (await home.ok(["send", "bot", "gated k never"])).trim();
  await home.model.reached("k");
  const second = (await home.ok(["send", "bot", "say second"])).trim();
  const [agent] = home.agentPids();
  await home.killDaemon();
  process.kill(agent!, "SIGKILL");

  const watcher = await watch(home, "bot");
  await watcher.message(first, "finished");
  const finished = await watcher.message(second, "finished");
  expect(finished.params.text).toBe("second");
  expect(clientIdsIn(await expectWhole(home, "bot"))).toEqual([first, second]);
  watcher.stop();
});

test("a daemon that was stopped in the middle of a turn leaves the agent at it, for the next to adopt", async () => {
  const id = (await home.ok(["send", "bot", "gated k finished alone"])).trim();
  await home.model.reached("k");
  const [agentPid] = home.agentPids();
  const stopped = await home.ok(["daemon", "stop"]);
  expect(stopped).toContain("finishes the turn");
  home.model.release("k");

  const watcher = await watch(home, "bot");
  const finished = await watcher.message(id, "finished");
  expect(finished.params).toMatchObject({ turnStatus: "completed" });
  expect(finished.params.text).toContain("finished alone");
  expect(await home.agentPid("bot")).toBe(agentPid);
  await expectWhole(home, "bot");
  watcher.stop();
});

test("what was shown of an answer outlives the daemon, and is kept when nothing more comes of it", async () => {
  const early = await watch(home, "bot");
  await home.ok(["send", "bot", "gated k never"]);
  await home.model.reached("k");
  await early.until("the first half", delta("before"));
  const { id } = await home.show("bot");
  // The draft is written down a moment after it was shown.
  const saved = () => {
    const db = new DatabaseSync(join(home.dir, "state/default/history.db"), { readOnly: true });
    const row = db.prepare("SELECT draft FROM drafts WHERE session = ?").get(id);
    db.close();
    return String(row?.draft ?? "").includes("before k");
  };
  await eventually(saved, { what: "the draft is written down" });
  const [agent] = home.agentPids();
  await home.killDaemon();
  const late = await watch(home, "bot");
  const draft = await late.until("the draft", ({ method }) => method === "session/draft");
  expect(JSON.stringify(draft.params)).toContain("before k");
  process.kill(agent!, "SIGKILL");
  const cut = await late.until("the cut", ({ method }) => method === "session/cut");
  expect(cut.params.item).toMatchObject({ text: expect.stringContaining("before k") });
  early.stop();
  late.stop();
});

test("an agent that hangs in a turn is an error to who interrupts it, and to nobody else", async () => {
  await home.ok(["send", "bot", "gated k never"]);
  await home.model.reached("k");
  await home.ok(["new", "other", "-d"]);
  const daemonPid = home.daemonPid();
  process.kill(await home.agentPid("bot"), "SIGSTOP");
  const { code, stderr } = await home.cli(["interrupt", "bot"]);
  expect([code, stderr]).toEqual([124, expect.stringContaining("did not end within")]);
  expect(await home.ok(["send", "other", "--wait", "say alive"])).toContain("alive");
  await home.ok(["kill", "bot"]);
  expect(home.daemonPid()).toBe(daemonPid);
});

test("an agent that hangs while the daemon starts can be killed, and does not keep the daemon", async () => {
  await home.ok(["send", "bot", "--wait", "say hello"]);
  process.kill(await home.agentPid("bot"), "SIGSTOP");
  await home.killDaemon();
  expect((await home.cliJson(["ls"]))[0].state).toBe("starting");
  await home.ok(["restart", "--force", "bot"]);
  expect(await home.ok(["send", "bot", "--wait", "say again"])).toContain("again");
  process.kill(await home.agentPid("bot"), "SIGSTOP");
  await home.killDaemon();
  await home.ok(["ls"]);
  await home.ok(["daemon", "stop", "--end"]);
  await eventually(() => home.agentPids().length === 0, { what: "no agent is left" });
});
