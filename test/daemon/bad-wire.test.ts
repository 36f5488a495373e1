import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import { frameBytesMax } from "../../src/protocol/framing.ts";
import { PROTOCOL } from "../../src/protocol/methods.ts";
import { createHome, type Home } from "../support/home.ts";
import { connectRaw, type RawClient } from "../support/raw-client.ts";
import { createSession } from "../support/sessions.ts";

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
  for (let sent = 0; sent <= frameBytesMax; sent += piece.length)
    void client.write(piece).catch(() => {});
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
    await client.until(
      "the error",
      ({ error }) => error !== undefined && client.frames.length > before,
    );
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
  expect((await client.answer(1)).error).toMatchObject({
    code: -32602,
    message: expect.stringContaining("hello"),
  });
  const me = { kind: "raw", version: "0", user: "u", from: "f" };
  for (const params of [
    {},
    { protocol: PROTOCOL },
    { protocol: 1, client: me },
    { protocol: PROTOCOL, client: { ...me, kind: "" } },
  ]) {
    expect((await hello(JSON.stringify(params), params)).error.data.code).toBe("invalid-params");
  }
  const newer = await hello("newer", { protocol: { min: 900, max: 999 }, client: me });
  expect(newer.error).toMatchObject({
    data: { code: "protocol-version" },
    message: expect.stringContaining("900"),
  });
  client.request(2, "session/list");
  expect((await client.answer(2)).error).toBeDefined();
  // A client of tomorrow that still speaks today's version, and says more than is known today.
  const wider = await hello("wider", {
    protocol: { min: 1, max: 999 },
    client: { ...me, later: 1 },
    later: true,
  });
  expect(wider.result.protocol).toBe(PROTOCOL.max);
});

test.each([
  "",
  "nope",
  "session",
  "constructor",
  "__proto__",
  "toString",
  "hasOwnProperty",
  "session/__proto__",
])("the method %j is unknown", async (method) => {
  const client = await connect();
  await client.hello();
  client.request(1, method);
  expect((await client.answer(1)).error).toMatchObject({
    code: -32601,
    data: { code: "method-unknown" },
  });
});
