/**
 * What is asked of the archive. It has a connection of its own, which can change nothing, is made
 * when somebody asks, and goes when nobody has for a while: a long search keeps no record waiting.
 */
import type { ArchivedSession } from "../../protocol/archive.ts";
import { HacsError } from "../../protocol/errors.ts";
import type { SearchHit, Term } from "../../protocol/search.ts";
import type { RecordRow } from "../store/record-table.ts";
import type { ArchiveAddress } from "./address.ts";
import { ArchiveConnection, type Row } from "./connect.ts";
import { metaOf, usable } from "./schema.ts";
import { queryOf, snippetOf } from "./words.ts";

const statementTimeoutMs = 10_000;
const idleMs = 60_000;
/** Questions that wait for their turn. */
const waitingMax = 100;
/** One record can have megabytes: a page is full at this many bytes, and has one at least. */
const pageBytesMax = 2 * 1024 * 1024;

/** A session there: whose, and which. */
export interface Place {
  daemon: string;
  session: string;
}

export interface ArchiveQuery {
  terms: { wanted: Term[]; unwanted: Term[] };
  place?: Place | undefined;
  since?: string | undefined;
  limit: number;
}

export class Reader {
  readonly #address: ArchiveAddress;
  #connection: ArchiveConnection | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(address: ArchiveAddress) {
    this.#address = address;
  }

  close(): void {
    clearTimeout(this.#idle);
    this.#connection?.close();
  }

  /** The records after `seq` up to `through`, in order. */
  async after(place: Place, seq: number, through: number, limit: number): Promise<RecordRow[]> {
    const values = [place.daemon, place.session, seq, through, limit];
    return (await this.#ask(page("seq > $3 AND seq <= $4", "ASC", "$5"), values)).map(recordOf);
  }

  /** The records before `seq`, in order. */
  async before(place: Place, seq: number, limit: number): Promise<RecordRow[]> {
    const values = [place.daemon, place.session, seq, limit];
    return (await this.#ask(page("seq < $3", "DESC", "$4"), values)).map(recordOf).reverse();
  }

  /** Where all the words are, newest first. */
  async search({ terms, place, since, limit }: ArchiveQuery): Promise<SearchHit[]> {
    const query = queryOf(terms);
    if (query === null) return [];
    const rows = await this.#ask(
      `SELECT d.name AS machine, s.name, s.id, w.seq, w.at, w.kind, w.text
       FROM hacs_session.said w
       JOIN hacs_session.sessions s ON s.daemon = w.daemon AND s.id = w.session
       JOIN hacs_session.daemons d ON d.id = w.daemon
       WHERE w.words @@ $1::tsquery AND w.at >= $2
         AND ($3::text IS NULL OR (w.daemon = $3 AND w.session = $4))
       ORDER BY w.at DESC, w.session, w.seq DESC LIMIT $5`,
      [query, since ?? "-infinity", place?.daemon ?? null, place?.session ?? null, limit],
    );
    return rows.map(({ machine, name, id, seq, at, kind, text }) => ({
      session: `${machine}/${name}`,
      id: String(id),
      seq: Number(seq),
      at: timeOf(at),
      kind: String(kind),
      snippet: snippetOf(String(text), terms.wanted),
    }));
  }

  /** The sessions of all machines, those that were active last first. */
  async sessions(limit: number, offset: number): Promise<ArchivedSession[]> {
    const rows = await this.#ask(
      `${sessionRows} ORDER BY s.active_at DESC, s.id LIMIT $1 OFFSET $2`,
      [limit, offset],
    );
    return rows.map(sessionOf);
  }

  /** By `MACHINE/SESSION` or id, at most so many; of namesakes those that live first. */
  async named(name: string, limit: number): Promise<ArchivedSession[]> {
    const rows = await this.#ask(
      `${sessionRows} WHERE s.id = $1 OR d.name || '/' || s.name = $1
       ORDER BY s.ended_at DESC NULLS FIRST, s.active_at DESC LIMIT $2`,
      [name, limit],
    );
    return rows.map(sessionOf);
  }

  /** One at a time, in order. */
  #ask(sql: string, values: unknown[]): Promise<Row[]> {
    if (this.#waiting >= waitingMax) {
      throw new HacsError(
        "archive-unreachable",
        `The archive is asked for more than ${waitingMax} things at once.`,
        "Try again in a moment.",
      );
    }
    this.#waiting++;
    const answer = this.#last.then(async () => (await this.#open()).query(sql, values));
    this.#last = answer.catch(() => {}).then(() => this.#asked());
    return answer;
  }

  #asked(): void {
    this.#waiting--;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#connection?.close(), idleMs);
    this.#idle.unref();
  }

  async #open(): Promise<ArchiveConnection> {
    if (this.#connection !== undefined && !this.#connection.ended) return this.#connection;
    const connection = await ArchiveConnection.open(this.#address, {
      readOnly: true,
      statementTimeoutMs,
    });
    try {
      const meta = await metaOf(connection);
      if (meta === null) throw nothingThere(this.#address.shown);
      usable(meta);
    } catch (error) {
      connection.close();
      throw error;
    }
    this.#connection = connection;
    return connection;
  }
}

/** A page of records: so many, or fewer where they are large. */
function page(which: string, order: "ASC" | "DESC", limit: string): string {
  return `SELECT seq, at, method, params FROM (
      SELECT *, sum(octet_length(params)) OVER (ORDER BY seq ${order}) - octet_length(params) AS bytes
      FROM (SELECT seq, at, method, params FROM hacs_session.records
        WHERE daemon = $1 AND session = $2 AND ${which} ORDER BY seq ${order} LIMIT ${limit}) AS next
    ) AS counted WHERE bytes < ${pageBytesMax} ORDER BY seq ${order}`;
}

const sessionRows = `SELECT d.name AS machine, s.* FROM hacs_session.sessions s
  JOIN hacs_session.daemons d ON d.id = s.daemon`;

function recordOf({ seq, at, method, params }: Row): RecordRow {
  return { seq: Number(seq), at: timeOf(at), method: String(method), params: String(params) };
}

function sessionOf(row: Row): ArchivedSession {
  const or = (value: unknown) => (value === null ? null : String(value));
  return {
    name: `${row.machine}/${row.name}`,
    id: String(row.id),
    daemon: String(row.daemon),
    cwd: String(row.cwd),
    model: or(row.model),
    provider: or(row.provider),
    seq: Number(row.archived),
    createdAt: timeOf(row.created_at),
    activeAt: timeOf(row.active_at),
    endedAt: row.ended_at === null ? null : timeOf(row.ended_at),
  };
}

function timeOf(at: unknown): string {
  return (at as Date).toISOString();
}

function nothingThere(shown: string): HacsError {
  return new HacsError(
    "archive-unusable",
    `The archive ${shown} has no tables yet.`,
    "They are made when this daemon first gets through to it: hacs-session daemon status",
  );
}
