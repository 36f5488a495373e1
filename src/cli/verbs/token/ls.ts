import type { TokenInfo } from "../../../protocol/access.ts";
import { visible } from "../../../protocol/address.ts";
import type { Verb } from "../../verb.ts";

export const tokenLs: Verb = {
  name: "ls",
  alias: "list",
  group: "Daemon and set-up",
  summary: "list the tokens, without their secrets",
  examples: [["token ls", "id, name, scope, sessions, when it expires and was last used"]],
  async run(context) {
    const { tokens } = await context.call("token/list", {});
    if (context.json) context.printJson(tokens);
    else if (tokens.length === 0) context.note("No tokens. Make one with: hacs-session token new");
    else {
      const rows = [["ID", "NAME", "SCOPE", "SESSIONS", "EXPIRES", "USED"], ...tokens.map(rowOf)];
      const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
      for (const row of rows)
        context.print(
          row
            .map((text, i) => text.padEnd(widths?.[i] ?? 0))
            .join("  ")
            .trimEnd(),
        );
    }
    return undefined;
  },
};

function rowOf({ id, label, scope, sessions, expiresAt, usedAt }: TokenInfo): string[] {
  const day = (time: string | null, none: string) => time?.slice(0, 16).replace("T", " ") ?? none;
  return [
    id,
    visible(label ?? "-"),
    scope,
    visible(sessions),
    day(expiresAt, "never"),
    day(usedAt, "never"),
  ];
}
