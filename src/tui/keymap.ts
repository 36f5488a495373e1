/**
 * The only home of shortcuts. What a key does depends on what has the keyboard; the first table
 * that knows it decides. `about` is what the help shows.
 */
import type { PaneCommand } from "./panes/order.ts";

/** What has the keyboard: the prefix was pressed, a panel has the focus, or the composer. */
export type Focus =
  | "prefix"
  | "help"
  | "choose"
  | "approval"
  | "form"
  | "chooser"
  | "prompt"
  | "confirm"
  | "new"
  | "reading"
  | "completion"
  | "search"
  | "composer"
  | "top"
  | "watching";

export interface Binding {
  keys: readonly string[];
  does: Command;
  about?: string;
}

export type Command =
  | PaneCommand
  | "approval-focus"
  | "approval-leave"
  | "backspace"
  | "choose"
  | "clear"
  | "complete"
  | "complete-enter"
  | "complete-leave"
  | "command-line"
  | "copy-code"
  | "copy-message"
  | "delete"
  | "detach"
  | "down"
  | "edit"
  | "expand"
  | "form-submit"
  | "help"
  | "interrupt"
  | "kill-to-end"
  | "kill-to-start"
  | "kill-word"
  | "left"
  | "line-end"
  | "line-start"
  | "mouse"
  | "newline"
  | "open"
  | "overlay-complete"
  | "overlay-enter"
  | "overlay-leave"
  | "overlay-yes"
  | "page-down"
  | "page-up"
  | "panic"
  | "prefix"
  | "prefix-cancel"
  | "reading"
  | "redraw"
  | "right"
  | "row-down"
  | "row-up"
  | "search"
  | "search-go"
  | "search-leave"
  | "search-newer"
  | "search-older"
  | "send"
  | "session-kill"
  | "session-last"
  | "session-new"
  | "session-next"
  | "session-number"
  | "session-previous"
  | "session-rename"
  | "session-waiting"
  | "sessions"
  | "suspend"
  | "to-end"
  | "to-start"
  | "top-attach"
  | "top-quit"
  | "top-sort"
  | "up"
  | "wheel-down"
  | "wheel-up"
  | "word-left"
  | "word-right";

const scrolling: Binding[] = [
  { keys: ["pageup"], does: "page-up", about: "a page up" },
  { keys: ["pagedown"], does: "page-down", about: "a page down" },
  { keys: ["shift-up"], does: "row-up", about: "a row up" },
  { keys: ["shift-down"], does: "row-down", about: "a row down" },
  { keys: ["wheel-up"], does: "wheel-up" },
  { keys: ["wheel-down"], does: "wheel-down" },
];

const everywhere: Binding[] = [
  { keys: ["ctrl-b"], does: "prefix" },
  { keys: ["ctrl-l"], does: "redraw", about: "draw the screen again" },
  { keys: ["ctrl-o"], does: "expand", about: "show long output in full, or not" },
];

const rowKeys: Binding[] = [
  { keys: ["up", "k", "ctrl-p"], does: "row-up" },
  { keys: ["down", "j", "ctrl-n"], does: "row-down" },
  { keys: ["ctrl-u"], does: "page-up" },
  { keys: ["ctrl-d", " "], does: "page-down" },
  { keys: ["home", "g"], does: "to-start" },
  { keys: ["end", "G"], does: "to-end" },
];

const digits = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];

/** Where a line is written; Enter and what leaves it belong to what holds the line. */
const lineKeys: Binding[] = [
  { keys: ["left"], does: "left" },
  { keys: ["right", "ctrl-f"], does: "right" },
  { keys: ["home", "ctrl-a"], does: "line-start" },
  { keys: ["end", "ctrl-e"], does: "line-end" },
  { keys: ["backspace", "ctrl-h"], does: "backspace" },
  { keys: ["delete", "ctrl-d"], does: "delete" },
  { keys: ["ctrl-w", "alt-backspace"], does: "kill-word" },
  { keys: ["ctrl-u"], does: "kill-to-start" },
  { keys: ["ctrl-k"], does: "kill-to-end" },
];

/** What one does with what one reads. */
const readingKeys: Binding[] = [
  { keys: ["/"], does: "search", about: "search; n goes on up, N down" },
  { keys: ["n"], does: "search-older" },
  { keys: ["N"], does: "search-newer" },
  { keys: ["y"], does: "copy-message", about: "copy the item at the bottom, or with the match" },
  { keys: ["Y"], does: "copy-code", about: "copy its last code block" },
  { keys: ["o", "tab"], does: "open", about: "show that item in full, or folded" },
];

