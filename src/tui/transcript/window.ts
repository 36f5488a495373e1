/**
 * Which part of the history is held. Invariant: `transcript.entries` is one unbroken run of at
 * most `entriesMax` entries. While the reader is near the end it reaches to the present; a reader
 * who went far back leaves the present, and `newer` says where the run ends. What happens then is
 * folded all the same (state, approvals, the turn) and its entries are loaded again on the way
 * down. Pure.
 */
import type { SessionEvent } from "../../protocol/records.ts";
import type { HistoryRecord } from "../../protocol/session.ts";
import { type Entry, emptyTranscript, fold, type Transcript } from "../../protocol/transcript.ts";
import { layoutOf } from "../layout.ts";
import { type Model, only, type Step } from "../model.ts";
import { blocksOf, keyOf } from "./blocks.ts";
import { scroll } from "./viewport.ts";

/** Entries that are held; past this the run is cut to `entriesKept` around the reader. */
export const entriesMax = 4_000;
const entriesKept = 2_000;

export interface Newer {
  /** The last record of the run. */
  after: number;
  state: "unknown" | "loading";
  /** What came in since the end was asked for, to be put behind it. */
  held: readonly Entry[] | null;
}

/** A page of records, folded by itself: what it says of the present is long over. */
export function pageEntries(model: Model, records: readonly HistoryRecord[]): readonly Entry[] {
  const before = { ...emptyTranscript, session: model.transcript.session };
  return records.reduce<Transcript>(
    (folded, record) => withoutRepeat(fold(folded, record), record),
    before,
  ).entries;
}

/** How far back a warning is looked for. */
const repeatEntriesMax = 200;

/** codex gives some warnings with every turn; said once is enough to read it. */
export function withoutRepeat(transcript: Transcript, event: SessionEvent): Transcript {
  const { entries } = transcript;
  const last = entries.at(-1);
  if (event.method !== "warning" || last?.kind !== "notice" || last.seq !== event.seq) {
    return transcript;
  }
  const said = entries
    .slice(-repeatEntriesMax, -1)
    .some(
      (entry) =>
        entry.kind === "notice" &&
        entry.method === "warning" &&
        entry.params.message === last.params.message,
    );
  return said ? { ...transcript, entries: entries.slice(0, -1) } : transcript;
}

/** The transcript after an event, without what belongs behind a run that does not reach here. */
export function afterEvent(model: Model, transcript: Transcript): Model {
  const { newer } = model;
  const known = model.transcript.entries;
  if (newer === null || transcript.entries === known) return { ...model, transcript };
  const held =
    newer.held && [...newer.held, ...transcript.entries.slice(known.length)].slice(-entriesMax);
  return { ...model, newer: { ...newer, held }, transcript: { ...transcript, entries: known } };
}

/** Cuts a run that has grown too long: its beginning for who follows, else around the reader. */
export function trimmed(model: Model): Model {
  const { entries } = model.transcript;
  if (entries.length <= entriesMax) return model;
  const end = entries.length - entriesKept;
  const from =
    model.anchor === null ? end : Math.max(0, Math.min(end, anchored(model) - entriesKept / 2));
  return withRun(model, entries.slice(from, from + entriesKept), { from, end });
}

function withRun(model: Model, kept: readonly Entry[], cut: { from: number; end: number }): Model {
  const last = kept.at(-1)!.seq;
  return {
    ...model,
    transcript: { ...model.transcript, entries: kept },
    ...(cut.from > 0 ? { oldest: kept[0]!.seq, earlier: "unknown" as const } : {}),
    ...(cut.from < cut.end
      ? { newer: { after: last, state: "unknown" as const, held: null } }
      : {}),
  };
}

/** The index of the entry at the top of the screen; one that is on its way stands at the end. */
function anchored({ anchor, transcript: { entries } }: Model): number {
  const index = entries.findLastIndex((entry) => keyOf(entry) === anchor?.key);
  return index === -1 ? entries.length : index;
}

/** Asks for what follows the run: its next page near its end, the end for who follows it. */
export function wantLater(model: Model): Step {
  const { newer, anchor } = model;
  if (newer === null || newer.state === "loading" || model.link !== "live") return only(model);
  if (anchor === null) {
    const loading: Newer = { ...newer, state: "loading", held: [] };
    return only({ ...model, newer: loading }, { do: "jump", to: "end" });
  }
  const height = Math.max(1, layoutOf(model).transcriptRows);
  if (scroll(blocksOf(model), anchor, height, height) !== null) return only(model);
  const loading: Newer = { ...newer, state: "loading", held: null };
  return only({ ...model, newer: loading }, { do: "later", after: newer.after });
}

/** The page after `after`. */
export function receivedLater(
  model: Model,
  after: number,
  records: readonly HistoryRecord[],
): Model {
  const { newer, transcript } = model;
  // The reader went elsewhere meanwhile: the page does not follow what is held now.
  if (newer === null || newer.held !== null || newer.after !== after) return model;
  const entries = [...transcript.entries, ...pageEntries(model, records)];
  const last = records.at(-1)?.seq ?? after;
  return trimmed({
    ...model,
    transcript: { ...transcript, entries },
    newer: last >= transcript.cursor ? null : { after: last, state: "unknown", held: null },
  });
}

/** The first page of the history, or the last: the run begins anew there. */
export function receivedJump(
  model: Model,
  to: "start" | "end",
  records: readonly HistoryRecord[],
): Model {
  const held = model.newer?.held ?? [];
  if (to === "end" && !model.newer?.held) return model;
  const last = records.at(-1)?.seq ?? 0;
  const entries = [
    ...pageEntries(model, records),
    ...(to === "end" ? held : []).filter(({ seq }) => seq > last),
  ];
  const jumped = { ...runFrom(model, entries, records), notice: null };
  if (to === "end") return { ...jumped, newer: null, anchor: null };
  const first = entries[0];
  return { ...jumped, anchor: first === undefined ? null : { key: keyOf(first), row: 0 } };
}

/** A run of its own in the middle of the history. */
export function runFrom(
  model: Model,
  entries: readonly Entry[],
  records: readonly HistoryRecord[],
): Model {
  const after = records.at(-1)?.seq ?? 0;
  const oldest = records[0]?.seq ?? 1;
  return {
    ...model,
    transcript: { ...model.transcript, entries },
    oldest,
    earlier: oldest <= 1 ? "none" : "unknown",
    newer: after >= model.transcript.cursor ? null : { after, state: "unknown", held: null },
  };
}

/** Loading failed, or the connection went: it can be asked for again. */
export function laterFailed(model: Model): Model {
  const { newer } = model;
  return newer === null ? model : { ...model, newer: { ...newer, state: "unknown", held: null } };
}
