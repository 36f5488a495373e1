/** The figures of this moment: what is counted as it happens, and what is looked up when asked. */
import { statSync } from "node:fs";
import type { Figures } from "../../protocol/figures.ts";
import { SESSION_STATES, type SessionState } from "../../protocol/session.ts";
import type { Daemon } from "../daemon.ts";

/** Clients say themselves what kind they are; those that are not of ours are one. */
const KINDS = ["cli", "tui", "script", "web", "http", "codex", "peer", "daemon"];

export function figuresOf(daemon: Daemon): Figures {
  const { tally, loop, services, hooks, peers } = daemon;
  const sessions = daemon.sessions.live();
  const infos = sessions.map((session) => session.info());
  const sum = (of: (info: (typeof infos)[number]) => number) =>
    infos.reduce((all, info) => all + of(info), 0);
  const turns = tally.turns.by("outcome");
  const agents = tally.agents.by("event");
  const tokens = tally.tokens.by("kind");
  return {
    states: statesOf(infos.map(({ state }) => state)),
    agents: {
      running: infos.filter(({ agentPid }) => agentPid !== null).length,
      max: services.slots.max,
      waiting: services.slots.waiting,
      started: agents.started ?? 0,
      crashed: agents.crashed ?? 0,
      restarted: tally.restarts,
    },
    queued: sum(({ queued }) => queued),
    approvals: sum(({ approvals }) => approvals),
    turns: {
      completed: turns.completed ?? 0,
      failed: turns.failed ?? 0,
      interrupted: turns.interrupted ?? 0,
      totalMs: secondsOf(tally.turns) * 1000,
    },
    messages: tally.messages.by("status"),
    tokens: {
      input: tokens.input ?? 0,
      cached_input: tokens.cached_input ?? 0,
      output: tokens.output ?? 0,
      reasoning: tokens.reasoning ?? 0,
    },
    decisions: tally.waits.by("decision"),
    waitedMs: secondsOf(tally.waits) * 1000,
    clientKinds: kindsOf(daemon.clientKinds()),
    peers: peers.list(sessions.length).map(({ name, kind, state }) => ({ name, kind, state })),
    loop: loop.read(),
    memoryBytes: process.memoryUsage.rss(),
    storeBytes: bytesOf(services.paths.historyFile),
    hooks: hooks.list().map(({ name, pending, delivered, failed, dropped, error }) => ({
      ...{ name, pending, delivered, failed, dropped },
      failing: error !== null,
    })),
  };
}

function statesOf(states: SessionState[]): Figures["states"] {
  const counts = Object.fromEntries(SESSION_STATES.map((state) => [state, 0])) as Figures["states"];
  for (const state of states) counts[state]++;
  return counts;
}

function secondsOf(distribution: { all(): { sum: number }[] }): number {
  return distribution.all().reduce((all, { sum }) => all + sum, 0);
}

function kindsOf(kinds: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const given of kinds) {
    const kind = KINDS.includes(given) ? given : "other";
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

function bytesOf(file: string): number {
  return [file, `${file}-wal`]
    .map((name) => statSync(name, { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size, 0);
}
