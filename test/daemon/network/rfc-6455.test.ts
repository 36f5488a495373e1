/** What RFC 6455 asks of a server, frame by frame: the groups of the Autobahn suite, and its cases. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { requestBytesMax } from "../../../src/daemon/client-connection.ts";
import { PROTOCOL } from "../../../src/protocol/methods.ts";
import { within } from "../../support/eventually.ts";
import { createHome, type Home } from "../../support/home.ts";
import { ask, listenOn, makeToken } from "../../support/port.ts";
import { frame, openRaw, type RawWebSocket } from "../../support/raw-web-socket.ts";

let home: Home;
let url: string;
let token: string;
let raw: RawWebSocket;
beforeAll(async () => {
  home = await createHome();
  url = await listenOn(home);
  ({ token } = await makeToken(home));
});
afterEach(async () => {
  raw?.destroy();
  expect((await ask(url, "/v1/sessions", { token })).status).toBe(200);
  expect(home.daemonLog()).not.toContain("a request met a bug");
});
afterAll(() => home.close());

const [continuation, text, binary, close, ping, pong] = [0, 1, 2, 8, 9, 10];
const hello = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "hello",
  params: { protocol: PROTOCOL, client: { kind: "ü€😀", version: "0", user: "", from: "" } },
});
const open = async () => (raw = await openRaw(url, token));
/** A hello's answer shows that all went well. */
const answered = async () => {
  const { payload, fin } = await raw.until("an answer", ({ opcode }) => opcode === text);
  expect(fin).toBe(true);
  expect(JSON.parse(String(payload)).result.protocol).toBe(PROTOCOL.max);
};
const closeWith = (code: number, reason: string | Buffer = "") =>
  frame(Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)]), {
    opcode: close,
  });

describe("the opening", () => {
  test("agrees to no compression, though it is offered", async () => {
    raw = await openRaw(url, token, {
      "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
    });
    expect(raw.head).toMatch(/^HTTP\/1\.1 101 /);
    expect(raw.head).not.toMatch(/extensions/i);
    raw.send(frame(hello));
    await answered();
  });

  test.each<[string, Record<string, string>]>([
    ["another version", { "Sec-WebSocket-Version": "12" }],
    ["no version", { "Sec-WebSocket-Version": "" }],
    ["no key", { "Sec-WebSocket-Key": "" }],
    ["a key that is none", { "Sec-WebSocket-Key": "short" }],
    ["another protocol", { Upgrade: "h2c" }],
  ])("with %s is refused", async (_, headers) => {
    raw = await openRaw(url, token, headers);
    expect(raw.head).toMatch(/^HTTP\/1\.1 4\d\d /);
    await within(raw.closed, { what: "it is hung up on" });
  });
});

describe("pings and pongs", () => {
  test.each([0, 1, 125])("a ping of %i bytes is answered with the same", async (length) => {
    await open();
    const payload = Buffer.alloc(length, 0xfe);
    raw.send(frame(payload, { opcode: ping }));
    expect((await raw.until("a pong", ({ opcode }) => opcode === pong)).payload).toEqual(payload);
  });

  test("ten in one piece are answered in order", async () => {
    await open();
    raw.send(Buffer.concat(Array.from({ length: 10 }, (_, i) => frame(`p${i}`, { opcode: ping }))));
    await raw.until("the last", ({ payload }) => String(payload) === "p9");
    const pongs = raw.frames.filter(({ opcode }) => opcode === pong);
    expect(pongs.map(({ payload }) => String(payload))).toEqual(pongs.map((_, i) => `p${i}`));
  });

  test("a pong that nobody asked for is nothing", async () => {
    await open();
    raw.send(frame("what", { opcode: pong }));
    raw.send(frame(hello));
    await answered();
  });
});

describe("fragments", () => {
  const pieces = (size: number) => {
    const bytes = Buffer.from(hello);
    const count = Math.ceil(bytes.length / size);
    return Array.from({ length: count }, (_, i) =>
      frame(bytes.subarray(i * size, (i + 1) * size), {
        opcode: i === 0 ? text : continuation,
        fin: i === count - 1,
      }),
    );
  };

  test.each([1, 2, 7, 50])(
    "of %i bytes are one message, in the middle of a character too",
    async (size) => {
      await open();
      for (const piece of pieces(size)) raw.send(piece);
      await answered();
    },
  );

  test("may be empty, and have pings in between", async () => {
    await open();
    raw.send(frame("", { fin: false }));
    raw.send(frame("between", { opcode: ping }));
    raw.send(frame(hello, { opcode: continuation, fin: false }));
    raw.send(frame("", { opcode: continuation }));
    await answered();
    expect(raw.frames.map(({ opcode }) => opcode)).toEqual([pong, text]);
  });

  test("a frame in pieces of one byte is one frame", async () => {
    await open();
    for (const byte of frame(hello)) raw.send(Buffer.from([byte]));
    await answered();
  });
});

