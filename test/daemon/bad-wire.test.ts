/** Whatever comes over the socket gets a typed error at most; the daemon and the others live on. */
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import { methods } from "../../src/daemon/methods/index.ts";
import { ERRORS } from "../../src/protocol/errors.ts";
import { frameBytesMax } from "../../src/protocol/framing.ts";
import { limits, PROTOCOL } from "../../src/protocol/methods.ts";
import { createHome, type Home } from "../support/home.ts";
import { connectRaw, type RawClient } from "../support/raw-client.ts";
import { createSession, errorOf, finished } from "../support/sessions.ts";

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

test.each([
  "not json",
  "{",
  "[]",
  "[1,2]",
  '"text"',
  "null",
  "true",
  "42",
  "{}",
  '{"id":1}',
  '{"method":7,"id":1}',
  '{"id":{},"method":"hello"}',
  '{"id":null,"method":"hello"}',
  '{"id":1,"method":"hello","params":[]}',
  '{"id":1,"method":"hello","params":"x"}',
  "\u0000\u0001",
])("the frame %j is answered with frame-invalid, and the next one is read", async (frame) => {
  const client = await connect();
  await client.write(`${frame}\n`);
  const { error } = await client.until("the error", ({ id }) => id === null);
  expect(error).toMatchObject({ code: -32600, data: { code: "frame-invalid" } });
  expect((await client.hello()).result.protocol).toBe(PROTOCOL.max);
});

test("bytes that are no UTF-8, empty lines and carriage returns do no harm", async () => {
  const client = await connect();
  await client.write(Buffer.from([0xff, 0xfe, 0x0a, 0x0a, 0x0a]));
  await client.until("the error", ({ id }) => id === null);
  await client.write("\r\n");
  await client.hello();
});

test("a frame in pieces of one byte is one frame, and two in one piece are two", async () => {
  const client = await connect();
  await client.hello();
  for (const byte of '{"id":1,"method":"session/list"}\n') await client.write(byte);
  await client.answer(1);
  await client.write('{"id":2,"method":"session/list"}\n{"id":3,"method":"session/list"}\n');
  await client.answer(2);
  await client.answer(3);
});

test("a frame past the bound is refused before it is whole, and its sender is hung up on", async () => {
  const client = await connect();
  await client.hello();
  const piece = Buffer.alloc(1024 * 1024, "x");
  for (let sent = 0; sent <= frameBytesMax; sent += piece.length) void client.write(piece).catch(() => {});
  await client.until("the error", ({ error }) => error?.data?.code === "frame-too-large");
  await client.closed;
});

test("deep nesting is an error like any other", async () => {
  const client = await connect();
  await client.hello();
  const depth = 200_000;
  const nested = `${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`;
  for (const frame of [
    "[".repeat(depth) + "]".repeat(depth),
    "[".repeat(depth),
    `{"id":1,"method":"session/call","params":{"name":"bot","method":"thread/read","params":${nested}}}`,
  ]) {
    const before = client.frames.length;
    await client.write(`${frame}\n`);
    await client.until("the error", ({ error }) => error !== undefined && client.frames.length > before);
    expect(client.frames.at(-1).error.data.code).toBe("frame-invalid");
  }
  await client.hello();
});

test("the hello comes first, has its shape, and agrees on a version", async () => {
  const client = await connect();
  const hello = (id: string, params: unknown) => {
    client.request(id, "hello", params);
    return client.answer(id);
  };
  client.request(1, "session/list");
  expect((await client.answer(1)).error).toMatchObject({ code: -32602, message: expect.stringContaining("hello") });
  const me = { kind: "raw", version: "0", user: "u", from: "f" };
  for (const params of [{}, { protocol: PROTOCOL }, { protocol: 1, client: me }, { protocol: PROTOCOL, client: { ...me, kind: "" } }]) {
    expect((await hello(JSON.stringify(params), params)).error.data.code).toBe("invalid-params");
  }
  const newer = await hello("newer", { protocol: { min: 900, max: 999 }, client: me });
  expect(newer.error).toMatchObject({ data: { code: "protocol-version" }, message: expect.stringContaining("900") });
  client.request(2, "session/list");
  expect((await client.answer(2)).error).toBeDefined();
  // A client of tomorrow that still speaks today's version, and says more than is known today.
  const wider = await hello("wider", { protocol: { min: 1, max: 999 }, client: { ...me, later: 1 }, later: true });
  expect(wider.result.protocol).toBe(PROTOCOL.max);
});

test.each(["", "nope", "session", "constructor", "__proto__", "toString", "hasOwnProperty", "session/__proto__"])(
  "the method %j is unknown",
  async (method) => {
    const client = await connect();
    await client.hello();
    client.request(1, method);
    expect((await client.answer(1)).error).toMatchObject({ code: -32601, data: { code: "method-unknown" } });
  },
);

