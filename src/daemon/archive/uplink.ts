/**
 * This daemon's way into the archive. How far the archive has each session is kept there, in the
 * transaction that brings the records, and nowhere else: whatever is killed between a commit and
 * the news of it, the next one asks, and goes on from there.
 */
import { HacsError } from "../../protocol/errors.ts";
import type { AuditEntry } from "../../protocol/session.ts";
import type { Store } from "../store/store.ts";
import type { Batch } from "./batch.ts";
import type { ArchiveConnection, Row } from "./connect.ts";
import { metaOf, usable } from "./schema.ts";

/** So many rows of a session that was removed go at once, so that no statement takes long. */
const rowsForgotten = 5_000;

export class Uplink {
  readonly #connection: ArchiveConnection;
  readonly #store: Store;
  readonly #daemon: string;
  /** How far the archive has each session; 0 for what it has not. */
  readonly cursors = new Map<string, number>();
  audited = 0;

  constructor(connection: ArchiveConnection, store: Store) {
    this.#connection = connection;
    this.#store = store;
    this.#daemon = store.identity;
  }

  /** Says who this is, and learns how far the archive is. */
  async begin(name: string): Promise<void> {
    const [daemon] = await this.#connection.query(
      `INSERT INTO hacs_session.daemons (id, name, seen_at) VALUES ($1, $2, now())
       ON CONFLICT (id) DO UPDATE SET name = excluded.name, seen_at = excluded.seen_at
       RETURNING audited`,
      [this.#daemon, name],
    );
    this.audited = Number(daemon?.audited);
    const sessions = await this.#connection.query(
      "SELECT id, archived FROM hacs_session.sessions WHERE daemon = $1",
      [this.#daemon],
    );
    for (const { id, archived } of sessions) this.cursors.set(String(id), Number(archived));
  }

