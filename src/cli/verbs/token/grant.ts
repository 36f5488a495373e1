/** What a token is to give: the same for `token new` and `pair`. */
import { checkPattern, SCOPES, type Scope } from "../../../protocol/access.ts";
import { parseDuration } from "../../../protocol/duration.ts";
import type { GrantParams } from "../../../protocol/methods.ts";
import type { Option } from "../../verb.ts";

export interface GrantOptions {
  scope?: Scope;
  sessions?: string;
  /** In ms; Infinity for ever. */
  expires?: number;
  name?: string;
}

export const grantOptions: Option[] = [
  {
    flags: "--scope <scope>",
    about: "observe (default), prompt, approve or admin; each may do what those before it may",
    choices: SCOPES,
  },
  {
    flags: "--sessions <pattern>",
    about: "the sessions there are for it, as web or team-*,docs; without it all",
    parse: checkPattern,
  },
  {
    flags: "--expires <duration>",
    about: "how long the token counts, 30d without it; never: until it is revoked",
    parse: (text) => (text === "never" ? Number.POSITIVE_INFINITY : parseDuration(text)),
  },
  { flags: "--name <name>", about: "whose it is, as messages and approvals are attributed" },
];

export function grantParams({ scope, sessions, expires, name }: GrantOptions): GrantParams {
  return {
    ...(scope === undefined ? {} : { scope }),
    ...(sessions === undefined ? {} : { sessions }),
    ...(expires === undefined ? {} : { expiresMs: Number.isFinite(expires) ? expires : null }),
    ...(name === undefined ? {} : { label: name }),
  };
}
