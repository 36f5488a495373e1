/**
 * Connections that can be cut, fall silent or be slow. What was written arrives in its order and in
 * pieces of any size, as with TCP; a cut loses what was on its way.
 */
import { EventEmitter } from "node:events";
import { Duplex } from "node:stream";
import type { Random } from "../support/random.ts";
import type { Actor, Clock } from "./clock.ts";

/** What the kernel takes before a writer has to wait. */
const inFlightBytesMax = 200 * 1024;

export class Cable {
  readonly ends: [CableEnd, CableEnd];
  latencyMs: number;
  /** Nothing passes any more, and nothing is closed. */
  silent = false;
  cut = false;
  readonly clock: Clock;
  readonly random: Random;

  constructor(clock: Clock, random: Random, one: Actor, other: Actor) {
    this.clock = clock;
    this.random = random;
    this.latencyMs = random.chance(0.1) ? random.int(20, 400) : random.int(0, 5);
    this.ends = [new CableEnd(this, 0, one), new CableEnd(this, 1, other)];
  }

  /** Both sides lose it, and what was on its way is lost. */
  sever(): void {
    if (this.cut) return;
    this.cut = true;
    for (const end of this.ends) end.owner.do(() => end.destroy());
  }
}

export class CableEnd extends Duplex {
  readonly owner: Actor;
  readonly #cable: Cable;
  readonly #side: number;
  /** What arrived and was not read. */
  readonly #arrived: (Buffer | null)[] = [];
  #hungry = false;
  #inFlight = 0;
  #whenTaken: (() => void) | undefined;
  #lastAt = 0;

  constructor(cable: Cable, side: number, owner: Actor) {
    super({ allowHalfOpen: false });
    this.#cable = cable;
    this.#side = side;
    this.owner = owner;
    this.on("error", () => {});
  }

  get #other(): CableEnd {
    return this.#cable.ends[1 - this.#side]!;
  }

  /** Its process is dead: the other side reads what was on its way, then the end. */
  die(): void {
    if (!this.destroyed) this.#carry(null);
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (!this.owner.alive) return done();
    const { random } = this.#cable;
    for (let from = 0; from < chunk.length; ) {
      const length = random.chance(0.2) ? random.int(1, chunk.length - from) : chunk.length - from;
      this.#carry(chunk.subarray(from, from + length));
      from += length;
    }
    this.#inFlight += chunk.length;
    if (this.#inFlight <= inFlightBytesMax) done();
    else this.#whenTaken = done;
  }

  override _final(done: () => void): void {
    if (this.owner.alive) this.#carry(null);
    done();
  }

  override _read(): void {
    this.#hungry = true;
    this.#serve();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // The other side reads what was on its way, then the end.
    if (this.owner.alive && !this.writableFinished) this.#carry(null);
    done(error);
  }

  #carry(piece: Buffer | null): void {
    const { clock, random, latencyMs } = this.#cable;
    this.#lastAt = Math.max(this.#lastAt, clock.nowMs + latencyMs * random.next());
    clock.in(this.#other.owner, this.#lastAt - clock.nowMs, () => this.#other.#take(piece));
  }

  #take(piece: Buffer | null): void {
    if (this.#cable.cut || this.#cable.silent || this.destroyed) return;
    this.#arrived.push(piece);
    this.#serve();
  }

  #serve(): void {
    while (this.#hungry && this.#arrived.length > 0) {
      const piece = this.#arrived.shift()!;
      if (piece !== null) this.#other.#taken(piece.length);
      this.#hungry = this.push(piece);
    }
  }

  #taken(bytes: number): void {
    this.#inFlight -= bytes;
    const done = this.#whenTaken;
    if (done === undefined || this.#inFlight > inFlightBytesMax) return;
    this.#whenTaken = undefined;
    this.owner.do(done);
  }
}

/** One end of a connection to an agent: whole messages, in order, as a WebSocket's. */
export class MessageEnd extends EventEmitter {
  readonly owner: Actor;
  readonly #clock: Clock;
  readonly #random: Random;
  #other!: MessageEnd;
  #lastAt = 0;
  closed = false;
  onMessage: (text: string) => void = () => {};

  static pair(clock: Clock, random: Random, one: Actor, other: Actor): [MessageEnd, MessageEnd] {
    const ends = [
      new MessageEnd(clock, random, one),
      new MessageEnd(clock, random, other),
    ] as const;
    ends[0].#other = ends[1];
    ends[1].#other = ends[0];
    return [...ends];
  }

  private constructor(clock: Clock, random: Random, owner: Actor) {
    super();
    this.#clock = clock;
    this.#random = random;
    this.owner = owner;
  }

  send(text: string): void {
    if (!this.closed) this.#carry(() => this.#other.#receive(text));
  }

  /** Ends it on both sides; what was on its way to here is lost. */
  terminate(): void {
    if (this.closed) return;
    this.closed = true;
    this.#carry(() => this.#other.close());
    this.owner.do(() => this.emit("close"));
  }

  /** Its process is gone: the other side hears of it. */
  drop(): void {
    this.closed = true;
    this.#clock.in(this.#other.owner, 1, () => this.#other.close());
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.emit("close");
  }

  #carry(arrive: () => void): void {
    this.#lastAt = Math.max(this.#lastAt, this.#clock.nowMs + 3 * this.#random.next());
    this.#clock.in(this.#other.owner, this.#lastAt - this.#clock.nowMs, arrive);
  }

  #receive(text: string): void {
    if (!this.closed) this.emit("message", text);
  }
}
