/** One key for each decision that codex offers. Enter is never one of them. */
import type { Decision } from "../../protocol/session.ts";

const letters: Record<string, string> = {
  accept: "y",
  acceptForSession: "a",
  acceptWithExecpolicyAmendment: "p",
  applyNetworkPolicyAmendment: "w",
  decline: "n",
  cancel: "c",
};

export interface KeyedDecision extends Decision {
  key: string;
}

/** Decisions without a letter of their own, or whose letter is taken, are counted: 1, 2, … */
export function keyed(decisions: readonly Decision[]): KeyedDecision[] {
  const taken = new Set<string>();
  return decisions.map((decision, index) => {
    const letter = letters[decision.id];
    const key = letter !== undefined && !taken.has(letter) ? letter : String(index + 1);
    taken.add(key);
    return { ...decision, key };
  });
}

/** True for what lets nothing happen; of what is not known one had better have seen all. */
export function refuses({ id }: Pick<Decision, "id">): boolean {
  return id === "decline" || id === "cancel";
}

/** What `/approve` and `/deny` mean: the first that accepts once, the first that refuses. */
export function plainDecision(decisions: readonly Decision[], yes: boolean): Decision | undefined {
  const wanted = yes ? ["accept"] : ["decline", "cancel"];
  return wanted
    .map((id) => decisions.find((decision) => decision.id === id))
    .find((decision) => decision !== undefined);
}
