/**
 * Sends a message and waits for what becomes of it. The watch begins before the message is sent,
 * and a send that nobody acknowledged is sent again under its id, so a daemon that is killed at
 * any moment costs neither the message nor the answer.
 */
import { HacsError } from "../protocol/errors.ts";
import type { JsonObject } from "../protocol/messages.ts";
import type { OwnRecords, SessionEvent } from "../protocol/records.ts";
import type {
  ApprovalDetail,
  MessageContent,
  Receipt,
  SendMode,
  SessionInfo,
} from "../protocol/session.ts";
import type { Context } from "./context.ts";
import { watch } from "./watch.ts";

export interface DeliverOptions {
  name: string;
  id: string;
  content: MessageContent;
  mode?: SendMode | undefined;
  timeoutMs?: number | undefined;
  /** Goes on waiting when an approval waits. */
  throughApprovals?: boolean | undefined;
  /** The message waits until somebody wakes the session. Told once for each time it is frozen. */
  onFrozen?: (session: SessionInfo) => void;
}

/** What is known of a message; `send --wait --json` prints it, less the approval. */
export interface Delivery {
  session: string;
  messageId: string;
  turnId: string | null;
  /** How its turn ended, else how far the message came. */
  status: string;
  text: string | null;
  seq: number;
  usage: JsonObject | null;
  error: string | null;
}

export interface Delivered {
  delivery: Delivery;
  /** What the session waits for, when that is why this returned. */
  approval?: ApprovalDetail;
}

/** `progress` is called as the message comes along, so that a caller who gives up can say where. */
export async function deliver(
  context: Context,
  options: DeliverOptions,
  progress: (delivery: Delivery) => void = () => {},
): Promise<Delivered> {
  const { name, id, content, mode } = options;
  let acknowledged = false;
  let delivery: Delivery = {
    session: name,
    messageId: id,
    turnId: null,
    status: "unsent",
    text: null,
    seq: 0,
    usage: null,
    error: null,
  };
  /** Approvals seen before the message was acknowledged; they count once it is. */
  let waiting: ApprovalDetail[] = [];
  const update = (next: Delivery) => {
    delivery = next;
    progress(next);
  };

  let toldSince: string | undefined;
  const look = (session: SessionInfo) => {
    const { frozenSince } = session;
    if (frozenSince !== undefined && frozenSince !== toldSince) options.onFrozen?.(session);
    toldSince = frozenSince;
  };

  return watch<Delivered>(context, {
    attach: { name, visible: false, deltas: false },
    waitsFor: "the answer",
    timeoutMs: options.timeoutMs,
    async onAttached(result, settle, connection) {
      waiting = result.approvals;
      if (!acknowledged) {
        const receipt = await connection.call("session/send", {
          name: result.session.id,
          id,
          content,
          ...(mode === undefined ? {} : { mode }),
        });
        acknowledged = true;
        // Its records may have come before this answer, and then they know more.
        if (receipt.seq >= delivery.seq) update(fromReceipt(receipt));
        if (isSettled(receipt.status)) return settle({ delivery });
        look(result.session);
      }
      const [approval] = waiting;
      // An interrupt takes the turn that asks along with its question.
      if (approval && !options.throughApprovals && mode !== "interrupt")
        settle({ delivery, approval });
    },
    onEvent(event, settle) {
      const params = messageOf(event, id);
      if (params) {
        update(fromRecord(delivery, event, params));
        if (isSettled(params.status)) settle({ delivery });
      }
      const state = stateIn(event);
      if (state !== undefined && acknowledged) look(state);
      if (event.method === "session/ended") throw ended(delivery.session);
      waiting = waitingAfter(waiting, event);
      const asked = requested(event);
      if (asked && acknowledged && !options.throughApprovals) settle({ delivery, approval: asked });
    },
  });
}

function isSettled(status: Receipt["status"]): boolean {
  return status === "finished" || status === "failed" || status === "cancelled";
}

function fromReceipt(receipt: Receipt): Delivery {
  const { session, messageId, turnId, turnStatus, status, text, seq, usage, error } = receipt;
  return { session, messageId, turnId, status: turnStatus ?? status, text, seq, usage, error };
}

function fromRecord(
  before: Delivery,
  event: SessionEvent,
  params: OwnRecords["session/message"],
): Delivery {
  return {
    ...before,
    turnId: params.turnId ?? before.turnId,
    status: params.turnStatus ?? params.status,
    text: params.text ?? before.text,
    seq: event.seq ?? before.seq,
    usage: params.usage ?? before.usage,
    error: params.error ?? before.error,
  };
}

function messageOf(event: SessionEvent, id: string): OwnRecords["session/message"] | undefined {
  if (event.method !== "session/message" || event.params.id !== id) return undefined;
  return event.params as unknown as OwnRecords["session/message"];
}

function stateIn(event: SessionEvent): SessionInfo | undefined {
  if (event.method !== "session/state") return undefined;
  return event.params.session as unknown as SessionInfo;
}

function requested(event: SessionEvent): ApprovalDetail | undefined {
  if (event.method !== "session/approval") return undefined;
  const params = event.params as unknown as OwnRecords["session/approval"];
  return params.status === "requested" ? params.approval : undefined;
}

function waitingAfter(waiting: ApprovalDetail[], event: SessionEvent): ApprovalDetail[] {
  const asked = requested(event);
  if (asked) return [...waiting, asked];
  if (event.method !== "session/approval") return waiting;
  return waiting.filter(({ id }) => id !== event.params.id);
}

export function ended(name: string): HacsError {
  return new HacsError(
    "session-ended",
    `The session "${name}" was ended; nothing more happens in it.`,
    `Its history is left: hacs-session tail ${name}`,
  );
}
