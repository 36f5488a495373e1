/** What a person does with panes, and the words that say it. Pure. */
import type { Direction, Split } from "./tree.ts";

export type PaneOrder =
  /** `name` as it was written: a session's name, number or beginning; null lets it be chosen. */
  | { verb: "split"; split: Split; name: string | null }
  | { verb: "focus"; to: "next" | "last" | Direction }
  | { verb: "zoom" }
  | { verb: "close" };

/** On the `:` line, and as slash commands. */
export const PANE_VERBS = {
  split: "[-h] [NAME]",
  vsplit: "[NAME]",
  pane: "[left|right|up|down|last]",
  zoom: "",
  close: "",
} as const;
export type PaneVerb = keyof typeof PANE_VERBS;

export function isPaneVerb(word: string): word is PaneVerb {
  return Object.hasOwn(PANE_VERBS, word);
}

/** What tmux calls them. */
export const paneAliases: Record<string, PaneVerb> = {
  "split-window": "split",
  splitw: "split",
  "select-pane": "pane",
  selectp: "pane",
};

/** Null when the words make no sense to the verb. */
export function readPaneOrder(verb: PaneVerb, args: readonly string[]): PaneOrder | null {
  switch (verb) {
    case "split":
    case "vsplit": {
      const names = args.filter((word) => word !== "-h" && word !== "-v");
      if (names.length > 1) return null;
      const split = verb === "vsplit" || args.includes("-h") ? "side" : "stacked";
      return { verb: "split", split, name: names[0] ?? null };
    }
    case "pane": {
      const to = focusWords[args[0] ?? "next"];
      return to === undefined || args.length > 1 ? null : { verb: "focus", to };
    }
    case "zoom":
    case "close":
      return args.length > 0 ? null : { verb };
  }
}

const focusWords: Record<string, Extract<PaneOrder, { verb: "focus" }>["to"]> = {
  next: "next",
  last: "last",
  left: "left",
  right: "right",
  up: "up",
  down: "down",
  "-L": "left",
  "-R": "right",
  "-U": "up",
  "-D": "down",
  "-l": "last",
};

/** The prefix's keys. */
const keyed = {
  "pane-split": { verb: "split", split: "stacked", name: null },
  "pane-vsplit": { verb: "split", split: "side", name: null },
  "pane-next": { verb: "focus", to: "next" },
  "pane-last": { verb: "focus", to: "last" },
  "pane-left": { verb: "focus", to: "left" },
  "pane-right": { verb: "focus", to: "right" },
  "pane-up": { verb: "focus", to: "up" },
  "pane-down": { verb: "focus", to: "down" },
  "pane-zoom": { verb: "zoom" },
  "pane-close": { verb: "close" },
} as const satisfies Record<string, PaneOrder>;
export type PaneCommand = keyof typeof keyed;

export function paneOrderOf(command: string): PaneOrder | undefined {
  return Object.hasOwn(keyed, command) ? keyed[command as PaneCommand] : undefined;
}
