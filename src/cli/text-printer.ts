/**
 * Prints a history as people read it, record by record. A transcript is folded for what an entry
 * is and what waits; its entries are printed and let go, so a long history takes no memory. An
 * answer on its way is printed as it comes, and when it is complete only what is still missing.
 */
import { visible } from "../protocol/address.ts";
import type { SessionEvent } from "../protocol/records.ts";
import type { ApprovalDetail, HistoryRecord, SessionInfo } from "../protocol/session.ts";
import { type Entry, emptyTranscript, fold, type Transcript } from "../protocol/transcript.ts";
import type { Context } from "./context.ts";
import type { RecordPrinter } from "./json-printer.ts";
import { AnswerStream } from "./text/answer-stream.ts";
import { answerHint, askedLines } from "./text/approval.ts";
import { entryLines } from "./text/history.ts";

type Out = Pick<Context, "print" | "write" | "paint" | "note">;

export class TextPrinter implements RecordPrinter {
  ended = false;
  readonly #out: Out;
  readonly #stream: AnswerStream | undefined;
  #transcript: Transcript;
  #live = false;
  #shownApprovals = new Set<string>();

  constructor(out: Out, session: SessionInfo, streams: boolean) {
    this.#out = out;
    this.#transcript = { ...emptyTranscript, session };
    this.#stream = streams ? new AnswerStream((text) => out.write(text)) : undefined;
  }

  counts = (record: HistoryRecord): boolean => {
    const { entries } = fold({ ...emptyTranscript, session: this.#transcript.session }, record);
    return entries.some((entry) => entryLines(entry).length > 0);
  };

  record(record: HistoryRecord | SessionEvent): void {
    const { entries, ...rest } = fold(this.#transcript, record);
    this.#transcript = { ...rest, entries: [] };
    for (const entry of entries) this.#printEntry(entry);
    this.#stream?.drafts(this.#transcript.drafts);
    if (this.#live) this.#printApprovals();
    if (record.method === "session/ended") this.ended = true;
  }

  caughtUp(session: SessionInfo, approvals: readonly ApprovalDetail[]): void {
    this.#transcript = { ...this.#transcript, session, approvals };
    this.#live = true;
    this.#printApprovals();
  }

  finish(): void {
    this.#stream?.breakLine();
    this.#printApprovals();
  }

  #printEntry(entry: Entry): void {
    if (entry.kind === "item" && this.#stream?.complete(entry.item)) {
      if (entry.cut) this.#out.print("[cut off here]");
      return;
    }
    const lines = entryLines(entry);
    if (lines.length === 0) return;
    this.#stream?.breakLine();
    this.#out.print(lines.map((line) => this.#styled(entry, line)).join("\n"));
  }

  #styled(entry: Entry, line: string): string {
    if (line.startsWith("! ")) return this.#out.paint("red", line);
    if (entry.kind !== "item") return this.#out.paint("dim", line);
    if (entry.item.type === "userMessage") return this.#out.paint("cyan", line);
    if (entry.item.type === "reasoning") return this.#out.paint("dim", line);
    if (entry.item.type === "commandExecution" && line.startsWith("$ "))
      return this.#out.paint("bold", line);
    return line;
  }

  /** What waits now: once each, since who reads along wants to know it at once. */
  #printApprovals(): void {
    for (const approval of this.#transcript.approvals) {
      if (this.#shownApprovals.has(approval.id)) continue;
      this.#shownApprovals.add(approval.id);
      this.#stream?.breakLine();
      const kind = visible(approval.kind);
      const [first = kind, ...rest] = askedLines(approval);
      const lines = [`? ${kind} waits: ${first}`, ...rest.map((line) => `  ${line}`)];
      this.#out.print(this.#out.paint("yellow", lines.join("\n")));
      this.#out.note(`Answer it: ${answerHint(approval)}`);
    }
  }
}
