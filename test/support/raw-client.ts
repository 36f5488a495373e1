/** A client that is not ours: bytes on the daemon's socket, well-formed or not, read or left. */
import net from "node:net";
import { PROTOCOL } from "../../src/protocol/methods.ts";
import { Arrivals, answerIn, type Frame } from "./arrivals.ts";

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
  const frames = new Arrivals<Frame>();
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    frames.push(...lines.map((line) => JSON.parse(line)));
  });
  // A daemon that hangs up is what some tests want.
  stream.on("error", () => {});
  const closed = new Promise<void>((resolve) => stream.once("close", () => resolve()));
  const request: RawClient["request"] = (id, method, params = {}) => {
    stream.write(`${JSON.stringify({ jsonrpc: "2.0", id, method, params })}\n`);
  };
  const answer = (id: number | string) => answerIn(frames, id);
  return {
    frames: frames.all,
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
    until: frames.until,
    answer,
    pause: () => stream.pause(),
    resume: () => stream.resume(),
    closed,
    close: () => stream.destroy(),
  };
}
