/**
 * Copying through the terminal (OSC 52), which also works over SSH. Only a key or a command of
 * the person's comes here; nothing that a model or a command wrote can.
 */

/** What terminals commonly take: xterm and hterm stop at 100,000 characters of base64. */
export const copyBytesMax = 74_000;

/** The text as it is pasted: without escapes and controls, which a shell would obey. */
export function pasteable(text: string): string {
  return text
    .replace(/\r\n?/g, "\n")
    .replace(/\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?/g, "")
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "");
}

export function clipboardSequence(text: string): string {
  return `\u001b]52;c;${Buffer.from(text, "utf8").toString("base64")}\u0007`;
}
