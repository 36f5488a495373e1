import { readUrl } from "../../client/transport.ts";
import { quote } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import type { Params } from "../../protocol/methods.ts";
import type { PeerRow } from "../store/peer-table.ts";
import { writeToken } from "./token-file.ts";

/** How another daemon is reached, and what is shown there. */
export type Way = Pick<Params<"peer/add">, "url" | "token" | "remoteCommand">;

/** Throws `invalid-url` or `invalid-usage`. */
export function checkWay({ url, remoteCommand }: Way): void {
  const { kind } = readUrl(url);
  if (remoteCommand === undefined || kind === "ssh") return;
  throw new HacsError(
    "invalid-usage",
    `How hacs-session is called there is said of ssh://, and ${quote(url)} is another way.`,
    "Leave out --remote-command.",
  );
}

/** What is kept of it; its token, if there is one, in a file of its own. */
export function newRow(name: string, kind: PeerRow["kind"], way?: Way, stateDir = ""): PeerRow {
  return {
    name,
    kind,
    url: way?.url ?? null,
    tokenFile: way?.token === undefined ? null : writeToken(stateDir, way.token),
    daemon: null,
    sessions: "[]",
    seenAt: new Date().toISOString(),
    access: null,
    remoteCommand: way?.remoteCommand ?? null,
    shownToken: null,
  };
}
