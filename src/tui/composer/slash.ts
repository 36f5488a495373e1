/** Commands that are typed, for keyboards without Ctrl and Tab. One table. */
export const SLASH = {
  "/detach": "detach; the session goes on",
  "/interrupt": "interrupt the running turn",
  "/approve": "accept what waits, once",
  "/deny": "decline what waits",
  "/answer": "give what waits the keyboard, for every other answer",
  "/steer": "TEXT  into the running turn; alone: Enter steers from now on",
  "/queue": "TEXT  after the running turn; alone: Enter queues from now on",
  "/sessions": "choose a session from all of them",
  "/top": "what all sessions do, and what waits in them",
  "/switch": "NAME  show another session",
  "/next": "show the next session",
  "/previous": "show the previous session",
  "/last": "show the session that was shown before",
  "/waiting": "show the next session that waits for an approval",
  "/new": "[NAME -C DIR -m MODEL -s SANDBOX]  a new session",
  "/rename": "NAME  rename the session",
  "/kill": "kill the session, after asking",
  "/panic": "[--all]  stop all that the session runs, after asking",
  "/fork": "[NAME]  a copy of this session, as it is now",
  "/command": "VERB …  as the command line has them",
  "/split": "[NAME]  another session below this one",
  "/vsplit": "[NAME]  another session beside this one",
  "/pane": "[left|right|up|down|last]  the next pane, or that one",
  "/zoom": "this pane alone on the screen, and back",
  "/close": "close this pane; its session goes on",
  "/scroll": "scroll with the arrow keys, or j, k and Space; q leaves",
  "/find": "WORDS  search the transcript; then n and N",
  "/copy": "copy the last answer; /copy code its last code block",
  "/expand": "show long output in full, or not",
  "/mouse": "the wheel scrolls, or the terminal selects text",
  "/redraw": "draw the screen again",
  "/suspend": "suspend this client; fg brings it back",
  "/help": "the keys and these commands",
} as const;
export type SlashCommand = keyof typeof SLASH;

export type Typed =
  | { kind: "message"; text: string }
  | { kind: "command"; command: SlashCommand; rest: string }
  | { kind: "unknown"; command: string };

/** `/etc/hosts is wrong` is a message, and `//x` sends `/x`. */
export function typed(text: string): Typed {
  if (text.startsWith("//")) return { kind: "message", text: text.slice(1) };
  const match = /^(\/[a-z][a-z-]*)(?:\s+([\s\S]*))?$/.exec(text.trim());
  if (match === null) return { kind: "message", text };
  const [, command = "", rest = ""] = match;
  if (Object.hasOwn(SLASH, command)) {
    return { kind: "command", command: command as SlashCommand, rest };
  }
  return { kind: "unknown", command };
}
