/**
 * What the config file says to the terminal UI. It is read as plain JSON: the daemon validates the
 * whole file and refuses a wrong one, so here what is wrong is left out and said once.
 */
import { readFileSync } from "node:fs";
import { quote } from "../protocol/address.ts";
import { isObject } from "../protocol/messages.ts";

export interface Settings {
  /** The prefix key, in tmux's notation: `C-b`. */
  prefix: string;
  /** Whether the terminal bell and notifications tell what happens unseen. */
  notify: boolean;
  /** How hacs-session is called on another machine, over ssh. */
  remoteCommand?: string;
}

/**
 * Ctrl or Alt with a letter, or Ctrl-Space. A terminal can't tell C-i from Tab, C-m and C-j from
 * Enter and C-h from Backspace, and C-c is for getting out of things.
 */
export const prefixRule = "^(C-([abdefgklnopqrstuvwxyz]|Space)|M-[a-z])$";

export function readSettings(file: string): { settings: Settings; complaint: string | null } {
  const settings: Settings = { prefix: "C-b", notify: true };
  const complain = (what: string) => ({ settings, complaint: `${quote(file)}: ${what}` });
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return { settings, complaint: null };
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return complain("it is no JSON");
  }
  if (!isObject(value)) return complain("it is no object");
  const { prefix, notify, remoteCommand } = value;
  if (typeof remoteCommand === "string" && remoteCommand !== "")
    settings.remoteCommand = remoteCommand;
  if (typeof notify === "boolean") settings.notify = notify;
  if (typeof prefix === "string" && new RegExp(prefixRule).test(prefix)) settings.prefix = prefix;
  if (notify !== undefined && typeof notify !== "boolean")
    return complain("notify is true or false");
  if (prefix !== undefined && prefix !== settings.prefix) {
    return complain("prefix is one key as C-a, C-Space or M-a, and none that means Enter or Tab");
  }
  return { settings, complaint: null };
}
