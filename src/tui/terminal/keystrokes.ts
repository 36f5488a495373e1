/**
 * From what Ink makes of the terminal's bytes to named strokes. Ink hands over a chunk as it
 * came: keys that were typed fast, or crossed a slow line together, arrive as one string, so
 * `hello⏎` and `Ctrl-b d` are taken apart here.
 */
import type { Key } from "ink";

/** A key by name (`enter`, `ctrl-b`, `alt-enter`, `pageup`), or a run of typed text. */
export type Stroke = { key: string } | { text: string };

const named: [keyof Key, string][] = [
  ["return", "enter"],
  ["escape", "escape"],
  ["tab", "tab"],
  ["backspace", "backspace"],
  ["delete", "delete"],
  ["upArrow", "up"],
  ["downArrow", "down"],
  ["leftArrow", "left"],
  ["rightArrow", "right"],
  ["pageUp", "pageup"],
  ["pageDown", "pagedown"],
  ["home", "home"],
  ["end", "end"],
];

export function strokesOf(input: string, key: Key): Stroke[] {
  if (key.eventType === "release") return [];
  const name = named.find(([flag]) => key[flag] === true)?.[1];
  if (name !== undefined) return [{ key: modified(name, key) }];
  if (key.ctrl && input !== "") return [{ key: `ctrl-${input === " " ? "space" : input}` }];
  if (key.meta && input !== "") return [{ key: `alt-${input}` }];
  return split(input);
}

/** A key of the configuration's, in tmux's notation, as a stroke's name: `C-b` → `ctrl-b`. */
export function strokeOf(key: string): string {
  return key.replace(/^C-/, "ctrl-").replace(/^M-/, "alt-").toLowerCase();
}

function modified(name: string, key: Key): string {
  const ctrl = key.ctrl ? "ctrl-" : "";
  const alt = key.meta && name !== "escape" ? "alt-" : "";
  return `${ctrl}${alt}${key.shift ? "shift-" : ""}${name}`;
}

const controls: Record<string, string> = {
  "\r": "enter",
  "\n": "ctrl-j",
  "\t": "tab",
  "\u001b": "escape",
  "\u007f": "backspace",
  "\b": "backspace",
  "\u0000": "ctrl-space",
};

function split(chunk: string): Stroke[] {
  return (chunk.match(/[\u0000-\u001f\u007f]|[^\u0000-\u001f\u007f]+/g) ?? []).map((part) => {
    if (!/^[\u0000-\u001f\u007f]$/.test(part)) return { text: part };
    const letter = String.fromCharCode(part.charCodeAt(0) + 96);
    return { key: controls[part] ?? `ctrl-${letter}` };
  });
}
