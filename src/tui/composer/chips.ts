/**
 * An image in the text being written stands there as `[image /its/path]`. The text is all there
 * is to it: so it goes with the draft to another device, comes back with Up and from the queue,
 * and is taken out by deleting it. Pure.
 */
import { homedir } from "node:os";
import { fileURLToPath } from "node:url";
import type { MessageContent } from "../../protocol/session.ts";
import { backspace, type Composer } from "./composer.ts";

const chip = /\[image (\/[^\]\n]+)\]/g;
const imageName = /\.(png|jpe?g|gif|webp)$/i;

/** As many as the daemon takes with one message. */
const imagesMax = 100;

export function isImagePath(path: string): boolean {
  return imageName.test(path);
}

export function chipOf(path: string): string {
  return `[image ${path}]`;
}

/**
 * What a terminal pastes when an image file is dropped on it: one path, perhaps quoted, escaped
 * or a file URL. Null when it is anything else.
 */
export function droppedImage(pasted: string, home = homedir()): string | null {
  const text = pasted.trim();
  if (text === "" || text.length > 4096 || text.includes("\n")) return null;
  const path = pathOf(text, home);
  if (!path.startsWith("/") || !isImagePath(path) || path.includes("]")) return null;
  return path;
}

function pathOf(text: string, home: string): string {
  if (text.startsWith("file://")) {
    try {
      return fileURLToPath(text);
    } catch {
      return "";
    }
  }
  const quoted = /^(["'])(.*)\1$/.exec(text)?.[2];
  const path = quoted ?? text.replace(/\\(.)/g, "$1");
  // Two paths with a space between them are no path, unless somebody quoted them.
  if (quoted === undefined && /(^|[^\\])\s/.test(text)) return "";
  return path.startsWith("~/") ? `${home}${path.slice(1)}` : path;
}

export function imagesIn(text: string): string[] {
  const paths = [...text.matchAll(chip)].map(([, path = ""]) => path);
  return [...new Set(paths.filter(isImagePath))].slice(0, imagesMax);
}

/** The text stays as it was written, so that the model reads where each image belongs. */
export function contentOf(text: string): MessageContent {
  const images = imagesIn(text);
  return images.length === 0 ? { text } : { text, images };
}

/** The other way: images that came without a chip get one. */
export function textOf({ text, images = [] }: MessageContent): string {
  const known = new Set(imagesIn(text));
  const more = images.filter((path) => !known.has(path)).map(chipOf);
  return [...(text === "" ? [] : [text]), ...more].join(" ");
}

/** Backspace behind a chip takes all of it. */
export function eraseBack(composer: Composer): Composer {
  const before = composer.text.slice(Math.max(0, composer.cursor - 4200), composer.cursor);
  const last = [...before.matchAll(chip)].at(-1);
  if (last === undefined || last.index + last[0].length !== before.length) {
    return backspace(composer);
  }
  const cursor = composer.cursor - last[0].length;
  const text = composer.text.slice(0, cursor) + composer.text.slice(composer.cursor);
  return { text, cursor, recalled: null };
}
