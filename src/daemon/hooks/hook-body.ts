/** What is posted where a hook says so itself: its own JSON, with places for what happened. */
import type { HookEvent } from "../../protocol/hooks.ts";
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";

const PLACE = /\{\{\s*([A-Za-z0-9_.]+)\s*\}\}/g;

/** `{{data.session.name}}` in any string of it; what the event does not have is nothing. */
export function fill(template: Json, event: HookEvent): Json {
  if (typeof template === "string") {
    return template.replace(PLACE, (_, path: string) => shown(at(event as never, path)));
  }
  if (Array.isArray(template)) return template.map((each) => fill(each, event));
  if (!isObject(template)) return template;
  const filled: JsonObject = {};
  for (const [key, value] of Object.entries(template)) {
    if (value !== undefined) filled[key] = fill(value, event);
  }
  return filled;
}

function at(value: Json, path: string): Json {
  let found: Json | undefined = value;
  for (const key of path.split("."))
    found = isObject(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  return found ?? null;
}

function shown(value: Json): string {
  if (value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
