/** What is known for completing the word at the cursor, and what was chosen of it. */

export interface Completing {
  /** The text that Escape was pressed on: no list is shown for it. */
  dismissed: string | null;
  /** Which candidate is chosen, and for which word. */
  chosen: { word: string; index: number };
  files: { query: string; paths: readonly string[] } | null;
  asked: string | null;
  skills: readonly { name: string; about: string }[] | "asked" | null;
}

export const noCompleting: Completing = {
  dismissed: null,
  chosen: { word: "", index: 0 },
  files: null,
  asked: null,
  skills: null,
};
