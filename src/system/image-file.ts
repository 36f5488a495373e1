/** Whether a file is an image that codex takes: by its first bytes, whatever its name says. */
import { closeSync, readSync } from "node:fs";
import { openPlainFile } from "./plain-file.ts";

const headBytes = 12;

export function imageType(head: Buffer): "png" | "jpeg" | "gif" | "webp" | undefined {
  if (head.subarray(0, 8).equals(Buffer.from("\u0089PNG\r\n\u001a\n", "latin1"))) return "png";
  if (head.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return "jpeg";
  const text = head.toString("latin1");
  if (/^GIF8[79]a/.test(text)) return "gif";
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return "webp";
  return undefined;
}

/** Undefined: it is none of these. Throws what the system says where it can't be read. */
export function imageTypeOf(path: string): ReturnType<typeof imageType> {
  const file = openPlainFile(path);
  if (file === undefined) return undefined;
  try {
    const head = Buffer.alloc(headBytes);
    return imageType(head.subarray(0, readSync(file, head, 0, headBytes, 0)));
  } finally {
    closeSync(file);
  }
}
