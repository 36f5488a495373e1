/**
 * What the model asked for, as codex wrote it into the thread's own file before anything was done:
 * the one place that has a file change which codex began while no daemon ran. The path is codex's
 * word, so nothing is taken from there but a call of the id that is looked for.
 */
import { closeSync, fstatSync, readSync } from "node:fs";
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";
import { objectOf, stringOf } from "../../protocol/shape.ts";
import { openPlainFile } from "../../system/plain-file.ts";
import { asUser } from "../../system/unix-user.ts";
import type { AgentRow } from "../store/session-table.ts";

/** So much of the file's end is looked through: what waits was written last. */
const bytesMax = 8 * 1024 * 1024;

/** Null when it can't be found out. */
export function writtenCall(agent: AgentRow | null, callId: string): string | null {
  const file = agent?.thread;
  if (file === undefined) return null;
  try {
    const lines = asUser(agent?.user, () => endOf(file)).split("\n");
    const called = lines.filter((line) => line.includes(callId)).map(callIn);
    return called.find((call) => call?.id === callId)?.text ?? null;
  } catch {
    // It is gone, or another user's.
    return null;
  }
}

function endOf(path: string): string {
  const fd = openPlainFile(path);
  if (fd === undefined) return "";
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(size, bytesMax));
    const bytes = readSync(fd, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString("utf8", 0, bytes);
  } finally {
    closeSync(fd);
  }
}

function callIn(line: string): { id: string; text: string | null } | undefined {
  const payload = objectOf(objectOf(parsed(line)).payload);
  const { type, call_id: id } = payload;
  if (typeof id !== "string") return undefined;
  if (type === "custom_tool_call") return { id, text: stringOf(payload.input) };
  if (type !== "function_call") return undefined;
  const given = stringOf(payload.arguments);
  return { id, text: given === null ? null : (commandIn(parsed(given)) ?? given) };
}

/** As codex's tools call it, of which there are several. */
function commandIn(given: unknown): string | null {
  if (!isObject(given)) return null;
  const { cmd, command, input } = given as JsonObject;
  return wordsOf(cmd) ?? wordsOf(command) ?? wordsOf(input);
}

function wordsOf(value: Json | undefined): string | null {
  if (!Array.isArray(value)) return stringOf(value);
  return value.every((word) => typeof word === "string") ? value.join(" ") : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