export const KEYMAP: Record<Focus, readonly Binding[]> = {
  prefix: [
    { keys: ["d"], does: "detach", about: "detach; the session goes on" },
    { keys: ["s", "w"], does: "sessions", about: "choose a session from all of them" },
    { keys: ["n"], does: "session-next", about: "the next session" },
    { keys: ["p"], does: "session-previous", about: "the previous session" },
    { keys: ["l"], does: "session-last", about: "the session shown before this one" },
    { keys: ["alt-n"], does: "session-waiting", about: "the next that waits for an approval" },
    { keys: digits, does: "session-number", about: "to 9: the session of this number" },
    { keys: ["c"], does: "session-new", about: "a new session" },
    { keys: [","], does: "session-rename", about: "rename the session" },
    { keys: ["&"], does: "session-kill", about: "kill the session, after asking" },
    { keys: ["!"], does: "panic", about: "stop all that the session runs, after asking" },
    { keys: [":"], does: "command-line", about: "a command, as the command line has them" },
    { keys: ["a"], does: "approval-focus", about: "answer what waits, as Tab does" },
    { keys: ["["], does: "reading", about: "scroll with the arrow keys; q leaves" },
    { keys: ["%"], does: "pane-vsplit", about: "another session beside this one" },
    { keys: ['"'], does: "pane-split", about: "another session below this one" },
    { keys: ["o"], does: "pane-next", about: "the next pane; an arrow key goes that way" },
    { keys: ["left"], does: "pane-left" },
    { keys: ["right"], does: "pane-right" },
    { keys: ["up"], does: "pane-up" },
    { keys: ["down"], does: "pane-down" },
    { keys: [";"], does: "pane-last", about: "the pane that had the keys before" },
    { keys: ["z"], does: "pane-zoom", about: "this pane alone on the screen, and back" },
    { keys: ["x"], does: "pane-close", about: "close this pane; its session goes on" },
    { keys: ["e"], does: "expand", about: "show long output in full, or not" },
    { keys: ["m"], does: "mouse", about: "the wheel scrolls, or the terminal selects text" },
    { keys: ["r"], does: "redraw", about: "draw the screen again" },
    { keys: ["ctrl-z"], does: "suspend", about: "suspend this client" },
    { keys: ["?"], does: "help", about: "these keys" },
    { keys: ["pageup"], does: "page-up" },
    { keys: ["escape", "ctrl-c"], does: "prefix-cancel" },
  ],
  help: [
    { keys: ["escape", "q", "enter", "?", "ctrl-c"], does: "help" },
    ...everywhere,
    ...scrolling,
    ...rowKeys,
  ],
  choose: [
    { keys: ["enter"], does: "choose" },
    { keys: ["escape", "q", "ctrl-c"], does: "approval-leave" },
    ...everywhere,
    ...scrolling,
    ...rowKeys,
  ],
  approval: [
    { keys: ["escape", "tab", "q", "ctrl-c"], does: "approval-leave" },
    ...everywhere,
    ...scrolling,
    ...rowKeys.filter(({ does }) => does !== "to-start" && does !== "to-end"),
  ],
  form: [
    { keys: ["escape", "tab", "ctrl-c"], does: "approval-leave" },
    { keys: ["enter"], does: "form-submit" },
    { keys: ["backspace"], does: "backspace" },
    { keys: ["ctrl-u"], does: "kill-to-start" },
    { keys: ["up"], does: "row-up" },
    { keys: ["down"], does: "row-down" },
    ...everywhere,
    ...scrolling,
  ],
  chooser: [
    { keys: ["enter"], does: "overlay-enter" },
    { keys: ["escape", "q", "ctrl-c"], does: "overlay-leave" },
    { keys: ["x", "&"], does: "session-kill" },
    { keys: ["r", ","], does: "session-rename" },
    { keys: ["c"], does: "session-new" },
    { keys: digits, does: "session-number" },
    ...everywhere,
    ...scrolling,
    ...rowKeys,
  ],
  prompt: [
    { keys: ["enter"], does: "overlay-enter" },
    { keys: ["tab"], does: "overlay-complete" },
    { keys: ["up", "ctrl-p"], does: "up" },
    { keys: ["down", "ctrl-n"], does: "down" },
    { keys: ["escape", "ctrl-c"], does: "overlay-leave" },
    ...lineKeys,
    ...everywhere,
  ],
  confirm: [
    { keys: ["y"], does: "overlay-yes" },
    { keys: ["n", "q", "escape", "enter", "ctrl-c"], does: "overlay-leave" },
    ...everywhere,
  ],
  new: [
    { keys: ["enter"], does: "overlay-enter" },
    { keys: ["escape", "ctrl-c"], does: "overlay-leave" },
    { keys: ["tab", "down", "ctrl-n"], does: "row-down" },
    { keys: ["shift-tab", "up", "ctrl-p"], does: "row-up" },
    ...lineKeys,
    ...everywhere,
  ],
  reading: [
    { keys: ["q", "escape", "ctrl-c", "enter"], does: "to-end", about: "go back to writing" },
    ...readingKeys,
    ...everywhere,
    ...scrolling,
    ...rowKeys,
  ],
  completion: [
    { keys: ["tab"], does: "complete" },
    { keys: ["enter"], does: "complete-enter" },
    { keys: ["escape"], does: "complete-leave" },
    { keys: ["up", "ctrl-p"], does: "row-up" },
    { keys: ["down", "ctrl-n"], does: "row-down" },
    ...everywhere,
  ],
  search: [
    { keys: ["enter"], does: "search-go" },
    { keys: ["escape", "ctrl-c"], does: "search-leave" },
    { keys: ["backspace", "ctrl-h"], does: "backspace" },
    { keys: ["ctrl-u"], does: "kill-to-start" },
    ...everywhere,
    ...scrolling,
  ],
  composer: [
    { keys: ["enter"], does: "send", about: "send; while a turn runs, queue or steer" },
    {
      keys: ["ctrl-j", "alt-enter", "shift-enter"],
      does: "newline",
      about: "a new line; also \\ and Enter",
    },
    {
      keys: ["escape"],
      does: "interrupt",
      about: "go back to the end, or interrupt the turn; else twice clears the composer",
    },
    {
      keys: ["tab"],
      does: "approval-focus",
      about: "answer what waits; else Enter queues or steers",
    },
    {
      keys: ["up"],
      does: "up",
      about: "up; in an empty composer the queued message, or the one before",
    },
    { keys: ["down"], does: "down" },
    { keys: ["ctrl-g"], does: "edit", about: "write in $VISUAL or $EDITOR" },
    { keys: ["ctrl-c"], does: "clear", about: "clear the composer; Up brings it back" },
    { keys: ["left"], does: "left" },
    { keys: ["right", "ctrl-f"], does: "right" },
    { keys: ["alt-b", "ctrl-left", "alt-left"], does: "word-left" },
    { keys: ["alt-f", "ctrl-right", "alt-right"], does: "word-right" },
    { keys: ["home", "ctrl-a"], does: "line-start", about: "to the start of the line, or of all" },
    { keys: ["end", "ctrl-e"], does: "line-end", about: "to the end of the line, or of all" },
    { keys: ["backspace", "ctrl-h"], does: "backspace" },
    { keys: ["delete", "ctrl-d"], does: "delete" },
    { keys: ["ctrl-w", "alt-backspace"], does: "kill-word", about: "delete the word before" },
    { keys: ["ctrl-u"], does: "kill-to-start", about: "delete to the start of the line" },
    { keys: ["ctrl-k"], does: "kill-to-end", about: "delete to the end of the line" },
    ...scrolling,
    ...everywhere,
  ],
  watching: [
    ...everywhere,
    ...scrolling,
    ...rowKeys,
    ...readingKeys,
    { keys: ["escape"], does: "to-end" },
  ],
  top: [
    { keys: ["enter"], does: "top-attach", about: "attach; a detach comes back here" },
    {
      keys: ["tab", "a"],
      does: "approval-focus",
      about: "answer what waits, or go to where it does",
    },
    { keys: ["i"], does: "interrupt", about: "interrupt the turn, after asking" },
    { keys: ["s"], does: "top-sort", about: "sort by the next: state, number, name, tokens, time" },
    { keys: ["up", "k", "ctrl-p"], does: "row-up", about: "the session above" },
    { keys: ["down", "j", "ctrl-n"], does: "row-down", about: "the session below" },
    { keys: digits, does: "session-number", about: "to 9: the session of this number" },
    { keys: ["r"], does: "redraw" },
    { keys: ["ctrl-z"], does: "suspend", about: "suspend" },
    { keys: ["?"], does: "help", about: "these keys" },
    { keys: ["q", "escape", "ctrl-c"], does: "top-quit", about: "leave" },
    ...everywhere.filter(({ does }) => does !== "expand"),
    ...[...scrolling, ...rowKeys].filter(({ does }) => does !== "row-up" && does !== "row-down"),
  ],
};

