import { HacsError } from "./errors.ts";

/** The rule for names. Storage goes by random id, so a name never becomes a path. */
export const NAME_RULE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,47}$/;
const nameLengthMax = 48;

/** `what` is named so: a session's name, or what else goes by the same rule. */
export function checkName(name: string, what = "session name"): string {
  if (NAME_RULE.test(name)) return name;
  throw new HacsError(
    "invalid-name",
    `A ${what} is 1 to ${nameLengthMax} letters, digits, '.', '_' or '-', and begins with a letter or digit; got ${quote(name)}.`,
    `Try ${quote(nameFrom(name))}.`,
  );
}

/** More daemons than this are between nobody and a session; a longer way is a circle. */
export const hopsMax = 8;

/** The longest address: a name behind as many peers as there may be. */
export const addressLengthMax = (nameLengthMax + 1) * (hopsMax + 1);

/** `laptop/bot` is the peer `laptop` and what is asked of it; a name without `/` is one of ours. */
export function splitAddress(address: string): { peer: string; rest: string } | undefined {
  const at = address.indexOf("/");
  if (at === -1) return undefined;
  if (address.split("/").length - 1 > hopsMax) {
    throw new HacsError(
      "too-many-hops",
      `A session is at most ${hopsMax} peers away; ${quote(address)} names more.`,
      "Add the daemon that has it as a peer of this one: hacs-session peer add NAME URL",
    );
  }
  return { peer: checkName(address.slice(0, at), "peer name"), rest: address.slice(at + 1) };
}

/** A name, or one behind peers: `laptop/bot`. */
export function checkAddress(address: string): string {
  for (let rest = address; ; ) {
    const way = splitAddress(rest);
    if (way === undefined) {
      checkName(rest);
      return address;
    }
    rest = way.rest;
  }
}

/** The nearest legal name to any text: what a directory's name becomes. */
export function nameFrom(text: string): string {
  const name = text
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .replace(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[^A-Za-z0-9]+|-+$/g, "")
    .slice(0, nameLengthMax);
  return name === "" ? "session" : name;
}

/** A message id is the sender's own; it is stored, shown and given to codex as it is. */
const MESSAGE_ID_RULE = /^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}$/;

export function checkMessageId(id: string): string {
  if (MESSAGE_ID_RULE.test(id)) return id;
  throw new HacsError(
    "invalid-id",
    `A message id is 1 to 128 letters, digits or any of '._:@/-', and begins with a letter or digit; got ${quote(id)}.`,
    "Leave --id out to have one made.",
  );
}

/** A value as an error shows it: bounded, with control and bidi characters made visible. */
export function quote(value: string): string {
  const shown =
    value.length > 80 ? `${value.slice(0, 77).replace(/[\ud800-\udbff]$/, "")}…` : value;
  return `"${visible(shown)}"`;
}

const PLAIN = /^[ -~]*$/;

/** More marks on one character than Unicode's stream-safe text has (UAX 15) are no writing. */
const marksMax = 30;

/**
 * Text with every character that a terminal would obey, or an eye would miss, written as its
 * code point. Newlines and tabs are characters like any other here.
 */
export function visible(text: string): string {
  // Most text needs none of Unicode's classes, which take a millisecond to load.
  return PLAIN.test(text) ? text : visibleUnicode(text);
}

function visibleUnicode(text: string): string {
  const bounded = text.replace(/\p{M}{31,}/gu, (marks) => {
    const more = [...marks].slice(marksMax);
    return `${[...marks].slice(0, marksMax).join("")}<${more.length} marks more>`;
  });
  // What emoji are commonly written with is left alone: variation selectors anywhere, and the
  // joiner between two pictographs, where it is seen as the one picture that it makes of them.
  const invisible =
    /(?!(?<=\p{Extended_Pictographic}[\ufe0f\u{1f3fb}-\u{1f3ff}]?)\u200d(?=\p{Extended_Pictographic}))(?![\ufe00-\ufe0f])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;
  return bounded.replace(invisible, (character) => {
    const point = character.codePointAt(0) ?? 0;
    return point < 0x20
      ? `^${String.fromCharCode(point + 0x40)}`
      : `<U+${point.toString(16).toUpperCase().padStart(4, "0")}>`;
  });
}

/** The same for text of several lines: newlines stay, tabs become spaces, the rest is shown. */
export function visibleLines(text: string): string {
  return text
    .replace(/\r\n/g, "\n")
    .split("\n")
    .map((line) => visible(line.replaceAll("\t", "    ")))
    .join("\n");
}
