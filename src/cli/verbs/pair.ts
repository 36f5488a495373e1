import { HacsError } from "../../protocol/errors.ts";
import type { Verb } from "../verb.ts";
import { type GrantOptions, grantOptions, grantParams } from "./token/grant.ts";

export const pair: Verb<GrantOptions & { url?: string }> = {
  name: "pair",
  group: "Daemon and set-up",
  summary: "show a code, and as a picture, that a phone exchanges for a token",
  about:
    "The code counts once and for five minutes. The picture leads a phone's browser to a page of the daemon's, which exchanges the code for the token when it is told to, and shows it; an app sends the code to POST v1/pair itself.",
  options: [
    ...grantOptions,
    { flags: "--url <url>", about: "where the phone reaches the daemon, if not where it listens" },
  ],
  examples: [
    ["pair --scope approve --name phone", "a token to work with, in the phone's name"],
    ["pair --url https://team.example/agents", "behind a proxy"],
  ],
  async run(context, _args, { url, ...grant }) {
    const { listen } = await context.call("daemon/status", {});
    if (listen.length === 0 && url === undefined) {
      throw new HacsError(
        "invalid-usage",
        "The daemon listens on its socket alone, so nobody could bring the code.",
        "Let it listen: hacs-session daemon restart --listen 127.0.0.1:9100, or name it with --url",
      );
    }
    const { code, expiresAt, urls } = await context.call("pair/new", grantParams(grant));
    const base = (url ?? urls[0] ?? "").replace(/\/+$/, "");
    // What follows the # is sent to no server and stands in no log.
    const whole = `${base}/pair#${code}`;
    if (context.json) {
      context.printJson({ code, url: whole, expiresAt });
      return undefined;
    }
    const { renderUnicodeCompact } = await import("uqr");
    // Dark on light, whatever the terminal's colours, is what cameras expect.
    const picture = renderUnicodeCompact(whole, { border: 2 });
    context.print(
      context.color
        ? picture
            .split("\n")
            .map((line) => `\u001b[30;107m${line}\u001b[0m`)
            .join("\n")
        : picture,
    );
    context.print(`${context.paint("bold", code)}  ${whole}`);
    context.note(`It counts once, until ${expiresAt}.`);
    if (isThisMachine(base))
      context.noteProse(
        "That address leads a phone to itself. Say where it reaches this daemon, through a proxy or a tunnel: --url https://…",
      );
    return undefined;
  },
};

function isThisMachine(base: string): boolean {
  return /^https?:\/\/(localhost|127(\.\d+){3}|\[::1\])(:|\/|$)/.test(base);
}
