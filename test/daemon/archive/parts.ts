/** A store with histories, and an archive beside it, without a daemon around them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pino } from "pino";
import { Archive, type ArchiveOptions } from "../../../src/daemon/archive/archive.ts";
import { History } from "../../../src/daemon/session/history.ts";
import type { RecordRow } from "../../../src/daemon/store/record-table.ts";
import { Store } from "../../../src/daemon/store/store.ts";
import { eventually } from "../../support/eventually.ts";
import type { Postgres } from "../../support/postgres.ts";
import { sessionRow } from "../../support/session-row.ts";

export const dayMs = 86_400_000;

export class Machine {
  readonly dir = mkdtempSync(join(tmpdir(), "hs-"));
  store: Store = new Store(join(this.dir, "history.db"));
  archive: Archive | undefined;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  open(url: string, more: Partial<ArchiveOptions> = {}): Archive {
    const log = pino({ level: "silent" });
    const { store, name } = this;
    this.archive = new Archive({ url, holdMs: 30 * dayMs, name, store, log, ...more });
    this.archive.start();
    return this.archive;
  }

  history(id: string, name = id): History {
    const known = this.store.sessions.get(id);
    if (known === undefined) this.store.sessions.insert(sessionRow(id, name));
    return new History(id, known?.seq ?? 0, this.store);
  }

  /** Power is lost, and with it what was recorded after `seq`. */
  struck(id: string, seq: number): void {
    const file = join(this.dir, "history.db");
    this.store.close();
    const db = new DatabaseSync(file);
    db.exec(`UPDATE identity SET boot = 'another';
      UPDATE sessions SET seq = ${seq}, reserved = 1000 WHERE id = '${id}';
      DELETE FROM records WHERE session = '${id}' AND seq > ${seq}`);
    db.close();
    this.store = new Store(file);
  }

  /** All that was recorded of a session. */
  records(id: string): RecordRow[] {
    return this.store.records.after(id, 0, 1_000_000);
  }

  close(): void {
    this.archive?.stop();
    this.store.close();
    rmSync(this.dir, { recursive: true });
  }
}

/** Turns of three records each, `agoDays` ago: their beginning, an answer and their end. */
export function turns(history: History, name: string, count: number, agoDays = 0): void {
  for (let turn = 0; turn < count; turn++) {
    const id = `${name}${turn}`;
    const at = Date.now() - agoDays * dayMs + turn;
    history.codex("turn/started", { threadId: "t", turn: { id } }, at);
    const item = { type: "agentMessage", id: `i${id}`, text: `${id} the brown fox` };
    history.codex("item/completed", { threadId: "t", turnId: id, item }, at);
    history.codex("turn/completed", { threadId: "t", turn: { id, status: "completed" } }, at);
  }
}

export function archived(archive: Archive): Promise<unknown> {
  return eventually(
    () => {
      const { state, records, removals, error } = archive.status();
      if (state === "connected" && records === 0 && removals === 0) return true;
      throw new Error(`${state}, ${records} records behind: ${error?.message}`);
    },
    { what: "all is archived", timeoutMs: 60_000 },
  );
}

/** What the archive has of a machine's session, as the store has it. */
export async function recordsThere(
  postgres: Postgres,
  database: string,
  machine: Machine,
  session: string,
): Promise<RecordRow[]> {
  const rows = await postgres.query(
    database,
    `SELECT seq, at, method, params FROM hacs_session.records
     WHERE daemon = $1 AND session = $2 ORDER BY seq`,
    [machine.store.identity, session],
  );
  return rows.map(({ seq, at, method, params }) => ({
    seq: Number(seq),
    at: (at as Date).toISOString(),
    method: String(method),
    params: String(params),
  }));
}
