/**
 * Many connections over one: after `peer/link` was answered, the stream holds `CHANNEL BYTES`, a
 * newline and so many bytes of the channel, or `CHANNEL WORD` about the channel as a whole. A
 * channel is a stream of its own with back pressure of its own, so what speaks over it need not
 * know, and one that is not read holds up no other. Only one side opens channels. A link on which
 * nothing is heard for `silenceMaxMs` is taken for dead: a machine that sleeps or a cable that was
 * pulled closes nothing.
 */
import { Duplex } from "node:stream";
import { HacsError } from "../protocol/errors.ts";
import { frameBytesMax } from "../protocol/framing.ts";

/** How many channels a link carries at once. */
export const channelsMax = 2_000;

const pingMs = 3_000;
const silenceMaxMs = 9_000;
/** How often it is looked whether the silence is too long: a dead link is known within 10 s. */
const beatMs = 500;
/** What all channels together hold unread of a side that goes on although it was told to pause. */
const unreadBytesMax = 2 * frameBytesMax;
/** So many bytes of one channel go at once; then others have their turn. */
const pieceBytesMax = 256 * 1024;
const headBytesMax = 32;

type Word = "open" | "close" | "pause" | "resume" | "ping" | "pong";

/** A stream that otherwise carries lines. */
export interface ByteCarrier {
  carryBytes: () => void;
}

export interface LinkOptions {
  /**
   * This side asked for the link, and speaks first. The other one is silent until then: what it
   * says right behind its answer would be read as part of the connection as it was.
   */
  asked: boolean;
  /** The other side opened a channel. Left out: this side opens them. */
  onChannel?: (channel: Channel) => void;
  /** Called once, with what ended the link. */
  onClose: (error: HacsError) => void;
  channelsMax?: number;
}

export class Link {
  readonly #stream: Duplex;
  readonly #options: LinkOptions;
  readonly #channels = new Map<number, Channel>();
  readonly #blocked = new Set<() => void>();
  readonly #timer: NodeJS.Timeout;
  /** Resolves with the first line that comes: who asked for the link speaks first. */
  readonly heard: Promise<void>;
  #onHeard: () => void = () => {};
  #isHeard = false;
  /** The beginning of a head whose end has not come. */
  #head = "";
  /** Of the piece that is coming: whose it is, and how many bytes are still to come. */
  #to = 0;
  #left = 0;
  #nextId = 1;
  #lastId = 0;
  #unread = 0;
  #heardAt = performance.now();
  #pingedAt = performance.now();
  #pongs: (() => void)[] = [];
  #closed = false;