  /**
   * Brings a batch. Gives the sessions of which the archive has another history than the store:
   * then nothing is brought. Neither is it where the archive is further, or less far, than was
   * known; the cursors are those of the archive afterwards.
   */
  async bring(batch: Batch): Promise<string[]> {
    const { strangers = [], cursors = [] } = await this.#connection.transaction(async () => {
      await this.#refuseNewer();
      const there = await this.#lockSessions(batch);
      const strange = there.filter((row) => this.#isStrange(row));
      if (strange.length > 0) return { strangers: strange.map(({ id }) => String(id)) };
      const known = new Map(there.map(({ id, archived }) => [String(id), Number(archived)]));
      const from = (id: string) => known.get(id) ?? 0;
      if (batch.sessions.some((one) => from(one.row.id) !== one.from))
        return { cursors: batch.sessions.map(({ row: { id } }) => [id, from(id)] as const) };
      await this.#putSessions(batch);
      await this.#putRecords(batch);
      await this.#putMessages(batch);
      await this.#move(batch);
      return { cursors: batch.sessions.map(({ row, through }) => [row.id, through] as const) };
    });
    for (const [id, seq] of cursors) this.cursors.set(id, seq);
    return strangers;
  }

  /** A newer daemon may have changed the tables since this one came. */
  async #refuseNewer(): Promise<void> {
    const meta = await metaOf(this.#connection);
    if (meta !== null) usable(meta);
  }

  async #putSessions({ sessions }: Batch): Promise<void> {
    const rows = sessions.map(({ row }) => row);
    await this.#connection.query(
      `INSERT INTO hacs_session.sessions (daemon, id, name, cwd, model, provider, thread_id, spec,
         labels, created_at, active_at, ended_at)
       SELECT $1, * FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
         $7::text[], $8::text[], $9::text[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[])
         AS new (id, name, cwd, model, provider, thread_id, spec, labels, created_at, active_at, ended_at)
       ORDER BY id
       ON CONFLICT (daemon, id) DO UPDATE SET name = excluded.name, cwd = excluded.cwd,
         model = excluded.model, provider = excluded.provider, thread_id = excluded.thread_id,
         spec = excluded.spec, labels = excluded.labels, active_at = excluded.active_at,
         ended_at = excluded.ended_at`,
      [
        this.#daemon,
        ...columns(rows, [
          ({ id }) => id,
          ({ name }) => name,
          ({ spec }) => spec.cwd,
          ({ model, spec }) => model ?? spec.model ?? null,
          ({ provider }) => provider,
          ({ threadId }) => threadId,
          ({ spec }) => JSON.stringify(spec),
          ({ labels }) => JSON.stringify(labels),
          ({ createdAt }) => createdAt,
          ({ activeAt }) => activeAt,
          ({ endedAt }) => endedAt,
        ]),
      ],
    );
  }

  /** How far each is, and which record is its last there. */
  #lockSessions({ sessions }: Batch): Promise<Row[]> {
    return this.#connection.query(
      `SELECT s.id, s.archived, r.at, r.method, octet_length(r.params) AS bytes FROM hacs_session.sessions s
       LEFT JOIN hacs_session.records r
         ON r.daemon = s.daemon AND r.session = s.id AND r.seq = s.archived
       WHERE s.daemon = $1 AND s.id = ANY ($2::text[]) ORDER BY s.id FOR UPDATE OF s`,
      [this.#daemon, sessions.map(({ row }) => row.id)],
    );
  }

  /** A state directory that was copied or brought back from a backup goes on otherwise. */
  #isStrange({ id, archived, at, method, bytes }: Row): boolean {
    const seq = Number(archived);
    const session = String(id);
    if (seq === 0) return false;
    if (seq > (this.#store.sessions.get(session)?.seq ?? seq)) return true;
    const [own] = this.#store.records.after(session, seq - 1, 1);
    // What was dropped here, or by hand over there, can't be compared.
    if (own?.seq !== seq || own.method === trimmed || method == null || method === trimmed)
      return false;
    const same =
      (at as Date).toISOString() === own.at &&
      method === withoutNul(own.method) &&
      Number(bytes) === Buffer.byteLength(own.params);
    return !same;
  }

  async #putRecords({ records, said }: Batch): Promise<void> {
    await this.#connection.query(
      `INSERT INTO hacs_session.records (daemon, session, seq, at, method, params)
       SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::timestamptz[], $5::text[], $6::text[])
       ON CONFLICT DO NOTHING`,
      [
        this.#daemon,
        ...columns(records, [
          ({ session }) => session,
          ({ seq }) => seq,
          ({ at }) => at,
          ({ method }) => method,
          ({ params }) => params,
        ]),
      ],
    );
    if (said.length === 0) return;
    await this.#connection.query(
      `INSERT INTO hacs_session.said (daemon, session, seq, at, kind, text, words)
       SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::timestamptz[], $5::text[], $6::text[],
         $7::tsvector[])
       ON CONFLICT DO NOTHING`,
      [
        this.#daemon,
        ...columns(said, [
          ({ session }) => session,
          ({ seq }) => seq,
          ({ at }) => at,
          ({ kind }) => kind,
          ({ text }) => text,
          ({ words }) => words,
        ]),
      ],
    );
  }

  async #putMessages({ messages }: Batch): Promise<void> {
    if (messages.length === 0) return;
    await this.#connection.query(
      `INSERT INTO hacs_session.messages (daemon, session, id, seq, status, created_at, message)
       SELECT $1, * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::timestamptz[],
         $7::text[])
       ON CONFLICT (daemon, session, id) DO UPDATE SET seq = excluded.seq, status = excluded.status,
         message = excluded.message`,
      [
        this.#daemon,
        ...columns(messages, [
          ({ session }) => session,
          ({ id }) => id,
          ({ seq }) => seq,
          ({ status }) => status,
          ({ createdAt }) => createdAt,
          ({ message }) => message,
        ]),
      ],
    );
  }

  async #move({ sessions }: Batch): Promise<void> {
    await this.#connection.query(
      `UPDATE hacs_session.sessions AS s SET archived = new.seq
       FROM unnest($2::text[], $3::bigint[]) AS new (id, seq)
       WHERE s.daemon = $1 AND s.id = new.id`,
      [this.#daemon, sessions.map(({ row }) => row.id), sessions.map(({ through }) => through)],
    );
  }

  async bringAudit(entries: AuditEntry[]): Promise<void> {
    const last = entries.at(-1)?.id ?? this.audited;
    await this.#connection.transaction(async () => {
      await this.#connection.query(
        `INSERT INTO hacs_session.audit (daemon, id, at, session, name, action, outcome, by, token, detail)
         SELECT $1, * FROM unnest($2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[],
           $7::text[], $8::text[], $9::text[], $10::text[])
         ON CONFLICT DO NOTHING`,
        [
          this.#daemon,
          ...columns(entries, [
            ({ id }) => id,
            ({ at }) => at,
            ({ session }) => session,
            ({ name }) => name,
            ({ action }) => action,
            ({ outcome }) => outcome,
            ({ by }) => JSON.stringify(by),
            ({ token }) => token,
            ({ detail }) => JSON.stringify(detail),
          ]),
        ],
      );
      await this.#connection.query(
        "UPDATE hacs_session.daemons SET audited = greatest(audited, $2), seen_at = now() WHERE id = $1",
        [this.#daemon, last],
      );
    });
    this.audited = last;
  }

  /** Forgets a session over there, too. */
  async forget(session: string): Promise<void> {
    for (const table of ["said", "messages", "records"]) {
      const some = `DELETE FROM hacs_session.${table} WHERE ctid = ANY (ARRAY(SELECT ctid
        FROM hacs_session.${table} WHERE daemon = $1 AND session = $2 LIMIT ${rowsForgotten}))
        RETURNING 1`;
      while ((await this.#connection.query(some, [this.#daemon, session])).length > 0);
    }
    await this.#connection.query(
      "DELETE FROM hacs_session.sessions WHERE daemon = $1 AND id = $2",
      [this.#daemon, session],
    );
    this.cursors.delete(session);
  }
}

const trimmed = "session/trimmed";

type Cell = string | number | null;

/** Rows as Postgres's `unnest` takes them. A NUL, which it has not, is left out. */
function columns<T>(rows: T[], cells: ((row: T) => Cell)[]): Cell[][] {
  return cells.map((cell) =>
    rows.map((row) => {
      const value = cell(row);
      return typeof value === "string" ? withoutNul(value) : value;
    }),
  );
}

function withoutNul(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "") : text;
}

export function conflictError(session: string): HacsError {
  return new HacsError(
    "archive-conflict",
    `The archive has another history of session ${session}: this state was copied, or is an older one brought back.`,
    "It stays here as it is, and nothing there was changed. Remove one of the two.",
  );
}
