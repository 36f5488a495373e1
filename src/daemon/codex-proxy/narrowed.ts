import { isObject, type Json } from "../../protocol/messages.ts";

/** An answer that lists threads (whole ones, or ids) with no thread in it but one. */
export function narrowed(answer: Json, threadId: string): Json {
  if (!isObject(answer)) return {};
  const data = Array.isArray(answer.data) ? answer.data : [];
  const readStates = isObject(answer.readStates) ? answer.readStates : {};
  const read = Object.entries(readStates).filter(([id]) => id === threadId);
  return {
    data: data.filter(
      (thread) => thread === threadId || (isObject(thread) && thread.id === threadId),
    ),
    ...(isObject(answer.readStates) ? { readStates: Object.fromEntries(read) } : {}),
    nextCursor: answer.nextCursor ?? null,
    backwardsCursor: answer.backwardsCursor ?? null,
  };
}
