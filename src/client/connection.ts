/**
 * One connection to a daemon: requests with their answers, and the notifications in between, in
 * the order they came. It knows nothing of sessions, and never reconnects; `follow.ts` does.
 */
import type { Duplex } from "node:stream";
import { fromRpcError, HacsError } from "../protocol/errors.ts";
import { LineSplitter } from "../protocol/framing.ts";
import { decode, encodeRequest, type JsonObject, type RequestId } from "../protocol/messages.ts";
import type { Method, Params, Result } from "../protocol/methods.ts";

type Waiting = { resolve: (result: never) => void; reject: (error: HacsError) => void };

export class Connection {
  /** Called for each notification. Set before the first call that makes any arrive. */
  onNotification: (method: string, params: JsonObject) => void = () => {};
  /** Called once, with what ended the connection. */
  onClose: (error: HacsError) => void = () => {};
  readonly #stream: Duplex;
  readonly #inspect: (frame: string) => boolean;
  readonly #splitter = new LineSplitter();
  readonly #waiting = new Map<RequestId, Waiting>();
  #nextId = 1;
  #closed: HacsError | undefined;

  /** `inspect` sees each frame first: it throws on one that is not to be parsed, or takes it. */
  constructor(stream: Duplex, inspect: (frame: string) => boolean = () => false) {
    this.#stream = stream;
    this.#inspect = inspect;
    stream.on("data", (chunk: Buffer) => this.#read(chunk));
    stream.on("error", (error) => this.#end(`the connection broke: ${error.message}`));
    stream.on("close", () => this.#end("the daemon closed the connection"));
    stream.resume();
  }

  get closed(): boolean {
    return this.#closed !== undefined;
  }

  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>> {
    if (this.#closed) return Promise.reject(this.#closed);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#stream.write(`${encodeRequest(id, method, params)}\n`);
    });
  }

  close(): void {
    this.#end("this side closed the connection");
  }

  /** Nothing is read any more until the caller can take it. */
  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  /** Gives the stream away, for another use of it; this connection is over. */
  release(): Duplex {
    this.#closed = new HacsError("daemon-unreachable", "The connection was given away.");
    this.#stream.pause();
    for (const event of ["data", "error", "close"]) this.#stream.removeAllListeners(event);
    return this.#stream;
  }

  #read(chunk: Buffer): void {
    try {
      for (const line of this.#splitter.push(chunk)) this.#handle(line);
    } catch (error) {
      this.#end(error instanceof Error ? error.message : String(error));
    }
  }

  #handle(line: string): void {
    if (this.#inspect(line)) return;
    const message = decode(line);
    if (message.kind === "notification") return this.onNotification(message.method, message.params);
    if (message.kind === "request") return;
    // A failure of no request in particular is the connection's end.
    if (message.id === null)
      return message.kind === "failure" ? this.#fail(fromRpcError(message.error)) : undefined;
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id);
    if (message.kind === "failure") waiting.reject(fromRpcError(message.error));
    else waiting.resolve(message.result as never);
  }

  #end(why: string): void {
    this.#fail(
      new HacsError(
        "daemon-unreachable",
        `The daemon can't be reached: ${why.replace(/\.$/, "")}.`,
        "It may have been stopped; any command but `daemon status` starts it again.",
      ),
    );
  }

  #fail(error: HacsError): void {
    if (this.#closed) return;
    this.#closed = error;
    for (const { reject } of this.#waiting.values()) reject(this.#closed);
    this.#waiting.clear();
    this.#stream.destroy();
    this.onClose(this.#closed);
  }
}
