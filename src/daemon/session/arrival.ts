/** An agent came, or is gone: the session is brought level with it, and says so. */
import type { Agent } from "../agent/agent.ts";
import type { AgentHost } from "../agent/agent-host.ts";
import type { Arrival } from "../agent/agent-host-events.ts";
import { afterOpening } from "../agent/thread-settings.ts";
import type { Services } from "../services.ts";
import type { SessionRow } from "../store/session-table.ts";
import { storing, storingIfPossible } from "../store/storing.ts";
import { agentRecord } from "./agent-record.ts";
import type { Approvals } from "./approvals.ts";
import type { Delivery } from "./delivery.ts";
import type { GoingOn } from "./going-on.ts";
import type { History } from "./history.ts";
import type { Inbox } from "./inbox.ts";
import type { Interruption } from "./interruption.ts";
import type { Panic } from "./panic.ts";
import type { Recorder } from "./recorder.ts";
import type { Rest } from "./rest.ts";

/** The parts of a session that take part in it. */
export interface Arriving {
  row: Readonly<SessionRow>;
  services: Services;
  host: AgentHost;
  history: History;
  inbox: Inbox;
  approvals: Approvals;
  recorder: Recorder;
  delivery: Delivery;
  interruption: Interruption;
  goingOn: GoingOn;
  panic: Panic;
  rest: Rest;
  update: (changes: Partial<Omit<SessionRow, "id" | "createdAt">>) => void;
  log: (message: string, details: object) => void;
}

/**
 * After the daemon's start: finds the agent again. Gives whether one is to be started, which is when
 * something waits for it. `spoken`: the thread has items.
 */
export async function revive(session: Arriving, spoken: boolean): Promise<boolean> {
  const { row, services, host, inbox, recorder, rest, panic, update } = session;
  await panic.resume();
  if (row.agent !== null) {
    rest.hold();
    recorder.hold();
    update({});
    if (await host.adopt(row.agent, row.threadId)) return false;
    depart(session, "asleep", "the agent ended while no daemon ran");
  }
  if (panic.frozen) return false;
  // Whoever waits for the end of a turn is told it by codex's own record of the thread.
  // A turn of a thread that codex never stored has no end to be told.
  const { records } = services.store;
  return inbox.hasOpen || (spoken && records.openTurns(row.id).length > 0);
}

/** `first`: it opened the thread that the session was made for. */
export async function arrive(
  session: Arriving,
  agent: Agent,
  how: Arrival,
  first: boolean,
): Promise<void> {
  const { row, history, approvals, recorder, delivery, goingOn, update } = session;
  const { threadId, model, provider, active } = agent.thread;
  const since = recorder.lastHeardAt;
  const isFirst = first || row.threadId !== threadId;
  recorder.hold();
  const settings = afterOpening(row.settings, agent.thread.settings, how === "started");
  update({ threadId, model, provider, agent: agent.row, settings, origin: null });
  recorder.turns.reset(null, active);
  history.own("session/agent", agentRecord(how, row, { agent }));
  const gap = isFirst ? undefined : { reason: how, since };
  await goingOn.whileLevelling(isFirst, () => recorder.reconcile(gap, how !== "started"));
  recorder.resume(how === "started");
  if (how === "started") {
    approvals.lose("the agent that asked is gone");
    delivery.settleDoubtsAfterStart();
  } else {
    // Questions that still wait are asked again; the others were settled while we were away.
    if (!agent.thread.waiting) approvals.lose("it was settled while the daemon was away");
    setImmediate(() => delivery.settleDoubts());
  }
  update({});
  setImmediate(() => delivery.pump());
}

export function depart(
  session: Arriving,
  how: "asleep" | "crashed",
  reason: string | undefined,
): void {
  const { row, services, history, recorder, interruption, panic, update, log } = session;
  const turnId = how === "crashed" ? (recorder.turns.turn?.id ?? null) : null;
  storing(services, () => {
    recorder.gone();
    history.own("session/agent", agentRecord(how, row, { reason, turnId }));
  });
  interruption.notice();
  update({});
  // It may have been said past a daemon that hung, as it is on the disk.
  panic.resume().catch((error) => log("a panic failed", { error }));
  if (how === "crashed") log("the agent crashed", { reason });
}

/** It does not answer, or answers again when no reason is given: shown, whether it can be written or not. */
export function stall(session: Arriving, reason: string | undefined): void {
  const { row, services, host, history, update, log } = session;
  const status = reason === undefined ? "answers" : "stalled";
  storingIfPossible(
    services.store,
    () => history.own("session/agent", { ...agentRecord(status, row, { reason }), pid: host.pid }),
    (error) => log("that an agent stalls can't be written down", { error: String(error) }),
  );
  update({});
}
