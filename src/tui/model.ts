/**
 * Everything the TUI knows, as one value; the screen is a function of it. What happens outside
 * is done through effects: a step gives the next model and what is to be done, and does nothing
 * itself.
 */
import type { ErrorCode } from "../protocol/errors.ts";
import type { JsonObject } from "../protocol/messages.ts";
import type { Answer, SendMode } from "../protocol/session.ts";
import { emptyTranscript, type Transcript } from "../protocol/transcript.ts";
import type { Asked } from "./approvals/asked.ts";
import type { Entered } from "./approvals/form.ts";
import { type Completing, noCompleting } from "./composer/completing.ts";
import { type Composer, emptyComposer } from "./composer/composer.ts";
import { type DraftSync, noDraft } from "./composer/draft-sync.ts";
import type { EnterMode } from "./composer/enter-mode.ts";
import type { Dropped } from "./composer/past.ts";
import type { Control } from "./controls/controls.ts";
import type { PaneOrder } from "./panes/order.ts";
import { type Around, nothingAround } from "./sessions/around.ts";
import type { Order } from "./sessions/order.ts";
import type { Overlay } from "./sessions/overlay.ts";
import type { Search } from "./transcript/search.ts";
import type { Anchor } from "./transcript/viewport.ts";
import type { Newer } from "./transcript/window.ts";

export interface Model {
  /** The session's name, as it was given until the daemon tells the current one. */
  name: string;
  readOnly: boolean;
  /** The time of the last step, ms; nothing below asks the clock. */
  now: number;
  size: { columns: number; rows: number };
  transcript: Transcript;
  /** `catching-up` while the records that were missed arrive, `stopped` when somebody ended the daemon. */
  link: "catching-up" | "live" | "reconnecting" | "stopped";
  /** Messages that the daemon has not acknowledged yet, oldest first. */
  outbox: readonly Outgoing[];
  /** The oldest record here, and whether there are older ones to load. */
  oldest: number | null;
  earlier: "unknown" | "loading" | "none";
  /** Null while `transcript.entries` reach to the present; else what follows is not here. */
  newer: Newer | null;
  composer: Composer;
  completing: Completing;
  /** The methods that the connected codex has; null while that is not known. */
  offers: ReadonlySet<string> | null;
  /** True while the terminal belongs to an editor. */
  editing: boolean;
  draft: DraftSync;
  /** What was cleared here, newest first. */
  dropped: readonly Dropped[];
  /** What was written to any session, newest first; null until the daemon told. */
  written: readonly string[] | null;
  /** What Enter does while a turn runs. */
  enters: EnterMode;
  /** Where the reader stands; null follows the end. */
  anchor: Anchor;
  /** True: the arrow keys scroll (`Ctrl-b [`). */
  reading: boolean;
  prefix: boolean;
  expanded: boolean;
  /** Blocks that are shown in full, by key, the one opened last at the end. */
  opened: readonly string[];
  search: Search | null;
  dialog: Dialog | null;
  /**
   * The prompt in view, and since when: one just come takes no answer yet. `amid` while what was
   * being written when it came is still there: that was not written for it. `read` is what it
   * asks, once the last row of that was in view.
   */
  shown: { id: string; at: number; amid: boolean; read: Asked | null } | null;
  notice: Notice | null;
  /** The other sessions, and what else stays when another one is shown. */
  around: Around;
  /** The pane that shows it. */
  pane: PaneState;
}

export interface PaneState {
  /** True: it has the keys. */
  focused: boolean;
  /** False while another pane has the whole screen. */
  visible: boolean;
  /** How many panes are not on the screen. */
  hidden: number;
}

export interface Outgoing {
  id: string;
  text: string;
  mode: SendMode;
  /** True once it was handed to the connection: the daemon may have it, whatever becomes of that. */
  tried?: true;
}

/** A list to choose from; `choices` is null while codex is asked for them. */
export interface ChooseDialog {
  kind: "choose";
  title: string;
  choices: readonly Choice[] | null;
  row: number;
  /** Since when what it lists is on the screen, ms. */
  at: number;
}

