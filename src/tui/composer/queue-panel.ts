/**
 * What waits to be sent, above the composer: one row a message, in the order of delivery. It
 * stands outside the transcript, so it is seen wherever the reader has scrolled to. Pure.
 */
import { visible } from "../../protocol/address.ts";
import type { QueuedMessage } from "../../protocol/transcript.ts";
import type { Model } from "../model.ts";
import { cells, cut, type Line, span } from "../text/lines.ts";

export interface Waiting {
  id: string;
  text: string;
  state: string;
}

export function waitingMessages({ transcript, outbox }: Model): Waiting[] {
  const { queue } = transcript;
  const unsent = outbox.filter(({ id }) => !queue.some((message) => message.id === id));
  return [
    ...queue.map(({ id, text, mode }) => ({ id, text, state: stateOf(mode) })),
    ...unsent.map(({ id, text }) => ({ id, text, state: "sending…" })),
  ];
}

/**
 * The last queued message that was written in a composer: what Up takes back. A script's own
 * message is somebody's who waits for its answer, and is only taken back by name.
 */
export function lastWritten({ transcript }: Model): QueuedMessage | undefined {
  return transcript.queue.findLast(({ by }) => by?.kind === "tui");
}

export function queueRows(model: Model, rowsMax: number): Line[] {
  const waiting = waitingMessages(model);
  if (waiting.length === 0 || rowsMax <= 0) return [];
  const { columns } = model.size;
  const shown = waiting.slice(0, waiting.length > rowsMax ? rowsMax - 1 : rowsMax);
  const rows = shown.map(({ id, text, state }) => queueRow(text.trim() || id, state, columns));
  const left = waiting.length - shown.length;
  const about = shown.length === 0 ? `${left} queued` : `  ${left} more queued`;
  return left === 0 ? rows : [...rows, cut([span(about, "warning")], columns)];
}

/** How many rows of the screen the queue may take. */
export function queueRowsMax(rows: number): number {
  return rows < 10 ? 1 : rows < 24 ? 2 : 4;
}

function queueRow(text: string, state: string, columns: number): Line {
  const [first = "", ...more] = text.split("\n");
  const tail = `  ${more.length > 0 ? `+${more.length} lines  ` : ""}${state}`;
  // Of a pasted book only the beginning is looked at.
  const said = cut(
    [span("› ", "dim"), span(visible(first.slice(0, 2 * columns)), "dim")],
    Math.max(1, columns - cells(tail)),
  );
  return cut([...said, span(tail, "warning")], columns);
}

function stateOf(mode: string): string {
  return { steer: "steers", interrupt: "interrupts" }[mode] ?? "queued";
}
