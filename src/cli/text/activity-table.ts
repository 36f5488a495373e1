/** What `top` prints where nobody looks on: one row a session, numbers instead of bars. */
import { describeAction, type SessionActivity } from "../../protocol/activity.ts";
import { visible } from "../../protocol/address.ts";
import { formatDuration } from "../../protocol/duration.ts";
import { stateText } from "./session-table.ts";
import { measureFor, padTo } from "./width.ts";

const gap = "  ";

/** The header first. Only the action is cut, where a terminal is narrower than that. */
export async function activityTable(
  sessions: readonly SessionActivity[],
  columns: number = Number.POSITIVE_INFINITY,
  nowMs: number = Date.now(),
): Promise<string[]> {
  const table = [
    ["NAME", "STATE", "FOR", "TOKENS/MIN", "LAST TURN", "WAITING", "QUEUED", "MODEL", "ACTION"],
    ...sessions.map((session) => cellsOf(session, nowMs)),
  ];
  const widthOf = await measureFor(table.flat());
  const widths = table[0]!.map((_, column) =>
    Math.max(...table.map((row) => widthOf(row[column] ?? ""))),
  );
  return table.map((row) => {
    const line = row
      .map((text, column) =>
        column === row.length - 1 ? text : padTo(text, widths[column]!, widthOf),
      )
      .join(gap)
      .trimEnd();
    return widthOf(line) <= columns ? line : cut(line, columns, widthOf);
  });
}

function cellsOf(session: SessionActivity, nowMs: number): string[] {
  const { since, tokensPerMinute, turnsMs, waiting, queued, action } = session;
  const lastTurn = turnsMs.at(-1);
  return [
    session.name,
    stateText(session),
    since === null ? "-" : formatDuration(Math.max(1_000, nowMs - Date.parse(since))),
    String(tokensPerMinute.at(-1) ?? 0),
    lastTurn === undefined ? "-" : formatDuration(lastTurn),
    String(waiting.length),
    String(queued),
    session.model ?? "-",
    action === null ? "-" : describeAction(action),
  ].map(visible);
}

function cut(text: string, columns: number, widthOf: (text: string) => number): string {
  const characters = [...text];
  while (characters.length > 0 && widthOf(characters.join("")) > columns - 1) characters.pop();
  return `${characters.join("")}…`;
}
