/**
 * The durable side of the daemon: one SQLite file in WAL mode, written by this process alone.
 * Whatever a client has seen or been told is committed here first. A commit survives the death
 * of any process; one that was acknowledged to a sender (`durably`) also survives a power cut.
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { HacsError, messageOf } from "../../protocol/errors.ts";
import { bootId } from "../../system/process-identity.ts";
import { Redactor } from "../redaction/redactor.ts";
import { ApprovalTable } from "./approval-table.ts";
import { ArchiveTable } from "./archive-table.ts";
import { AuditTable } from "./audit-table.ts";
import { CompositionTable } from "./composition-table.ts";
import { DraftTable } from "./draft-table.ts";
import { HookTable } from "./hook-table.ts";
import { identityOf } from "./identity.ts";
import { KeepTable } from "./keep-table.ts";
import { MessageTable } from "./message-table.ts";
import { OutboxTable } from "./outbox-table.ts";
import { PeerTable } from "./peer-table.ts";
import { type Past, RecordTable } from "./record-table.ts";
import { ReservedSeqs } from "./reserved.ts";
import { SaidTable } from "./said-table.ts";
import { migrate } from "./schema.ts";
import { SessionTable } from "./session-table.ts";
import { TokenTable } from "./token-table.ts";

export class Store {
  readonly sessions: SessionTable;
  readonly records: RecordTable;
  readonly reserved: ReservedSeqs;
  readonly messages: MessageTable;
  readonly approvals: ApprovalTable;
  readonly compositions: CompositionTable;
  readonly drafts: DraftTable;
  readonly tokens: TokenTable;
  readonly peers: PeerTable;
  readonly outbox: OutboxTable;
  /** The daemon's id, random and its own for as long as this file is. */
  readonly identity: string;
  readonly audit: AuditTable;
  readonly keep: KeepTable;
  readonly said: SaidTable;
  readonly hooks: HookTable;
  readonly archive: ArchiveTable;
  /** What waits for codex in all sessions, in bytes; the inboxes keep it true. */
  queuedBytes: number;
  /** Who is told that a session has new records. */
  readonly recordListeners = new Set<(session: string) => void>();
  /** When an agent was last heard, by the process's own clock: what can wait gives way then. */
  heardAt: number = Number.NEGATIVE_INFINITY;
  /** Where an archive has what was dropped here. */
  past: Past | undefined;
  /** What is handed to the tables has passed it, or is kept only until codex has it. */
  readonly redactor: Redactor;
  readonly #db: DatabaseSync;
  readonly #file: string;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;
  #depth = 0;
  #onCommit: (() => void)[] = [];
  #onRollback: (() => void)[] = [];
  /** What was overwritten is still in the write-ahead log. */
  #toForget = false;

  /**
   * `Database` is SQLite, or what stands before it and fails on purpose; `boot` is what is lost with
   * the power. Throws `state-newer`, `state-damaged` or `state-unwritable`; the file stays as it was.
   */
  constructor(
    file: string,
    redactor: Redactor = new Redactor(),
    Database = DatabaseSync,
    boot: string = bootId(),
  ) {
    this.#file = file;
    this.redactor = redactor;
    this.#db = open(file, Database);
    this.#begin = this.#db.prepare("BEGIN IMMEDIATE");
    this.#commit = this.#db.prepare("COMMIT");
    this.#rollback = this.#db.prepare("ROLLBACK");
    this.sessions = new SessionTable(this.#db);
    this.records = new RecordTable(this.#db);
    this.reserved = new ReservedSeqs(this.#db, boot);
    this.messages = new MessageTable(this.#db);
    this.queuedBytes = this.messages.queuedBytes();
    this.approvals = new ApprovalTable(this.#db);
    this.compositions = new CompositionTable(this.#db);
    this.drafts = new DraftTable(this.#db);
    this.tokens = new TokenTable(this.#db);
    this.peers = new PeerTable(this.#db);
    this.outbox = new OutboxTable(this.#db);
    this.identity = identityOf(this.#db);
    this.audit = new AuditTable(this.#db);
    this.keep = new KeepTable(this.#db);
    this.said = new SaidTable(this.#db);
    this.hooks = new HookTable(this.#db);
    this.archive = new ArchiveTable(this.#db);
    if (this.reserved.struck) this.durably(() => this.reserved.standIn(new Date().toISOString()));
    // One that has an agent goes on at once; another may not for years.
    else this.#giveBack("agents");
  }

  /** All of it or nothing. Inside another transaction it is part of that one. */
  transaction<T>(work: () => T): T {
    if (this.#depth > 0) return work();
    this.reading(() => this.#begin.run());
    this.#depth++;
    let result: T;
    try {
      result = work();
      this.#commit.run();
    } catch (error) {
      this.#depth--;
      // A full disk may have rolled it back already.
      if (this.#db.isOpen && this.#db.isTransaction) this.#rollback.run();
      this.#settle(this.#onRollback.reverse());
      throw storeError(error, this.#file);
    }
    this.#depth--;
    // What is committed stays so, whatever becomes of the news of it.
    this.reading(() => this.#settle(this.#onCommit));
    if (this.#toForget) this.#forget();
    return result;
  }

  /**
   * What the transaction wrote over or deleted is to be in no file any more: SQLite zeroes it in
   * its pages, and the write-ahead log, which still has it, is emptied.
   */
  forgetting(): void {
    this.afterwards(() => {
      this.#toForget = true;
    });
  }

  /** What is committed stays so though the disk is too full for this: then the next commit does it. */
  #forget(): void {
    try {
      this.forgetNow();
      this.#toForget = false;
    } catch (error) {
      if ((error as { code?: string }).code !== "ERR_SQLITE_ERROR") throw error;
    }
  }

  /** The same for what is committed already. */
  forgetNow(): void {
    this.#db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  }

  onRecords(session: string): void {
    for (const listener of this.recordListeners) listener(session);
  }

  /** Gives some free pages back to the file system; `more` when there are more to give. */
  giveBack(pages: number, keptFree: number): "none" | "some" | "more" {
    const { freelist_count: free } = this.#db.prepare("PRAGMA freelist_count").get() as {
      freelist_count: number;
    };
    if (free <= keptFree) return "none";
    this.#db.exec(`PRAGMA incremental_vacuum(${pages})`);
    const { freelist_count: left } = this.#db.prepare("PRAGMA freelist_count").get() as {
      freelist_count: number;
    };
    // A file from before this version does not give any back; it uses them again.
    if (left === free) return "none";
    return left > keptFree ? "more" : "some";
  }

  /**
   * What memory does once the outermost transaction around it is committed (nobody is told of
   * anything before), and how it steps back if it is not. A full disk shows at that commit, long
   * after each statement went well: what changes memory beside the store does so by this or `assign`.
   */
  afterwards(commit: () => void, rollback: () => void = () => {}): void {
    if (this.#depth === 0) return commit();
    this.#onCommit.push(commit);
    this.#onRollback.push(rollback);
  }

  /** Changes what memory has of something that is stored, now; it steps back with the transaction. */
  assign<T extends object>(target: T, changes: Partial<T>): void {
    const before = Object.keys(changes).map((key) => [key, target[key as keyof T]]);
    Object.assign(target, changes);
    this.afterwards(
      () => {},
      () => Object.assign(target, Object.fromEntries(before)),
    );
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

  /** Where the disk is full they stay, which does no harm. */
  #giveBack(except: "agents" | "none"): void {
    try {
      this.durably(() => this.reserved.giveBack(except));
    } catch (error) {
      if (!(error instanceof HacsError)) throw error;
    }
  }

  close(): void {
    this.#giveBack("none");
    this.#db.close();
  }
}

function open(file: string, Database: typeof DatabaseSync): DatabaseSync {
  let db: DatabaseSync | undefined;
  try {
    db = new Database(file);
    db.exec("PRAGMA busy_timeout = 2000");
    // What a newer version wrote is not touched, not even by the switch to WAL.
    migrate(db, file);
    db.exec(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA cache_size = -4096;",
    );
    // A daemon that died may have left in the log what it had just forgotten.
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
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
  // One value that SQLite does not read is no damage of the file.
  if (/malformed JSON/i.test(message)) return error;
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
