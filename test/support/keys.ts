/** What a terminal sends for a key, after xterm's control sequences (ctlseqs, "PC-Style"). */
const named: Record<string, string> = {
  enter: "\r",
  escape: "\x1b",
  tab: "\t",
  "shift-tab": "\x1b[Z",
  space: " ",
  backspace: "\x7f",
  delete: "\x1b[3~",
  up: "\x1b[A",
  down: "\x1b[B",
  right: "\x1b[C",
  left: "\x1b[D",
  home: "\x1b[H",
  end: "\x1b[F",
  pageup: "\x1b[5~",
  pagedown: "\x1b[6~",
  f1: "\x1bOP",
  f2: "\x1bOQ",
  f3: "\x1bOR",
  f4: "\x1bOS",
  "shift-up": "\x1b[1;2A",
  "shift-down": "\x1b[1;2B",
  "ctrl-up": "\x1b[1;5A",
  "ctrl-down": "\x1b[1;5B",
  "ctrl-right": "\x1b[1;5C",
  "ctrl-left": "\x1b[1;5D",
  "ctrl-space": "\x00",
};

export function sequenceOf(key: string): string {
  const known = named[key];
  if (known !== undefined) return known;
  const control = /^ctrl-([a-z[\\\]^_])$/.exec(key)?.[1];
  if (control !== undefined) return String.fromCharCode(control.toUpperCase().charCodeAt(0) & 0x1f);
  if (key.startsWith("alt-")) return `\x1b${sequenceOf(key.slice(4))}`;
  if ([...key].length === 1) return key;
  throw new Error(`No key is called "${key}".`);
}
