/**
 * Drops what is kept no longer: records older than an age, and the oldest of a history that is
 * larger than a size. The last turn always stays whole, since that is what codex's own thread is
 * compared with when its agent comes back.
 */
import type { Keep } from "../../protocol/session.ts";
import type { OldRecord } from "../store/keep-table.ts";
import type { Store } from "../store/store.ts";

/** What holds for a session; null is without bound. */
export interface KeepRule {
  ageMs: number | null;
  bytes: number | null;
}

/** How far an archive has what is here. */
export interface Archived {
  /** The seq up to which it is known to have a session's records; 0 when nothing is known. */
  through(session: string): number;
  /** The same of the audit's entries. */
  readonly auditThrough: number;
  /** How much longer a record stays that it does not have. */
  holdMs: number;
}

const recordsAtOnce = 50;
const saidAtOnce = 50;

/** A session's own word, then the config's; 0 is for ever. */
export function ruleFor(keep: Keep, general: KeepRule): KeepRule {
  const one = (own: number | null | undefined, other: number | null) =>
    own === 0 ? null : (own ?? other);
  return { ageMs: one(keep.ageMs, general.ageMs), bytes: one(keep.bytes, general.bytes) };
}

/** Drops some; `more` when there is more to drop. */
export function dropSome(
  store: Store,
  session: string,
  general: KeepRule,
  until: number,
  archive?: Archived,
): "none" | "some" | "more" {
  const kept = store.keep.get(session);
  if (kept === undefined) return "none";
  const rule = ruleFor(kept.keep, general);
  if (rule.ageMs === null && (rule.bytes === null || kept.bytes <= rule.bytes)) return "none";
  const oldest = store.keep.oldest(session, recordsAtOnce);
  const { through, freedBytes } = tooMany(oldest, kept, rule, heldFrom(session, rule, archive));
  if (through === undefined) return "none";
  // What was said goes first: a slice may end before all of it is gone, and the records stand.
  if (dropSaid(store, session, through.seq, until)) return "more";
  store.transaction(() => store.keep.dropThrough(session, through, freedBytes));
  return through === oldest.at(-1) ? "more" : "some";
}

/** What is not in the archive, and young enough for it to be waited for. */
interface Held {
  after: number;
  since: string;
}

function heldFrom(session: string, { ageMs }: KeepRule, archive: Archived | undefined): Held {
  if (archive === undefined) return { after: Number.POSITIVE_INFINITY, since: "" };
  const since = new Date(Date.now() - archive.holdMs - (ageMs ?? 0)).toISOString();
  return { after: archive.through(session), since };
}

function tooMany(
  oldest: OldRecord[],
  { bytes, indexed }: { bytes: number; indexed: number },
  rule: KeepRule,
  held: Held,
): { through: OldRecord | undefined; freedBytes: number } {
  const before = rule.ageMs === null ? "" : new Date(Date.now() - rule.ageMs).toISOString();
  let through: OldRecord | undefined;
  let freedBytes = 0;
  for (const record of oldest) {
    const tooOld = record.at < before;
    const tooLarge = rule.bytes !== null && bytes - freedBytes > rule.bytes;
    // What was not looked through is not counted yet either.
    if (record.seq > indexed || !(tooOld || tooLarge)) break;
    if (record.seq > held.after && record.at >= held.since) break;
    freedBytes += record.bytes;
    through = record;
  }
  return { through, freedBytes };
}

/** True when there is more of it. */
function dropSaid(store: Store, session: string, through: number, until: number): boolean {
  return store.transaction(() => {
    const old = store.said.of(session, saidAtOnce).filter(({ seq }) => seq <= through);
    for (const { id } of old) {
      store.said.drop(id);
      if (performance.now() > until) return true;
    }
    return old.length === saidAtOnce;
  });
}
