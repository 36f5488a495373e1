/**
 * `!` and a command in one line: codex runs it in the session's directory, outside the sandbox,
 * and the model sees what it gave. `!!` is a message that begins with one, as is `![picture](…)`.
 */
export function shellTyped(text: string): string | null {
  const command = /^!(?![![])\s*(\S[^\n]*)$/.exec(text.trimEnd())?.[1];
  return command ?? null;
}

export function withoutEscape(text: string): string {
  return text.startsWith("!!") ? text.slice(1) : text;
}
