/**
 * The durable side of the daemon: one SQLite file in WAL mode, written by this process alone.
 * Whatever a client has seen or been told is committed here first. A commit survives the death
 * of any process; one that was acknowledged to a sender (`durably`) also survives a power cut.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { HacsError, messageOf } from "../../protocol/errors.ts";
import { ApprovalTable } from "./approval-table.ts";
import { CompositionTable } from "./composition-table.ts";
import { DraftTable } from "./draft-table.ts";
import { identityOf } from "./identity.ts";
import { MessageTable } from "./message-table.ts";
import { OutboxTable } from "./outbox-table.ts";
import { PeerTable } from "./peer-table.ts";
import { RecordTable } from "./record-table.ts";
import { migrate } from "./schema.ts";
import { SessionTable } from "./session-table.ts";
import { TokenTable } from "./token-table.ts";

export class Store {
  readonly sessions: SessionTable;
  readonly records: RecordTable;
  readonly messages: MessageTable;
  readonly approvals: ApprovalTable;
  readonly compositions: CompositionTable;
  readonly drafts: DraftTable;
  readonly tokens: TokenTable;
  readonly peers: PeerTable;
  readonly outbox: OutboxTable;
  /** The daemon's id, random and its own for as long as this file is. */
  readonly identity: string;
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;
  #depth = 0;
  #onCommit: (() => void)[] = [];
  #onRollback: (() => void)[] = [];

  /** Throws `state-newer`, `state-damaged` or `state-unwritable`; the file stays as it was. */
  constructor(file: string) {
    this.#file = file;
    this.#db = open(file);
    this.#begin = this.#db.prepare("BEGIN IMMEDIATE");
    this.#commit = this.#db.prepare("COMMIT");
    this.#rollback = this.#db.prepare("ROLLBACK");
    this.sessions = new SessionTable(this.#db);
    this.records = new RecordTable(this.#db);
    this.messages = new MessageTable(this.#db);
    this.approvals = new ApprovalTable(this.#db);
    this.compositions = new CompositionTable(this.#db);
    this.drafts = new DraftTable(this.#db);
    this.tokens = new TokenTable(this.#db);
    this.peers = new PeerTable(this.#db);
    this.outbox = new OutboxTable(this.#db);
    this.identity = identityOf(this.#db);
  }

  /** All of it or nothing. Inside another transaction it is part of that one. */
  transaction<T>(work: () => T): T {
    if (this.#depth > 0) return work();
    this.#begin.run();
    this.#depth++;
    try {
      const result = work();
      this.#commit.run();
      this.#depth--;
      this.#settle(this.#onCommit);
      return result;
    } catch (error) {
      if (this.#depth > 0) this.#depth--;
      // A full disk may have rolled it back already.
      if (this.#db.isTransaction) this.#rollback.run();
      this.#settle(this.#onRollback.reverse());
      throw storeError(error, this.#file);
    }
  }

  /**
   * What memory does once the transaction around it is committed (nobody is told of anything
   * before), and how it steps back if it is not.
   */
  afterwards(commit: () => void, rollback: () => void): void {
    this.#onCommit.push(commit);
    this.#onRollback.push(rollback);
  }

  #settle(callbacks: (() => void)[]): void {
    this.#onCommit = [];
    this.#onRollback = [];
    for (const callback of callbacks) callback();
  }

  /** Looks something up; a damaged file is told as such. */
  reading<T>(look: () => T): T {
    try {
      return look();
    } catch (error) {
      throw storeError(error, this.#file);
    }
  }

  /**
   * A transaction that is on the disk when it returns, for what is promised to a sender. Inside
   * another one it is part of that, and as safe as that is.
   */
  durably<T>(work: () => T): T {
    if (this.#depth > 0) return work();
    this.#db.exec("PRAGMA synchronous = FULL");
    try {
      return this.transaction(work);
    } finally {
      this.#db.exec("PRAGMA synchronous = NORMAL");
    }
  }

  close(): void {
    this.#db.close();
  }
}

function open(file: string): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(file);
    db.exec("PRAGMA busy_timeout = 2000");
    // What a newer version wrote is not touched, not even by the switch to WAL.
    migrate(db, file);
    db.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -4096;",
    );
    return db;
  } catch (error) {
    db?.close();
    throw storeError(error, file);
  }
}

/** What SQLite says, in our words; anything that is not its error is passed on as it is. */
function storeError(error: unknown, file: string): unknown {
  if (error instanceof HacsError || (error as { code?: string }).code !== "ERR_SQLITE_ERROR")
    return error;
  const message = messageOf(error);
  if (/malformed|not a database|corrupt/i.test(message)) {
    return new HacsError(
      "state-damaged",
      `The history ${file} is damaged: ${message}.`,
      "Move it away to begin anew, or restore a backup; codex keeps its own threads, so `new --resume` brings them back.",
    );
  }
  return new HacsError(
    "state-unwritable",
    `The history ${file} can't be written: ${message}.`,
    "Check the directory's owner, mode and free space, or set HACS_SESSION_HOME.",
  );
}
