/**
 * A turn that streams 3,000 deltas a second: how far the screen is behind what the daemon sent,
 * what the TUI costs meanwhile, and when a key that is typed into it is seen.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Connection } from "../src/client/connection.ts";
import { createHome } from "../test/support/home.ts";
import { openTerminal, type TestTerminal } from "../test/support/terminal.ts";
import { newestWord, pieces } from "./answer.ts";
import { type Benchmark, median, ms, quantile, type Result, timed } from "./measure.ts";

const perSecond = 3_000;
const seconds = 10;
const size = { cols: 120, rows: 40 };
/** Nobody types more evenly than that, and it must not keep step with the frames. */
const keyEveryMs = 97;

const behindMsMost = 100;
const framesMost = 30;
const coreMost = 0.6;
const keyMsMost = 50;

export const tuiStream: Benchmark = async () => {
  const home = await createHome();
  try {
    home.model.on(/^stream$/, () => paced(pieces(perSecond * seconds)));
    await home.ok(["new", "bot", "-d"]);
    await home.ok(["send", "bot", "--wait", "say first"]);
    const connection = await home.connect();
    const terminal = home.terminal(["attach", "bot"], size);
    await terminal.waitFor("first");
    const events = listen(connection);
    await connection.call("session/attach", { name: "bot", deltas: true });
    const screen = watchScreen(terminal);
    const echo = openTerminal({ command: "cat", ...size });
    const keys = typeKeys({ keys: typedInto(terminal), echo: echoedBy(echo) });
    await connection.call("session/send", { name: "bot", content: { text: "stream" } });
    await events.begun;
    const begun = { at: performance.now(), cpuMs: cpuMs(terminal.pid) };
    await events.ended;
    const took = performance.now() - begun.at;
    const core = (cpuMs(terminal.pid) - begun.cpuMs) / took;
    const typed = await keys.stop();
    await Promise.all([terminal.close(), echo.close()]);
    const reached = (1000 * events.at.length) / took;
    const details = `${events.at.length} deltas, ${reached.toFixed(0)} a second, from codex itself`;
    return rowsOf({ events, screen, typed, core, details });
  } finally {
    await home.close();
  }
};

interface Measured {
  events: Events;
  screen: Screen;
  typed: Record<"keys" | "echo", number[]>;
  core: number;
  details: string;
}

function rowsOf({ events, screen, typed, core, details }: Measured): Result[] {
  const behind = screen.shownAt.flatMap((shown, word) => {
    const sent = events.at[word];
    return sent === undefined ? [] : [shown - sent];
  });
  const worst = Math.max(...behind);
  const frames = mostInASecond(screen.frames);
  const row = (what: string, measured: string, target: string, met: boolean, more: string) => ({
    what: `${perSecond.toLocaleString("en")} deltas a second: ${what}`,
    measured,
    target,
    met,
    details: more,
  });
  const late = quantile(typed.keys, 0.99);
  return [
    row(
      "the screen behind the daemon, at most",
      ms(worst),
      `≤ ${behindMsMost} ms`,
      worst <= behindMsMost,
      `median ${ms(median(behind))}; ${details}`,
    ),
    row(
      "frames in a second, at most",
      `${frames}`,
      `≤ ${framesMost}`,
      frames <= framesMost,
      `${screen.frames.length} frames in all`,
    ),
    row(
      "of a core, the TUI",
      `${(100 * core).toFixed(0)} %`,
      `≤ ${100 * coreMost} %`,
      core <= coreMost,
      details,
    ),
    row(
      "a key is on the screen, p99",
      ms(late),
      `≤ ${keyMsMost} ms`,
      late <= keyMsMost,
      `median ${ms(median(typed.keys))}, ${typed.keys.length} keys; in a bare \`cat\` meanwhile ${ms(quantile(typed.echo, 0.99))}, median ${ms(median(typed.echo))}`,
    ),
  ];
}

/** By the clock, not by the delta: a late timer is made up for. */
async function* paced(words: string[]): AsyncGenerator<{ text: string }> {
  const start = performance.now();
  for (let sent = 0; sent < words.length; ) {
    const due = ((performance.now() - start) * perSecond) / 1000;
    while (sent < words.length && sent <= due) yield { text: words[sent++]! };
    await sleep(1);
  }
}

interface Events {
  /** When each delta came from the daemon, in order. */
  at: number[];
  begun: Promise<void>;
  ended: Promise<void>;
}

function listen(connection: Connection): Events {
  const at: number[] = [];
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  connection.onNotification = (_, params) => {
    const { method } = params as { method: string };
    if (method === "item/agentMessage/delta" && at.push(performance.now()) === 1) begun.resolve();
    if (method === "turn/completed" && at.length > 0) ended.resolve();
  };
  return { at, begun: begun.promise, ended: ended.promise };
}

interface Screen {
  /** When each word of the answer was on the screen, or had been passed by. */
  shownAt: number[];
  /** When each frame began to come. */
  frames: number[];
}

const frameBegins = "\u001b[?2026h";

function watchScreen(terminal: TestTerminal): Screen {
  const shownAt: number[] = [];
  const frames: number[] = [];
  terminal.onDrawn((output) => {
    const now = performance.now();
    for (let i = 1; i < output.split(frameBegins).length; i++) frames.push(now);
    const newest = newestWord(terminal.text());
    while (shownAt.length <= newest) shownAt.push(now);
  });
  return { shownAt, frames };
}

type Typing = () => Promise<unknown>;

/** A letter into the composer, and the next time away again. */
function typedInto(terminal: TestTerminal): Typing {
  let there = false;
  return () => {
    there = !there;
    terminal.press(there ? "x" : "backspace");
    return terminal.waitFor(there ? /^› x$/m : /^›\s*$/m);
  };
}

/** A letter more, which the kernel itself echoes. */
function echoedBy(terminal: TestTerminal): Typing {
  let typed = "";
  return () => {
    typed = typed.length < size.cols - 1 ? `${typed}x` : "x";
    terminal.press(typed === "x" ? "ctrl-u" : "x");
    if (typed === "x") terminal.press("x");
    return terminal.waitFor((lines) => lines.some((line) => line === typed));
  };
}

/** Types now here, now there, until it is stopped; gives how long each key took. */
function typeKeys<K extends string>(
  ways: Record<K, Typing>,
): { stop(): Promise<Record<K, number[]>> } {
  const names = Object.keys(ways) as K[];
  const taken = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<
    K,
    number[]
  >;
  let goesOn = true;
  const typing = (async () => {
    while (goesOn) {
      const begun = performance.now();
      for (const name of names) taken[name].push(await timed(ways[name]));
      await sleep(Math.max(0, begun + keyEveryMs - performance.now()));
    }
  })();
  return {
    stop: async () => {
      goesOn = false;
      await typing;
      return taken;
    },
  };
}

function mostInASecond(times: number[]): number {
  return Math.max(
    0,
    ...times.map((from) => times.filter((t) => t >= from && t < from + 1000).length),
  );
}

/** What the process has used, in user and kernel, ms (proc(5): clock ticks of 10 ms). */
function cpuMs(pid: number): number {
  const [, rest = ""] = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ");
  const fields = rest.split(" ");
  return 10 * (Number(fields[11]) + Number(fields[12]));
}
