/**
 * A WebSocket as a stream: of lines, one frame of the protocol a text message, and for a link of
 * bytes, in binary messages.
 */
import { Duplex } from "node:stream";
import WebSocket from "ws";
import { quote, visible } from "../protocol/address.ts";
import { HacsError } from "../protocol/errors.ts";
import { frameBytesMax } from "../protocol/framing.ts";

const bufferedBytesMax = 1024 * 1024;
/** Of bytes; a frame is a message as long as it is. */
const messageBytesMax = 1024 * 1024;

export interface WebSocketOptions {
  token: string | undefined;
  /** PEM: who vouches for the server, in place of those that Node knows. */
  ca: string | undefined;
  timeoutMs: number;
}

export function connectWebSocket(
  url: string,
  { token, ca, timeoutMs }: WebSocketOptions,
): Promise<WebSocketStream> {
  const socket = new WebSocket(url, {
    perMessageDeflate: false,
    maxPayload: frameBytesMax,
    handshakeTimeout: timeoutMs,
    // Whatever NODE_TLS_REJECT_UNAUTHORIZED says in the shell that the daemon came from.
    rejectUnauthorized: true,
    ...(ca === undefined ? {} : { ca }),
    ...(token === undefined ? {} : { headers: { Authorization: `Bearer ${token}` } }),
  });
  return new Promise((resolve, reject) => {
    socket.once("open", () => {
      socket.removeAllListeners();
      resolve(new WebSocketStream(socket));
    });
    socket.once("unexpected-response", (_, { statusCode }) => {
      reject(refusal(url, statusCode ?? 0));
      socket.on("error", () => {}).terminate();
    });
    socket.once("error", (error) => reject(unreachable(url, saidPlainly(error))));
  });
}

/** Of a socket that is open; who listens on it already, stays. */
export class WebSocketStream extends Duplex {
  readonly #socket: WebSocket;
  #bytes = false;

  constructor(socket: WebSocket) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    socket.on("message", (data: Buffer, isBinary) => {
      // A message is one frame, so a line break in it would make it several.
      if (!isBinary && data.includes(0x0a)) return this.destroy(new Error("it sent a line break"));
      this.push(data);
      if (!isBinary) this.push("\n");
      if (this.readableLength >= this.readableHighWaterMark) socket.pause();
    });
    socket.on("error", (error) => this.destroy(error));
    socket.on("close", () => {
      this.push(null);
      this.destroy();
    });
  }

  override _read(): void {
    if (this.#socket.isPaused) this.#socket.resume();
  }

  /** From here on what is written goes as it is. */
  carryBytes(): void {
    this.#bytes = true;
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
    const messages = this.#bytes
      ? piecesOf(chunk)
      : chunk.toString("utf8").split("\n").slice(0, -1);
    const last = messages.pop();
    if (last === undefined) return done();
    for (const message of messages) this.#socket.send(message, () => {});
    const waits = this.#socket.bufferedAmount > bufferedBytesMax;
    this.#socket.send(last, () => {
      if (waits) done();
    });
    if (!waits) done();
  }

  override _writev(chunks: { chunk: Buffer }[], done: (error?: Error) => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), "buffer", done);
  }

  override _final(done: () => void): void {
    this.#socket.close();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.terminate();
    done(error);
  }
}

function piecesOf(chunk: Buffer): Buffer[] {
  const count = Math.ceil(chunk.length / messageBytesMax);
  return Array.from({ length: count }, (_, i) =>
    chunk.subarray(i * messageBytesMax, (i + 1) * messageBytesMax),
  );
}

/** What TLS says of a server that speaks none is a line of its own source. */
function saidPlainly({ message }: Error): string {
  if (/wrong version number|packet length too long/.test(message))
    return "it speaks no TLS there, which is ws:// and for this machine only";
  return message.split(/:error:|; if the root CA|\n/)[0] ?? message;
}

function refusal(url: string, status: number): HacsError {
  if (status === 401 || status === 403) {
    return new HacsError(
      "not-allowed",
      `${quote(url)} refused the token (HTTP ${status}).`,
      "Give the file with a valid one: hacs-session peer add NAME URL --token-file FILE",
    );
  }
  return unreachable(url, `HTTP ${status} instead of a WebSocket`);
}

function unreachable(url: string, why: string): HacsError {
  return new HacsError("daemon-unreachable", `${quote(url)} can't be reached: ${visible(why)}.`);
}
