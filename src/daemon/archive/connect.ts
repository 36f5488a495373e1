/**
 * One connection to the archive. Everything asked of it ends: a server that hangs, or a network
 * that swallows what it is given, is a connection that failed. What went wrong is told in our
 * words, and never with the password.
 */
import pg from "pg";
import { HacsError, messageOf } from "../../protocol/errors.ts";
import type { ArchiveAddress } from "./address.ts";

const connectTimeoutMs = 10_000;
const statementTimeoutMs = 30_000;
/** The server ends a statement itself; this is for one that does not answer at all. */
const answerTimeoutMs = 40_000;

export type Row = Record<string, unknown>;

export interface ConnectOptions {
  /** What is read alone can't change anything, whatever is asked. */
  readOnly?: boolean;
  statementTimeoutMs?: number;
  answerTimeoutMs?: number | undefined;
  onEnd?: () => void;
}

export class ArchiveConnection {
  readonly #client: pg.Client;
  readonly #shown: string;
  #ended = false;

  private constructor(client: pg.Client, shown: string) {
    this.#client = client;
    this.#shown = shown;
  }

  /** Throws one of the `archive-` errors. */
  static async open(address: ArchiveAddress, options: ConnectOptions = {}) {
    const { host, port, database, user, password, ssl, shown } = address;
    const client = new pg.Client({
      host,
      port,
      database,
      user,
      ssl,
      password: () => password() ?? "",
      application_name: "hacs-session",
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: options.answerTimeoutMs ?? answerTimeoutMs,
      statement_timeout: options.statementTimeoutMs ?? statementTimeoutMs,
      lock_timeout: statementTimeoutMs,
      keepAlive: true,
      // What a transaction holds is let go when this machine is gone.
      idle_in_transaction_session_timeout: statementTimeoutMs,
      options: options.readOnly ? "-c default_transaction_read_only=on" : undefined,
    });
    const connection = new ArchiveConnection(client, shown);
    client.on("error", () => connection.close());
    client.on("end", () => {
      connection.#ended = true;
      options.onEnd?.();
    });
    try {
      await client.connect();
      return connection;
    } catch (error) {
      connection.close();
      throw archiveError(error, shown);
    }
  }

  get ended(): boolean {
    return this.#ended;
  }

  async query(sql: string, values: unknown[] = []): Promise<Row[]> {
    try {
      return (await this.#client.query(sql, values)).rows;
    } catch (error) {
      // One that did not answer is asked nothing more, not even to take a transaction back.
      if (!(error instanceof pg.DatabaseError)) this.close();
      throw archiveError(error, this.#shown);
    }
  }

  /** All of it or nothing. */
  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.query("BEGIN");
    try {
      const result = await work();
      await this.query("COMMIT");
      return result;
    } catch (error) {
      // A connection that is gone has taken it back by itself.
      if (!this.#ended) await this.query("ROLLBACK").catch(() => this.close());
      throw error;
    }
  }

  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    // A polite end would wait for a server that may be gone.
    this.#client.end().catch(() => {});
    const { connection } = this.#client as unknown as {
      connection: { stream: { destroy(): void } };
    };
    setImmediate(() => connection.stream.destroy());
  }
}

interface PgError {
  code?: string;
  message?: string;
}

/** What Postgres, TLS or the network says, in our words. */
export function archiveError(error: unknown, shown: string): HacsError {
  if (error instanceof HacsError) return error;
  const { code = "" } = error as PgError;
  const said = messageOf(error) || code;
  const found = kinds.find(({ codes, text }) => codes.test(code) || text?.test(said)) ?? away;
  return new HacsError(found.error, `The archive ${shown} ${found.what}: ${said}.`, found.next);
}

interface Kind {
  codes: RegExp;
  text?: RegExp;
  error: "archive-refused" | "archive-unusable" | "archive-unreachable";
  what: string;
  next: string;
}

const kinds: Kind[] = [
  {
    codes: /^(28...|3D000)$/,
    text: /client password must be/,
    error: "archive-refused",
    what: "refuses the login",
    next: "Check the user, the database and the password: in the URL, archivePasswordFile, or ~/.pgpass with mode 600.",
  },
  {
    codes: /^42501$/,
    error: "archive-refused",
    what: "refuses the role's rights",
    next: "Give the role its rights, or let a role that may create a schema connect once: README.md, Archive.",
  },
  {
    codes: /CERT|SELF_SIGNED|ERR_TLS|ERR_SSL|EPROTO|UNABLE_TO_|HOSTNAME_MISMATCH/,
    text: /does not support SSL/,
    error: "archive-refused",
    what: "can't be trusted",
    next: "Let the server speak TLS with a certificate for its name; ?sslrootcert=FILE names a CA of your own.",
  },
  {
    codes: /^(53100|53200|54...|25006|22...|23...|XX...|42...|0A000)$/,
    error: "archive-unusable",
    what: "can't take what it is given",
    next: "Look at the server's log and its disk. Nothing is lost: it is kept here and tried again.",
  },
];
const away: Kind = {
  codes: /^$/,
  error: "archive-unreachable",
  what: "does not answer",
  next: "Check that it runs and can be reached. Nothing is lost: it is kept here and tried again.",
};
