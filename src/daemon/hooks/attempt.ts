/**
 * What came of one attempt. later: it is to be tried again, not before `afterMs` where the other
 * side said so; failed: it makes no sense to; gone: nor does it ever for this hook.
 */
export interface Attempt {
  outcome: "done" | "later" | "failed" | "gone";
  detail: string;
  /** Nobody answered, so that another event would fare no better now. */
  unanswered?: true;
  afterMs?: number;
}
