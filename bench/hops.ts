/**
 * What a hop through a peer costs: the same session, heard by a client of its own daemon and by
 * clients behind one and two peers, all in this process.
 */
import { dial } from "../src/client/dial.ts";
import { type Chain, createChain } from "../test/support/chain.ts";
import { type Benchmark, interleaved, median, ms, type Result } from "./measure.ts";
import { lengthen } from "./synthetic-history.ts";

const deltas = 1000;
const everyMs = 4;
const items = 10_000;
const rounds = 9;
const names = ["b/c/bot", "c/bot", "bot"];

export const hops: Benchmark = async () => {
  const chain = await createChain(3);
  try {
    const far = chain.homes[2]!;
    await far.ok(["new", "bot", "-d"]);
    await far.ok(["send", "bot", "--wait", "say first"]);
    return [...(await latency(chain)), ...(await throughput(chain))];
  } finally {
    await chain.close();
  }
};

/** The same delta, heard on three ways. */
async function latency({ homes }: Chain): Promise<Result[]> {
  const heard = names.map(() => new Map<string, number>());
  const done = await Promise.all(
    names.map(async (name, way) => {
      const connection = await homes[way]!.connect();
      const over = new Promise<void>((resolve) => {
        connection.onNotification = (_, params) => {
          const { method, params: inner } = params as {
            method: string;
            params: { delta?: string };
          };
          if (method === "item/agentMessage/delta")
            heard[way]!.set(String(inner.delta), performance.now());
          if (method === "turn/completed") resolve();
        };
      });
      await connection.call("session/attach", { name });
      return { over };
    }),
  );
  await homes[2]!.ok(["send", "bot", `slow ${deltas} ${everyMs}`]);
  await Promise.all(done.map(({ over }) => over));
  const added = (way: number) =>
    [...heard[way]!].flatMap(([delta, at]) => {
      const direct = heard[2]!.get(delta);
      return direct === undefined ? [] : [at - direct];
    });
  const perHop = [median(added(1)), median(added(0)) / 2];
  return perHop.map((value, place) => ({
    what: `an event's way through ${place + 1} peer${place === 0 ? "" : "s"}, median for each hop`,
    measured: ms(value),
    target: "≤ 1 ms",
    met: value <= 1,
    details: `added to a client of the session's own daemon, ${added(place === 0 ? 1 : 0).length} deltas`,
  }));
}

/** A long history from its first record to the live end: nothing but the ways is in it. */
async function throughput({ homes }: Chain): Promise<Result[]> {
  const far = homes[2]!;
  await far.ok(["daemon", "stop"]);
  lengthen(far, "bot", items);
  await far.ok(["daemon", "start"]);
  await homes[0]!.ok(["show", "b/c/bot"]);
  const once = (way: number) => () => whole(homes[way]!.socket, names[way]!);
  const times = await interleaved(rounds, { direct: once(2), one: once(1), two: once(0) });
  return (["one", "two"] as const).map((way) => {
    const ratio = median(times.direct) / median(times[way]);
    const hopsThere = way === "one" ? 1 : 2;
    const each = ratio ** (1 / hopsThere);
    return {
      what: `${items} records through ${hopsThere} peer${hopsThere === 1 ? "" : "s"}, each hop`,
      measured: `${Math.round(each * 100)} % of direct`,
      target: "≥ 70 %",
      met: each >= 0.7,
      details: `median ${ms(median(times[way]))}, direct ${ms(median(times.direct))}, ${rounds} interleaved runs`,
    };
  });
}

async function whole(socket: string, name: string): Promise<number> {
  const connection = await dial(socket, "bench");
  const start = performance.now();
  const live = new Promise<void>((resolve) => {
    connection.onNotification = (_, params) => {
      if (params.method === "session/live") resolve();
    };
  });
  await connection.call("session/attach", { name, after: 0 });
  await live;
  const took = performance.now() - start;
  connection.close();
  return took;
}
