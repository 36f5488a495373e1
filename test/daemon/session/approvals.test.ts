/** The rules of answering, on a real store: what codex and clients do is played by the test. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Redactor } from "../../../src/daemon/redaction/redactor.ts";
import { Approvals } from "../../../src/daemon/session/approvals.ts";
import { History } from "../../../src/daemon/session/history.ts";
import { Store } from "../../../src/daemon/store/store.ts";
import type { HacsError } from "../../../src/protocol/errors.ts";
import { type Disk, diskThatFills } from "../../support/full-disk.ts";
import { sessionRow } from "../../support/session-row.ts";

/** What the model wrote, where codex has it. */
let call: string | null;
const session = { id: "s", name: () => "bot", agent: () => "agent", callOf: () => call };
let dir: string;
let disk: Disk;
let store: Store;
let history: History;
let replies: unknown[];
let approvals: Approvals;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "hs-"));
  disk = diskThatFills();
  store = new Store(join(dir, "history.db"), new Redactor(), disk.Database);
  store.sessions.insert(sessionRow("s", "bot"));
  history = new History("s", 0, store);
  call = null;
  approvals = load();
});
afterEach(() => {
  store.close();
  rmSync(dir, { recursive: true });
});

/** What a daemon that starts now would know. */
const stored = () => new Approvals(session, store, history, () => {}).waiting();

/** As a daemon does when it starts. */
function load(): Approvals {
  replies = [];
  return new Approvals(session, store, history, (id, response) => {
    replies.push([id, response]);
  });
}

const method = "item/commandExecution/requestApproval";
const ask = (requestId: number, turnId = "turn", itemId = `item${requestId}`) =>
  approvals.requested(requestId, method, { turnId, itemId, command: `c${requestId}` });
const by = { kind: "cli", user: "ann", from: "pid 1" };
const ids = () => approvals.waiting().map(({ id }) => id);
const codeOf = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return (error as HacsError).code;
  }
  return "none";
};
const told = () =>
  history
    .after(0, 100)
    .map(({ params }) => JSON.parse(params))
    .map(({ status, by: who, reason }) => [status, who?.kind ?? reason ?? null]);

test("a disk that is full changes nothing: what waited waits, and is answered later", () => {
  ask(0);
  ask(1);
  const before = ids();
  disk.full = true;
  const refused = (work: () => unknown) =>
    expect(codeOf(() => store.transaction(work))).toBe("state-unwritable");
  refused(() => approvals.answer(before[0], { decision: "accept" }, by));
  refused(() => approvals.lose("the turn ended"));
  refused(() => approvals.resolvedElsewhere(0, false));
  refused(() => ask(2));
  expect([ids(), stored().map(({ id }) => id)]).toEqual([before, before]);
  disk.full = false;
  replies = [];
  for (const id of before) approvals.answer(id, { decision: "accept" }, by);
  expect(replies).toEqual([0, 1].map((id) => [id, { decision: "accept" }]));
  expect(ids()).toEqual([]);
});

test("of several, one must be named", () => {
  ask(0);
  ask(1);
  expect(codeOf(() => approvals.answer(undefined, { decision: "accept" }, by))).toBe(
    "approval-ambiguous",
  );
  const [first, second] = ids();
  approvals.answer(second, { decision: "decline" }, by);
  expect(replies).toEqual([[1, { decision: "decline" }]]);
  approvals.answer(undefined, { decision: "accept" }, by);
  expect(replies.at(-1)).toEqual([0, { decision: "accept" }]);
  expect(codeOf(() => approvals.answer(first, { decision: "accept" }, by))).toBe(
    "approval-answered",
  );
  expect(codeOf(() => approvals.answer(undefined, { decision: "accept" }, by))).toBe("no-approval");
  expect(told()).toEqual([
    ["requested", null],
    ["requested", null],
    ["answered", "cli"],
    ["answered", "cli"],
  ]);
});

test("asked again by an agent that lived on, it is the same question", () => {
  ask(0);
  const before = ids();
  approvals = load();
  expect(ids()).toEqual(before);
  ask(0);
  expect(ids()).toEqual(before);
  expect(told()).toEqual([["requested", null]]);
});

test("an answer that codex may not have heard is given again, once it asks again", () => {
  ask(0);
  approvals.answer(undefined, { decision: "accept" }, by);
  approvals = load();
  ask(0);
  expect(replies).toEqual([[0, { decision: "accept" }]]);
  expect(approvals.count).toBe(0);
});

test("the next agent's request of the same number is another question", () => {
  ask(0, "turn1", "a");
  approvals.answer(undefined, { decision: "accept" }, by);
  ask(0, "turn2", "b");
  expect(replies).toHaveLength(1);
  expect(approvals.count).toBe(1);
});

