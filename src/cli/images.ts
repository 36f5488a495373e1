/** Images that go along with a message: checked here, where the person who gave them is. */
import { resolve } from "node:path";
import { quote } from "../protocol/address.ts";
import { HacsError } from "../protocol/errors.ts";
import { imageTypeOf } from "../system/image-file.ts";

/** Gives absolute paths. Throws `image-unreadable` for the first that is not an image. */
export function readImages(files: string[], cwd: string): string[] {
  return files.map((file) => {
    const path = resolve(cwd, file);
    if (typeOf(path) === undefined) throw unreadable(path, "is none of these");
    return path;
  });
}

function typeOf(path: string): ReturnType<typeof imageTypeOf> {
  try {
    return imageTypeOf(path);
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
