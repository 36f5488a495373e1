/** A WebSocket made of bytes, for frames that no library would send. RFC 6455, section 5.2. */
import { randomBytes } from "node:crypto";
import net from "node:net";
import { within } from "./eventually.ts";

export interface RawFrame {
  fin: boolean;
  opcode: number;
  payload: Buffer;
}

export interface FrameOptions {
  opcode?: number;
  fin?: boolean;
  /** RSV1 to RSV3, as the bits 4, 2 and 1. */
  reserved?: number;
  masked?: boolean;
}

export function frame(payload: string | Buffer, options: FrameOptions = {}): Buffer {
  const { opcode = 1, fin = true, reserved = 0, masked = true } = options;
  const data = Buffer.from(payload);
  const mask = masked ? randomBytes(4) : Buffer.alloc(0);
  const bit = masked ? 0x80 : 0;
  const first = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  const length =
    data.length < 126
      ? Buffer.from([first, bit | data.length])
      : data.length < 65_536
        ? Buffer.from([first, bit | 126, data.length >> 8, data.length & 255])
        : Buffer.concat([Buffer.from([first, bit | 127]), bigLength(data.length)]);
  const body = masked ? data.map((byte, i) => byte ^ (mask[i % 4] ?? 0)) : data;
  return Buffer.concat([length, mask, body]);
}

function bigLength(length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(length));
  return bytes;
}

export interface RawWebSocket {
  /** The response to the opening, its status line and headers. */
  readonly head: string;
  readonly frames: readonly RawFrame[];
  send(bytes: Buffer): void;
  until(what: string, is: (frame: RawFrame) => boolean): Promise<RawFrame>;
  /** The code of the close that the other side sends; 0 when it sends none before it hangs up. */
  closeCode(): Promise<number>;
  readonly closed: Promise<void>;
  destroy(): void;
}

export async function openRaw(
  url: string,
  token: string,
  headers: Record<string, string> = {},
): Promise<RawWebSocket> {
  const { hostname, port, host } = new URL(url);
  const socket = net.connect(Number(port), hostname);
  socket.on("error", () => {});
  const sent = {
    Host: host,
    Authorization: `Bearer ${token}`,
    Connection: "Upgrade",
    Upgrade: "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
    ...headers,
  };
  const lines = Object.entries(sent).flatMap(([name, value]) =>
    value === "" ? [] : `${name}: ${value}`,
  );
  socket.write(`GET /v1/ws HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
  const frames: RawFrame[] = [];
  const watchers = new Set<() => void>();
  let head = "";
  let rest = Buffer.alloc(0);
  const opened = Promise.withResolvers<void>();
  const closed = new Promise<void>((resolve) =>
    socket.once("close", () => {
      opened.resolve();
      resolve();
      for (const look of [...watchers]) look();
    }),
  );
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    if (head === "") {
      const end = rest.indexOf("\r\n\r\n");
      if (end === -1) return;
      head = rest.subarray(0, end).toString("latin1");
      rest = rest.subarray(end + 4);
      opened.resolve();
    }
    for (let read = take(rest); read !== undefined; read = take(rest)) {
      frames.push(read.frame);
      rest = read.rest;
    }
    for (const look of [...watchers]) look();
  });
  await within(opened.promise, { what: "the opening is answered" });
  const until = (what: string, is: (frame: RawFrame) => boolean) => {
    const found = Promise.withResolvers<RawFrame>();
    const look = () => {
      const frame = frames.find(is);
      if (frame !== undefined) found.resolve(frame);
      else if (socket.destroyed) found.reject(new Error(`hung up before: ${what}`));
    };
    watchers.add(look);
    look();
    return within(found.promise, { what }).finally(() => watchers.delete(look));
  };
  return {
    head,
    frames,
    send: (bytes) => void socket.write(bytes),
    until,
    closeCode: async () => {
      try {
        const { payload } = await until("a close", ({ opcode }) => opcode === 8);
        return payload.length < 2 ? 1005 : payload.readUInt16BE(0);
      } catch {
        return 0;
      }
    },
    closed,
    destroy: () => socket.destroy(),
  };
}

/** The first frame in the bytes, if it is whole; a server's are not masked. */
function take(bytes: Buffer): { frame: RawFrame; rest: Buffer<ArrayBuffer> } | undefined {
  if (bytes.length < 2) return undefined;
  const [first = 0, second = 0] = bytes;
  const short = second & 0x7f;
  const at = short < 126 ? 2 : short === 126 ? 4 : 10;
  if (bytes.length < at) return undefined;
  const length =
    short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < at + length) return undefined;
  const payload = Buffer.from(bytes.subarray(at, at + length));
  const frame = { fin: (first & 0x80) !== 0, opcode: first & 0x0f, payload };
  return { frame, rest: Buffer.from(bytes.subarray(at + length)) };
}
