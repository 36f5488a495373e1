/**
 * A daemon for client tests that holds one session with a history of numbers. It follows the
 * protocol to the letter and fails on command: it can cut every connection after so many bytes,
 * in the middle of a frame if that is where they end.
 */
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { HacsError, toRpcError } from "../../src/protocol/errors.ts";
import { LineSplitter } from "../../src/protocol/framing.ts";
import {
  decode,
  encodeFailure,
  encodeNotification,
  encodeResult,
  type JsonObject,
} from "../../src/protocol/messages.ts";
import type { SessionEvent } from "../../src/protocol/records.ts";

type Handler = (params: JsonObject, peer: Peer) => unknown;

export class FakeDaemon {
  readonly dir = mkdtempSync("/tmp/hs-");
  readonly socket = join(this.dir, "d.sock");
  readonly sessionId = "id-1";
  readonly records: SessionEvent[] = [];
  /** Every request, as it came. */
  readonly requests: { method: string; params: JsonObject }[] = [];
  /** How many bytes the next connections may get before they are cut, one number for each. */
  readonly cuts: number[] = [];
  readonly peers = new Set<Peer>();
  /** Methods that answer in a test's own way; a throw is the answer too. */
  readonly methods = new Map<string, Handler>([
    ["hello", () => ({ protocol: 1, daemon: { pid: 1, version: "test" } })],
    ["session/attach", (params, peer) => this.#attach(params, peer)],
  ]);
  #server: net.Server | undefined;

  async listen(): Promise<void> {
    const server = net.createServer((stream) => {
      const peer = new Peer(stream, this.cuts.shift() ?? Number.POSITIVE_INFINITY);
      this.peers.add(peer);
      stream.on("close", () => this.peers.delete(peer));
      const splitter = new LineSplitter();
      stream.on("data", (chunk) => {
        for (const line of splitter.push(chunk)) this.#handle(line, peer);
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(this.socket, resolve));
  }

  /** Stops listening and cuts every connection, as a daemon's death does. */
  async die(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const peer of this.peers) peer.cut();
    await closed;
  }

  async close(): Promise<void> {
    await this.die();
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** Stores a record and shows it to whoever is attached. */
  append(): void {
    const seq = this.records.length + 1;
    const record = { session: this.sessionId, seq, at: "", method: "number", params: { seq } };
    this.records.push(record);
    for (const peer of this.peers) if (peer.attached) peer.notify("session/event", record);
  }

  #attach(params: JsonObject, peer: Peer): object {
    const head = this.records.length;
    const after = Number(
      params.after ?? (params.last === undefined ? head : head - Number(params.last)),
    );
    // The answer comes first on the wire, the records follow in the same breath.
    queueMicrotask(() => {
      for (const record of this.records.slice(Math.max(0, after)))
        peer.notify("session/event", record);
      const live = {
        session: this.sessionId,
        at: "",
        method: "session/live",
        params: { seq: head },
      };
      peer.notify("session/event", live);
      peer.attached = true;
    });
    return { session: { id: this.sessionId, name: "s" }, head, approvals: [], messages: [] };
  }

  #handle(line: string, peer: Peer): void {
    const message = decode(line);
    if (message.kind !== "request") return;
    const { id, method, params } = message;
    this.requests.push({ method, params });
    try {
      const handler = this.methods.get(method);
      if (handler === undefined) throw new HacsError("method-unknown", `no ${method}`);
      const result = handler(params, peer);
      if (result !== undefined) peer.send(encodeResult(id, result));
    } catch (error) {
      peer.send(encodeFailure(id, toRpcError(error)));
    }
  }
}

/** One connection, as the daemon sees it. */
export class Peer {
  attached = false;
  readonly #stream: net.Socket;
  #bytesLeft: number;

  constructor(stream: net.Socket, bytesMax: number) {
    this.#stream = stream;
    this.#bytesLeft = bytesMax;
    stream.on("error", () => {});
  }

  notify(method: string, params: object): void {
    this.send(encodeNotification(method, params));
  }

  send(frame: string): void {
    this.raw(`${frame}\n`);
  }

  raw(text: string): void {
    if (this.#stream.destroyed || this.#bytesLeft <= 0) return;
    const bytes = Buffer.from(text).subarray(0, this.#bytesLeft);
    this.#bytesLeft -= bytes.length;
    this.#stream.write(bytes);
    if (this.#bytesLeft <= 0) this.#stream.end();
  }

  cut(): void {
    this.#stream.destroy();
  }
}
