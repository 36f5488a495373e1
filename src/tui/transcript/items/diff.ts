/**
 * A change of a file with the numbers of its lines: of the new file's, and for what was removed of
 * the old one's. Numbers come from the hunks' heads and are counted on; a diff without any, as a
 * new or deleted file's content is, counts from 1. Pure.
 */
import type { StyleName } from "../../text/theme.ts";

export interface DiffLine {
  number: number | null;
  /** As in the diff, with its sign. */
  text: string;
  style: StyleName;
}

export interface Diff {
  lines: DiffLine[];
  added: number;
  removed: number;
}

/** codex gives a unified diff for an update, and the bare content of a file that came or went. */
export function readDiff(kind: string, given: string): Diff {
  const text = given.replaceAll("\r\n", "\n").replace(/\n$/, "");
  if (text === "") return { lines: [], added: 0, removed: 0 };
  const unified = kind === "update" || /^(@@|--- )/.test(text);
  if (unified || (kind !== "add" && kind !== "delete")) return unifiedDiff(text.split("\n"));
  const [sign, style] = kind === "add" ? (["+", "added"] as const) : (["-", "removed"] as const);
  const lines = text
    .split("\n")
    .map((line, index) => ({ number: index + 1, text: sign + line, style }));
  const count = lines.length;
  return { lines, added: kind === "add" ? count : 0, removed: kind === "add" ? 0 : count };
}

const hunk = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/;

function unifiedDiff(source: readonly string[]): Diff {
  let before = 0;
  let after = 0;
  let counting = false;
  const diff: Diff = { lines: [], added: 0, removed: 0 };
  const put = (number: number | null, text: string, style: StyleName) =>
    diff.lines.push({ number: counting ? number : null, text, style });
  for (const line of source) {
    const head = hunk.exec(line);
    if (head !== null || line.startsWith("@@")) {
      // codex may give a head without numbers; what follows it then has none.
      counting = false;
      put(null, line, "dim");
      counting = head !== null;
      before = Number(head?.[1] ?? 0);
      after = Number(head?.[2] ?? 0);
    } else if (!counting && /^(\+\+\+|---) /.test(line)) {
      put(null, line, "dim");
    } else if (line.startsWith("+")) {
      diff.added++;
      put(after++, line, "added");
    } else if (line.startsWith("-")) {
      diff.removed++;
      put(before++, line, "removed");
    } else if (line.startsWith("\\")) {
      put(null, line, "dim");
    } else {
      put(after++, line, "plain");
      before++;
    }
  }
  return diff;
}
