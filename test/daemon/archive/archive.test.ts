/** What is committed here is in the archive, once, and is read from there when it is gone here. */

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { queryOf, snippetOf, vectorOf, wordsOf } from "../../../src/daemon/archive/words.ts";
import { Inbox } from "../../../src/daemon/session/inbox.ts";
import { Upkeep } from "../../../src/daemon/upkeep/upkeep.ts";
import { termsOf } from "../../../src/protocol/search.ts";
import { eventually } from "../../support/eventually.ts";
import { Postgres, postgresPrograms } from "../../support/postgres.ts";
import fc from "../../support/property.ts";
import { archived, dayMs, Machine, recordsThere, turns } from "./parts.ts";

describe.skipIf(postgresPrograms === undefined)("the archive", () => {
  let postgres: Postgres;
  let database: string;
  const machines: Machine[] = [];
  beforeAll(async () => {
    postgres = await Postgres.create();
  });
  afterAll(() => postgres?.close());
  beforeEach(async () => {
    database = await postgres.database();
  });
  const upkeeps: Upkeep[] = [];
  let round: NodeJS.Timeout;
  afterEach(() => {
    clearInterval(round);
    for (const upkeep of upkeeps.splice(0)) upkeep.stop();
    for (const machine of machines.splice(0)) machine.close();
  });

  function machine(name = "laptop"): Machine {
    const made = new Machine(name);
    machines.push(made);
    return made;
  }
  const there = (whose: Machine, session: string) =>
    recordsThere(postgres, database, whose, session);
  const count = async (table: string) =>
    Number(
      (await postgres.query(database, `SELECT count(*) FROM hacs_session.${table}`))[0]?.count,
    );
  const url = () => postgres.url(database);

  test("has every record as it is here, of a past before it was named, and of what comes", async () => {
    const laptop = machine();
    const history = laptop.history("a", "web");
    turns(history, "before", 700);
    history.own("session/renamed", { from: "x\0\ud800", to: "ü 漢字", by: null } as never);
    const archive = laptop.open(url());
    await archived(archive);
    expect(await there(laptop, "a")).toEqual(laptop.records("a"));
    turns(history, "later", 2);
    await archived(archive);
    expect(await there(laptop, "a")).toEqual(laptop.records("a"));
    const [session] = await postgres.query(database, "SELECT * FROM hacs_session.sessions");
    expect(session).toMatchObject({ id: "a", name: "web", cwd: "/", archived: "2107" });
  });

  test("has a session from when it is ready, with what was recorded before", async () => {
    const laptop = machine();
    const history = laptop.history("a");
    laptop.store.sessions.update("a", { ready: false });
    const archive = laptop.open(url());
    await archived(archive);
    turns(history, "one", 1);
    turns(laptop.history("b"), "one", 1);
    await eventually(async () => (await there(laptop, "b")).length === 3, { what: "b is there" });
    expect(await there(laptop, "a")).toEqual([]);
    laptop.store.sessions.update("a", { ready: true });
    await archived(archive);
    expect(await there(laptop, "a")).toEqual(laptop.records("a"));
  });

  test("has messages with their last news, without what is secret, and the audit", async () => {
    const laptop = machine();
    const history = laptop.history("a");
    const archive = laptop.open(url());
    const inbox = new Inbox(
      { id: "a", name: () => "a", maxQueued: () => 1_000 },
      laptop.store,
      history,
    );
    const by = { kind: "cli", user: "ann", from: "" };
    const key = `sk-ant-${"k".repeat(30)}`;
    inbox.accept({ text: `use ${key}` }, "queue", "m1", by);
    await archived(archive);
    const message = async () => {
      const [row] = await postgres.query(database, "SELECT * FROM hacs_session.messages");
      return { ...row, message: JSON.parse(String(row?.message)) };
    };
    expect(await message()).toMatchObject({ id: "m1", status: "accepted" });
    inbox.delivered("m1", "t1");
    inbox.turnEnded("t1", { turnStatus: "completed", text: "done", error: null, usage: null });
    laptop.store.audit.insert({
      at: new Date().toISOString(),
      session: "a",
      name: "a",
      action: "send",
      outcome: "done",
      by,
      token: null,
      detail: {},
    });
    await archived(archive);
    expect(await message()).toMatchObject({
      status: "finished",
      message: { text: "done", by, content: { text: "use sk-ant-[redacted: Anthropic key]" } },
    });
    await eventually(async () => (await count("audit")) === 1, { what: "the entry is there" });
    expect(
      JSON.stringify(await postgres.query(database, "SELECT * FROM hacs_session.records")),
    ).not.toContain(key);
  });

  test("takes several daemons at once, and searches them all", async () => {
    const [laptop, desk] = [machine("laptop"), machine("desk")];
    turns(laptop.history("a", "web"), "alpha", 5);
    turns(desk.history("b", "web"), "beta", 5);
    const archives = [laptop.open(url()), desk.open(url())];
    await Promise.all(archives.map(archived));
    const reader = archives[0]!.reached();
    const find = async (words: string, limit = 50) =>
      (await reader.search({ terms: termsOf(words)!, limit })).map(
        ({ session, seq }) => `${session} ${seq}`,
      );
    expect(await find("beta3")).toEqual(["desk/web 11"]);
    expect((await find("BROWN")).length).toBe(10);
    expect(await find('"fox brown"')).toEqual([]);
    expect((await find('"brown fox" -alpha1')).length).toBe(9);
    expect((await find("alph* fox", 3)).length).toBe(3);
    const [hit] = await reader.search({ terms: termsOf("the brown")!, limit: 1 });
    expect(hit?.snippet).toEqual([
      { text: expect.stringMatching(/^(alpha|beta)4 $/), hit: false },
      { text: "the", hit: true },
      { text: " ", hit: false },
      { text: "brown", hit: true },
      { text: " fox", hit: false },
    ]);
    const names = (await reader.sessions(10, 0)).map(({ name }) => name).toSorted();
    expect(names).toEqual(["desk/web", "laptop/web"]);
    expect(await reader.named("desk/web", 2)).toMatchObject([{ id: "b", seq: 15 }]);
    const page = await reader.before({ daemon: desk.store.identity, session: "b" }, 5, 2);
    expect(page).toEqual(desk.records("b").slice(2, 4));
  });

  test("parts any text, and any words that are looked for, as Postgres takes them", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 60 }), async (text) => {
        const terms = termsOf(text);
        const query = terms && queryOf(terms);
        const values = [vectorOf(text).replaceAll("\0", ""), query];
        const [row] = await postgres.query(
          database,
          "SELECT $1::tsvector AS v, $2::tsquery",
          values,
        );
        expect(row).toBeDefined();
      }),
      {
        numRuns: 60,
        examples: [["a'b\\c"], ["İstanbul ß ﬁ 한국어 ʼn"], ["x".repeat(5000)], ['é* -"q r"']],
      },
    );
    expect(wordsOf("The naïve, ÇA-va! 한국어 x2")).toEqual([
      "the",
      "naive",
      "ca",
      "va",
      "한국어",
      "x2",
    ]);
    expect(queryOf(termsOf('fox "a b" pre* -not')!)).toBe(
      "('fox') & ('a' <-> 'b') & ('pre':*) & !('not')",
    );
    const long = `${"x ".repeat(50)}needle ${"y ".repeat(50)}`;
    const shown = snippetOf(long, termsOf("needle")!.wanted);
    expect(shown.map(({ text }) => text).join("")).toMatch(/^…(x ){8}needle (y ){22}y…$/);
  });

  test("outlives what is dropped here, and a page goes on over there", async () => {
    const laptop = machine();
    const history = laptop.history("a");
    turns(history, "old", 40, 10);
    turns(history, "new", 3, 1);
    const all = laptop.records("a");
    const archive = laptop.open(url());
    const upkeep = upkeepOf(laptop, 5 * dayMs);
    await eventually(() => laptop.records("a")[0]?.method === "session/trimmed", {
      what: "it is trimmed",
    });
    await eventually(() => laptop.records("a")[0]?.seq === 120, {
      what: "all that is old is gone",
    });
    expect(await there(laptop, "a")).toEqual(all);
    expect(await history.pageAfter(0, 1000)).toEqual(all);
    expect(await history.pageAfter(0, 50)).toEqual(all.slice(0, 50));
    expect(await history.pageAfter(100, 1000)).toEqual(all.slice(100));
    expect(await history.pageBefore(130, 1000)).toEqual(all);
    expect(await history.pageBefore(125, 10)).toEqual(all.slice(114, 124));
    expect(await history.pageBefore(50, 10)).toEqual(all.slice(39, 49));
    upkeep.stop();
    archive.stop();
  });

  test("nothing is dropped here that it does not have, but what waited longer than is said", async () => {
    const laptop = machine();
    const history = laptop.history("a");
    turns(history, "ancient", 10, 40);
    turns(history, "old", 10, 20);
    turns(history, "new", 3, 1);
    const away = laptop.open("postgres://ann@127.0.0.1:1/none", { holdMs: 25 * dayMs });
    const upkeep = upkeepOf(laptop, 5 * dayMs);
    await eventually(() => laptop.records("a")[0]?.seq === 30, { what: "the ancient is dropped" });
    await eventually(() => away.status().state === "away", { what: "it is away" });
    upkeep.trim("a");
    await upkeep.caughtUp(1000);
    expect(laptop.records("a")).toHaveLength(40);
    away.stop();
    upkeep.stop();
    // What it gets says where it begins.
    const archive = laptop.open(url());
    await archived(archive);
    expect((await there(laptop, "a"))[0]).toMatchObject({ seq: 30, method: "session/trimmed" });
  });

  test("forgets what was removed, also what was removed while it was away, or not named", async () => {
    const laptop = machine();
    for (const id of ["a", "b", "c", "d"]) turns(laptop.history(id), id, 20);
    let archive = laptop.open(url());
    let upkeep = upkeepOf(laptop, null, false);
    await archived(archive);
    expect(await count("sessions")).toBe(4);
    await upkeep.forget("a");
    expect(await archive.forgets("a", 10_000)).toBe(true);
    expect(await there(laptop, "a")).toEqual([]);
    archive.stop();
    upkeep.stop();
    // Away.
    const away = laptop.open("postgres://ann@127.0.0.1:1/none");
    upkeep = upkeepOf(laptop, null, false);
    await upkeep.forget("b");
    expect(await away.forgets("b", 10)).toBe(false);
    away.stop();
    // Not named.
    await upkeep.forget("c");
    upkeep.stop();
    expect(await count("sessions")).toBe(3);
    archive = laptop.open(url());
    await archived(archive);
    await eventually(async () => (await count("sessions")) === 1, { what: "one is left" });
    for (const table of ["records", "said"])
      expect(
        await postgres.query(database, `SELECT DISTINCT session FROM hacs_session.${table}`),
      ).toEqual([{ session: "d" }]);
  });

  test("a history that goes on otherwise, as after a backup, is set aside and changes nothing", async () => {
    const laptop = machine();
    turns(laptop.history("a"), "one", 5);
    turns(laptop.history("b"), "one", 5);
    let archive = laptop.open(url());
    await archived(archive);
    const before = await there(laptop, "a");
    archive.stop();
    laptop.store.transaction(() => {
      laptop.store.sessions.update("a", { seq: 0 });
      laptop.store.keep.forgetSome("a", 1000);
    });
    turns(laptop.history("a"), "other", 8);
    turns(laptop.history("b"), "two", 5);
    archive = laptop.open(url());
    await eventually(() => archive.status().conflicts.length === 1, { what: "it is noticed" });
    expect(archive.status().conflicts).toEqual(["a"]);
    await eventually(async () => (await there(laptop, "b")).length === 30, { what: "b goes on" });
    expect(await there(laptop, "a")).toEqual(before);
    expect(archive.through("a")).toBe(0);
  });

  test("a history that a power cut took records of is no other one: it goes on behind what is there", async () => {
    const laptop = machine();
    turns(laptop.history("a"), "one", 5);
    let archive = laptop.open(url());
    await archived(archive);
    const before = await there(laptop, "a");
    archive.stop();
    laptop.struck("a", 9);
    turns(laptop.history("a"), "two", 2);
    const [lost, ...after] = laptop.store.records.after("a", 9, 10);
    expect(lost?.method).toBe("session/lost");
    expect(after).toHaveLength(6);
    archive = laptop.open(url());
    await archived(archive);
    expect(archive.status().conflicts).toEqual([]);
    expect(await there(laptop, "a")).toEqual([...before, lost, ...after]);
  });

  function upkeepOf(whose: Machine, ageMs: number | null, withArchive = true): Upkeep {
    const upkeep = new Upkeep({
      store: whose.store,
      keep: { ageMs, bytes: null },
      keepAuditMs: 365 * dayMs,
      archive: withArchive ? whose.archive : undefined,
      onError: (error) => {
        throw error;
      },
    });
    upkeep.start();
    // The minute's round, sooner.
    clearInterval(round);
    round = setInterval(() => {
      for (const { id } of whose.store.sessions.all()) upkeep.trim(id);
    }, 100);
    upkeeps.push(upkeep);
    return upkeep;
  }
});
