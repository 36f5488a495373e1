/** What is kept for a peer that is away: its bounds, and what it costs. On a real store. */
import { duplexPair } from "node:stream";
import { beforeEach, expect, test, vi } from "vitest";
import { Link } from "../../../src/client/link.ts";
import { Outbox, outboxBounds } from "../../../src/daemon/peers/outbox.ts";
import type { Store } from "../../../src/daemon/store/store.ts";
import { LineSplitter } from "../../../src/protocol/framing.ts";
import { eventually } from "../../support/eventually.ts";
import { temporaryStore } from "../../support/temporary-store.ts";

const by = { kind: "cli", user: "ann", from: "" };
let store: Store;
beforeEach(() => {
  const made = temporaryStore();
  store = made.store;
  return made.remove;
});

const send = (outbox: Outbox, id: string, text: string) =>
  outbox.keep("bot", { name: "bot", id, content: { text } }, by);

/** A link to a daemon that refuses every message for good. */
function refusing(): Link {
  const [near, far] = duplexPair();
  const served = new Link(far, {
    asked: false,
    onClose: () => {},
    onChannel: (channel) => {
      const lines = new LineSplitter();
      channel.on("error", () => {});
      channel.on("data", (chunk: Buffer) => {
        for (const line of lines.push(chunk)) {
          const { id, method } = JSON.parse(line);
          const error = { code: -32000, message: "no", data: { code: "session-not-found" } };
          const answer = method === "hello" ? { result: { protocol: 1 } } : { error };
          channel.write(`${JSON.stringify({ jsonrpc: "2.0", id, ...answer })}\n`);
        }
      });
    },
  });
  return new Link(near, { asked: true, onClose: () => served.close("done") });
}

test("so many messages, and so many bytes, are kept, and no more", () => {
  const few = new Outbox("b", store, { ...outboxBounds, messages: 2 });
  send(few, "1", "one");
  send(few, "2", "two");
  const full = expect.objectContaining({ code: "queue-full" });
  expect(() => send(few, "3", "three")).toThrow(full);
  // The same message again is none more, and another peer has an outbox of its own.
  expect(send(few, "2", "two").status).toBe("stored");
  const small = new Outbox("c", store, { ...outboxBounds, bytes: 1_000 });
  send(small, "1", "x".repeat(900));
  expect(() => send(small, "2", "x".repeat(100))).toThrow(full);
  expect(send(small, "3", "x".repeat(10)).status).toBe("stored");
});

test("what is kept is neither read nor parsed to count it, or to take one more", () => {
  const outbox = new Outbox("b", store);
  for (let i = 0; i < 20; i++) send(outbox, `m${i}`, `${i} ${"x".repeat(1_000)}`);
  const parse = vi.spyOn(JSON, "parse");
  try {
    expect(outbox.info()).toEqual({ stored: 20, refused: [] });
    expect(outbox.waits("bot")).toBe(true);
    expect(outbox.waits("other")).toBe(false);
    send(outbox, "last", "and this");
    expect(parse).not.toHaveBeenCalled();
    expect(store.outbox.first("b")?.id).toBe("m0");
    expect(parse).toHaveBeenCalledTimes(2);
  } finally {
    parse.mockRestore();
  }
});

test("of what was refused its id is left, which is still another message's no more", async () => {
  const outbox = new Outbox("b", store, { ...outboxBounds, refused: 3 });
  for (let i = 0; i < 5; i++) send(outbox, `m${i}`, `refused words ${i}`);
  const link = refusing();
  void outbox.flush(link);
  await eventually(() => outbox.info().stored === 0, { what: "all are refused" });
  link.close("done");
  const { refused } = outbox.info();
  expect(refused.map(({ id }) => id)).toEqual(["m2", "m3", "m4"]);
  expect(refused[0]).toMatchObject({ session: "b/bot", error: expect.stringContaining("no") });
  expect(store.outbox.get("b", "bot", "m4")?.content).toEqual({ digest: expect.any(String) });
  expect(send(outbox, "m4", "refused words 4").status).toBe("failed");
  const conflict = expect.objectContaining({ code: "id-conflict" });
  expect(() => send(outbox, "m4", "other words")).toThrow(conflict);
});
