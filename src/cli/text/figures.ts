/** How a daemon does, for people: each figure in a row, and only those that say something. */
import { formatDuration } from "../../protocol/duration.ts";
import type { Figures } from "../../protocol/figures.ts";
import { formatSize } from "../../protocol/size.ts";

export function sessionsText(states: Figures["states"] | undefined, sessions: number): string {
  const each = states === undefined ? "" : listed(states);
  return each === "" ? String(sessions) : `${sessions}: ${each}`;
}

export function figureRows(figures: Figures): [string, string][] {
  const { agents, queued, approvals, turns, tokens, decisions, waitedMs } = figures;
  const { peers, hooks, loop, memoryBytes, storeBytes } = figures;
  const answered = sumOf(decisions);
  const ended = turns.completed + turns.failed + turns.interrupted;
  const { completed, failed, interrupted } = turns;
  const rows: [string, string][] = [
    [
      "agents",
      joined([
        `${agents.running} of ${agents.max} running`,
        counted(agents.waiting, "in line"),
        counted(agents.started, "started"),
        counted(agents.crashed, "crashed"),
        counted(agents.restarted, "started again"),
      ]),
    ],
    ["waiting", `${plural(queued, "message")}, ${plural(approvals, "approval")}`],
    [
      "turns",
      ended === 0
        ? "none yet"
        : `${listed({ completed, failed, interrupted })}${average(turns.totalMs, ended)}`,
    ],
    ["answers", answered === 0 ? "" : `${listed(decisions)}${average(waitedMs, answered)}`],
    ["tokens", tokensText(tokens)],
    ["peers", peersText(peers)],
    ["hooks", hooksText(hooks)],
    ["loop", `late by ${loop.p99Ms} ms at most in 99 %, ${loop.maxMs} ms at worst`],
    ["memory", formatSize(memoryBytes)],
    ["history", formatSize(storeBytes)],
  ];
  return rows.filter(([, text]) => text !== "");
}

export function clientsText(clients: number, kinds: Record<string, number> | undefined): string {
  return kinds === undefined || clients === 0 ? String(clients) : `${clients}: ${listed(kinds)}`;
}

/** `2 completed, 1 failed`. */
function listed(counts: Record<string, number>): string {
  return joined(Object.entries(counts).map(([name, count]) => counted(count, name)));
}

function counted(count: number, what: string): string {
  return count === 0 ? "" : `${count} ${what}`;
}

function joined(parts: string[]): string {
  return parts.filter((part) => part !== "").join(", ");
}

function plural(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function average(totalMs: number, count: number): string {
  return `; ${formatDuration(totalMs / count)} on average`;
}

function tokensText({ input, cached_input: cached, output }: Figures["tokens"]): string {
  if (input + output === 0) return "";
  return `${amount(input)} in, of that ${amount(cached)} cached; ${amount(output)} out`;
}

function peersText(peers: Figures["peers"]): string {
  const states: Record<string, number> = {};
  for (const { state } of peers) states[state] = (states[state] ?? 0) + 1;
  return listed(states);
}

function hooksText(hooks: Figures["hooks"]): string {
  if (hooks.length === 0) return "";
  const sum = (key: "pending" | "failed" | "dropped") =>
    hooks.reduce((all, hook) => all + hook[key], 0);
  const failing = hooks.filter((hook) => hook.failing).length;
  return joined([
    String(hooks.length),
    counted(sum("pending"), "to be told"),
    counted(sum("failed"), "failed"),
    counted(sum("dropped"), "dropped"),
    failing === 0 ? "" : `${failing} failing: hacs-session hooks ls`,
  ]);
}

function amount(tokens: number): string {
  if (tokens < 10_000) return String(tokens);
  return tokens < 1e6 ? `${Math.round(tokens / 1000)}k` : `${(tokens / 1e6).toFixed(1)}M`;
}

function sumOf(counts: Record<string, number>): number {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}
