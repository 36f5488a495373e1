/** Questions of codex's: everyone sees them, the first answer counts, and a late one is told so. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import type { ApprovalDetail } from "../../src/protocol/session.ts";
import { createHome, type Home } from "../support/home.ts";
import { createSession, errorOf, finished, type Wanted } from "../support/sessions.ts";
import { type Watcher, watch } from "../support/watcher.ts";

let home: Home;
let connection: Connection;
beforeAll(async () => {
  home = await createHome();
  connection = await home.connect();
});
afterAll(() => home.close());

const file = (name: string) => join(home.work, name);

/** A session that was sent `text` and waits for an answer. */
async function asking(name: string, text: string, spec: Wanted["spec"] = {}) {
  await createSession(home, connection, { name, spec });
  const watcher = await watch(home, name);
  const { messageId } = await connection.call("session/send", { name, content: { text } });
  return { watcher, messageId, approval: await asked(watcher) };
}

async function asked(watcher: Watcher, nth = 0): Promise<ApprovalDetail> {
  const requests = () =>
    watcher
      .records()
      .filter(
        ({ method, params }) => method === "session/approval" && params.status === "requested",
      );
  await watcher.until(`question ${nth + 1}`, () => requests().length > nth);
  return requests()[nth]!.params.approval as unknown as ApprovalDetail;
}

const answer = (client: Connection, name: string, id: string | undefined, decision: string) =>
  client.call("session/answer", {
    name,
    ...(id === undefined ? {} : { id }),
    answer: { decision },
  });

const settled = (watcher: Watcher, id: string) =>
  watcher.until(
    `${id} is settled`,
    ({ method, params }) => method === "session/approval" && params.id === id,
  );

test("a command waits for its answer, is shown whole, and runs when it is accepted", async () => {
  const { watcher, messageId, approval } = await asking("command", `ask touch ${file("accepted")}`);
  expect(approval).toMatchObject({
    session: "command",
    kind: "command",
    command: expect.stringContaining(`touch ${file("accepted")}`),
    cwd: home.work,
    reason: "a test",
    method: "item/commandExecution/requestApproval",
  });
  expect(approval.decisions[0]).toEqual({ id: "accept", label: "Yes, this once" });
  // Random: codex's own small integers could be guessed.
  expect(approval.id).toMatch(/^[0-9a-f]{20}$/);
  expect(await home.show("command")).toMatchObject({ state: "needs-approval", approvals: 1 });
  expect(existsSync(file("accepted"))).toBe(false);

  const result = await answer(connection, "command", undefined, "accept");
  expect(result).toMatchObject({
    decision: "accept",
    approval: { id: approval.id, session: "command" },
  });
  expect(await finished(connection, "command", messageId)).toMatchObject({
    turnStatus: "completed",
  });
  expect(existsSync(file("accepted"))).toBe(true);
  expect((await settled(watcher, approval.id)).params).toMatchObject({
    status: "answered",
    decision: "accept",
    kind: "command",
    command: approval.command,
    by: { kind: "script" },
  });
  watcher.stop();
});

test("two who answer at once: one is heard, the other is told who was", async () => {
  const { watcher, messageId, approval } = await asking("race", `ask touch ${file("race")}`);
  const clients = [await home.connect("tui"), await home.connect("cli")];
  const watchers = [watcher, await watch(home, "race")];
  const outcomes = await Promise.allSettled([
    answer(clients[0]!, "race", approval.id, "accept"),
    answer(clients[1]!, "race", approval.id, "decline"),
  ]);
  const won = outcomes.findIndex(({ status }) => status === "fulfilled");
  const lost = outcomes[1 - won] as PromiseRejectedResult;
  expect(outcomes[won]!.status).toBe("fulfilled");
  expect(lost.reason).toMatchObject({ code: "approval-answered" });
  const winner = ["tui", "cli"][won]!;
  expect(lost.reason.message).toContain(winner);
  expect(lost.reason.message).toContain(["accept", "decline"][won]);

  await finished(connection, "race", messageId);
  expect(existsSync(file("race"))).toBe(won === 0);
  for (const each of watchers) {
    const { params } = await settled(each, approval.id);
    expect(params).toMatchObject({ status: "answered", by: { kind: winner } });
    const about = each.records().filter(({ method }) => method === "session/approval");
    expect(about).toHaveLength(2);
    each.stop();
  }
  // However late, the answer is the same.
  const late = await errorOf(answer(connection, "race", approval.id, "accept"));
  expect(late).toMatchObject({
    code: "approval-answered",
    message: expect.stringContaining(winner),
  });
});

test("decline goes on without it, cancel stops the turn", async () => {
  const one = await asking("decline", `ask touch ${file("declined")}`);
  await answer(connection, "decline", one.approval.id, "decline");
  const declined = await finished(connection, "decline", one.messageId);
  const two = await asking("cancel", `ask touch ${file("cancelled")}`);
  await answer(connection, "cancel", two.approval.id, "cancel");
  expect(await finished(connection, "cancel", two.messageId)).toMatchObject({
    turnStatus: "interrupted",
  });
  // codex 0.169 offers no plain "no" for a command: what it offers decides what "decline" means.
  const offered = one.approval.decisions.map(({ id }) => id);
  expect(declined.turnStatus).toBe(offered.includes("decline") ? "completed" : "interrupted");
  expect(existsSync(file("declined"))).toBe(false);
  expect(existsSync(file("cancelled"))).toBe(false);
  for (const { watcher } of [one, two]) watcher.stop();
});

