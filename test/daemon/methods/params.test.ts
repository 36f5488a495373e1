/** Every method, with params that are wrong: a typed error, before anything happens. */

import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../../src/client/connection.ts";
import { methods } from "../../../src/daemon/methods/index.ts";
import { ERRORS } from "../../../src/protocol/errors.ts";
import { PROTOCOL } from "../../../src/protocol/methods.ts";
import { createHome, type Home } from "../../support/home.ts";
import fc from "../../support/property.ts";
import { connectRaw, type RawClient } from "../../support/raw-client.ts";
import { createSession } from "../../support/sessions.ts";

let home: Home;
let connection: Connection;
let raw: RawClient | undefined;
let daemon: number;
beforeAll(async () => {
  home = await createHome();
  connection = await home.connect();
  await createSession(home, connection, { name: "bot" });
  daemon = home.daemonPid();
});
afterEach(async () => {
  raw?.close();
  raw = undefined;
  expect(home.daemonPid()).toBe(daemon);
  expect((await connection.call("session/list", {})).sessions.length).toBeGreaterThan(0);
  expect(home.daemonLog()).not.toContain("a request met a bug");
});
afterAll(() => home.close());

const connect = async () => (raw = await connectRaw(home.socket));

/** Right but for one member, which is then made wrong. */
const right: Record<string, Record<string, unknown>> = {
  hello: { protocol: PROTOCOL, client: { kind: "raw", version: "0", user: "u", from: "f" } },
  "daemon/status": {},
  "daemon/metrics": {},
  "hook/list": {},
  "hook/test": { event: "turn.completed", hook: "slack" },
  "daemon/stop": { agents: "settle" },
  "daemon/panic": {},
  "daemon/activity": {},
  "daemon/sent": { limit: 1 },
  "token/new": { scope: "observe", sessions: "*", label: "x" },
  "token/list": {},
  "token/revoke": { id: "0123" },
  "pair/new": { scope: "observe", sessions: "*", label: "x" },
  "daemon/audit": { since: "2026-01-02T03:04:05.000Z", before: 1, limit: 1 },
  "archive/search": { words: "a", since: "2026-01-02T03:04:05.000Z", limit: 1 },
  "archive/sessions": { offset: 0, limit: 1 },
  "archive/history": { name: "a/bot", after: 0, limit: 1 },
  "daemon/search": { words: "a", since: "2026-01-02T03:04:05.000Z", limit: 1 },
  "session/update": { name: "bot", keep: { ageMs: 1 } },
  "session/new": { spec: { cwd: "/" }, env: {}, variables: {} },
  "session/list": { all: true },
  "session/show": { name: "bot" },
  "session/attach": {
    name: "bot",
    after: 0,
    last: 0,
    deltas: true,
    readOnly: true,
    wake: false,
    env: {},
    visible: false,
  },
  "session/detach": { name: "bot" },
  "session/history": { name: "bot", after: 0, before: 1, limit: 1 },
  "session/send": { name: "bot", id: "a", content: { text: "x" }, mode: "queue", store: false },
  "session/compose": { name: "bot", text: "x" },
  "session/withdraw": { name: "bot", id: "none" },
  "session/receipt": { name: "bot", id: "a" },
  "session/approvals": { name: "bot" },
  "session/answer": { name: "bot", id: "a", answer: { decision: "accept" } },
  "session/interrupt": { name: "bot" },
  "session/sleep": { name: "bot", force: false },
  "session/wake": { name: "bot", env: {} },
  "session/restart": { name: "bot", env: {}, force: false },
  "session/panic": { name: "bot" },
  "session/kill": { name: "bot" },
  "session/remove": { name: "bot" },
  "session/rename": { name: "bot", to: "bot2" },
  "session/fork": { name: "bot", to: "bot2", env: {} },
  "session/call": { name: "bot", method: "thread/read", params: {} },
  "peer/add": { name: "p", url: "unix:///none", token: "t" },
  "peer/join": { url: "unix:///none", as: "p", token: "t", scope: "prompt", sessions: "*" },
  "peer/list": {},
  "peer/remove": { name: "p" },
  "peer/link": { daemon: { id: "0".repeat(32), name: "d" } },
  "peer/offer": { as: "p", daemon: { id: "0".repeat(32), name: "d" } },
  "peer/sessions": { all: true, waitMs: 0 },
};
const wrong = [null, 7, -1, 1.5, "\u0000".repeat(5000), [], [{}], { x: 1 }, true];
const optional = new Set([
  "all",
  "after",
  "last",
  "deltas",
  "readOnly",
  "wake",
  "visible",
  "before",
  "limit",
  "since",
  "id",
  "mode",
  "force",
  "scope",
  "sessions",
  "label",
  "env",
  "variables",
  "store",
  "token",
  "waitMs",
  "hook",
  "offset",
]);

test("every method of the table is tried here", () => {
  expect(Object.keys(right).sort()).toEqual(Object.keys(methods).sort());
});

test.each(Object.keys(right))(
  "%s: params of another shape are refused before anything happens",
  async (method) => {
    const client = await connect();
    await client.hello();
    let id = 0;
    const refused = async (params: Record<string, unknown>, what: string) => {
      client.request(++id, method, params);
      const { error } = await client.answer(id);
      expect(error?.data?.code, `${what}: ${JSON.stringify(error)}`).toBe("invalid-params");
    };
    const good = right[method]!;
    if (method !== "hello") await refused({ ...good, unknown: 1 }, "a member too many");
    for (const [member, value] of Object.entries(good)) {
      const { [member]: _, ...without } = good;
      if (
        !(optional.has(member) && method !== "token/revoke") &&
        method !== "session/approvals" &&
        method !== "peer/link"
      ) {
        await refused(without, `without ${member}`);
      }
      for (const bad of wrong) {
        if (
          typeof bad === typeof value &&
          !(
            typeof bad === "object" ||
            typeof bad === "number" ||
            member === "agents" ||
            member === "mode"
          )
        )
          continue;
        if (member === "params" && isPlainObject(bad)) continue;
        if (typeof value === "number" && bad === 7) continue;
        await refused(
          { ...good, [member]: bad },
          `${member} = ${JSON.stringify(bad)?.slice(0, 40)}`,
        );
      }
    }
  },
);

function isPlainObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

test("no JSON at all, in any member, meets anything but a typed error", async () => {
  const client = await connect();
  await client.hello();
  let id = 0;
  // What ends the daemon or the connection, or makes sessions, is left out: it would be right to do
  // as told.
  const names = Object.keys(methods).filter(
    (name) => !["daemon/stop", "session/new", "session/fork", "peer/link"].includes(name),
  );
  const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom("bot", "", "..", 0, 1));
  const params = fc.dictionary(
    fc.constantFrom(
      "name",
      "id",
      "content",
      "answer",
      "to",
      "after",
      "before",
      "limit",
      "mode",
      "text",
      "method",
      "params",
      "__proto__",
    ),
    value,
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), params, async (method, given) => {
      client.request(++id, method, {
        ...given,
        ...(given.name === "bot" && !/^session\/(show|receipt|history|approvals)$/.test(method)
          ? { name: "nobody" }
          : {}),
      });
      const { error } = await client.answer(id);
      if (error !== undefined) {
        expect(Object.keys(ERRORS)).toContain(error.data.code);
        expect(error.data.code).not.toBe("internal");
      }
    }),
    { numRuns: 400 },
  );
});
