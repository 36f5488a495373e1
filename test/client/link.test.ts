/** A link by itself: channels over a pair of streams, with nothing of a daemon about them. */
import { type Duplex, duplexPair } from "node:stream";
import { afterEach, expect, test, vi } from "vitest";
import { type Channel, Link } from "../../src/client/link.ts";
import type { HacsError } from "../../src/protocol/errors.ts";
import { within } from "../support/eventually.ts";

const links: Link[] = [];
afterEach(() => {
  for (const link of links.splice(0)) link.close("the test is over");
});

interface Pair {
  opener: Link;
  /** The channel that the other side was given, in the order of opening. */
  accepted: () => Promise<Channel>;
  /** What was written to the wire, either way: heads, words and pieces. */
  lines: string[];
  ended: Promise<HacsError>;
  wire: [Duplex, Duplex];
}

function pair(): Pair {
  const wire = duplexPair();
  const lines: string[] = [];
  for (const end of wire) {
    const write = end.write.bind(end);
    end.write = ((chunk: Buffer | string, ...more: never[]) => {
      lines.push(String(chunk).trimEnd());
      return write(chunk, ...more);
    }) as typeof end.write;
  }
  const waiting: ((channel: Channel) => void)[] = [];
  const there: Channel[] = [];
  const { promise: ended, resolve } = Promise.withResolvers<HacsError>();
  const server = new Link(wire[1], {
    asked: false,
    onChannel: (channel) => {
      channel.on("error", () => {});
      const next = waiting.shift();
      if (next) next(channel);
      else there.push(channel);
    },
    onClose: resolve,
  });
  const opener = new Link(wire[0], { asked: true, onClose: () => {} });
  const open = opener.open.bind(opener);
  // Whoever uses a channel hears of its end by this.
  opener.open = () => open().on("error", () => {});
  links.push(server, opener);
  const accepted = () =>
    within(
      new Promise<Channel>((give) => {
        const channel = there.shift();
        if (channel) give(channel);
        else waiting.push(give);
      }),
      { what: "a channel" },
    );
  return { opener, accepted, lines, ended, wire };
}

/** Reads lines until so many are there. */
async function read(channel: Duplex, count: number): Promise<string[]> {
  let text = "";
  channel.setEncoding("utf8");
  return within(
    new Promise((resolve) => {
      channel.on("data", (chunk: string) => {
        text += chunk;
        const lines = text.split("\n");
        if (lines.length > count) resolve(lines.slice(0, count));
      });
      channel.resume();
    }),
    { what: `${count} frames`, seen: () => text.slice(0, 200) },
  );
}

test("frames arrive on the channel they were written to, in order", async () => {
  const { opener, accepted } = pair();
  const [one, two] = [opener.open(), opener.open()];
  const [there, other] = [await accepted(), await accepted()];
  one.write('{"a":1}\n{"a":2}\n');
  two.write('{"b":1}\n');
  one.write('{"a":3}\n');
  expect(await read(there, 3)).toEqual(['{"a":1}', '{"a":2}', '{"a":3}']);
  expect(await read(other, 1)).toEqual(['{"b":1}']);
  there.write('{"back":1}\n');
  expect(await read(one, 1)).toEqual(['{"back":1}']);
});

test("a frame of any length comes whole, however it is cut on the way", async () => {
  const { opener, accepted, lines } = pair();
  const [channel, other] = [opener.open(), opener.open()];
  const [there, otherThere] = [await accepted(), await accepted()];
  const frame = JSON.stringify({ text: "a€😀".repeat(600_000) });
  channel.write(`${frame}\n{"next":1}\n`);
  other.write('{"other":1}\n');
  const [[came, next], [between]] = await Promise.all([read(there, 2), read(otherThere, 1)]);
  expect(came === frame).toBe(true);
  expect(next).toBe('{"next":1}');
  expect(between).toBe('{"other":1}');
  // In pieces, so that another channel's frames find a place between them.
  expect(lines.filter((line) => line === `1 ${256 * 1024}`).length).toBeGreaterThan(5);
});

test("a channel that is not read fills up by itself, and holds up no other", async () => {
  const { opener, accepted, lines } = pair();
  const [slow, quick] = [opener.open(), opener.open()];
  const [slowThere, quickThere] = [await accepted(), await accepted()];
  const frame = `{"x":"${"x".repeat(10_000)}"}\n`;
  slowThere.pause();
  let written = 0;
  while (slow.writableLength < 1_000_000 && written < 1_000) {
    slow.write(frame);
    written++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(slow.writableLength).toBeGreaterThan(0);
  expect(lines).toContain("1 pause");
  quick.write('{"q":1}\n');
  expect(await read(quickThere, 1)).toEqual(['{"q":1}']);
  expect(await read(slowThere, written)).toHaveLength(written);
  expect(lines).toContain("1 resume");
});

test("the end of a channel is the other side's end, after all that was written", async () => {
  const { opener, accepted } = pair();
  const channel = opener.open();
  const there = await accepted();
  const closed = new Promise((resolve) => there.once("close", resolve));
  channel.end('{"last":1}\n');
  expect(await read(there, 1)).toEqual(['{"last":1}']);
  await within(closed, { what: "the other side is closed" });
  const next = opener.open();
  const nextThere = await accepted();
  const over = new Promise((resolve) => next.once("close", resolve));
  next.resume();
  nextThere.destroy();
  await within(over, { what: "this side is closed" });
});

test("the end of the link is the end of its channels, with the reason", async () => {
  const { opener, accepted, ended, wire } = pair();
  const channel = opener.open();
  await accepted();
  const error = new Promise((resolve) => channel.once("error", resolve));
  wire[1].destroy();
  expect(await within(ended, { what: "the link has ended" })).toMatchObject({
    code: "daemon-unreachable",
  });
  wire[0].destroy();
  expect(await within(error, { what: "the channel's error" })).toMatchObject({
    code: "daemon-unreachable",
  });
  expect(() => opener.open()).toThrow();
});

test("what is no line of a link ends it", async () => {
  for (const line of ["x 2", "1", "-1 open", "1 0", "1 open\n1 open", "3 dance", "0 open"]) {
    const { ended, wire } = pair();
    wire[0].write(`${line}\n`);
    expect(await within(ended, { what: line })).toMatchObject({ code: "peer-invalid" });
  }
});

test("a silence ends it within 10 s, whenever it was that the last was heard", () => {
  vi.useFakeTimers();
  try {
    for (let phaseMs = 1; phaseMs < 3_000; phaseMs += 499) {
      const [far, near] = duplexPair();
      let endedAt: number | undefined;
      const link = new Link(near, { asked: true, onClose: () => (endedAt = performance.now()) });
      vi.advanceTimersByTime(phaseMs);
      near.emit("data", Buffer.from("0 pong\n"));
      const heardAt = performance.now();
      vi.advanceTimersByTime(8_900);
      expect(link.closed).toBe(false);
      vi.advanceTimersByTime(1_100);
      expect([phaseMs, (endedAt ?? Number.NaN) - heardAt <= 10_000]).toEqual([phaseMs, true]);
      far.destroy();
    }
  } finally {
    vi.useRealTimers();
  }
});
