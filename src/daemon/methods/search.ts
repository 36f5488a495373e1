import { sees } from "../../protocol/access.ts";
import { HacsError } from "../../protocol/errors.ts";
import { limits } from "../../protocol/methods.ts";
import { matchOf, type SearchHit } from "../../protocol/search.ts";
import { type Hit, hitEnd, hitStart } from "../store/said-table.ts";
import type { MethodHandler } from "./index.ts";

const resultsDefault = 50;
/** What was said a moment ago is waited for so long. */
const catchUpMs = 500;
/** Hits of sessions that the client does not see are passed over, in so many pages at most. */
const pagesMax = 20;

export const search: MethodHandler<"daemon/search"> = async ({ daemon, client }, params) => {
  const { words, name, since, limit = resultsDefault } = params;
  const { sessions, services, upkeep } = daemon;
  const match = matchOf(words);
  if (match === null) throw noWords();
  const session = name === undefined ? undefined : sessions.find(name).id;
  await upkeep.caughtUp(catchUpMs);
  const names = new Map(sessions.all().map(({ id, name: known }) => [id, known]));
  const hits: SearchHit[] = [];
  let before: number | undefined;
  for (let page = 0; page < pagesMax && hits.length < limit; page++) {
    const wanted = Math.min(limits.searchLimitMax, limit);
    const query = { match, session, since, before, limit: wanted };
    const found = services.store.reading(() => services.store.said.find(query));
    for (const hit of found) {
      const known = names.get(hit.session);
      if (known !== undefined && sees(client.identity.access, known)) hits.push(toHit(known, hit));
    }
    before = found.at(-1)?.id;
    if (found.length < wanted) break;
  }
  return { hits: hits.slice(0, limit), behind: upkeep.behind };
};

export function noWords(): HacsError {
  return new HacsError(
    "invalid-usage",
    "A search takes a word: at least one letter or digit, and not only what is not wanted.",
    "Try: hacs-session search timeout",
  );
}

function toHit(name: string, { session, seq, at, kind, snippet }: Hit): SearchHit {
  const pieces = snippet.split(hitStart).flatMap((piece, place) => {
    const [hit = "", rest = ""] = place === 0 ? ["", piece] : piece.split(hitEnd);
    return [
      { text: hit, hit: true },
      { text: rest, hit: false },
    ];
  });
  return {
    session: name,
    id: session,
    seq,
    at,
    kind,
    snippet: pieces.filter(({ text }) => text !== ""),
  };
}
