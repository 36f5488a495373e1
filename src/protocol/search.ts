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

/**
 * Words as people write them, in FTS5's syntax: all must be there; `"…"` is a phrase, `word*` a
 * beginning, `-word` must not be there. Whatever else is written is looked for as it stands, so no
 * line is ever wrong. Null when nothing in it can be looked for.
 */
export function matchOf(words: string): string | null {
  const wanted: string[] = [];
  const unwanted: string[] = [];
  for (const [, minus, phrase, word] of words.matchAll(/(-?)(?:"([^"]*)"?|([^\s"]+))/g)) {
    const text = phrase ?? word ?? "";
    // The index knows letters and digits alone.
    if (!/[\p{L}\p{N}]/u.test(text)) continue;
    const prefix = phrase === undefined && text.endsWith("*") ? "*" : "";
    const quoted = `"${text.replace(/[\0"]/g, " ")}"${prefix}`;
    (minus === "-" ? unwanted : wanted).push(quoted);
  }
  if (wanted.length === 0) return null;
  const all = wanted.map((one) => `(${one})`).join(" AND ");
  return unwanted.length === 0 ? all : `(${all}) NOT (${unwanted.join(" OR ")})`;
}
