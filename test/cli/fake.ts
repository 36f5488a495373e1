/** A context whose daemon is a table of answers: it records what was asked, and what was said. */

import { Context, type Terminal } from "../../src/cli/context.ts";
import { parse } from "../../src/cli/program.ts";
import type { Connection } from "../../src/client/connection.ts";
import type { Method } from "../../src/protocol/methods.ts";
import type { ApprovalDetail, SessionDetail } from "../../src/protocol/session.ts";

export class FakeContext extends Context {
  readonly calls: { method: string; params: unknown }[] = [];
  readonly answers: Partial<Record<Method, unknown>>;
  out = "";
  err = "";

  constructor(
    answers: Partial<Record<Method, unknown>> = {},
    options: { json?: boolean; terminal?: Partial<Terminal>; env?: NodeJS.ProcessEnv } = {},
  ) {
    super(
      { color: false, json: options.json ?? false },
      { in: false, out: false, columns: Number.POSITIVE_INFINITY, ...options.terminal },
      options.env ?? { HOME: "/home/ann", PATH: "/bin" },
      "/home/ann/app",
    );
    this.answers = answers;
  }

  override async dial(): Promise<Connection> {
    const call = async (method: Method, params: unknown) => {
      this.calls.push({ method, params });
      const answer = this.answers[method];
      if (answer instanceof Error) throw answer;
      return answer;
    };
    return { call, close() {}, closed: false } as unknown as Connection;
  }

  override write(text: string): void {
    this.out += text;
  }

  override note(text: string): void {
    this.err += `${text}\n`;
  }
}

/** Runs a command line against the fake, as main would, and gives the exit code. */
export async function runLine(context: FakeContext, argv: string[]): Promise<number> {
  const parsed = parse(argv);
  if (parsed.kind !== "verb") throw new Error(`${argv.join(" ")} is no verb`);
  return (await parsed.verb.run?.(context, parsed.args, parsed.options)) ?? 0;
}

export function sessionOf(more: Partial<SessionDetail> = {}): SessionDetail {
  return {
    name: "fix",
    id: "0123456789abcdef",
    state: "idle",
    cwd: "/home/ann/app",
    model: "gpt-5.2-codex",
    provider: "openai",
    threadId: "01a1fd14-6809-79c2-9c0c-1f8b6a51cfff",
    agentPid: 42,
    clients: 1,
    approvals: 0,
    queued: 0,
    seq: 7,
    createdAt: "2026-01-02T03:00:00.000Z",
    activeAt: "2026-01-02T03:04:05.000Z",
    peer: null,
    labels: {},
    spec: { cwd: "/home/ann/app" },
    user: null,
    settings: null,
    resources: null,
    codexSocket: null,
    codexVersion: "0.169.0",
    turn: null,
    messages: [],
    attached: [],
    crash: null,
    limits: { idleTimeoutMs: 1_800_000, ttlMs: null, maxTurnTimeMs: null, maxQueued: 1_000 },
    endsAt: null,
    sleepsInMs: null,
    usage: null,
    keep: {},
    bytes: 2048,
    ...more,
  };
}

export function approvalOf(more: Partial<ApprovalDetail> = {}): ApprovalDetail {
  return {
    id: "a1b2c3",
    session: "fix",
    kind: "command",
    command: "rm -rf build",
    cwd: "/home/ann/app",
    reason: "to start afresh",
    decisions: [
      { id: "accept", label: "Yes, this once" },
      { id: "cancel", label: "No, and stop the turn" },
    ],
    createdAt: "2026-01-02T03:04:05.000Z",
    method: "item/commandExecution/requestApproval",
    params: {},
    ...more,
  };
}
