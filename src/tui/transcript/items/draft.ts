/** An item on its way, in the shape it will have once whole, so that one drawer serves both. */
import type { JsonObject } from "../../../protocol/messages.ts";
import type { Draft, DraftField } from "../../../protocol/records.ts";

export function itemOfDraft(draft: Draft): JsonObject {
  const item: JsonObject = { ...(draft.item ?? { type: typeFrom(draft), id: draft.itemId }) };
  const others: JsonObject = {};
  for (const [name, field] of Object.entries(draft.fields)) {
    if (name === "text") item.text = soFar(field);
    else if (name === "output") item.aggregatedOutput = soFar(field);
    else if (!/^(summary|content)\.\d+$/.test(name)) others[name] = soFar(field);
  }
  for (const list of ["summary", "content"]) {
    const parts = numbered(draft, list);
    if (parts.length > 0) item[list] = parts;
  }
  return { ...item, ...others };
}

function numbered(draft: Draft, list: string): string[] {
  return Object.entries(draft.fields)
    .filter(([name]) => name.startsWith(`${list}.`))
    .sort(([a], [b]) => Number(a.slice(list.length + 1)) - Number(b.slice(list.length + 1)))
    .map(([, field]) => soFar(field));
}

/** The beginning of a draft can be missing; its streamed fields then tell what it is. */
function typeFrom(draft: Draft): string {
  const names = Object.keys(draft.fields);
  if (names.includes("output")) return "commandExecution";
  if (names.includes("text")) return "agentMessage";
  return names.some((name) => /^(summary|content)\./.test(name)) ? "reasoning" : "item";
}

function soFar(field: DraftField): string {
  return `${field.partial || field.from > 0 ? "… " : ""}${field.text}`;
}
