import { visible } from "../../protocol/address.ts";

/** A word as a POSIX shell takes it, for a command to be copied: whatever it holds, it is one word. */
export function shellWord(word: string): string {
  if (/^[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*$/.test(word)) return word;
  return `'${visible(word).replaceAll("'", "'\\''")}'`;
}
