/** Large, nested and slow: what comes over the port takes no more than its share. */
import net from "node:net";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../../src/client/connection.ts";
import { requestBytesMax } from "../../../src/daemon/client-connection.ts";
import { eventually, within } from "../../support/eventually.ts";
import { createHome, type Home } from "../../support/home.ts";
import { ask, listenOn, makeToken, openWeb } from "../../support/port.ts";
import { createSession } from "../../support/sessions.ts";

let home: Home;
let connection: Connection;
let url: string;
let port: number;
let token: string;
let daemon: number;
beforeAll(async () => {
  home = await createHome();
  url = await listenOn(home);
  port = Number(new URL(url).port);
  connection = await home.connect();
  ({ token } = await makeToken(home));
  await createSession(home, connection, { name: "bot" });
  daemon = home.daemonPid();
});
afterEach(async () => {
  expect(home.daemonPid()).toBe(daemon);
  expect((await connection.call("session/list", {})).sessions).toHaveLength(1);
  expect(home.daemonLog()).not.toContain("a request met a bug");
});
afterAll(() => home.close());

test("connections that say nothing, from one address, keep out nobody who says who it is", async () => {
  const silent = Array.from({ length: 1_500 }, () =>
    net.connect(port, "127.0.0.1").on("error", () => {}),
  );
  try {
    await Promise.all(
      silent.map((socket) =>
        within(new Promise((open) => socket.once("connect", open)), { what: "it connects" }),
      ),
    );
    for (let i = 0; i < 5; i++) {
      expect((await ask(url, "/v1/sessions", { token })).status).toBe(200);
      const client = await openWeb(url, { token });
      await client.hello();
      client.close();
    }
  } finally {
    for (const socket of silent) socket.destroy();
  }
});

const almost = requestBytesMax - 200;
const filled = (piece: string, bytes = almost) => piece.repeat(Math.floor(bytes / piece.length));
const corpus: [string, string][] = [
  ["arrays", `${"[".repeat(100_000)}${"]".repeat(100_000)}`],
  ["arrays without an end", filled("[")],
  ["objects", `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`],
  ["many empty objects", `[${filled("{},")}{}]`],
  ["many numbers", `[${filled("1,")}1]`],
  ["many keys", `{${Array.from({ length: 400_000 }, (_, i) => `"k${i}":1`).join(",")}}`],
  ["one key again and again", `{${filled('"k":1,')}"k":1}`],
  ["a long number", filled("9")],
  ["a long string", `"${filled("x")}"`],
  ["a string of escapes", `"${filled("\\n")}"`],
  ["a string of quotes", `"${filled('\\"')}"`],
  ["a string of backslashes", `"${filled("\\\\")}"`],
  ["a string without an end", `"${filled("\\\\")}`],
  ["spaces", `${filled(" ")}1`],
  ["a prototype", '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'],
];

test.each(corpus)("%s: an error of ours, and the others are served", async (_, value) => {
  const client = await openWeb(url, { token });
  await client.hello();
  const call = `{"jsonrpc":"2.0","id":7,"method":"session/show","params":{"name":${value}}}`;
  const before = client.frames.length;
  client.link.send(call);
  const other = await openWeb(url, { token });
  await other.hello();
  expect((await other.call("session/list")).result.sessions).toHaveLength(1);
  const { error } = await client.until("an error", (one) => client.frames.indexOf(one) >= before);
  expect(["frame-invalid", "invalid-params", "session-not-found"]).toContain(error.data.code);
  const answer = await ask(url, "/v1/sessions/bot/messages", {
    method: "POST",
    token,
    body: `{"text":${value}}`,
    headers: { "content-type": "application/json" },
  });
  expect([
    "frame-invalid",
    "request-invalid",
    "invalid-params",
    "message-too-large",
    "empty-message",
  ]).toContain(answer.json.code);
  expect((await client.call("session/list")).result.sessions).toHaveLength(1);
  expect(({} as { polluted?: number }).polluted).toBeUndefined();
  client.close();
  other.close();
});

test("who says nothing, or says it a byte at a time, is cut off, and the others are served", async () => {
  const begun = `GET /v1/sessions HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`;
  const slow = [
    "",
    "G",
    begun,
    `${begun}Authorization: Bearer wrong\r\n\r\n`,
    `POST /v1/pair HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{`,
  ].map((first) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.resume().write(first);
    const trickle = setInterval(() => socket.write("X"), 200);
    const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
    return { first, closed: closed.finally(() => clearInterval(trickle)) };
  });
  expect((await ask(url, "/v1/sessions", { token })).status).toBe(200);
  for (const { first, closed } of slow)
    await within(closed, { what: `${JSON.stringify(first)} is cut off` });
});

test("connections that show nothing have a bound of their own, and leave room for who does", async () => {
  const idle: net.Socket[] = [];
  let refused = 0;
  const count = 1_200;
  for (let i = 0; i < count; i++) {
    const socket = net.connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.resume().once("close", () => refused++);
    idle.push(socket);
  }
  await eventually(() => refused >= count - 1_024, { what: "those that are too many are refused" });
  // From another address there is room.
  const socket = net.connect({ port, host: "127.0.0.1", localAddress: "127.0.0.5" });
  socket.write(
    `GET /v1/sessions HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`,
  );
  let text = "";
  socket.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  await within(new Promise((resolve) => socket.once("close", resolve)), { what: "an answer" });
  expect(text).toMatch(/^HTTP\/1\.1 200 /);
  // And they do not stay.
  await eventually(() => refused === count, { what: "all of them are cut off" });
  expect((await ask(url, "/v1/sessions", { token })).status).toBe(200);
});

test.each([
  ["two lengths", "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"],
  ["a length and chunks", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["a space before the colon", "Content-Length : 5\r\n\r\nhello"],
  ["a header on two lines", "X-A: b\r\n c\r\nContent-Length: 0\r\nHost : x\r\n\r\n"],
  ["a bare line feed in a header", "X-A: b\nX-B: c\rX-C: d\r\n\r\n"],
  ["a NUL in a header", "X-A: \0\r\n\r\n"],
  ["large headers", `X-A: ${"x".repeat(20_000)}\r\n\r\n`],
])("a request with %s is refused, and no second one is found in it", async (_, rest) => {
  const socket = net.connect(port, "127.0.0.1");
  socket.on("error", () => {});
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk) => {
    text += chunk;
  });
  socket.write(
    `POST /v1/sessions/bot/interrupt HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${token}\r\n${rest}`,
  );
  await within(new Promise((resolve) => socket.once("close", resolve)), { what: "it is cut off" });
  expect(text).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect(text.match(/HTTP\/1\.1 /g)).toHaveLength(1);
});
