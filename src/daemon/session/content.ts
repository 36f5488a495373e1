/** What a message says: what may be sent, and what codex is given of it. */
import { HacsError } from "../../protocol/errors.ts";
import type { JsonObject } from "../../protocol/messages.ts";
import { limits } from "../../protocol/methods.ts";
import type { MessageContent } from "../../protocol/session.ts";

/** What codex takes as a turn's input. */
export function inputOf(content: MessageContent): JsonObject[] {
  const text = content.text === "" ? [] : [{ type: "text", text: content.text, text_elements: [] }];
  return [...text, ...(content.images ?? []).map((path) => ({ type: "localImage", path }))];
}

export function checkContent(content: MessageContent): void {
  if (content.text.trim() === "" && (content.images ?? []).length === 0) {
    throw new HacsError(
      "empty-message",
      "A message has a text or an image; this one has neither.",
      'Try: hacs-session send NAME "your text"',
    );
  }
  const bytes = Buffer.byteLength(content.text);
  if (bytes > limits.messageBytesMax) {
    throw new HacsError(
      "message-too-large",
      `A message's text has at most ${limits.messageBytesMax} bytes; this one has ${bytes}.`,
      "Put it into a file in the session's directory and name the file.",
    );
  }
}
