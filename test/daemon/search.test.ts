/** What was said is found by its words, in every session, and is gone with it. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import { matchOf } from "../../src/protocol/search.ts";
import { historyOf } from "../support/history.ts";
import { createHome, type Home } from "../support/home.ts";
import fc from "../support/property.ts";
import { createSession, errorOf, say } from "../support/sessions.ts";
import { watch } from "../support/watcher.ts";

let home: Home;
let connection: Connection;
beforeAll(async () => {
  home = await createHome();
  connection = await home.connect();
  await createSession(home, connection, { name: "one" });
  const spec = { sandbox: "danger-full-access", approval: "never" } as const;
  await createSession(home, connection, { name: "two", spec });
  await say(connection, "one", "say the quick brown fox");
  await say(connection, "two", "say a slow brown bear, naïve");
  await say(connection, "one", "run echo needle-in-output");
  await say(connection, "two", "write burrow.txt digging");
});
afterAll(() => home.close());

const search = async (words: string, more: object = {}) =>
  (await connection.call("daemon/search", { words, ...more })).hits;
const places = async (words: string, more: object = {}) =>
  (await search(words, more)).map(({ session, kind }) => `${session} ${kind}`);

test("messages, answers, commands, outputs and files are found, the newest first", async () => {
  expect(await places("brown")).toEqual(["two answer", "two message", "one answer", "one message"]);
  expect(await places("quick fox")).toEqual(["one answer", "one message"]);
  expect(await places("needle-in-output")).toContain("one command");
  expect(await places("burrow.txt")).toContain("two change");
  expect(await places("BROWN naive")).toEqual(["two answer", "two message"]);
});

test("phrases, beginnings, and what must not be there", async () => {
  expect(await places('"brown fox"')).toEqual(["one answer", "one message"]);
  expect(await places('"fox brown"')).toEqual([]);
  expect(await places("slo* brown")).toEqual(["two answer", "two message"]);
  expect(await places("brown -bear")).toEqual(["one answer", "one message"]);
});

test("by session, by time, and so many", async () => {
  expect(await places("brown", { name: "two" })).toEqual(["two answer", "two message"]);
  expect(await places("brown", { limit: 1 })).toEqual(["two answer"]);
  const later = new Date(Date.now() + 60_000).toISOString();
  expect(await places("brown", { since: later })).toEqual([]);
  const error = await errorOf(search("brown", { name: "three" }));
  expect(error.code).toBe("session-not-found");
});

test("a place says which record it is, with the words marked", async () => {
  const [hit] = await search("brown bear");
  const record = (await historyOf(home, "two")).find(({ seq }) => seq === hit!.seq);
  expect(JSON.stringify(record)).toContain("slow brown bear");
  expect(hit!.snippet.filter(({ hit: is }) => is).map(({ text }) => text)).toEqual([
    "brown",
    "bear",
  ]);
  expect(hit!.snippet.map(({ text }) => text).join("")).toBe("a slow brown bear, naïve");
});

test("no words are an error of the search's own", async () => {
  expect(matchOf("-only --not *")).toBeNull();
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary", maxLength: 40 }), async (words) => {
      const asked = search(`brown ${words}`).catch((error) => error.code);
      const answer = await asked;
      expect(Array.isArray(answer) || answer === "invalid-params").toBe(true);
    }),
    {
      numRuns: 200,
      examples: [["\" ' ( ) * : ^ { } [ ] AND OR NOT NEAR( - + \\ \0"], ["a:b"], ['x"']],
    },
  );
});

test("`search` prints where, and what; finding nothing is said", async () => {
  const printed = await home.ok(["search", "brown", "fox"]);
  expect(printed).toMatch(/^one {2}\d{4}-.* {2}answer {2}\d+\n {4}the quick brown fox\none {2}/);
  const [first] = await home.cliJson(["search", "-s", "one", "fox"]);
  expect(first).toMatchObject({ session: "one", kind: "answer", text: "the quick brown fox" });
  const none = await home.cli(["search", "unheard-of"]);
  expect([none.code, none.stdout, none.stderr]).toEqual([1, "", "Nothing was found.\n"]);
  const wrong = await home.cli(["search", "--", "--"]);
  expect(wrong.code).toBe(2);
});

test("`export` writes Markdown, JSON and HTML", async () => {
  const markdown = await home.ok(["export", "one"]);
  expect(markdown).toMatch(/^# one\n/);
  expect(markdown).toContain("> say the quick brown fox");
  expect(markdown).toContain("needle-in-output");
  const records = JSON.parse(await home.ok(["export", "one", "--format", "json"]));
  expect(records).toEqual(await historyOf(home, "one"));
  const file = join(home.work, "one.html");
  writeFileSync(file, "before");
  await home.ok(["export", "one", "-o", "one.html"]);
  expect(readFileSync(file, "utf8")).toMatch(
    /^<!doctype html>[\s\S]*quick brown fox[\s\S]*<\/html>\n$/,
  );
});

test("a message that is dropped, and a session that is removed, are found no more", async () => {
  await createSession(home, connection, { name: "brief" });
  for (const word of ["alpha", "beta", "gamma"]) await say(connection, "brief", `say ${word}`);
  expect(await places("alpha")).toEqual(["brief answer", "brief message"]);
  expect(await home.ok(["update", "brief", "--keep-size", "1K"])).toBe("");
  await expect
    .poll(async () => (await historyOf(home, "brief"))[0]?.method, { timeout: 30_000 })
    .toBe("session/trimmed");
  expect(await places("alpha")).toEqual([]);
  expect(await places("gamma")).toEqual(["brief answer", "brief message"]);
  const shown = await home.ok(["show", "brief"]);
  expect(shown).toMatch(/keeps +at most 1\.0 KiB/);
  expect(await home.ok(["tail", "brief"])).toMatch(/records up to .* were dropped/);

  // A client that comes with an old cursor is told where history begins, and has the rest.
  const watcher = await watch(home, "brief", { after: 2 });
  await watcher.until("live", ({ method }) => method === "session/live");
  const seqs = watcher.records().map(({ seq }) => seq!);
  expect(watcher.records()[0]?.method).toBe("session/trimmed");
  expect(seqs).toEqual(seqs.map((_, place) => seqs[0]! + place));
  expect(seqs.at(-1)).toBe((await home.show("brief")).seq);
  watcher.stop();

  // It goes on as before: codex is compared with what is kept.
  await connection.call("session/sleep", { name: "brief" });
  await say(connection, "brief", "say delta");
  expect(await places("alpha")).toEqual([]);

  await home.ok(["rm", "-f", "brief"]);
  expect(await places("gamma")).toEqual([]);
  expect(await home.ok(["daemon", "status"])).toMatch(/disk +\d/);
});
