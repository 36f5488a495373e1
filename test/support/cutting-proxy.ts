/** A socket between two daemons that can be cut, after so many bytes or at once, or fall silent. */
import { mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";

export class CuttingProxy {
  readonly dir = mkdtempSync("/tmp/hs-");
  readonly path = join(this.dir, "p.sock");
  readonly #to: string;
  readonly #pairs = new Set<[net.Socket, net.Socket]>();
  #server: net.Server | undefined;
  /** How many bytes, both ways together, the next connections may carry; one number for each. */
  readonly cuts: number[] = [];
  connections = 0;
  #silent = false;

  constructor(to: string) {
    this.#to = to;
  }

  get url(): string {
    return `unix://${this.path}`;
  }

  async open(): Promise<void> {
    this.#server = net.createServer((one) => this.#join(one));
    await new Promise<void>((resolve) => this.#server?.listen(this.path, resolve));
  }

  /** Cuts what there is, and lets nobody in. */
  async shut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = new Promise((resolve) => server?.close(resolve));
    this.cut();
    if (server !== undefined) await closed;
  }

  cut(): void {
    for (const pair of this.#pairs) for (const end of pair) end.destroy();
  }

  /** Nothing passes any more, and nothing is closed, as when a cable is pulled. */
  silence(): void {
    this.#silent = true;
    for (const pair of this.#pairs) for (const end of pair) end.pause();
  }

  speak(): void {
    this.#silent = false;
    for (const pair of this.#pairs) for (const end of pair) end.resume();
  }

  async close(): Promise<void> {
    await this.shut();
    rmSync(this.dir, { recursive: true, force: true });
  }

  #join(one: net.Socket): void {
    this.connections++;
    const other = net.connect(this.#to);
    const pair: [net.Socket, net.Socket] = [one, other];
    this.#pairs.add(pair);
    let left = this.cuts.shift() ?? Number.POSITIVE_INFINITY;
    const end = () => {
      this.#pairs.delete(pair);
      one.destroy();
      other.destroy();
    };
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      from.on("data", (chunk: Buffer) => {
        to.write(chunk.subarray(0, left));
        left -= chunk.length;
        // What was let through arrives, in the middle of a frame if that is where it ends.
        if (left <= 0) to.end(end);
      });
      from.on("error", end);
      from.on("close", end);
      if (this.#silent) from.pause();
    }
  }
}
