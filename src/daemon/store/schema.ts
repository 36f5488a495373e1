/**
 * The tables. `user_version` counts migrations; a file with a higher number was written by a
 * newer hacs-session and is left alone.
 */
import type { DatabaseSync } from "node:sqlite";
import { HacsError } from "../../protocol/errors.ts";

const migrations = [
  `
  CREATE TABLE sessions (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    spec        TEXT NOT NULL,          -- JSON, SessionSpec
    labels      TEXT NOT NULL,          -- JSON, string by string
    thread_id   TEXT,
    model       TEXT,
    provider    TEXT,
    agent       TEXT,                   -- JSON, AgentRow: the process that may still live
    ready       INTEGER NOT NULL,       -- 0 while it is being created
    seq         INTEGER NOT NULL DEFAULT 0,
    created_at  TEXT NOT NULL,
    active_at   TEXT NOT NULL,
    ended_at    TEXT
  ) STRICT;
  CREATE UNIQUE INDEX session_names ON sessions (name) WHERE ended_at IS NULL;

  -- The history. item_id is set on records that hold a whole item, turn_id on the ends of turns
  -- as well: what reconciliation asks for.
  CREATE TABLE records (
    session     TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    seq         INTEGER NOT NULL,
    at          TEXT NOT NULL,
    method      TEXT NOT NULL,
    params      TEXT NOT NULL,
    turn_id     TEXT,
    item_id     TEXT,
    PRIMARY KEY (session, seq)
  ) STRICT;
  CREATE UNIQUE INDEX record_items ON records (session, turn_id, item_id) WHERE item_id IS NOT NULL;
  CREATE UNIQUE INDEX record_turn_starts ON records (session, turn_id) WHERE method = 'turn/started';
  CREATE UNIQUE INDEX record_turn_ends ON records (session, turn_id) WHERE method = 'turn/completed';

  -- The inbox. place orders deliveries, those that interrupt before all others.
  CREATE TABLE messages (
    session     TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    id          TEXT NOT NULL,
    place       INTEGER NOT NULL,
    mode        TEXT NOT NULL,
    content     TEXT NOT NULL,          -- JSON, MessageContent
    by          TEXT NOT NULL,          -- JSON, Actor
    status      TEXT NOT NULL,          -- a ReceiptStatus
    attempted   INTEGER NOT NULL DEFAULT 0, -- 1: codex may have it, ask before sending again
    seq         INTEGER NOT NULL,
    turn_id     TEXT,
    turn_status TEXT,
    text        TEXT,
    error       TEXT,
    usage       TEXT,
    created_at  TEXT NOT NULL,
    PRIMARY KEY (session, id)
  ) STRICT;
  CREATE INDEX open_messages ON messages (session, place) WHERE status IN ('accepted', 'delivered');

  -- What was shown of items on their way, now and then, so that it outlives the daemon.
  CREATE TABLE drafts (
    session     TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    item_id     TEXT NOT NULL,
    draft       TEXT NOT NULL,          -- JSON, Draft
    PRIMARY KEY (session, item_id)
  ) STRICT;

  CREATE TABLE approvals (
    id          TEXT PRIMARY KEY,
    session     TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    agent       TEXT NOT NULL,          -- which process asked
    request_id  TEXT NOT NULL,          -- codex's, JSON
    detail      TEXT NOT NULL,          -- JSON, ApprovalDetail
    turn_id     TEXT,
    item_id     TEXT,
    status      TEXT NOT NULL,          -- waiting, answered, lost
    decision    TEXT,
    response    TEXT,                   -- JSON, what was or is to be sent to codex
    by          TEXT,
    created_at  TEXT NOT NULL,
    answered_at TEXT
  ) STRICT;
  CREATE INDEX session_approvals ON approvals (session, status);
  `,
  `
  -- What is being written to a session. The index is for a composer's history.
  CREATE TABLE compositions (
    session     TEXT PRIMARY KEY REFERENCES sessions (id) ON DELETE CASCADE,
    text        TEXT NOT NULL,
    revision    INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX written_messages ON messages (created_at) WHERE json_extract(by, '$.kind') = 'tui';
  `,
  `
  -- What somebody changed of the thread's settings; JSON, KeptSettings. The indexes find the last
  -- turns and what they used.
  ALTER TABLE sessions ADD COLUMN settings TEXT;
  CREATE INDEX turn_ends ON records (session, seq) WHERE method = 'turn/completed';
  CREATE INDEX token_usages ON records (session, seq) WHERE method = 'thread/tokenUsage/updated';
  `,
  `
  -- Who may come in from elsewhere.
  CREATE TABLE tokens (
    id          TEXT PRIMARY KEY,
    hash        BLOB NOT NULL,          -- SHA-256 of the token
    label       TEXT,
    scope       TEXT NOT NULL,          -- a Scope
    sessions    TEXT NOT NULL,          -- a pattern of names
    created_at  TEXT NOT NULL,
    expires_at  TEXT,
    used_at     TEXT
  ) STRICT;
  `,
  `
  -- Other daemons. Tokens are not here: each lies in a file that only the owner can read.
  CREATE TABLE peers (
    name        TEXT NOT NULL,
    kind        TEXT NOT NULL,          -- added, joined, offer
    url         TEXT,                   -- null for one that dials in
    token_file  TEXT,
    daemon      TEXT,                   -- its id; one that dials in is known by it
    sessions    TEXT NOT NULL,          -- JSON, what it had when it was last seen
    seen_at     TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX peer_names ON peers (name) WHERE kind <> 'offer';
  CREATE UNIQUE INDEX offer_urls ON peers (url) WHERE kind = 'offer';

  -- Messages for peers that are away, in the order of their coming. A row goes when the peer has
  -- acknowledged the message, and stays with an error when it refused it.
  CREATE TABLE outbox (
    place       INTEGER PRIMARY KEY,
    peer        TEXT NOT NULL,
    session     TEXT NOT NULL,          -- the rest of the address
    id          TEXT NOT NULL,
    mode        TEXT NOT NULL,
    content     TEXT NOT NULL,          -- JSON, MessageContent
    by          TEXT NOT NULL,          -- JSON, Actor
    error       TEXT,
    created_at  TEXT NOT NULL,
    UNIQUE (peer, session, id)
  ) STRICT;

  -- One row: this daemon's random id, by which others notice a circle.
  CREATE TABLE identity (id TEXT NOT NULL) STRICT;
  `,
  `
  -- Who did what. No foreign key: the removal of a session is an entry, too.
  CREATE TABLE audit (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          TEXT NOT NULL,
    session     TEXT,                   -- an id; null for what is about the daemon
    name        TEXT,                   -- as it was then
    action      TEXT NOT NULL,
    outcome     TEXT NOT NULL,          -- done, or an error's code
    by          TEXT NOT NULL,          -- JSON, Actor
    token       TEXT,
    detail      TEXT NOT NULL           -- JSON
  ) STRICT;
  CREATE INDEX audit_sessions ON audit (session);
  CREATE INDEX audit_names ON audit (name);
  CREATE INDEX audit_times ON audit (at);
  `,
  `
  -- What is kept of a session (JSON, Keep), how far its history was looked through, what it takes
  -- up, and when it was removed: what is left of it then is forgotten by and by.
  ALTER TABLE sessions ADD COLUMN keep TEXT;
  ALTER TABLE sessions ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE sessions ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE sessions ADD COLUMN removed_at TEXT;
  CREATE INDEX message_seqs ON messages (session, seq);

  -- What was said. It is filled from the records beside everything else, so that a long history
  -- that an older version wrote keeps nobody waiting.
  CREATE VIRTUAL TABLE said USING fts5 (
    session, text, kind UNINDEXED, seq UNINDEXED, at UNINDEXED,
    tokenize = "unicode61 remove_diacritics 2"
  );
  -- What is dropped is gone from the index at once.
  INSERT INTO said (said, rank) VALUES ('secure-delete', 1);
  `,
  `
  -- What a daemon that is offered to may do here; JSON, {scope, sessions}.
  ALTER TABLE peers ADD COLUMN access TEXT;
  `,
  `
  -- How hacs-session is called on the machine that ssh leads to; and of one that dialled in, the id
  -- of the token that it first came with, '' for the owner's own way in.
  ALTER TABLE peers ADD COLUMN remote_command TEXT;
  ALTER TABLE peers ADD COLUMN shown_token TEXT;
  `,
  `
  -- What hooks are still to be told. It names the record, which has what happened, so what is
  -- forgotten of a history is not told either. A row goes when it was delivered or given up.
  CREATE TABLE hook_deliveries (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    hook        TEXT NOT NULL,
    session     TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
    seq         INTEGER NOT NULL,
    event       TEXT NOT NULL,
    attempts    INTEGER NOT NULL DEFAULT 0,
    due_at      INTEGER NOT NULL,       -- ms since 1970
    created_at  INTEGER NOT NULL,
    process     TEXT,                   -- JSON, ProcessIdentity: the command that may still run
    UNIQUE (hook, session, seq)
  ) STRICT;
  CREATE INDEX hook_deliveries_due ON hook_deliveries (hook, due_at, id);
  CREATE INDEX hook_deliveries_of ON hook_deliveries (session);
  `,
  `
  -- The turn that somebody stopped last, of which codex may not have told the end.
  ALTER TABLE sessions ADD COLUMN stopped_turn TEXT;
  `,
  `
  -- What bounds a session (JSON, Limits), when it ends by itself, and how its first agent is to get
  -- the thread (JSON, ThreadOrigin), which may have to wait for a slot.
  ALTER TABLE sessions ADD COLUMN limits TEXT;
  ALTER TABLE sessions ADD COLUMN ends_at TEXT;
  ALTER TABLE sessions ADD COLUMN origin TEXT;
  `,
  `
  -- Archives that have had something of ours, and the sessions that each has still to forget.
  CREATE TABLE archives (id TEXT PRIMARY KEY) STRICT;
  CREATE TABLE archive_removals (
    archive     TEXT NOT NULL,
    session     TEXT NOT NULL,
    PRIMARY KEY (archive, session)
  ) STRICT;
  `,
  `
  -- PEM: the certificates of who vouches for a peer that a CA of one's own does.
  ALTER TABLE peers ADD COLUMN ca TEXT;
  `,
  `
  CREATE INDEX outbox_waiting ON outbox (peer, place) WHERE error IS NULL;
  `,
  `
  -- Up to where seqs may have been told, and the boot in which that was reserved.
  ALTER TABLE sessions ADD COLUMN reserved INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE identity ADD COLUMN boot TEXT;
  `,
];

export function migrate(db: DatabaseSync, file: string): void {
  const row = db.prepare("PRAGMA user_version").get() as { user_version: number };
  if (row.user_version > migrations.length) {
    throw new HacsError(
      "state-newer",
      `The history ${file} has format ${row.user_version}; this hacs-session knows formats up to ${migrations.length}.`,
      "Update hacs-session, or choose another state with HACS_SESSION_HOME. Nothing was changed.",
    );
  }
  // How the file gives pages back, which only one without tables can be told for nothing.
  if (row.user_version === 0) db.exec("PRAGMA auto_vacuum = INCREMENTAL");
  for (let version = row.user_version; version < migrations.length; version++) {
    db.exec(
      `BEGIN IMMEDIATE; ${migrations[version]}; PRAGMA user_version = ${version + 1}; COMMIT;`,
    );
  }
}