  constructor(stream: Duplex, options: LinkOptions) {
    this.#stream = stream;
    this.#options = options;
    this.heard = new Promise((resolve) => {
      this.#onHeard = resolve;
    });
    // What carried a frame a message carries bytes from here on.
    (stream as Partial<ByteCarrier>).carryBytes?.();
    stream.on("data", (chunk: Buffer) => this.#read(chunk));
    stream.on("drain", () => this.#unblock());
    stream.on("error", (error) => this.close(`the link broke: ${error.message}`));
    stream.on("close", () => this.close("the other side closed the link"));
    this.#timer = setInterval(() => this.#beat(), beatMs);
    this.#timer.unref();
    if (options.asked) this.#say(0, "ping");
    stream.resume();
  }

  get closed(): boolean {
    return this.#closed;
  }

  open(): Channel {
    if (this.#closed) throw lost("it is closed");
    const id = this.#nextId++;
    this.#say(id, "open");
    return this.#add(id);
  }

  /** How long the other side takes to answer. */
  async ping(): Promise<number> {
    const start = performance.now();
    this.#say(0, "ping");
    await new Promise<void>((resolve) => this.#pongs.push(resolve));
    return performance.now() - start;
  }

  close(why: string): void {
    this.#end(lost(why));
  }

  #end(error: HacsError): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    this.#stream.destroy();
    this.#unblock();
    for (const channel of this.#channels.values()) channel.destroy(error);
    this.#channels.clear();
    this.#options.onClose(error);
  }

  #beat(): void {
    const silentMs = performance.now() - this.#heardAt;
    if (silentMs > silenceMaxMs)
      this.close(`nothing was heard for ${Math.round(silentMs / 1000)} s`);
    else if (this.#isHeard && performance.now() - this.#pingedAt >= pingMs) {
      this.#pingedAt = performance.now();
      this.#say(0, "ping");
    }
  }

  #read(chunk: Buffer): void {
    this.#heardAt = performance.now();
    this.#isHeard = true;
    this.#onHeard();
    try {
      for (let at = 0; at < chunk.length && !this.#closed; ) at = this.#take(chunk, at);
    } catch (error) {
      this.#end(error instanceof HacsError ? error : invalid(String(error)));
    }
  }

  /** Takes what begins at `start`, and gives where the next begins. */
  #take(chunk: Buffer, start: number): number {
    if (this.#left > 0) {
      const piece = chunk.subarray(start, start + this.#left);
      this.#left -= piece.length;
      // A channel that was just closed here may still be spoken to.
      this.#channels.get(this.#to)?.receive(piece);
      return start + piece.length;
    }
    const end = chunk.indexOf(0x0a, start);
    this.#head += chunk.toString("latin1", start, end === -1 ? chunk.length : end);
    if (this.#head.length > headBytesMax) throw invalid("a head is too long");
    if (end === -1) return chunk.length;
    const [, channel, bytes, word = ""] =
      /^(\d{1,10}) (?:([1-9]\d{0,9})|([a-z]+))$/.exec(this.#head) ?? [];
    this.#head = "";
    if (channel === undefined) throw invalid("a head names no channel");
    if (bytes === undefined) this.#told(Number(channel), word);
    else [this.#to, this.#left] = [Number(channel), Number(bytes)];
    return end + 1;
  }

  #told(id: number, word: string): void {
    if (id === 0) {
      if (word === "ping") this.#say(0, "pong");
      else if (word === "pong") for (const resolve of this.#pongs.splice(0)) resolve();
      else throw invalid("a word is unknown");
      return;
    }
    if (word === "open") return this.#opened(id);
    const channel = this.#channels.get(id);
    if (word === "close") channel?.ended();
    else if (word === "pause" || word === "resume") channel?.hold(word === "pause");
    else throw invalid("a word is unknown");
  }

  #opened(id: number): void {
    const { onChannel, channelsMax = Number.POSITIVE_INFINITY } = this.#options;
    if (onChannel === undefined || id <= this.#lastId) throw invalid("a channel can't be opened");
    this.#lastId = id;
    if (this.#channels.size >= channelsMax) return this.#say(id, "close");
    onChannel(this.#add(id));
  }

  #add(id: number): Channel {
    const channel = new Channel({
      say: (word) => this.#say(id, word),
      send: (bytes, sent) => this.#send(id, bytes, sent),
      unread: (bytes) => this.#count(bytes),
      gone: () => this.#channels.delete(id),
    });
    this.#channels.set(id, channel);
    return channel;
  }

  #count(bytes: number): void {
    this.#unread += bytes;
    if (this.#unread > unreadBytesMax) throw invalid("a side that was told to pause goes on");
  }

  #say(id: number, word: Word): void {
    if (!this.#closed) this.#stream.write(`${id} ${word}\n`);
  }

  /** `sent` is called when more may come. */
  #send(id: number, bytes: Buffer, sent: () => void): void {
    if (this.#closed) return sent();
    let roomy = true;
    this.#stream.cork();
    for (let start = 0; start < bytes.length; start += pieceBytesMax) {
      const piece = bytes.subarray(start, start + pieceBytesMax);
      this.#stream.write(`${id} ${piece.length}\n`, "latin1");
      roomy = this.#stream.write(piece);
    }
    this.#stream.uncork();
    if (roomy) sent();
    else this.#blocked.add(sent);
  }

  #unblock(): void {
    const blocked = [...this.#blocked];
    this.#blocked.clear();
    for (const sent of blocked) sent();
  }
}

interface Line {
  say: (word: Word) => void;
  send: (bytes: Buffer, sent: () => void) => void;
  /** So many bytes more, or less, were taken in and not read. */
  unread: (bytes: number) => void;
  gone: () => void;
}

/** One connection of a link. */
export class Channel extends Duplex {
  readonly #line: Line;
  #over = false;
  /** The other side can't take more. */
  #held = false;
  #onReleased: (() => void) | undefined;
  /** The other side was told to pause. */
  #pausing = false;
  #unread = 0;

  constructor(line: Line) {
    super({ allowHalfOpen: false });
    this.#line = line;
  }

  receive(piece: Buffer): void {
    if (this.#over) return;
    this.#account(this.readableLength + piece.length);
    if (!this.push(piece) && !this.#pausing) {
      this.#pausing = true;
      this.#line.say("pause");
    }
    this.#account(this.readableLength);
  }

  ended(): void {
    if (this.#over) return;
    this.#over = true;
    this.#line.gone();
    this.push(null);
  }

  hold(held: boolean): void {
    this.#held = held;
    if (!held) this.#release();
  }

  override _read(): void {
    this.#account(this.readableLength);
    if (!this.#pausing) return;
    this.#pausing = false;
    if (!this.#over) this.#line.say("resume");
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.#over) return done();
    const send = () => (this.#over ? done() : this.#line.send(chunk, done));
    if (this.#held) this.#onReleased = send;
    else send();
  }

  override _writev(chunks: { chunk: Buffer }[], done: () => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), "buffer", done);
  }

  /** What was written has gone out; there is no half of a channel. */
  override _final(done: () => void): void {
    this.#leave();
    this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#account(0);
    this.#leave();
    this.#release();
    done(error);
  }

  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#line.say("close");
    this.#line.gone();
  }

  #release(): void {
    const released = this.#onReleased;
    this.#onReleased = undefined;
    released?.();
  }

  #account(bytes: number): void {
    const more = bytes - this.#unread;
    this.#unread = bytes;
    this.#line.unread(more);
  }
}

function lost(why: string): HacsError {
  return new HacsError("daemon-unreachable", `The link is down: ${why}.`);
}

function invalid(why: string): HacsError {
  return new HacsError("peer-invalid", `The other side of a link breaks the protocol: ${why}.`);
}
