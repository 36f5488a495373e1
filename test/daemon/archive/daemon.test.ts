/** The archive as a user has it: a URL in the config, real daemons, a real server. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { eventually } from "../../support/eventually.ts";
import { historyOf } from "../../support/history.ts";
import { createHome, type Home } from "../../support/home.ts";
import { Postgres, postgresPrograms, superPassword } from "../../support/postgres.ts";
import { createSession, errorOf, say } from "../../support/sessions.ts";
import { watch } from "../../support/watcher.ts";

describe.skipIf(postgresPrograms === undefined)("daemons with an archive", () => {
  let postgres: Postgres;
  let database: string;
  const homes: Home[] = [];
  beforeAll(async () => {
    postgres = await Postgres.create();
    database = await postgres.database();
    for (const name of ["laptop", "desk"])
      homes.push(await createHome({ config: { name, archive: postgres.url(database) } }));
  });
  afterAll(async () => {
    for (const home of homes) await home.close();
    await postgres?.close();
  });

  const status = async (home: Home) => (await home.cliJson(["daemon", "status"])).archive;
  const caughtUp = (home: Home) =>
    eventually(
      async () => {
        const archive = await status(home);
        if (archive.state === "connected" && archive.records === 0 && archive.removals === 0)
          return true;
        throw new Error(JSON.stringify(archive));
      },
      { what: "all is archived", everyMs: 200 },
    );

  test("bring what they have, and each finds all of it", async () => {
    const [laptop, desk] = homes as [Home, Home];
    for (const home of homes) {
      const connection = await home.connect();
      await createSession(home, connection, { name: "web" });
      await say(connection, "web", `say the brown fox of ${home === laptop ? "alpha" : "beta"}`);
    }
    await Promise.all(homes.map(caughtUp));
    const listed = await laptop.cliJson(["ls", "--archive"]);
    expect(listed.map(({ name }: { name: string }) => name).toSorted()).toEqual([
      "desk/web",
      "laptop/web",
    ]);
    expect(await laptop.ok(["ls", "--archive"])).toMatch(
      /^NAME +MODEL +DIRECTORY +LAST ACTIVITY\n/,
    );
    expect(await laptop.ok(["search", "--archive", "brown", "beta"])).toMatch(
      /^desk\/web {2}.* answer {2}\d+\n {4}the brown fox of beta\ndesk\/web/,
    );
    const found = await laptop.cliJson(["search", "--archive", "-s", "laptop/web", "fox"]);
    expect(found).toHaveLength(2);
    const there = JSON.parse(
      await laptop.ok(["export", "--archive", "desk/web", "--format", "json"]),
    );
    const here = await historyOf(desk, "web");
    expect(there).toEqual(here.map((record) => ({ ...record, session: "desk/web" })));
    expect(await laptop.ok(["tail", "--archive", "desk/web", "-n", "1"])).toContain(
      "the brown fox of beta",
    );
    const none = await laptop.cli(["tail", "--archive", "desk/none"]);
    expect([none.code, none.stderr]).toEqual([
      3,
      expect.stringContaining("The archive has no session"),
    ]);
    expect(await laptop.ok(["daemon", "status"])).toMatch(
      /archive +postgres:.*\n +connected\n +has everything\n/,
    );
    expect(await laptop.ok(["doctor"]).catch(String)).toMatch(/archive.*connected; has everything/);
  });

  test("serve what they dropped, to whoever reads on", async () => {
    const [laptop] = homes as [Home];
    const connection = await laptop.connect();
    for (const word of ["one", "two", "three"]) await say(connection, "web", `say ${word}`);
    const before = await historyOf(laptop, "web");
    await laptop.ok(["update", "web", "--keep-size", "1K"]);
    const local = () => readDisk(laptop).includes("the brown fox of alpha");
    await eventually(() => !local(), { what: "it is in no file here" });
    const after = await historyOf(laptop, "web");
    expect(after.slice(0, before.length)).toEqual(before);
    expect(await laptop.ok(["tail", "web"])).toContain("the brown fox of alpha");
    // A follower with an old cursor, too.
    const watcher = await watch(laptop, "web", { after: 2 });
    await watcher.until("live", ({ method }) => method === "session/live");
    expect(watcher.records().map(({ seq }) => seq)).toEqual(after.slice(2).map(({ seq }) => seq));
    watcher.stop();
    const page = await connection.call("session/history", { name: "web", before: 6, limit: 3 });
    expect(page.records).toEqual(before.slice(2, 5));
  });

  test("go on without it, and make up for it, whatever is killed", async () => {
    const [laptop] = homes as [Home];
    const connection = await laptop.connect();
    await createSession(laptop, connection, { name: "away" });
    await createSession(laptop, connection, { name: "gone" });
    await caughtUp(laptop);
    await postgres.stop("SIGKILL");
    await say(connection, "away", "say without the archive");
    await eventually(async () => (await status(laptop)).state === "away", { what: "it is away" });
    const shown = await laptop.ok(["daemon", "status"]);
    expect(shown).toMatch(
      /away since .*\n +\d+ records of 1 session still to be carried there\n +The archive postgres:/,
    );
    const unreachable = async () => (await status(laptop)).error?.message.includes("ECONNREFUSED");
    await eventually(unreachable, { what: "it is said why", everyMs: 200 });
    const removed = await laptop.cli(["rm", "-f", "gone"]);
    expect([removed.code, removed.stderr]).toEqual([
      0,
      expect.stringContaining("The archive does not answer"),
    ]);
    const refused = await errorOf(connection.call("archive/sessions", {}));
    expect(refused.code).toBe("archive-unreachable");
    // What is here is told, with where it begins.
    const here = await connection.call("session/history", { name: "web", after: 0 });
    expect(here.records[0]?.method).toBe("session/trimmed");
    await laptop.killDaemon();
    await postgres.start();
    await laptop.ok(["daemon", "start"]);
    await caughtUp(laptop);
    const there = await postgres.query(
      database,
      `SELECT s.name, count(*)::int AS records, max(seq)::int AS last FROM hacs_session.records r
       JOIN hacs_session.sessions s ON s.id = r.session WHERE s.name IN ('away', 'gone') GROUP BY 1`,
    );
    const { seq } = await laptop.show("away");
    expect(there).toEqual([{ name: "away", records: seq, last: seq }]);
  });

  test("show their password nowhere", async () => {
    const [laptop] = homes as [Home];
    const said = [
      await laptop.ok(["daemon", "status"]),
      await laptop.ok(["daemon", "status", "--json"]),
      (await laptop.cli(["doctor"])).stdout,
      laptop.daemonLog(),
      readDisk(laptop),
    ];
    for (const text of said) expect(text).not.toContain(superPassword);
  });

  test("without one say so", async () => {
    const home = await createHome();
    homes.push(home);
    const connection = await home.connect();
    expect((await errorOf(connection.call("archive/search", { words: "x" }))).code).toBe(
      "archive-none",
    );
    expect((await home.cliJson(["daemon", "status"])).archive).toBeNull();
  });
});

/** Everything in the daemon's state, its history among it. */
function readDisk(home: Home): string {
  const dir = join(home.dir, "state/default");
  return readdirSync(dir, { recursive: true, encoding: "utf8" })
    .map((name) => join(dir, name))
    .filter((file) => statSync(file).isFile())
    .map((file) => readFileSync(file, "latin1"))
    .join("\n");
}