test("what codex settled without us is codex's, or lost when the turn was interrupted", () => {
  ask(0);
  ask(1);
  const [first, second] = ids();
  approvals.resolvedElsewhere(0, false);
  approvals.resolvedElsewhere(1, true);
  approvals.resolvedElsewhere(7, false);
  expect(told().slice(2)).toEqual([
    ["answered", "codex"],
    ["lost", "the turn was interrupted"],
  ]);
  expect(codeOf(() => approvals.answer(first, { decision: "accept" }, by))).toBe(
    "approval-answered",
  );
  expect(codeOf(() => approvals.answer(second, { decision: "accept" }, by))).toBe("approval-lost");
  expect(replies).toEqual([]);
});

test("a turn's end loses its questions and no others", () => {
  ask(0, "one");
  ask(1, "two");
  const [, second] = ids();
  approvals.lose("the turn ended", "one");
  expect(ids()).toEqual([second]);
  approvals.lose("the agent is gone");
  expect(approvals.count).toBe(0);
  approvals.lose("again");
  expect(told().slice(2)).toEqual([
    ["lost", "the turn ended"],
    ["lost", "the agent is gone"],
  ]);
});

test("an answer that can't be stored is not given", () => {
  ask(0);
  const [id] = ids();
  store.sessions.remove("s");
  expect(() => approvals.answer(id, { decision: "accept" }, by)).toThrow();
  expect(replies).toEqual([]);
  expect(ids()).toEqual([id]);
});

const change = { path: "/w/a.txt", kind: { type: "add" }, diff: "hello\n" };
const item = { type: "fileChange", id: "patch", changes: [change], status: "inProgress" };
const begun = { threadId: "thread", turnId: "turn", item };
const askForChange = () =>
  approvals.requested(0, "item/fileChange/requestApproval", { turnId: "turn", itemId: "patch" });
const offered = () => approvals.waiting()[0]!.decisions.map(({ id }) => id);

test("a file change that began before the daemon was killed is known to the next one", () => {
  history.codex("item/started", begun, undefined);
  // With its agent, nothing is asked twice.
  history = new History("s", history.head, store);
  approvals = load();
  askForChange();
  expect(approvals.waiting()).toMatchObject([{ command: "/w/a.txt", changes: [change] }]);
  expect(approvals.waiting()[0]!.unknown).toBeUndefined();
  expect(offered()).toContain("acceptForSession");
});

test.each([
  ["completes", () => history.codex("item/completed", begun, undefined)],
  ["is cut off with its turn", () => history.cutDrafts("turn")],
])("one that %s is kept no longer", (_, end) => {
  history.codex("item/started", begun, undefined);
  expect(store.drafts.all("s")).toHaveLength(1);
  end();
  expect(store.drafts.all("s")).toEqual([]);
});

test("one of which nothing is known says so, is declined first, and never accepted for the session", () => {
  askForChange();
  expect(approvals.waiting()[0]).toMatchObject({
    command: null,
    unknown: expect.stringContaining("which files it changes"),
  });
  expect(offered()).toEqual(["decline", "cancel", "accept"]);
  expect(codeOf(() => approvals.answer(undefined, { decision: "acceptForSession" }, by))).toBe(
    "invalid-decision",
  );
  approvals.answer(undefined, { decision: "decline" }, by);
  expect(replies).toEqual([[0, { decision: "decline" }]]);
});

test("one that the model's own words tell of is accepted once at most", () => {
  call = "apply_patch …";
  askForChange();
  expect(approvals.waiting()[0]).toMatchObject({
    command: call,
    unknown: expect.stringContaining("this is what the model wrote"),
  });
  expect(offered()).toEqual(["accept", "decline", "cancel"]);
});

test("what codex says no command of, or no permissions, is never accepted for the session", () => {
  approvals.requested(0, method, { turnId: "turn", itemId: "i" });
  approvals.requested(1, "item/permissions/requestApproval", { permissions: ["all"] });
  for (const { unknown, decisions } of approvals.waiting()) {
    expect(unknown).toContain("codex");
    expect(decisions[0]?.id).toBe("decline");
    expect(decisions.map(({ id }) => id)).not.toContain("acceptForSession");
  }
});

test("what is too large to be shown can only be refused, and is whole for codex", () => {
  approvals.requested(0, method, { command: "x".repeat(9 * 1024 * 1024) });
  expect(approvals.waiting()[0]).toMatchObject({
    command: null,
    unknown: expect.stringContaining("too large"),
    params: {},
  });
  expect(offered()).toEqual(["decline", "cancel"]);
});
