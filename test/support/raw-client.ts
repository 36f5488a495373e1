/** A client that is not ours: bytes on the daemon's socket, well-formed or not, read or left. */
import net from "node:net";
import { PROTOCOL } from "../../src/protocol/methods.ts";
import { within } from "./eventually.ts";

// biome-ignore lint/suspicious/noExplicitAny: what comes over the wire is what the test looks at
type Frame = any;

export interface RawClient {
  /** Whole lines that came, parsed. */
  readonly frames: readonly Frame[];
  readonly bytesRead: number;
  /** Resolves when everything was given to the kernel. */
  write(data: string | Buffer): Promise<void>;
  request(id: number | string, method: string, params?: unknown): void;
  hello(): Promise<Frame>;
  /** The first frame, past or to come, that is what the test looks for. */
  until(what: string, is: (frame: Frame) => boolean): Promise<Frame>;
  answer(id: number | string): Promise<Frame>;
  /** Stops reading, so that the daemon's writes pile up. */
  pause(): void;
  resume(): void;
  readonly closed: Promise<void>;
  close(): void;
}

export async function connectRaw(socket: string): Promise<RawClient> {
  const stream = net.connect({ path: socket });
  await new Promise<void>((resolve, reject) => {
    stream.once("connect", resolve);
    stream.once("error", reject);
  });
  const frames: Frame[] = [];
  const watchers = new Set<() => void>();
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) frames.push(JSON.parse(line));
    for (const look of [...watchers]) look();
  });
  // A daemon that hangs up is what some tests want.
  stream.on("error", () => {});
  const closed = new Promise<void>((resolve) => stream.once("close", () => resolve()));
  const until: RawClient["until"] = (what, is) => {
    let looked = 0;
    const found = new Promise<Frame>((resolve) => {
      const look = () => {
        for (; looked < frames.length; looked++) {
          if (!is(frames[looked])) continue;
          watchers.delete(look);
          return resolve(frames[looked]);
        }
      };
      watchers.add(look);
      look();
    });
    return within(found, { what, seen: () => JSON.stringify(frames.slice(-3)).slice(0, 600) });
  };
  const request: RawClient["request"] = (id, method, params = {}) => {
    stream.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
  };
  const answer: RawClient["answer"] = (id) =>
    until(`an answer to ${id}`, (frame) => frame.id === id && frame.method === undefined);
  return {
    frames,
    get bytesRead() {
      return stream.bytesRead;
    },
    write: (data) => new Promise((resolve) => stream.write(data, () => resolve())),
    request,
    hello: () => {
      request("hello", "hello", {
        protocol: PROTOCOL,
        client: { kind: "raw", version: "0", user: "tester", from: "a test" },
      });
      return answer("hello");
    },
    until,
    answer,
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    closed,
    close: () => stream.destroy(),
  };
}
