/** A program's stdin and stdout as one stream, as a socket would be. */
import type { ChildProcessByStdio } from "node:child_process";
import { Duplex, type Readable, type Writable } from "node:stream";

export type Child = ChildProcessByStdio<Writable, Readable, Readable>;

const endMs = 2_000;

export class ChildStream extends Duplex {
  readonly #child: Child;
  /** It has said all it will, and is about to end with a code that says why. */
  #said = false;

  constructor(child: Child) {
    super({ allowHalfOpen: false });
    this.#child = child;
    child.stdout.on("data", (chunk: Buffer) => {
      if (!this.push(chunk)) child.stdout.pause();
    });
    child.stdout.on("end", () => {
      this.#said = true;
      this.push(null);
    });
    child.stdout.on("error", (error) => this.destroy(error));
    child.stdin.on("error", (error) => this.destroy(error));
    child.on("exit", () => child.stdin.destroy());
  }

  override _read(): void {
    this.#child.stdout.resume();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (this.#child.stdin.write(chunk) || this.#child.stdin.destroyed) done();
    else this.#child.stdin.once("drain", done);
  }

  override _final(done: () => void): void {
    this.#child.stdin.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#child.stdin.destroy();
    this.#child.stdout.destroy();
    if (this.#said) setTimeout(() => this.#child.kill(), endMs).unref();
    else this.#child.kill();
    done(error);
  }
}