test("a command prefix that is allowed for good is not asked about again", async () => {
  const { watcher, messageId, approval } = await asking("amend", `ask touch ${file("amend-1")}`);
  const rule = approval.decisions.find(({ id }) => id === "acceptWithExecpolicyAmendment");
  expect(rule?.label).toContain("touch");
  await answer(connection, "amend", approval.id, "acceptWithExecpolicyAmendment");
  await finished(connection, "amend", messageId);
  expect(existsSync(file("amend-1"))).toBe(true);

  const again = await connection.call("session/send", {
    name: "amend",
    content: { text: `ask touch ${file("amend-1")}` },
  });
  expect(await finished(connection, "amend", again.messageId)).toMatchObject({
    turnStatus: "completed",
  });
  expect(watcher.records().filter(({ params }) => params.status === "requested")).toHaveLength(1);
  watcher.stop();
});

test("a file change names its files, and is allowed once or for the session", async () => {
  const spec = { sandbox: "read-only" } as const;
  const { watcher, messageId, approval } = await asking("files", "write first.txt hello", spec);
  expect(approval).toMatchObject({ kind: "fileChange", command: file("first.txt") });
  expect(approval.decisions.map(({ id }) => id)).toEqual([
    "accept",
    "acceptForSession",
    "decline",
    "cancel",
  ]);
  await answer(connection, "files", approval.id, "decline");
  await finished(connection, "files", messageId);
  expect(existsSync(file("first.txt"))).toBe(false);

  const send = (text: string) =>
    connection.call("session/send", { name: "files", content: { text } });
  const second = await send("write first.txt hello");
  await answer(connection, "files", (await asked(watcher, 1)).id, "acceptForSession");
  await finished(connection, "files", second.messageId);
  expect(existsSync(file("first.txt"))).toBe(true);
  watcher.stop();
});

test("a decision that is not offered is refused, and the question goes on waiting", async () => {
  const { watcher, approval } = await asking("strict", "ask echo hi");
  for (const decision of ["", "yes", "toString", "acceptWithNetworkPolicyAmendment"]) {
    const error = await errorOf(answer(connection, "strict", approval.id, decision));
    expect(error).toMatchObject({
      code: "invalid-decision",
      message: expect.stringContaining("accept"),
    });
  }
  expect((await connection.call("session/approvals", { name: "strict" })).approvals).toHaveLength(
    1,
  );
  watcher.stop();
});

test("an id may be shortened while it is unique, and is not made up", async () => {
  const { watcher, messageId, approval } = await asking("prefix", "ask echo hi");
  const { id } = approval;
  for (const wrong of [
    id.slice(0, 3),
    "ffffffff".replace(/^./, id[0] === "f" ? "0" : "f"),
    "",
    "0",
    "1",
    `${id}0`,
  ]) {
    expect((await errorOf(answer(connection, "prefix", wrong, "accept"))).code, wrong).toBe(
      "approval-not-found",
    );
  }
  // It is its session's alone.
  const elsewhere = answer(connection, "strict", id, "accept");
  expect((await errorOf(elsewhere)).code).toBe("approval-not-found");
  await answer(connection, "prefix", id.slice(0, 6), "accept");
  expect(await finished(connection, "prefix", messageId)).toMatchObject({
    turnStatus: "completed",
  });
  watcher.stop();
});

test("with none waiting there is nothing to answer", async () => {
  await createSession(home, connection, { name: "none" });
  expect((await errorOf(answer(connection, "none", undefined, "accept"))).code).toBe("no-approval");
});

test("an interrupted turn takes its questions with it", async () => {
  const { watcher, messageId, approval } = await asking("interrupted", "ask echo hi");
  await connection.call("session/interrupt", { name: "interrupted" });
  expect((await settled(watcher, approval.id)).params).toMatchObject({
    status: "lost",
    reason: expect.stringContaining("turn"),
  });
  expect(await finished(connection, "interrupted", messageId)).toMatchObject({
    turnStatus: "interrupted",
  });
  expect((await errorOf(answer(connection, "interrupted", approval.id, "accept"))).code).toBe(
    "approval-lost",
  );
  expect(await home.show("interrupted")).toMatchObject({ state: "idle", approvals: 0 });
  watcher.stop();
});

test("a message that interrupts takes the turn's questions with it too", async () => {
  const { watcher, approval } = await asking("overtaken", "ask echo hi");
  const { messageId } = await connection.call("session/send", {
    name: "overtaken",
    content: { text: "say never mind" },
    mode: "interrupt",
  });
  expect(await finished(connection, "overtaken", messageId)).toMatchObject({ text: "never mind" });
  expect((await settled(watcher, approval.id)).params).toMatchObject({ status: "lost" });
  watcher.stop();
});

test("every session's questions are listed together", async () => {
  const { watcher, approval } = await asking("listed", "ask echo hi");
  const { approvals } = await connection.call("session/approvals", {});
  expect(approvals.map(({ session }) => session)).toEqual(
    expect.arrayContaining(["strict", "listed"]),
  );
  expect(approvals.find(({ id }) => id === approval.id)).toEqual(approval);
  expect((await connection.call("session/attach", { name: "listed" })).approvals).toEqual([
    approval,
  ]);
  watcher.stop();
});
