/** How long the certificate is good for that the daemon shows to who comes over the network. */
import { connect, type PeerCertificate } from "node:tls";
import type { DaemonStatus } from "../../protocol/session.ts";
import { type Finding, failed } from "./finding.ts";

const check = "certificate";
const answerMs = 5_000;
/** Those who renew by themselves do so earlier. */
const soonMs = 14 * 24 * 3_600_000;

/** Nothing where there is no TLS. */
export async function checkCertificate({ listen, pid }: DaemonStatus): Promise<Finding[]> {
  const url = listen.find((one) => one.startsWith("https:"));
  if (url === undefined) return [];
  try {
    const { valid_from: from, valid_to: to } = await shownAt(new URL(url));
    const mend = `Renew it, and have the daemon take it: kill -HUP ${pid}`;
    return [validity(url, Date.parse(from), Date.parse(to), Date.now(), mend)];
  } catch (error) {
    return [failed(check, error)];
  }
}

/** All times in ms since 1970. */
export function validity(
  url: string,
  fromMs: number,
  toMs: number,
  nowMs: number,
  mend: string,
): Finding {
  const day = (ms: number) => new Date(ms).toISOString().slice(0, 10);
  if (nowMs > toMs) {
    const detail = `${url}'s is over since ${day(toMs)}: nobody takes it any more`;
    return { check, status: "fail", detail, mend };
  }
  if (nowMs < fromMs) {
    const detail = `${url}'s begins on ${day(fromMs)}: nobody takes it yet`;
    return { check, status: "fail", detail, mend };
  }
  const detail = `${url}'s is good until ${day(toMs)}`;
  if (toMs - nowMs < soonMs) return { check, status: "warn", detail, mend };
  return { check, status: "ok", detail };
}

/** Who vouches for it is no question here: it is our own daemon's. */
function shownAt({ hostname, port }: URL): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const host = hostname.replace(/^\[|\]$/g, "");
    const socket = connect({ host, port: Number(port), rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
    socket.setTimeout(answerMs, () => socket.destroy(new Error(`no answer at ${host}:${port}`)));
    socket.on("error", reject);
  });
}
