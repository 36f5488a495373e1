/** Whatever is killed, and whenever: in the archive is what was committed here, all of it, once. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Store } from "../../../src/daemon/store/store.ts";
import { root } from "../../support/codex.ts";
import { Postgres, postgresPrograms } from "../../support/postgres.ts";
import { Random } from "../../support/random.ts";
import { archived, Machine, recordsThere } from "./parts.ts";

const rounds = 12;

describe.skipIf(postgresPrograms === undefined)("killed", () => {
  let postgres: Postgres;
  let database: string;
  let machine: Machine;
  let archiver: ChildProcess;
  beforeAll(async () => {
    postgres = await Postgres.create();
    database = await postgres.database();
    machine = new Machine("killed");
    machine.store.close();
  });
  afterAll(async () => {
    archiver?.kill("SIGKILL");
    machine?.close();
    await postgres?.close();
  });

  async function start(): Promise<void> {
    const program = join(root, "test/fixtures/archiver.ts");
    const file = join(machine.dir, "history.db");
    archiver = spawn(process.execPath, [program, file, postgres.url(database)], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(archiver.stdout!, "data");
    archiver.stdout!.resume();
  }

  async function kill(): Promise<void> {
    const ended = once(archiver, "exit");
    archiver.kill("SIGKILL");
    await ended;
  }

  test("the daemon, the server, and both", { timeout: 240_000 }, async () => {
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
    const said = `SEED=${seed}`;
    const numbers = new Random(seed);
    const random = () => numbers.next();
    await start();
    for (let round = 0; round < rounds; round++) {
      await sleep(random() * 700);
      const which = Math.floor(random() * 3);
      const both = [which !== 0 && kill(), which !== 1 && postgres.stop("SIGKILL")];
      await Promise.all(both);
      await sleep(random() * 200);
      if (which !== 1) await postgres.start();
      if (which !== 0) await start();
    }
    await kill();
    machine.store = new Store(join(machine.dir, "history.db"));
    const archive = machine.open(postgres.url(database));
    await archived(archive);
    let items = 0;
    for (const { id, seq } of machine.store.archive.heads()) {
      const here = machine.records(id);
      expect(here.length, said).toBe(seq);
      expect(await recordsThere(postgres, database, machine, id), said).toEqual(here);
      items += here.filter(({ method }) => method === "item/completed").length;
    }
    const [said2] = await postgres.query(
      database,
      "SELECT count(*) AS said, count(DISTINCT (session, seq)) AS once FROM hacs_session.said",
    );
    expect(said2?.said, said).toBe(said2?.once);
    expect(Number(said2?.said), said).toBe(items);
  });
});
