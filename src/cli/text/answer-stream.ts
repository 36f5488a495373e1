/**
 * Prints an answer while it is written. It remembers which item it prints and how far it came,
 * in UTF-16 units of the whole text, so a draft that is replaced after a lost connection prints
 * nothing twice.
 */
import { visibleLines } from "../../protocol/address.ts";
import type { JsonObject } from "../../protocol/messages.ts";
import type { Draft } from "../../protocol/records.ts";

export class AnswerStream {
  readonly #write: (text: string) => void;
  #itemId: string | undefined;
  #printed = 0;
  #midLine = false;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  /** Prints what is new of the answer on its way; of several, the first. */
  drafts(drafts: readonly Draft[]): void {
    const draft =
      drafts.find(({ itemId }) => itemId === this.#itemId) ??
      drafts.find(({ item, fields }) => item?.type === "agentMessage" && fields.text !== undefined);
    const field = draft?.fields.text;
    if (draft === undefined || field === undefined) return;
    if (draft.itemId !== this.#itemId) this.#begin(draft.itemId);
    if (field.from > this.#printed) {
      this.#print("… ");
      this.#printed = field.from;
    }
    this.#printUpTo(wholeCharacters(field.text.slice(this.#printed - field.from)));
  }

  /** True when `item` is what was being printed: then its rest is printed, and it is done. */
  complete(item: JsonObject): boolean {
    if (item.id !== this.#itemId || typeof item.text !== "string") return false;
    this.#printUpTo(item.text.slice(this.#printed));
    this.breakLine();
    this.#itemId = undefined;
    return true;
  }

  /** What is printed next is no part of the answer. */
  breakLine(): void {
    if (this.#midLine) this.#print("\n");
  }

  #begin(itemId: string): void {
    this.breakLine();
    this.#itemId = itemId;
    this.#printed = 0;
  }

  #printUpTo(text: string): void {
    this.#printed += text.length;
    if (text !== "") this.#print(visibleLines(text));
  }

  #print(text: string): void {
    this.#write(text);
    this.#midLine = !text.endsWith("\n");
  }
}

/** Without a last half of a surrogate pair or of a CRLF, whose other half is still to come. */
function wholeCharacters(text: string): string {
  return /[\ud800-\udbff\r]$/.test(text) ? text.slice(0, -1) : text;
}
