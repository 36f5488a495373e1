/**
 * A WebSocket that reads a server's text frames and little else, so that what its client costs is
 * what it makes of them. Both ours and codex's own are read by it.
 */
import { randomBytes } from "node:crypto";
import http, { type RequestOptions } from "node:http";
import type { Socket } from "node:net";

const [text, close, ping, pong] = [1, 8, 9, 10];

export class TextSocket {
  onText: (text: string) => void = () => {};
  onClose: () => void = () => {};
  readonly #socket: Socket;
  #rest: Buffer;

  constructor(socket: Socket, head: Buffer) {
    this.#socket = socket;
    this.#rest = head;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", () => {});
    socket.on("close", () => this.onClose());
  }

  send(message: string): void {
    this.#send(text, Buffer.from(message));
  }

  terminate(): void {
    this.#socket.destroy();
  }

  /** A client's frames are masked; a mask of nothing is one, too. */
  #send(kind: number, payload: Buffer): void {
    const { length } = payload;
    if (length > 0xffff) throw new Error("a benchmark says nothing so long");
    const size = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 0xff];
    this.#socket.write(Buffer.concat([Buffer.from([0x80 | kind, ...size, 0, 0, 0, 0]), payload]));
  }

  #read(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    while (at + 2 <= bytes.length) {
      const head = bytes[at] ?? 0;
      const short = bytes[at + 1] ?? 0;
      const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
      if (start > bytes.length) break;
      const length =
        short < 126
          ? short
          : short === 126
            ? bytes.readUInt16BE(at + 2)
            : bytes.readUIntBE(at + 4, 6);
      if (start + length > bytes.length) break;
      at = start + length;
      this.#take(head, bytes, start, at);
    }
    this.#rest = bytes.subarray(at);
  }

  #take(head: number, bytes: Buffer, start: number, end: number): void {
    if (head === (0x80 | text)) this.onText(bytes.toString("utf8", start, end));
    else if (head === (0x80 | ping)) this.#send(pong, bytes.subarray(start, end));
    else if (head === (0x80 | close)) this.#socket.end();
    else if (head !== (0x80 | pong)) throw new Error(`a frame of another kind: ${head}`);
  }
}

/** Rejects when it is not let in or nobody is there. */
export function openTextSocket(url: string, options: RequestOptions): Promise<TextSocket> {
  const request = http.get(url, {
    ...options,
    agent: false,
    headers: {
      ...options.headers,
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
      "Sec-WebSocket-Version": "13",
    },
  });
  return new Promise((resolve, reject) => {
    request.once("upgrade", (_, socket: Socket, head) => resolve(new TextSocket(socket, head)));
    request.once("response", ({ statusCode }) =>
      reject(new Error(`it was answered ${statusCode}`)),
    );
    request.once("error", reject);
  });
}
