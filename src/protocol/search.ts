/** What `daemon/search` finds, and how a line of words is asked of it. */

/** A place where something was said or done that has all the words. */
export interface SearchHit {
  /** The session's name, and its id. */
  session: string;
  id: string;
  /** Of the record that says it. */
  seq: number;
  at: string;
  /** `message`, `answer`, `plan`, `reasoning`, `command`, `change`, `search`, `tool`, `error`. */
  kind: string;
  /** Where it was found, in pieces; those that are `hit` are the words. */
  snippet: { text: string; hit: boolean }[];
}

/** One thing to look for: a word, a word's beginning, or a phrase. */
export interface Term {
  text: string;
  isPrefix: boolean;
}

/**
 * Words as people write them: all must be there; `"…"` is a phrase, `word*` a beginning, `-word`
 * must not be there. Whatever else is written is looked for as it stands, so no line is ever
 * wrong. Null when nothing in it can be looked for.
 */
export function termsOf(words: string): { wanted: Term[]; unwanted: Term[] } | null {
  const wanted: Term[] = [];
  const unwanted: Term[] = [];
  for (const [, minus, phrase, word] of words.matchAll(/(-?)(?:"([^"]*)"?|([^\s"]+))/g)) {
    const text = phrase ?? word ?? "";
    // An index knows letters and digits alone.
    if (!/[\p{L}\p{N}]/u.test(text)) continue;
    const term = { text, isPrefix: phrase === undefined && text.endsWith("*") };
    (minus === "-" ? unwanted : wanted).push(term);
  }
  return wanted.length === 0 ? null : { wanted, unwanted };
}

/** The same in FTS5's syntax. */
export function matchOf(words: string): string | null {
  const terms = termsOf(words);
  if (terms === null) return null;
  const quoted = ({ text, isPrefix }: Term) =>
    `"${text.replace(/[\0"]/g, " ")}"${isPrefix ? "*" : ""}`;
  const all = terms.wanted.map((term) => `(${quoted(term)})`).join(" AND ");
  if (terms.unwanted.length === 0) return all;
  return `(${all}) NOT (${terms.unwanted.map(quoted).join(" OR ")})`;
}