describe.each<[string, number, () => Buffer[]]>([
  ["a ping of 126 bytes", 1002, () => [frame("x".repeat(126), { opcode: ping })]],
  ["a ping in fragments", 1002, () => [frame("x", { opcode: ping, fin: false })]],
  ["a pong in fragments", 1002, () => [frame("x", { opcode: pong, fin: false })]],
  ["a close in fragments", 1002, () => [frame("", { opcode: close, fin: false })]],
  ["the bit RSV1", 1002, () => [frame(hello, { reserved: 4 })]],
  ["the bit RSV2", 1002, () => [frame(hello, { reserved: 2 })]],
  ["the bit RSV3", 1002, () => [frame(hello, { reserved: 1 })]],
  [
    "RSV1 on a continuation",
    1002,
    () => [frame("", { fin: false }), frame("", { opcode: 0, reserved: 4 })],
  ],
  ["RSV1 on a ping", 1002, () => [frame("", { opcode: ping, reserved: 4 })]],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): [string, number, () => Buffer[]] => [
    `the opcode ${opcode}`,
    1002,
    () => [frame("x", { opcode })],
  ]),
  ["a frame that is not masked", 1002, () => [frame(hello, { masked: false })]],
  ["a continuation of nothing", 1002, () => [frame("x", { opcode: continuation })]],
  ["a message within a message", 1002, () => [frame("x", { fin: false }), frame("y")]],
  ["a continuation after the end", 1002, () => [frame("{}"), frame("x", { opcode: continuation })]],
  [
    "a length with its highest bit",
    1009,
    () => [Buffer.from([0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
  ],
  [
    "a length that is out of all bounds",
    1009,
    () => [Buffer.from([0x81, 0xff, 0, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
  ],
  ["bytes that are no UTF-8", 1007, () => [frame(Buffer.from([0xce, 0xba, 0xff]))]],
  ["an overlong character", 1007, () => [frame(Buffer.from([0xc0, 0x80]))]],
  ["a surrogate", 1007, () => [frame(Buffer.from([0xed, 0xa0, 0x80]))]],
  ["a code point past the last", 1007, () => [frame(Buffer.from([0xf4, 0x90, 0x80, 0x80]))]],
  ["half a character", 1007, () => [frame(Buffer.from([0xce]))]],
  [
    "no UTF-8 in a later fragment",
    1007,
    () => [frame("ok", { fin: false }), frame(Buffer.from([0xff]), { opcode: continuation })],
  ],
  ["a binary message", 1003, () => [frame(hello, { opcode: binary })]],
  ["a close with half a code", 1002, () => [frame(Buffer.from([3]), { opcode: close })]],
  ["a close of 126 bytes", 1002, () => [closeWith(1000, "x".repeat(124))]],
  ["a close with a reason that is no UTF-8", 1007, () => [closeWith(1000, Buffer.from([0xff]))]],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map(
    (code): [string, number, () => Buffer[]] => [
      `a close with ${code}`,
      1002,
      () => [closeWith(code)],
    ],
  ),
  ...[1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999].map(
    (code): [string, number, () => Buffer[]] => [
      `a close with ${code}`,
      code,
      () => [closeWith(code, "because")],
    ],
  ),
  ["a close without a code", 1005, () => [frame("", { opcode: close })]],
])("%s", (_, code, frames) => {
  test(`is answered with a close, ${code}, and hung up on`, async () => {
    await open();
    for (const one of frames()) raw.send(one);
    expect(await raw.closeCode()).toBe(code);
    await within(raw.closed, { what: "it is hung up on" });
  });
});

describe("bounds", () => {
  test("what comes after a close is not done", async () => {
    await open();
    raw.send(Buffer.concat([closeWith(1000), frame(hello)]));
    expect(await raw.closeCode()).toBe(1000);
    await within(raw.closed, { what: "it is hung up on" });
    expect(raw.frames.filter(({ opcode }) => opcode === text)).toEqual([]);
  });

  test("before the hello a frame has 64 KiB at most", async () => {
    await open();
    raw.send(frame("x".repeat(64 * 1024 + 1)));
    expect(await raw.closeCode()).toBe(1009);
    const told = JSON.parse(String(raw.frames.find(({ opcode }) => opcode === text)?.payload));
    expect(told.error.data.code).toBe("frame-too-large");
  });

  test("after it as much as a request may have, whole or in fragments", async () => {
    await open();
    raw.send(frame(hello));
    await answered();
    const call = (id: number, length: number) =>
      JSON.stringify({ id, method: "session/show", params: { name: "x".repeat(length) } });
    raw.send(frame(call(2, requestBytesMax - 1024)));
    await raw.until("an answer", ({ payload }) => String(payload).includes('"id":2'));
    const large = Buffer.from(call(3, requestBytesMax));
    for (let at = 0; at < large.length; at += 65_536) {
      const piece = large.subarray(at, at + 65_536);
      raw.send(frame(piece, { opcode: at === 0 ? text : continuation, fin: false }));
    }
    expect(await raw.closeCode()).toBe(1009);
    await within(raw.closed, { what: "it is hung up on" });
  });

  test("what is no JSON-RPC is told so, and the next frame is read", async () => {
    await open();
    for (const bad of ["", "{", "[]", "[1]", "null", '{"id":1}', "[".repeat(50_000)]) {
      const before = raw.frames.length;
      raw.send(frame(bad));
      await raw.until("an error", (one) => raw.frames.indexOf(one) >= before);
      expect(JSON.parse(String(raw.frames.at(-1)?.payload)).error.data.code).toBe("frame-invalid");
    }
    raw.send(frame(hello));
    await raw.until("an answer", ({ payload }) => String(payload).includes('"result"'));
  });
});
