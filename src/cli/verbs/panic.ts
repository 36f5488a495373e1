import type { Connection } from "../../client/connection.ts";
import { visible } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import type { Stopped } from "../../protocol/session.ts";
import { pathsFor } from "../../system/paths.ts";
import { complain } from "../complain.ts";
import type { Context } from "../context.ts";
import type { Verb } from "../verb.ts";

interface Options {
  all?: boolean;
  peers?: boolean;
}

/** A daemon needs less to stop everything; one that takes longer hangs. */
const daemonTimeoutMs = 30_000;
const peerTimeoutMs = 25_000;

export const panic: Verb<Options> = {
  name: "panic",
  group: "Lifecycle",
  summary: "stop everything that sessions run, at once, and freeze their queues",
  about:
    "Interrupts the turn, ends the agent, kills whatever lives on of all that it started, and looks until nothing is left; what is, is said, and the exit code is 1. Messages stay queued, and nothing starts until: hacs-session wake NAME.\nWith --all also where the daemon is hung or dead.",
  arguments: ["[session...]"],
  options: [
    { flags: "-a, --all", about: "every session of this daemon" },
    { flags: "--peers", about: "with --all: every session of its peers, too" },
  ],
  examples: [
    ["panic fix", "stop what fix runs"],
    ["panic --all", "stop what all sessions run"],
    ["panic --all --peers", "on other machines, too"],
    ["wake fix", "let it go on"],
  ],
  async run(context, names, { all = false, peers = false }) {
    if (all ? names.length > 0 : names.length === 0 || peers) throw wrongUse();
    const outcomes = all
      ? await everything(context, peers)
      : await Promise.all(
          names.map((name) => attempt(name, () => context.call("session/panic", { name }))),
        );
    return report(context, outcomes);
  },
};

function wrongUse(): HacsError {
  return new HacsError(
    "invalid-usage",
    "panic takes sessions, or --all and then no sessions; --peers goes with --all.",
    "Try: hacs-session panic --all",
  );
}

/** Of one session, or of all that no daemon answered for. */
type Outcome =
  | { name: string; stopped: Stopped }
  /** `name` is null where it is not known which sessions there are. */
  | { name: string | null; error: HacsError }
  | { alone: { sessions: number; killed: number; left: Stopped["left"]; unfrozen: string[] } };

async function attempt(name: string, stop: () => Promise<Stopped>): Promise<Outcome> {
  try {
    return { name, stopped: await stop() };
  } catch (error) {
    if (!(error instanceof HacsError)) throw error;
    return { name, error: withWayOut(name, error) };
  }
}

/** Only the daemon knows sessions by their names. */
function withWayOut(name: string, error: HacsError): HacsError {
  const { code, message } = error;
  const all = "All sessions are stopped without it by: hacs-session panic --all.";
  if (code === "daemon-hung")
    return new HacsError(code, message, `${all} For ${name} alone, end it first.`);
  // A daemon that can't write does not start.
  return code === "state-unwritable" ? new HacsError(code, message, all) : error;
}

async function everything(context: Context, peers: boolean): Promise<Outcome[]> {
  let connection: Connection;
  try {
    connection = await context.dialRunning();
  } catch (error) {
    const here = await alone(context, error);
    return peers ? [...here, peersUnreached(error)] : here;
  }
  try {
    const elsewhere = peers ? onPeers(connection) : Promise.resolve([]);
    const here = inTime(connection.call("daemon/panic", {}), daemonTimeoutMs).then(
      ({ sessions }) =>
        sessions.map((stopped): Outcome => ({ name: stopped.session.name, stopped })),
      (error) => alone(context, error),
    );
    return (await Promise.all([here, elsewhere])).flat();
  } finally {
    connection.close();
  }
}

const withoutDaemon = new Set([
  "daemon-unreachable",
  "daemon-hung",
  "daemon-stopping",
  "timed-out",
]);

