/**
 * The archive's tables. Several daemons may come to an empty database at once: one makes the
 * tables, the others wait at a lock and find them made. A daemon that is older than the archive
 * leaves it alone, and one that is newer brings it up, if its role may.
 */
import { HacsError } from "../../protocol/errors.ts";
import type { ArchiveConnection } from "./connect.ts";

const serverVersionMin = 12;
/** Random, and the same in every hacs-session. */
const lockKey = "7142016550113";

const migrations = [
  `
  CREATE TABLE hacs_session.daemons (
    id          text PRIMARY KEY,
    name        text NOT NULL,
    seen_at     timestamptz NOT NULL,
    audited     bigint NOT NULL DEFAULT 0   -- its audit is here up to this entry
  );
  CREATE TABLE hacs_session.sessions (
    daemon      text NOT NULL REFERENCES hacs_session.daemons ON DELETE CASCADE,
    id          text NOT NULL,
    name        text NOT NULL,
    cwd         text NOT NULL,
    model       text,
    provider    text,
    thread_id   text,
    spec        text NOT NULL,              -- JSON
    labels      text NOT NULL,              -- JSON
    created_at  timestamptz NOT NULL,
    active_at   timestamptz NOT NULL,
    ended_at    timestamptz,
    archived    bigint NOT NULL DEFAULT 0,  -- its history is here up to this seq
    PRIMARY KEY (daemon, id)
  );
  CREATE INDEX sessions_active ON hacs_session.sessions (active_at DESC, id);
  -- JSON is text: codex's own words, unchanged, among them characters that jsonb refuses.
  CREATE TABLE hacs_session.records (
    daemon      text NOT NULL,
    session     text NOT NULL,
    seq         bigint NOT NULL,
    at          timestamptz NOT NULL,
    method      text NOT NULL,
    params      text NOT NULL,
    PRIMARY KEY (daemon, session, seq),
    FOREIGN KEY (daemon, session) REFERENCES hacs_session.sessions ON DELETE CASCADE
  );
  CREATE TABLE hacs_session.said (
    daemon      text NOT NULL,
    session     text NOT NULL,
    seq         bigint NOT NULL,
    at          timestamptz NOT NULL,
    kind        text NOT NULL,
    text        text NOT NULL,
    words       tsvector NOT NULL,
    PRIMARY KEY (daemon, session, seq),
    FOREIGN KEY (daemon, session) REFERENCES hacs_session.sessions ON DELETE CASCADE
  );
  CREATE INDEX said_words ON hacs_session.said USING gin (words);
  CREATE TABLE hacs_session.messages (
    daemon      text NOT NULL,
    session     text NOT NULL,
    id          text NOT NULL,
    seq         bigint NOT NULL,
    status      text NOT NULL,
    created_at  timestamptz NOT NULL,
    message     text NOT NULL,              -- JSON: its receipt, content and sender
    PRIMARY KEY (daemon, session, id),
    FOREIGN KEY (daemon, session) REFERENCES hacs_session.sessions ON DELETE CASCADE
  );
  CREATE TABLE hacs_session.audit (
    daemon      text NOT NULL REFERENCES hacs_session.daemons ON DELETE CASCADE,
    id          bigint NOT NULL,
    at          timestamptz NOT NULL,
    session     text,
    name        text,
    action      text NOT NULL,
    outcome     text NOT NULL,
    by          text NOT NULL,              -- JSON
    token       text,
    detail      text NOT NULL,              -- JSON
    PRIMARY KEY (daemon, id)
  );
  CREATE INDEX audit_times ON hacs_session.audit (at);
  `,
];

/** Makes the archive ready, and gives its id. Throws the `archive-` errors. */
export async function prepare(connection: ArchiveConnection): Promise<string> {
  await checkServer(connection);
  const found = await metaOf(connection);
  if (found !== null && found.version >= migrations.length) return usable(found);
  return connection.transaction(async () => {
    await connection.query(`SELECT pg_advisory_xact_lock(${lockKey})`);
    return migrate(connection, await metaOf(connection));
  });
}

interface Meta {
  id: string;
  version: number;
}

/** Null when the database has no archive yet. */
export async function metaOf(connection: ArchiveConnection): Promise<Meta | null> {
  const [table] = await connection.query("SELECT to_regclass('hacs_session.meta') AS found");
  if (table?.found == null) return null;
  const [meta] = await connection.query("SELECT id, version FROM hacs_session.meta");
  return meta === undefined ? null : { id: String(meta.id), version: Number(meta.version) };
}

/** Throws `archive-newer` where this hacs-session does not know the tables. */
export function usable({ id, version }: Meta): string {
  if (version === migrations.length) return id;
  throw new HacsError(
    "archive-newer",
    `The archive has format ${version}; this hacs-session knows formats up to ${migrations.length}.`,
    "Update hacs-session. Until then its history is kept here, and nothing there was changed.",
  );
}

async function checkServer(connection: ArchiveConnection): Promise<void> {
  const [server] = await connection.query(
    `SELECT current_setting('server_version_num')::int AS version,
     current_setting('server_version') AS shown, current_setting('server_encoding') AS encoding`,
  );
  const unusable = (why: string, next: string) => new HacsError("archive-unusable", why, next);
  if (Number(server?.version) < serverVersionMin * 10_000) {
    throw unusable(
      `The archive needs Postgres ${serverVersionMin} or newer; this one is ${server?.shown}.`,
      "Update the server, or name another one.",
    );
  }
  if (server?.encoding === "UTF8") return;
  throw unusable(
    `The archive's database has the encoding ${server?.encoding}; it needs UTF8.`,
    "Make one with: CREATE DATABASE history ENCODING 'UTF8' TEMPLATE template0",
  );
}

async function migrate(connection: ArchiveConnection, found: Meta | null): Promise<string> {
  if (found !== null && found.version >= migrations.length) return usable(found);
  if (found === null) {
    // A schema that the database's owner has made for the role is taken as it is.
    const [there] = await connection.query("SELECT to_regnamespace('hacs_session') AS found");
    if (there?.found == null) await connection.query("CREATE SCHEMA hacs_session");
    await connection.query(
      "CREATE TABLE hacs_session.meta (id text NOT NULL, version integer NOT NULL)",
    );
    await connection.query(
      "INSERT INTO hacs_session.meta SELECT md5(random()::text || clock_timestamp()::text), 0",
    );
  }
  for (const step of migrations.slice(found?.version ?? 0)) await connection.query(step);
  const [meta] = await connection.query("UPDATE hacs_session.meta SET version = $1 RETURNING id", [
    migrations.length,
  ]);
  return String(meta?.id);
}
