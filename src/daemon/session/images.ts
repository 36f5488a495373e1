import { isAbsolute } from "node:path";
import { quote } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import { imageTypeOf } from "../../system/image-file.ts";

/**
 * Throws `image-unreadable`: codex would leave such an image out, and say so to the model alone.
 * Why it is none is not said, so that who may only write messages learns nothing of files here.
 */
export function checkImages(paths: readonly string[]): void {
  const wrong = paths.find((path) => !isImage(path));
  if (wrong === undefined) return;
  throw new HacsError(
    "image-unreadable",
    `An image is the absolute path of a PNG, JPEG, GIF or WebP file on the session's machine; ${quote(wrong)} is none there.`,
    "Copy the file to that machine first, with scp say, and name it by its path there.",
  );
}

function isImage(path: string): boolean {
  try {
    return isAbsolute(path) && imageTypeOf(path) !== undefined;
  } catch {
    return false;
  }
}
