import { X509Certificate } from "node:crypto";
import { readUrl } from "../../client/transport.ts";
import { quote } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import type { Params } from "../../protocol/methods.ts";
import type { PeerRow } from "../store/peer-table.ts";
import { writeToken } from "./token-file.ts";

/** How another daemon is reached, and what is shown there. */
export type Way = Pick<Params<"peer/add">, "url" | "token" | "ca" | "remoteCommand">;

/** Throws `invalid-url` or `invalid-usage`. */
export function checkWay({ url, ca, remoteCommand }: Way): void {
  const read = readUrl(url);
  if (remoteCommand !== undefined && read.kind !== "ssh") {
    throw new HacsError(
      "invalid-usage",
      `How hacs-session is called there is said of ssh://, and ${quote(url)} is another way.`,
      "Leave out --remote-command.",
    );
  }
  if (ca === undefined) return;
  if (read.kind !== "websocket" || !read.url.startsWith("wss:")) {
    throw new HacsError(
      "invalid-usage",
      `Who vouches for a certificate is said of wss://, and ${quote(url)} shows none.`,
      "Leave out --ca-file.",
    );
  }
  checkCertificates(ca);
}

/** One that can't be read would be passed over by TLS without a word. */
function checkCertificates(pem: string): void {
  const certificates =
    pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  if (certificates.length > 0 && certificates.every(isCertificate)) return;
  throw new HacsError(
    "invalid-usage",
    "A CA is one certificate or more in PEM, and this holds none that can be read.",
    "Give the CA's own certificate: --ca-file ca.pem",
  );
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
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
    ca: way?.ca ?? null,
    remoteCommand: way?.remoteCommand ?? null,
    shownToken: null,
  };
}