/** Right but for one member, which is then made wrong. */
const right: Record<string, Record<string, unknown>> = {
  hello: { protocol: PROTOCOL, client: { kind: "raw", version: "0", user: "u", from: "f" } },
  "daemon/status": {},
  "daemon/stop": { agents: "settle" },
  "session/new": { spec: { cwd: "/" }, env: {} },
  "session/list": { all: true },
  "session/show": { name: "bot" },
  "session/attach": { name: "bot", after: 0, last: 0, deltas: true, readOnly: true, wake: false, env: {}, visible: false },
  "session/detach": { name: "bot" },
  "session/history": { name: "bot", after: 0, before: 1, limit: 1 },
  "session/send": { name: "bot", id: "a", content: { text: "x" }, mode: "queue" },
  "session/receipt": { name: "bot", id: "a" },
  "session/approvals": { name: "bot" },
  "session/answer": { name: "bot", id: "a", answer: { decision: "accept" } },
  "session/interrupt": { name: "bot" },
  "session/sleep": { name: "bot", force: false },
  "session/wake": { name: "bot", env: {} },
  "session/restart": { name: "bot", env: {}, force: false },
  "session/kill": { name: "bot" },
  "session/remove": { name: "bot" },
  "session/rename": { name: "bot", to: "bot2" },
  "session/fork": { name: "bot", to: "bot2", env: {} },
  "session/call": { name: "bot", method: "thread/read", params: {} },
};
const wrong = [null, 7, -1, 1.5, "\u0000".repeat(5000), [], [{}], { x: 1 }, true];
const optional = new Set(["all", "after", "last", "deltas", "readOnly", "wake", "visible", "before", "limit", "id", "mode", "force"]);

test("every method of the table is tried here", () => {
  expect(Object.keys(right).sort()).toEqual(Object.keys(methods).sort());
});

test.each(Object.keys(right))("%s: params of another shape are refused before anything happens", async (method) => {
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
    if (!optional.has(member) && !(member === "env" && method !== "session/new" && method !== "session/fork") && method !== "session/approvals") {
      await refused(without, `without ${member}`);
    }
    for (const bad of wrong) {
      if (typeof bad === typeof value && !(typeof bad === "object" || typeof bad === "number" || member === "agents" || member === "mode")) continue;
      if (member === "params" && isPlainObject(bad)) continue;
      if (typeof value === "number" && bad === 7) continue;
      await refused({ ...good, [member]: bad }, `${member} = ${JSON.stringify(bad)?.slice(0, 40)}`);
    }
  }
});

function isPlainObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

test("no JSON at all, in any member, meets anything but a typed error", async () => {
  const client = await connect();
  await client.hello();
  let id = 0;
  // What ends the daemon or makes sessions is left out: it would be right to do as told.
  const names = Object.keys(methods).filter((name) => !["daemon/stop", "session/new", "session/fork"].includes(name));
  const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constantFrom("bot", "", "..", 0, 1));
  const params = fc.dictionary(fc.constantFrom("name", "id", "content", "answer", "to", "after", "before", "limit", "mode", "text", "method", "params", "__proto__"), value);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...names), params, async (method, given) => {
      client.request(++id, method, { ...given, ...(given.name === "bot" && !/^session\/(show|receipt|history|approvals)$/.test(method) ? { name: "nobody" } : {}) });
      const { error } = await client.answer(id);
      if (error !== undefined) {
        expect(Object.keys(ERRORS)).toContain(error.data.code);
        expect(error.data.code).not.toBe("internal");
      }
    }),
    { numRuns: 400 },
  );
});

test("an environment that no process can have is refused, and the old one stays", async () => {
  for (const env of [{ "": "x" }, { "A=B": "x" }, { A: "x\0y" }, { "A\0": "x" }]) {
    const wake = connection.call("session/wake", { name: "bot", env });
    expect((await errorOf(wake)).code).toBe("invalid-params");
  }
  for (const spec of [{ cwd: "/tmp\0" }, { cwd: "/", codexHome: "/x\0" }, { cwd: "/", codex: "/x\0" }]) {
    expect((await errorOf(connection.call("session/new", { spec, env: {} }))).code).toBe("invalid-params");
  }
});

test("an empty and a too large message are refused, and nothing of them is kept", async () => {
  const { seq } = await home.show("bot");
  const send = (text: string, more = {}) => connection.call("session/send", { name: "bot", content: { text, ...more } });
  for (const text of ["", "  \n\t "]) expect((await errorOf(send(text))).code).toBe("empty-message");
  expect((await errorOf(send("", { images: [] }))).code).toBe("empty-message");
  const error = await errorOf(send("x".repeat(limits.messageBytesMax + 1)));
  expect(error).toMatchObject({ code: "message-too-large", message: expect.stringContaining(String(limits.messageBytesMax + 1)) });
  // Bytes count, not characters.
  expect((await errorOf(send("ü".repeat(limits.messageBytesMax / 2 + 1)))).code).toBe("message-too-large");
  expect((await home.show("bot")).seq).toBe(seq);
});

test("the same id with the same text is the same message; with another it is a conflict", async () => {
  const send = (text: string) => connection.call("session/send", { name: "bot", id: "once", content: { text } });
  const first = await send("say once");
  const repeated = await Promise.all([send("say once"), send("say once")]);
  for (const again of repeated) expect(again).toMatchObject({ messageId: "once", createdAt: first.createdAt });
  expect((await errorOf(send("say twice"))).code).toBe("id-conflict");
  await finished(connection, "bot", "once");
  expect(await send("say once")).toMatchObject({ status: "finished", text: "once" });
  expect(home.model.texts().filter((text) => text === "say once")).toHaveLength(1);
});

test.each(["", " ", "-x", "a b", "a\n", "x".repeat(129), "ü", "\u202e"])("the message id %j is refused", async (id) => {
  const call = connection.call("session/send", { name: "bot", id, content: { text: "say no" } });
  expect((await errorOf(call)).code).toBe("invalid-id");
});
