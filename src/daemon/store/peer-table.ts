import type { DatabaseSync, StatementSync } from "node:sqlite";
import type { Access } from "../../protocol/access.ts";
import type { PeerInfo } from "../../protocol/session.ts";

export interface PeerRow {
  name: string;
  kind: PeerInfo["kind"];
  url: string | null;
  /** Where its token lies. */
  tokenFile: string | null;
  /** The daemon's id, once it was met. */
  daemon: string | null;
  /** JSON: what it had when it was last seen. */
  sessions: string;
  seenAt: string;
  /** Of an offer: what the daemon that is offered to may do. */
  access: Pick<Access, "scope" | "sessions"> | null;
  /** PEM: who vouches for it, where that is nobody whom Node knows. */
  ca: string | null;
  /** How hacs-session is called where ssh leads to; null as everywhere. */
  remoteCommand: string | null;
  /** Of one that dialled in, the id of the token that its name belongs to; '' the owner's, null not known. */
  shownToken: string | null;
}

export class PeerTable {
  readonly #put: StatementSync;
  readonly #remove: StatementSync;
  readonly #all: StatementSync;

  constructor(db: DatabaseSync) {
    this.#put = db.prepare(
      `INSERT INTO peers (name, kind, url, token_file, daemon, sessions, seen_at, access,
         ca, remote_command, shown_token)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#remove = db.prepare("DELETE FROM peers WHERE name = ? AND kind = ? AND url IS ?");
    this.#all = db.prepare("SELECT * FROM peers ORDER BY rowid");
  }

  /** Adds it, or takes the place of what was known of it. Inside a transaction. */
  put(row: PeerRow): void {
    this.remove(row);
    const { name, kind, url, tokenFile, daemon, sessions, seenAt } = row;
    const { ca, remoteCommand, shownToken } = row;
    const access = row.access === null ? null : JSON.stringify(row.access);
    this.#put.run(
      ...[name, kind, url, tokenFile, daemon, sessions, seenAt, access],
      ...[ca, remoteCommand, shownToken],
    );
  }

  remove({ name, kind, url }: Pick<PeerRow, "name" | "kind" | "url">): void {
    this.#remove.run(name, kind, url);
  }

  all(): PeerRow[] {
    return this.#all.all().map((row) => ({
      name: row.name as string,
      kind: row.kind as PeerRow["kind"],
      url: row.url as string | null,
      tokenFile: row.token_file as string | null,
      daemon: row.daemon as string | null,
      sessions: row.sessions as string,
      seenAt: row.seen_at as string,
      access: row.access === null ? null : JSON.parse(row.access as string),
      ca: row.ca as string | null,
      remoteCommand: row.remote_command as string | null,
      shownToken: row.shown_token as string | null,
    }));
  }
}
