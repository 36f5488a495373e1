/** What the archive has of all machines. */

import { quote } from "../../protocol/address.ts";
import type { ArchivedSession } from "../../protocol/archive.ts";
import { HacsError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/methods.ts";
import { termsOf } from "../../protocol/search.ts";
import type { Reader } from "../archive/reader.ts";
import { toHistoryRecord } from "../session/history.ts";
import type { Caller, MethodHandler } from "./index.ts";
import { noWords } from "./search.ts";

const resultsDefault = 50;
/** More namesakes than this are not all named. */
const namesakesMax = 4;

export const archiveSearch: MethodHandler<"archive/search"> = async (caller, params) => {
  const { words, name, since, limit = resultsDefault } = params;
  const terms = termsOf(words);
  if (terms === null) throw noWords();
  const reader = readerOf(caller);
  const session = name === undefined ? undefined : await find(reader, name);
  const place = session && { daemon: session.daemon, session: session.id };
  return { hits: await reader.search({ terms, place, since, limit }) };
};

export const archiveSessions: MethodHandler<"archive/sessions"> = async (caller, params) => {
  const { offset = 0, limit = limits.archiveLimitMax } = params;
  // One more than is told, to know whether there is more.
  const found = await readerOf(caller).sessions(limit + 1, offset);
  return { sessions: found.slice(0, limit), more: found.length > limit };
};

export const archiveHistory: MethodHandler<"archive/history"> = async (caller, params) => {
  const { name, after, before, limit = limits.historyLimitMax } = params;
  const reader = readerOf(caller);
  const session = await find(reader, name);
  const place = { daemon: session.daemon, session: session.id };
  const head = session.seq;
  const rows =
    after === undefined
      ? await reader.before(place, before ?? head + 1, limit)
      : await reader.after(place, after, head, limit);
  return { records: rows.map((row) => toHistoryRecord(session.name, row)), head, session };
};

function readerOf({ daemon }: Caller): Reader {
  const { archive } = daemon.services;
  if (archive !== undefined) return archive.reached();
  throw new HacsError(
    "archive-none",
    "This daemon has no archive.",
    'Name one in the config file, as "archive": "postgres://user@db.example/history", and run: hacs-session daemon restart',
  );
}

/** The one of this name or id that lives, else the only one. */
async function find(reader: Reader, name: string): Promise<ArchivedSession> {
  const found = await reader.named(name, namesakesMax);
  const live = found.filter(({ endedAt }) => endedAt === null);
  const [one, other] = live.length > 0 ? live : found;
  if (one === undefined) {
    throw new HacsError(
      "session-not-found",
      `The archive has no session ${quote(name)}.`,
      "It takes MACHINE/SESSION or an id; see all with: hacs-session ls --archive",
    );
  }
  if (other === undefined) return one;
  throw new HacsError(
    "session-not-found",
    `The archive has several sessions ${quote(name)}.`,
    `Name it by its id: ${found.map(({ id, endedAt }) => `${id} (${endedAt === null ? "live" : `ended ${endedAt.slice(0, 10)}`})`).join(", ")}`,
  );
}
