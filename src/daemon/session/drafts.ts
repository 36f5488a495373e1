/**
 * What is on its way: each item that began and did not complete, with its text so far. Memory
 * only; the completed item replaces its draft.
 */
import type { JsonObject } from "../../protocol/messages.ts";
import { applyDelta, type Draft } from "../../protocol/records.ts";
import { stringOf } from "../../protocol/shape.ts";
import { draftOf } from "../../protocol/transcript.ts";

export class Drafts {
  readonly #drafts = new Map<string, Draft>();

  /** An item begins; one that is known keeps the text that was heard of it. */
  begin(params: JsonObject): void {
    const draft = draftOf(params);
    draft.fields = this.#drafts.get(draft.itemId)?.fields ?? draft.fields;
    this.#drafts.set(draft.itemId, draft);
  }

  /**
   * Takes a delta of codex's in and gives its offset. A delta for an item whose beginning was
   * missed starts a draft that says so.
   */
  append(field: string, params: JsonObject): number {
    const itemId = params.itemId as string;
    let draft = this.#drafts.get(itemId);
    if (draft === undefined) {
      draft = {
        threadId: stringOf(params.threadId) ?? "",
        turnId: stringOf(params.turnId) ?? "",
        itemId,
        item: null,
        fields: { [field]: { from: 0, text: "", partial: true } },
      };
      this.#drafts.set(itemId, draft);
    }
    const known = draft.fields[field] ?? { from: 0, text: "", partial: false };
    const offset = known.from + known.text.length;
    draft.fields[field] = applyDelta(known, params.delta as string, offset);
    return offset;
  }

  get(itemId: string): Draft | undefined {
    return this.#drafts.get(itemId);
  }

  /** As an earlier daemon knew it; what it did not hear of is missing at the end. */
  restore(draft: Draft): void {
    const fields = Object.entries(draft.fields).map(([name, field]) => [
      name,
      { ...field, partial: true },
    ]);
    this.#drafts.set(draft.itemId, { ...draft, fields: Object.fromEntries(fields) });
  }

  complete(itemId: string): void {
    this.#drafts.delete(itemId);
  }

  /** It did not complete after all. */
  putBack(draft: Draft): void {
    this.#drafts.set(draft.itemId, draft);
  }

  all(): Draft[] {
    return [...this.#drafts.values()];
  }

  /** Those of a turn; or all. */
  of(turnId: string | undefined): Draft[] {
    return this.all().filter((draft) => turnId === undefined || draft.turnId === turnId);
  }
}

/** Whether any text of it was shown. */
export function hasText(draft: Draft): boolean {
  return Object.values(draft.fields).some(({ text }) => text !== "");
}

/** A draft as the item that it would have become, with what was shown of it. */
export function itemOfDraft(draft: Draft): JsonObject {
  const item: JsonObject = { type: "unknown", ...draft.item, id: draft.itemId };
  const parts = { summary: [] as string[], content: [] as string[] };
  for (const [name, field] of Object.entries(draft.fields)) {
    const [part, index] = name.split(".");
    if (name === "text") {
      if (draft.item === null) item.type = "agentMessage";
      item.text = field.text;
    } else if (name === "output") {
      if (draft.item === null) item.type = "commandExecution";
      item.aggregatedOutput = field.text;
    } else if (part === "summary" || part === "content") {
      item.type = "reasoning";
      parts[part][Number(index)] = field.text;
    }
  }
  return item.type === "reasoning" ? { ...item, ...parts } : item;
}
