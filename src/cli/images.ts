/** Images that go along with a message: checked here, where the person who gave them is. */
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { quote } from "../protocol/address.ts";
import { HacsError } from "../protocol/errors.ts";

const headBytes = 12;

/** Gives absolute paths. Throws `image-unreadable` for the first that is not an image. */
export async function readImages(files: string[], cwd: string): Promise<string[]> {
  const paths: string[] = [];
  for (const file of files) {
    const path = resolve(cwd, file);
    const type = imageType(await readHead(path));
    if (type === undefined) throw unreadable(path, "is none of these");
    paths.push(path);
  }
  return paths;
}

/** By the first bytes, whatever the name says. */
export function imageType(head: Buffer): "png" | "jpeg" | "gif" | "webp" | undefined {
  if (head.subarray(0, 8).equals(Buffer.from("\u0089PNG\r\n\u001a\n", "latin1"))) return "png";
  if (head.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return "jpeg";
  const text = head.toString("latin1");
  if (/^GIF8[79]a/.test(text)) return "gif";
  if (text.startsWith("RIFF") && text.slice(8, 12) === "WEBP") return "webp";
  return undefined;
}

async function readHead(path: string): Promise<Buffer> {
  try {
    const file = await open(path, "r");
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    throw unreadable(path, `can't be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`);
  }
}

function unreadable(path: string, why: string): HacsError {
  return new HacsError(
    "image-unreadable",
    `An image is a readable PNG, JPEG, GIF or WebP file; ${quote(path)} ${why}.`,
    "Give --image the path of such a file.",
  );
}
