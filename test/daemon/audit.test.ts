/** Who did what: every kind of entry, also after the session is gone, and what was refused. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import type { AuditEntry } from "../../src/protocol/session.ts";
import { eventually } from "../support/eventually.ts";
import { historyOf } from "../support/history.ts";
import { createHome, type Home } from "../support/home.ts";
import { createSession, errorOf, finished, say } from "../support/sessions.ts";

let home: Home;
let connection: Connection;
beforeAll(async () => {
  home = await createHome();
  connection = await home.connect("script");
});
afterAll(() => home.close());

const entries = async (name?: string, more: object = {}): Promise<AuditEntry[]> =>
  (await connection.call("daemon/audit", { ...(name ? { name } : {}), ...more })).entries;
const actions = async (name?: string) => (await entries(name)).map(({ action }) => action);

test("what is done to a session has an entry each, with who and from where", async () => {
  await createSession(home, connection, { name: "bot", spec: { approval: "on-request" } });
  const other = await home.connect("tui");
  await other.call("session/attach", { name: "bot" });
  await other.call("session/attach", { name: "bot", visible: false });
  await say(connection, "bot", "say hello");
  const { messageId } = await connection.call("session/send", {
    name: "bot",
    content: { text: "ask true" },
  });
  await eventually(
    async () => (await connection.call("session/approvals", { name: "bot" })).approvals[0],
    { what: "an approval waits" },
  );
  const { approval } = await other.call("session/answer", {
    name: "bot",
    answer: { decision: "accept" },
  });
  await finished(connection, "bot", messageId);
  other.close();
  await eventually(async () => (await actions("bot")).includes("detach"), { what: "a detach" });
  await connection.call("session/call", {
    name: "bot",
    method: "thread/settings/update",
    params: { effort: "low" },
  });
  await connection.call("session/sleep", { name: "bot" });
  await connection.call("session/rename", { name: "bot", to: "bot2" });
  await connection.call("session/kill", { name: "bot2" });
  await connection.call("session/remove", { name: "bot2" });

  const found = (await entries("bot")).concat(await entries("bot2"));
  expect(found.map(({ action, name, by }) => `${action} ${name} ${by.kind}`)).toEqual([
    "new bot script",
    "attach bot tui",
    "detach bot tui",
    "send bot script",
    "send bot script",
    "approve bot tui",
    ...found.slice(6, -5).map(() => expect.any(String)),
    "set bot script",
    "sleep bot script",
    "rename bot script",
    "kill bot2 script",
    "rm bot2 script",
  ]);
  const approved = found.find(({ action }) => action === "approve");
  expect(approved).toMatchObject({
    outcome: "done",
    token: null,
    by: { user: expect.any(String), from: expect.stringContaining("pid") },
    detail: { id: approval.id, kind: "command", decision: "accept" },
  });
  expect(found.find(({ action }) => action === "set")?.detail).toEqual({ effort: "low" });
});

test("the history says what it would not say otherwise", async () => {
  await createSession(home, connection, { name: "told" });
  await say(connection, "told", "say one");
  await connection.call("session/restart", { name: "told" });
  await connection.call("session/sleep", { name: "told" });
  const controls = (await historyOf(home, "told")).filter(
    ({ method }) => method === "session/control",
  );
  expect(
    controls.map(({ params }) => [params.action, (params.by as unknown as AuditEntry["by"]).kind]),
  ).toEqual([
    ["restart", "script"],
    ["sleep", "script"],
  ]);
});

test("what only looks has no entry, and what failed has none; a refusal has", async () => {
  await createSession(home, connection, { name: "looked" });
  const before = await actions("looked");
  await connection.call("session/show", { name: "looked" });
  await connection.call("session/history", { name: "looked" });
  await connection.call("session/call", { name: "looked", method: "model/list", params: {} });
  await errorOf(connection.call("session/interrupt", { name: "looked" }));
  expect(await actions("looked")).toEqual(before);
  await connection.call("session/attach", { name: "looked", readOnly: true });
  await errorOf(connection.call("session/send", { name: "looked", content: { text: "no" } }));
  const last = (await entries("looked")).at(-1);
  expect(last).toMatchObject({ action: "session/send", outcome: "not-allowed" });
  await connection.call("session/detach", { name: "looked" });
});

test("entries are paged back, and found by time", async () => {
  const all = await entries(undefined, { limit: 1000 });
  const ids: number[] = [];
  for (let before: number | null = Number.MAX_SAFE_INTEGER; before !== null; ) {
    const page: { entries: AuditEntry[]; more: number | null } = await connection.call(
      "daemon/audit",
      { before, limit: 3 },
    );
    ids.unshift(...page.entries.map(({ id }) => id));
    before = page.more;
  }
  expect(ids).toEqual(all.map(({ id }) => id));
  const { at } = all.at(-2)!;
  expect((await entries(undefined, { since: at })).every((entry) => entry.at >= at)).toBe(true);
  expect(await entries(undefined, { since: new Date(Date.now() + 60_000).toISOString() })).toEqual(
    [],
  );
});

test("`audit` prints a line an entry, and objects with --json", async () => {
  const printed = await home.ok(["audit", "told", "--since", "1h"]);
  expect(printed).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}told {2}new cwd=.* by .+ \(script/);
  const lines = (await home.ok(["audit", "--json", "-n", "2"])).trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).action)).toHaveLength(2);
  const wrong = await home.cli(["audit", "--since", "yesterday"]);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("Try 1d");
});