export interface Choice {
  label: string;
  about: string;
  current?: boolean;
  /** Takes it at once. In a list that has such keys no other letter moves. */
  key?: string;
  effects: readonly Effect[];
}

/** A text to read; `lines` is null while codex is asked for it. */
export interface PageDialog {
  kind: "page";
  title: string;
  lines: readonly string[] | null;
  row: number;
}

/** What has the keyboard instead of the composer. */
export type Dialog =
  | { kind: "help"; row: number }
  | ChooseDialog
  | PageDialog
  | { kind: "approval"; id: string; row: number; form: FormState | null }
  | Overlay;

export interface FormState {
  index: number;
  text: string;
  /** Of the fields before, in their order. */
  entered: readonly Entered[];
}

export interface Notice {
  text: string;
  tone: "info" | "warning";
  /** When it goes by itself, ms. */
  until: number;
  /** What it is about: it goes when that is over. `clearing` says what the next Escape does. */
  about?: NoticeCause;
}

export type NoticeCause = "turn" | "approval" | "daemon" | "clearing";

export type Effect =
  | { do: "detach" }
  | { do: "top" }
  | { do: "end"; reason: "ended" }
  | { do: "flush" }
  | { do: "answer"; id: string; answer: Answer }
  | { do: "interrupt" }
  | { do: "withdraw"; id: string }
  | { do: "find"; query: string }
  | { do: "skills" }
  | { do: "control"; control: Control; rest: string }
  /** A method of codex's, and what is said when it went well. */
  | { do: "call"; method: string; params: JsonObject; said: string; next?: Control }
  | { do: "earlier"; before: number }
  | { do: "show"; session: string }
  | { do: "order"; order: Order }
  | { do: "pane"; order: PaneOrder }
  | { do: "later"; after: number }
  | { do: "jump"; to: "start" | "end" }
  | { do: "seek"; id: number; before: number }
  | { do: "seek"; id: number; after: number }
  | { do: "copy"; text: string }
  | { do: "mouse"; on: boolean }
  | { do: "redraw" }
  | { do: "suspend" };

export interface Step {
  model: Model;
  effects: readonly Effect[];
}

export function initialModel(options: {
  name: string;
  readOnly: boolean;
  size: Model["size"];
  now: number;
}): Model {
  return {
    ...options,
    transcript: emptyTranscript,
    link: "catching-up",
    outbox: [],
    oldest: null,
    earlier: "unknown",
    newer: null,
    composer: emptyComposer,
    completing: noCompleting,
    offers: null,
    editing: false,
    draft: noDraft,
    dropped: [],
    written: null,
    enters: "queue",
    anchor: null,
    reading: false,
    prefix: false,
    expanded: false,
    opened: [],
    search: null,
    dialog: null,
    shown: null,
    notice: null,
    around: nothingAround,
    pane: { focused: true, visible: true, hidden: 0 },
  };
}

/** Messages waiting for an acknowledgement: more than this, and Enter refuses. */
export const outboxMax = 100;

const noticeMs = 4_000;
const noticeMsPerChar = 60;

export function only(model: Model, ...effects: Effect[]): Step {
  return { model, effects };
}

/** How long it stays grows with what there is to read. */
export function noticed(
  model: Model,
  text: string,
  tone: Notice["tone"] = "info",
  about?: NoticeCause,
): Model {
  const until = model.now + Math.max(noticeMs, text.length * noticeMsPerChar);
  return { ...model, notice: { text, tone, until, ...(about ? { about } : {}) } };
}

export function isBusy({ transcript: { turn, session } }: Model): boolean {
  return turn !== null || session?.state === "working" || session?.state === "needs-approval";
}

export function isDemo(model: Model): boolean {
  return model.transcript.session?.labels.demo === "true";
}

/** An answer that lost a race, or came too late, is news and no failure. */
export function isLate(code: ErrorCode): boolean {
  return (
    code === "approval-answered" ||
    code === "approval-not-found" ||
    code === "no-turn" ||
    code === "message-sent"
  );
}
