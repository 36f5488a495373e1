/**
 * Characters that are a grapheme each, whatever stands beside them, and of which one knows how
 * many columns they take. What a text of these is like need not be asked of Unicode's tables,
 * which take 20 ms to load, and long to ask.
 */

/** One column: ASCII, Latin, Greek, Cyrillic, punctuation, what the screen is drawn with. */
const narrow = [
  "\\x20-\\x7e",
  "\\u00a1-\\u00ac\\u00ae-\\u02af\\u0391-\\u03a1\\u03a3-\\u03ff\\u0400-\\u0482\\u048a-\\u052f",
  "\\u2010-\\u2015\\u2018-\\u2022\\u2026\\u2039\\u203a",
  "\\u2190-\\u2193\\u2234\\u2500-\\u259f\\u25a0\\u25b2\\u25b8\\u25bc\\u25cb\\u25cf",
  "\\u2610\\u2611\\u2713\\u2717\\u2800-\\u28ff",
].join("");
/** Two columns: Chinese characters, kana, Korean syllables, and their punctuation. */
const wide =
  "\\u3000-\\u3003\\u3008-\\u3011\\u3041-\\u3096\\u30a1-\\u30ff\\u4e00-\\u9fff\\uac00-\\ud7a3\\uff01-\\uff60";

const simple = new RegExp(`^[${narrow}]*$`);
const simpleOrWide = new RegExp(`^[${narrow}${wide}]*$`);
const wideOnes = new RegExp(`[${wide}]`, "g");
/** Escape sequences and ends of lines are no characters, but come apart as these do. */
const parted = new RegExp(`^[${narrow}${wide}\\x1b\\n]*$`);

/** True: each of the text's characters is a grapheme. */
export function isParted(text: string): boolean {
  return parted.test(text);
}

/** How many columns a text takes; null when there is more in it than one knows here. */
export function simpleWidth(text: string): number | null {
  if (simple.test(text)) return text.length;
  if (!simpleOrWide.test(text)) return null;
  return text.length + (text.match(wideOnes)?.length ?? 0);
}
