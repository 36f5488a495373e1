/** The help, made from the tables it explains. */

import { SLASH } from "./composer/slash.ts";
import { KEYMAP, keyName, usualPrefix } from "./keymap.ts";
import { VERBS } from "./sessions/order.ts";
import { indent, type Line, span, wrap } from "./text/lines.ts";

export function helpLines(
  width: number,
  readOnly: boolean,
  prefix: string = usualPrefix,
  controls: readonly [string, string][] = [],
): Line[] {
  const rows: Line[] = [];
  const labelWidth = width < 60 ? 13 : 23;
  const add = (keys: string, about: string) => {
    const label = keys.padEnd(labelWidth);
    const text = wrap([span(about)], Math.max(8, width - label.length - 1));
    rows.push(...indent(text, span(`${label} `, "key"), span(" ".repeat(label.length + 1))));
  };
  const commands = () => {
    for (const [command, about] of [...Object.entries(SLASH), ...controls]) add(command, about);
  };
  const leave = span(
    width < 60 ? "  q leaves, Space: more" : "  q or Esc leaves, Space: more",
    "dim",
  );
  // Whoever has a narrow screen may have no Ctrl key, and reads first what works without.
  const first = width < 60 && !readOnly;
  rows.push([span(first ? "Commands" : "Keys", "heading"), leave]);
  if (first) {
    commands();
    rows.push([], [span("Keys", "heading")]);
  }
  for (const { keys, about } of KEYMAP.prefix) {
    if (about !== undefined) add(`${keyName(prefix)} ${keyName(keys[0] ?? "")}`, about);
  }
  rows.push([]);
  for (const { keys, about } of KEYMAP[readOnly ? "watching" : "composer"]) {
    if (about !== undefined)
      add(
        keys
          .slice(0, width < 60 ? 1 : 2)
          .map(keyName)
          .join(", "),
        about,
      );
  }
  const signs =
    "* shown · - the one before · ! waits for an approval · # works · x crashed · z asleep";
  rows.push([], ...wrap([span("Sessions in the status line: ", "heading"), span(signs)], width));
  if (readOnly) return rows;
  rows.push([], [span("While scrolling", "heading")]);
  const known = new Set(KEYMAP.composer.map(({ does }) => does));
  for (const { keys, about, does } of KEYMAP.reading) {
    if (about !== undefined && !known.has(does)) add(keyName(keys[0] ?? ""), about);
  }
  if (!first) {
    rows.push([], [span("Commands, for keyboards without Ctrl", "heading")]);
    commands();
  }
  rows.push([], [span("While writing", "heading")]);
  add("@FILE", "a file's path, as codex finds it; an image goes along");
  add("$SKILL", "a skill of codex's");
  add("!COMMAND", "runs it in the session's directory, outside the sandbox");
  add("//… !!…", "a message that begins with / or !");
  rows.push(
    [],
    [span("Verbs of ", "heading"), span(`${keyName(prefix)} :`, "key"), span(" and /command")],
  );
  for (const [verb, takes] of Object.entries(VERBS)) {
    rows.push(...wrap([span(verb, "key"), span(` ${takes}`)], width));
  }
  rows.push(
    [],
    ...wrap(
      [
        span(
          "A prompt of codex's takes no key until Tab gives it the keyboard, so nothing that is " +
            "being typed can answer it; Enter never does.",
          "dim",
        ),
      ],
      width,
    ),
  );
  return rows;
}
