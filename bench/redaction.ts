/** What redaction adds to a delta's way: the same deltas through a history with and without it. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BUILT_IN } from "../src/daemon/redaction/patterns.ts";
import { Redactor } from "../src/daemon/redaction/redactor.ts";
import { lines } from "../src/daemon/session/framing.ts";
import { History } from "../src/daemon/session/history.ts";
import { Store } from "../src/daemon/store/store.ts";
import { sessionRow } from "../test/support/session-row.ts";
import { type Benchmark, interleaved, ratioRow } from "./measure.ts";

const deltas = 20_000;
const words =
  "The tests in src/api fail since http://localhost:3000/ asks for basic auth; a `risk` of 5%. "
    .split(/(?<= )/)
    .map((word) => JSON.stringify({ threadId: "t", turnId: "u", itemId: "i", delta: word }));

/** As the daemon does it: the frame is parsed, the draft grows, and clients' bytes are made. */
function ways(redactor: Redactor, dir: string, name: string): () => Promise<number> {
  const store = new Store(join(dir, name), redactor);
  store.sessions.insert(sessionRow("s", "bot"));
  return async () => {
    const history = new History("s", 0, store);
    const sink = {
      framing: lines,
      write: () => {},
      backlogBytes: 0,
      whenDrained: () => {},
      closed: false,
      fail: () => {},
    };
    history.feed.join({ sink, wantsDeltas: true, cursor: 0, onLagging: () => {} });
    history.codex("item/started", { threadId: "t", turnId: "u", item: { id: "i" } }, undefined);
    const start = performance.now();
    for (let i = 0; i < deltas; i++) {
      history.codex("item/agentMessage/delta", JSON.parse(words[i % words.length]!), undefined);
      if (i % 20 === 0) history.feed.flush();
    }
    return performance.now() - start;
  };
}

export const redaction: Benchmark = async () => {
  const dir = mkdtempSync(join(tmpdir(), "hs-"));
  const off = Object.fromEntries(Object.keys(BUILT_IN).map((name) => [name, false] as const));
  const own = { "ACME key": "(?i)acme[-_]key\\s*[:=]\\s*(\\S{8,})", evil: "(x+x+)+y" };
  try {
    const times = await interleaved(5, {
      without: ways(new Redactor(off), dir, "without.db"),
      builtIn: ways(new Redactor(), dir, "built-in.db"),
      own: ways(new Redactor(own), dir, "own.db"),
    });
    const against = `${deltas} deltas without it`;
    return [
      ratioRow("redacting deltas, built-in patterns", times.builtIn, times.without, 1.5, against),
      ratioRow("redacting deltas, with two patterns more", times.own, times.without, 2, against),
    ];
  } finally {
    rmSync(dir, { recursive: true });
  }
};
