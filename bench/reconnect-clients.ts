/**
 * `URL NAME COUNT`: follows a session with so many WebSockets, each of which dials again when it
 * breaks, and goes on after its cursor. Prints `ready`, and `done whole` when each has been through
 * the end of the turn without a gap or a repetition.
 */
import { dialWeb } from "./web-client.ts";

const [url = "", name = "", count = "0"] = process.argv.slice(2);
const token = process.env.BENCH_TOKEN ?? "";
const [firstMs, mostMs] = [50, 1_000];
const atOnce = 100;
let ready = 0;
let done = 0;
let whole = true;

class Follower {
  #cursor: number | undefined;
  #done = false;

  async follow(): Promise<void> {
    const client = await dialWeb(url, token);
    client.onEvent = (event) => {
      if (event.seq === undefined) return;
      if (this.#cursor !== undefined && event.seq !== this.#cursor + 1) whole = false;
      this.#cursor = event.seq;
      if (event.method !== "turn/completed" || this.#done) return;
      this.#done = true;
      if (++done === Number(count)) process.stdout.write(`done ${whole ? "whole" : "broken"}\n`);
    };
    client.onClose = () => void this.#again();
    const after = this.#cursor === undefined ? {} : { after: this.#cursor };
    const { head } = await client.call("session/attach", { name, ...after });
    this.#cursor ??= head;
  }

  /** With jitter, since all of them broke at once. */
  async #again(): Promise<void> {
    for (let waitMs = firstMs; ; waitMs = Math.min(waitMs * 2, mostMs)) {
      await new Promise((resolve) => setTimeout(resolve, waitMs * (0.5 + Math.random())));
      try {
        return await this.follow();
      } catch {
        // Not there yet.
      }
    }
  }
}

let left = Number(count);
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    while (left-- > 0) {
      await new Follower().follow();
      ready++;
    }
  }),
);
if (ready === Number(count)) process.stdout.write("ready\n");
