/** What the daemon tells, taken into the model. Pure. */
import type { HacsError } from "../protocol/errors.ts";
import type { Result } from "../protocol/methods.ts";
import type { SessionEvent } from "../protocol/records.ts";
import type { Composition, HistoryRecord, SessionDetail } from "../protocol/session.ts";
import { disconnected, fold, type QueuedMessage } from "../protocol/transcript.ts";
import { withPromptInView } from "./approvals/in-view.ts";
import { joinedDraft, toldDraft } from "./composer/draft-sync.ts";
import { type Effect, isBusy, isLate, type Model, noticed, only, type Step } from "./model.ts";
import { wantEarlier } from "./transcript/earlier.ts";
import { seekFailed } from "./transcript/search.ts";
import {
  afterEvent,
  laterFailed,
  pageEntries,
  trimmed,
  wantLater,
  withoutRepeat,
} from "./transcript/window.ts";

/**
 * At (re)attach the result is the authority on what waits: records older than the ones that
 * follow may hold it, and what was known before may be over.
 */
export function attached(model: Model, result: Result<"session/attach">): Model {
  const queue = result.messages
    .filter(({ status }) => status === "accepted")
    .map(
      ({ messageId, mode, content, by }): QueuedMessage => ({
        id: messageId,
        text: content.text,
        mode,
        by,
      }),
    );
  const transcript = {
    ...disconnected(model.transcript),
    session: result.session,
    approvals: result.approvals,
    queue,
    drafts: [],
  };
  const next: Model = { ...model, name: result.session.name, link: "catching-up", transcript };
  return settled(joinedDraft(next, result.composed));
}

export function received(model: Model, event: SessionEvent): Step {
  if (event.method === "session/composed") {
    return only(model.readOnly ? model : toldDraft(model, event.params as unknown as Composition));
  }
  const effects: Effect[] = [];
  const transcript = withoutRepeat(fold(model.transcript, event), event);
  let next: Model = {
    ...afterEvent(model, transcript),
    name: transcript.session?.name ?? model.name,
    oldest: model.oldest ?? event.seq ?? null,
  };
  if (event.method === "session/live") next = { ...next, link: "live" };
  if (event.method === "session/renamed" && typeof event.params.to === "string") {
    next = { ...next, name: event.params.to };
  }
  if (event.method === "session/ended" || transcript.session?.state === "ended") {
    effects.push({ do: "end", reason: "ended" });
  }
  const step = wantToFill(settled(trimmed(next)), event.method === "session/live");
  const later = step.model.anchor === null ? wantLater(step.model) : only(step.model);
  return { model: later.model, effects: [...effects, ...step.effects, ...later.effects] };
}

export function lost(model: Model): Model {
  const transcript = disconnected(model.transcript);
  return loadFailed({ ...model, link: "reconnecting", transcript });
}

/**
 * An attempt to come back failed. A daemon that was stopped is not called back by a terminal; what
 * ssh says is for a person to mend; that a daemon is away is on the screen already.
 */
export function stillAway(model: Model, error: HacsError): Model {
  if (model.link === "live") return model;
  const isSsh = error.code === "ssh-failed" || error.code === "remote-missing";
  const away = { ...model, link: awayFor(error) };
  return isSsh ? noticed(away, error.message, "warning") : away;
}

function awayFor({ code }: HacsError): Model["link"] {
  return code === "daemon-stopped" ? "stopped" : "reconnecting";
}

/** The page before `before`, folded by itself: what it says of the present is long over. */
export function receivedEarlier(
  model: Model,
  before: number,
  records: readonly HistoryRecord[],
): Step {
  // A jump or a trim went elsewhere meanwhile.
  if (model.earlier !== "loading" || model.oldest !== before) return only(model);
  const first = records[0];
  if (first === undefined) return only({ ...model, earlier: "none" });
  const entries = [...pageEntries(model, records), ...model.transcript.entries];
  const longer: Model = {
    ...model,
    transcript: { ...model.transcript, entries },
    oldest: first.seq,
    earlier: first.seq <= 1 ? "none" : "unknown",
  };
  return wantToFill(trimmed(longer), true);
}

/** Loading failed, or the connection went: it can be asked for again. */
export function loadFailed(model: Model): Model {
  const earlier = model.earlier === "loading" ? "unknown" : model.earlier;
  return seekFailed(laterFailed({ ...model, earlier }));
}

/** Many records are not drawn at all: a page that leaves the screen half empty wants another. */
function wantToFill(model: Model, asked: boolean): Step {
  return asked && model.anchor === null ? wantEarlier(model) : only(model);
}

/** A turn and its usage can be older than the records that attach brought. */
export function detailed(model: Model, detail: SessionDetail): Model {
  const { transcript } = model;
  const turn = transcript.turn ?? detail.turn;
  return { ...model, transcript: { ...transcript, turn, usage: transcript.usage ?? detail.usage } };
}

/** From here on the daemon may have it. */
export function tried(model: Model, id: string): Model {
  const outbox = model.outbox.map((one) =>
    one.id === id ? { ...one, tried: true as const } : one,
  );
  return { ...model, outbox };
}

export function acknowledged(model: Model, id: string): Model {
  return { ...model, outbox: model.outbox.filter((message) => message.id !== id) };
}

/** A message that the daemon refused goes back to be mended. */
export function refused(model: Model, id: string, error: HacsError): Model {
  const message = model.outbox.find((one) => one.id === id);
  const said = noticed(acknowledged(model, id), error.message, "warning");
  return message === undefined ? said : withBefore(said, message.text);
}

/** A message that was taken back from the queue: sent again when it is mended, or dropped. */
export function withdrawn(model: Model, text: string): Model {
  return withBefore(noticed(model, "taken back: Enter sends it again, Ctrl-c drops it"), text);
}

/** What comes back stands before what is being written. */
function withBefore(model: Model, added: string): Model {
  const { text, cursor } = model.composer;
  const before = text === "" ? added : `${added}\n`;
  return {
    ...model,
    composer: { text: before + text, cursor: before.length + cursor, recalled: null },
  };
}

/** The daemon's history of what was written, to any session. */
export function receivedWritten(model: Model, written: readonly string[]): Model {
  return { ...model, written };
}

export function failed(model: Model, error: HacsError): Model {
  return noticed(model, error.message, isLate(error.code) ? "info" : "warning");
}

/** A running turn's time, and notices that go, want a step a second; an idle screen wants none. */
export function ticks({ transcript, notice, dialog }: Model): boolean {
  return transcript.turn !== null || notice !== null || dialog?.kind === "chooser";
}

export function ticked(model: Model): Model {
  return model.notice !== null && model.notice.until <= model.now
    ? { ...model, notice: null }
    : model;
}

/** Keeps the prompt that is shown, and the one that has the keyboard, to what still waits. */
function settled(model: Model): Model {
  const { approvals } = model.transcript;
  const { dialog } = model;
  const over =
    dialog?.kind === "approval" && !approvals.some((approval) => approval.id === dialog.id);
  return withoutStaleNotice(withPromptInView({ ...model, dialog: over ? null : dialog }));
}

/** A notice that says what is over would be wrong. */
function withoutStaleNotice(model: Model): Model {
  const { notice, transcript, link } = model;
  const over =
    (notice?.about === "turn" && !isBusy(model)) ||
    (notice?.about === "approval" && transcript.approvals.length === 0) ||
    (notice?.about === "daemon" && link === "live");
  return over ? { ...model, notice: null } : model;
}