async function alone(context: Context, error: unknown): Promise<Outcome[]> {
  const hopeless = !(error instanceof HacsError) || !withoutDaemon.has(error.code);
  if (hopeless || context.choice.host !== undefined) throw error;
  const { stopAlone } = await import("../../client/stop-alone.ts");
  const { origin, userName } = await import("../../client/dial.ts");
  const by = { kind: "cli", user: userName(), from: origin() };
  const { ended, left, ...rest } = await stopAlone(pathsFor(context.choice, context.env), by);
  const shown = left.map(({ pid, command }) => ({ pid, command }));
  return [{ alone: { ...rest, killed: ended, left: shown } }];
}

async function onPeers(connection: Connection): Promise<Outcome[]> {
  const ask = <T>(call: Promise<T>) => inTime(call, peerTimeoutMs);
  try {
    const { sessions } = await ask(connection.call("session/list", {}));
    const theirs = sessions.filter(({ peer }) => peer !== null);
    return await Promise.all(
      theirs.map(({ name }) =>
        attempt(name, () => ask(connection.call("session/panic", { name }))),
      ),
    );
  } catch (error) {
    // What fails there does not keep anybody from stopping what runs here.
    return [peersUnreached(error)];
  }
}

/** Only the daemon knows which peers there are, and the way to them. */
function peersUnreached(error: unknown): Outcome {
  if (!(error instanceof HacsError)) throw error;
  return {
    name: null,
    error: new HacsError(
      error.code,
      `What runs on peers was not stopped: ${error.message}`,
      "Stop it there, or here again once the daemon runs: hacs-session panic --all --peers",
    ),
  };
}

async function inTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new HacsError("timed-out", `No answer within ${timeoutMs / 1000} s.`)),
      timeoutMs,
    );
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function report(context: Context, outcomes: Outcome[]): number {
  if (context.json) context.printJson(outcomes.map(toJson));
  let code = 0;
  for (const outcome of outcomes) {
    if ("error" in outcome) {
      complain(context, named(outcome.name, outcome.error));
      code ||= outcome.error.exitCode;
      continue;
    }
    if (!context.json) context.note(sentence(outcome));
    const { left } = "alone" in outcome ? outcome.alone : outcome.stopped;
    if (left.length > 0 || ("alone" in outcome && outcome.alone.unfrozen.length > 0)) code = 1;
    if (!context.json)
      for (const { pid, command } of left) context.print(`${pid} ${visible(command)}`);
  }
  if (outcomes.length === 0 && !context.json) context.note("There is no session to stop.");
  return code;
}

function named(name: string | null, error: HacsError): HacsError {
  if (name === null) return error;
  const { code, message, next } = error;
  return new HacsError(code, `${name} was not stopped: ${message}`, next);
}

function toJson(outcome: Outcome): object {
  if ("alone" in outcome) return { session: null, ...outcome.alone };
  if ("stopped" in outcome) return outcome.stopped;
  const { code, message } = outcome.error;
  return { session: outcome.name, error: { code, message } };
}

function sentence(outcome: Exclude<Outcome, { error: HacsError }>): string {
  if ("stopped" in outcome) {
    const { session, killed, left } = outcome.stopped;
    const queue = session.queued === 0 ? "" : ` Messages in its queue: ${session.queued}.`;
    const next =
      session.state === "ended"
        ? "It was still being made, and is not there."
        : `It goes on with: hacs-session wake ${session.name}`;
    return `${session.name}: stopped, ${ended(killed, left)}.${queue} ${next}`;
  }
  const { sessions, killed, left, unfrozen } = outcome.alone;
  const loose = unfrozen.length === 0 ? "" : ` Could not be frozen: ${unfrozen.join(", ")}.`;
  return `No daemon answers. ${sessions} ${sessions === 1 ? "session" : "sessions"} stopped without it, ${ended(killed, left)}.${loose} Each goes on with: hacs-session wake NAME`;
}

function ended(killed: number, left: Stopped["left"]): string {
  const did = `${killed} ${killed === 1 ? "process" : "processes"} killed`;
  return left.length === 0 ? `${did}, nothing is left` : `${did}, ${left.length} left:`;
}
