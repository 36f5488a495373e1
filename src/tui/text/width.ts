/** Stands for string-width in the TUI's bundle, Ink included; gives what it gives. */
import stringWidth from "string-width";
import { simpleWidth } from "./simple.ts";

export default function width(text: string, options?: Parameters<typeof stringWidth>[1]): number {
  if (options !== undefined) return stringWidth(text, options);
  const bare = text.includes("\u001b") ? text.replace(/\u001b\[[\d;]*m/g, "") : text;
  return simpleWidth(bare) ?? stringWidth(text);
}