/** The prefix unless the person's configuration has another; the tables are written with it. */
export const usualPrefix = "ctrl-b";

/**
 * The command of a key, or undefined when the focus has no use for it. Another prefix takes its
 * key from whatever it meant; pressed twice it means that again, as in tmux.
 */
export function commandFor(
  focus: Focus,
  key: string,
  prefix: string = usualPrefix,
): Command | undefined {
  if (focus === "prefix" && key === prefix) {
    const meant = KEYMAP.composer.find(({ keys }) => keys.includes(key))?.does;
    return meant === "prefix" ? "prefix-cancel" : meant;
  }
  if (focus !== "prefix" && key === prefix) return "prefix";
  if (focus !== "prefix" && key === usualPrefix) return undefined;
  return KEYMAP[focus].find(({ keys }) => keys.includes(key))?.does;
}

/** What a prefix key of the table is called, with the prefix: `Ctrl-b ?`. */
export function prefixKey(does: Command, prefix: string): string {
  const key = KEYMAP.prefix.find((binding) => binding.does === does)?.keys[0] ?? "?";
  return `${keyName(prefix)} ${keyName(key)}`;
}

/** A key's name as people write it: `ctrl-b` → `Ctrl-b`, `pageup` → `PgUp`. */
export function keyName(key: string): string {
  const words: Record<string, string> = { pageup: "PgUp", pagedown: "PgDn", " ": "Space" };
  return key
    .split(/-(?=.)/)
    .map((part) => words[part] ?? (part.length > 1 ? part[0]?.toUpperCase() + part.slice(1) : part))
    .join("-");
}
