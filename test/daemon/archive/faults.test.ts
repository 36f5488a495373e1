/** What a server may do instead of taking what it is given, and how each is told and got over. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { archiveAddress } from "../../../src/daemon/archive/address.ts";
import type { Archive } from "../../../src/daemon/archive/archive.ts";
import { ArchiveConnection } from "../../../src/daemon/archive/connect.ts";
import { eventually } from "../../support/eventually.ts";
import { Postgres, postgresPrograms, superPassword } from "../../support/postgres.ts";
import { archived, Machine, recordsThere, turns } from "./parts.ts";

describe.skipIf(postgresPrograms === undefined)("a server", () => {
  let postgres: Postgres;
  let database: string;
  let dir: string;
  let machine: Machine;
  const others: Machine[] = [];
  beforeAll(async () => {
    postgres = await Postgres.create();
    dir = mkdtempSync(join(tmpdir(), "hs-"));
  });
  afterAll(async () => {
    await postgres?.close();
    if (dir) rmSync(dir, { recursive: true });
  });
  beforeEach(async () => {
    database = await postgres.database();
    machine = new Machine("laptop");
    turns(machine.history("a"), "one", 5);
  });
  afterEach(() => {
    for (const each of [machine, ...others.splice(0)]) each.close();
  });

  const sql = (text: string, where = database) => postgres.query(where, text);
  const fails = (archive: Archive, code: string) =>
    eventually(() => archive.status().error?.code === code && archive.status().error, {
      what: `the archive is away with ${code}`,
    });
  const whole = async () =>
    expect(await recordsThere(postgres, database, machine, "a")).toEqual(machine.records("a"));

  const faults: [
    what: string,
    code: string,
    says: RegExp,
    make: () => unknown,
    mend: () => unknown,
    url?: () => string,
  ][] = [
    [
      "has another password",
      "archive-refused",
      /refuses the login: password authentication failed/,
      () => sql("CREATE ROLE wrong LOGIN SUPERUSER PASSWORD 'another'"),
      () => sql("ALTER ROLE wrong PASSWORD 'wrong-secret'"),
      () => postgres.url(database, "wrong", "wrong-secret"),
    ],
    [
      "has no such database",
      "archive-refused",
      /database "later" does not exist/,
      () => {},
      () => sql("CREATE DATABASE later", "postgres").then(() => (database = "later")),
      () => postgres.url("later"),
    ],
    [
      "gives the role no rights",
      "archive-refused",
      /refuses the role's rights: permission denied for database/,
      () => sql("CREATE ROLE poor LOGIN PASSWORD 'poor-secret'"),
      () => sql(`GRANT CREATE ON DATABASE ${database} TO poor`),
      () => postgres.url(database, "poor", "poor-secret"),
    ],
    [
      "is read-only",
      "archive-unusable",
      /can't take what it is given: cannot execute .* read-only/,
      () => sql(`ALTER DATABASE ${database} SET default_transaction_read_only = on`, "postgres"),
      () => sql(`ALTER DATABASE ${database} RESET default_transaction_read_only`, "postgres"),
    ],
    [
      "has a full disk",
      "archive-unusable",
      /can't take what it is given: could not extend file/,
      async () => {
        machine.open(postgres.url(database));
        await archived(machine.archive!);
        machine.archive!.stop();
        turns(machine.history("a"), "two", 5);
        await sql(`CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
          $$BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100'; END$$;
          CREATE TRIGGER full_disk BEFORE INSERT ON hacs_session.records EXECUTE FUNCTION full_disk()`);
      },
      () => sql("DROP TRIGGER full_disk ON hacs_session.records"),
    ],
    [
      "was set up by a newer hacs-session",
      "archive-newer",
      /has format 1000; this hacs-session knows formats up to/,
      () =>
        sql(`CREATE SCHEMA hacs_session; CREATE TABLE hacs_session.meta (id text, version int);
          INSERT INTO hacs_session.meta VALUES ('x', 1000)`),
      () => sql("DROP SCHEMA hacs_session CASCADE"),
    ],
    [
      "has no more places",
      "archive-unreachable",
      /too many connections/,
      () =>
        sql(`ALTER DATABASE ${database} CONNECTION LIMIT 0; CREATE ROLE many LOGIN PASSWORD 'many-secret';
        GRANT CREATE ON DATABASE ${database} TO many`),
      () => sql(`ALTER DATABASE ${database} CONNECTION LIMIT -1`, "postgres"),
      () => postgres.url(database, "many", "many-secret"),
    ],
  ];
  test.each(faults)("%s", async (_, code, says, make, mend, url = () => postgres.url(database)) => {
    await make();
    const archive = machine.open(url());
    const error = await fails(archive, code);
    expect(error?.message).toMatch(says);
    expect(error?.next).toMatch(/\w/);
    const status = JSON.stringify(archive.status());
    for (const secret of [superPassword, "-secret"]) expect(status).not.toContain(secret);
    // Nothing here waits for it.
    turns(machine.history("a"), "meanwhile", 3);
    await mend();
    await archived(archive);
    await whole();
  });

  test("is not there at first, dies, and is held for a while", async () => {
    await postgres.stop("SIGKILL");
    const archive = machine.open(postgres.url(database), { answerTimeoutMs: 2_000 });
    const error = await fails(archive, "archive-unreachable");
    expect(error?.message).toMatch(/does not answer: connect ECONNREFUSED/);
    await postgres.start();
    await archived(archive);
    postgres.hold(true);
    turns(machine.history("a"), "held", 3);
    expect(archive.status().records).toBe(9);
    expect((await fails(archive, "archive-unreachable"))?.message).toMatch(/timeout/);
    postgres.hold(false);
    await archived(archive);
    await whole();
  });

  test("is brought up by a newer hacs-session while this one is connected", async () => {
    const archive = machine.open(postgres.url(database));
    await archived(archive);
    await sql("UPDATE hacs_session.meta SET version = 1000");
    turns(machine.history("a"), "two", 3);
    await fails(archive, "archive-newer");
    await sql("UPDATE hacs_session.meta SET version = 1");
    await archived(archive);
    await whole();
  });

  test("is empty when eight daemons come at once", async () => {
    for (let place = 0; place < 8; place++) {
      const other = new Machine(`m${place}`);
      others.push(other);
      turns(other.history(`s${place}`), "one", 2);
    }
    const archives = others.map((other) => other.open(postgres.url(database)));
    await Promise.all(archives.map(archived));
    for (const archive of archives) expect(archive.status().error).toBeNull();
    expect(await sql("SELECT version FROM hacs_session.meta")).toEqual([{ version: 1 }]);
    expect(await sql("SELECT count(*) FROM hacs_session.records")).toEqual([{ count: "48" }]);
  });

  test("has a role that may write and make nothing, as docs/running.md has it", async () => {
    await sql("CREATE ROLE owner LOGIN PASSWORD 'owner-secret'");
    await sql("CREATE ROLE writer LOGIN PASSWORD 'writer-secret'");
    await sql("CREATE SCHEMA hacs_session AUTHORIZATION owner");
    others.push(new Machine("owner"));
    await archived(others[0]!.open(postgres.url(database, "owner", "owner-secret")));
    await sql(`GRANT USAGE ON SCHEMA hacs_session TO writer;
      GRANT SELECT ON hacs_session.meta TO writer;
      GRANT SELECT, INSERT, UPDATE, DELETE ON hacs_session.daemons, hacs_session.sessions,
        hacs_session.records, hacs_session.said, hacs_session.messages, hacs_session.audit TO writer`);
    const archive = machine.open(postgres.url(database, "writer", "writer-secret"));
    await archived(archive);
    await whole();
    expect(await archive.reached().sessions(10, 0)).toHaveLength(1);
  });

  test("is of another encoding", async () => {
    database = await postgres.database("ENCODING 'LATIN1' TEMPLATE template0");
    const error = await fails(machine.open(postgres.url(database)), "archive-unusable");
    expect(error?.message).toBe("The archive's database has the encoding LATIN1; it needs UTF8.");
  });

  test("has a unix socket, and its password is in a file", async () => {
    const socket = `postgres://postgres@/${database}?host=${postgres.dir}&port=${postgres.port}`;
    const passwordFile = join(dir, "password");
    writeFileSync(passwordFile, `${superPassword}\n`);
    chmodSync(passwordFile, 0o644);
    const archive = machine.open(socket, { passwordFile });
    expect((await fails(archive, "archive-refused"))?.message).toMatch(/others can read it/);
    chmodSync(passwordFile, 0o600);
    await archived(archive);
    archive.stop();
    const pgpass = join(dir, "pgpass");
    writeFileSync(
      pgpass,
      `# none\nother:*:*:*:no\n*:${postgres.port}:*:postgres:${superPassword}\n`,
    );
    chmodSync(pgpass, 0o600);
    process.env.PGPASSFILE = pgpass;
    turns(machine.history("a"), "two", 2);
    await archived(machine.open(socket));
    delete process.env.PGPASSFILE;
    await whole();
  });

  test("proves by its certificate who it is", async () => {
    const { data } = postgres;
    const certificate = join(dir, "server.crt");
    const key = join(dir, "server.key");
    const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
    const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    execFileSync(
      "openssl",
      [...request, "-nodes", "-days", "2", ...names, "-keyout", key, "-out", certificate],
      { stdio: "pipe" },
    );
    const refused = machine.open(`${postgres.url(database)}?sslmode=verify-full`);
    expect((await fails(refused, "archive-refused"))?.message).toMatch(
      /can't be trusted: The server does not support SSL/,
    );
    refused.stop();
    for (const file of [certificate, key])
      execFileSync("sh", [
        "-c",
        `install -m 600 $(stat -c '-o %u -g %g' ${data}) ${file} ${data}/`,
      ]);
    await sql("ALTER SYSTEM SET ssl = on");
    await postgres.stop("SIGINT");
    await postgres.start();
    const unknown = machine.open(`${postgres.url(database)}?sslmode=verify-full`);
    expect((await fails(unknown, "archive-refused"))?.message).toMatch(
      /can't be trusted: .*self.signed/,
    );
    unknown.stop();
    // It is named by its address, and the certificate is for a name.
    const renamed = machine.open(`${postgres.url(database)}?sslrootcert=${certificate}`);
    expect((await fails(renamed, "archive-refused"))?.message).toMatch(
      /can't be trusted: .*altnames/,
    );
    renamed.stop();
    const named = postgres.url(database).replace("127.0.0.1", "localhost");
    const archive = machine.open(`${named}?sslrootcert=${certificate}`);
    await archived(archive);
    await whole();
    const [row] = await sql(
      "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE application_name = 'hacs-session' AND ssl",
    );
    expect(row).toEqual({ ssl: true });
  });

  test("that does not answer in the middle of a transaction is asked nothing more", async () => {
    const address = archiveAddress(postgres.url(database));
    const connection = await ArchiveConnection.open(address, { answerTimeoutMs: 500 });
    const asked = connection.transaction(async () => {
      postgres.hold(true);
      await connection.query("SELECT 1").finally(() => expect(connection.ended).toBe(true));
    });
    try {
      await expect(asked).rejects.toMatchObject({
        code: "archive-unreachable",
        message: expect.stringContaining("Query read timeout"),
      });
    } finally {
      postgres.hold(false);
    }
  });
});
