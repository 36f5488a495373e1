/** Tokens: what they give, when they end, and that they are nowhere. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Redactor } from "../../../src/daemon/redaction/redactor.ts";
import type { Services } from "../../../src/daemon/services.ts";
import { Store } from "../../../src/daemon/store/store.ts";
import { Pairing } from "../../../src/daemon/tokens/pairing.ts";
import { Tokens } from "../../../src/daemon/tokens/tokens.ts";
import type { Grant } from "../../../src/protocol/access.ts";
import { HacsError } from "../../../src/protocol/errors.ts";
import { eventually, within } from "../../support/eventually.ts";
import { diskThatFills } from "../../support/full-disk.ts";
import { createHome, type Home } from "../../support/home.ts";
import { ask, listenOn, makeToken, openEvents, openWeb } from "../../support/port.ts";
import { listProcesses } from "../../support/processes.ts";
import { createSession, errorOf, say } from "../../support/sessions.ts";

describe("a daemon", () => {
  let home: Home;
  let url: string;
  beforeEach(async () => {
    home = await createHome();
    url = await listenOn(home);
  });
  afterEach(() => home.close());

  test("cuts who came with a token that is revoked, at once, and nobody else", async () => {
    const connection = await home.connect();
    await createSession(home, connection, { name: "bot" });
    const [revoked, other] = [await makeToken(home), await makeToken(home)];
    const open = async ({ token }: { token: string }) => {
      const client = await openWeb(url, { token });
      await client.hello();
      await client.call("session/attach", { name: "bot" });
      const stream = await openEvents(url, "/v1/sessions/bot/events", { token });
      await stream.until("live", ({ data }) => data.method === "session/live");
      return { client, stream };
    };
    const theirs = await open(revoked);
    const spared = await open(other);
    // One that does not answer a close is cut all the same.
    const mute = await openWeb(url, { token: revoked.token });
    await mute.hello();
    mute.pause();

    const result = await connection.call("token/revoke", { id: revoked.id.slice(0, 6) });
    expect(result).toMatchObject({ token: { id: revoked.id }, cut: 3 });
    expect(await within(theirs.client.closed, { what: "it is cut" })).toBe(4401);
    expect(theirs.client.frames.at(-1).error.data.code).toBe("unauthenticated");
    await within(theirs.stream.closed, { what: "its stream is cut" });
    expect(theirs.stream.events.at(-1)).toMatchObject({ event: "error", data: { status: 401 } });
    await eventually(async () => (await connection.call("daemon/status", {})).clients === 5, {
      what: "all three are gone",
    });

    await say(connection, "bot", "say still here");
    await spared.client.until("an event", ({ params }) => params?.params?.delta === "still here");
    await spared.stream.until("an event", ({ data }) => data.params?.delta === "still here");
    const seen = theirs.client.frames.length + theirs.stream.events.length;
    expect(theirs.client.frames.length + theirs.stream.events.length).toBe(seen);
    const refused = await ask(url, "/v1/sessions", { token: revoked.token });
    expect(refused.json).toMatchObject({ status: 401, code: "unauthenticated" });
    await expect(openWeb(url, { token: revoked.token })).rejects.toThrow("refused 401");
    // And it stays so for the next daemon.
    await home.killDaemon();
    const { listen } = await home.cliJson(["daemon", "start", "--listen", "127.0.0.1:0"]);
    expect((await ask(listen[0], "/v1/sessions", { token: revoked.token })).status).toBe(401);
    expect((await ask(listen[0], "/v1/sessions", { token: other.token })).status).toBe(200);
    mute.close();
  });

  test("cuts who came with a token when its time is over", async () => {
    const { token, expiresAt } = await makeToken(home, { expiresMs: 1_500 });
    const client = await openWeb(url, { token });
    await client.hello();
    expect(await within(client.closed, { what: "it is cut" })).toBe(4401);
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expiresAt ?? ""));
    expect(client.frames.at(-1).error.message).toContain(expiresAt);
    expect((await ask(url, "/v1/sessions", { token })).status).toBe(401);
    expect((await (await home.connect()).call("token/list", {})).tokens).toEqual([]);
  });

  test("parts who may not see a session any more from it, when it gets another name", async () => {
    const connection = await home.connect();
    await createSession(home, connection, { name: "web" });
    const { token } = await makeToken(home, { scope: "observe", sessions: "web*" });
    const client = await openWeb(url, { token });
    await client.hello();
    const { result } = await client.call("session/attach", { name: "web" });
    await connection.call("session/rename", { name: "web", to: "web2" });
    await client.until("the news", ({ params }) => params?.method === "session/renamed");
    await connection.call("session/rename", { name: "web2", to: "secret" });
    expect(await within(client.closed, { what: "it is parted" })).toBe(4404);
    const again = await openWeb(url, { token });
    await again.hello();
    const attach = await again.call("session/attach", { name: result.session.id });
    expect(attach.error.data.code).toBe("session-not-found");
    again.close();
  });

  test("keeps only a hash; the token is in no file, no argument and no environment of ours", async () => {
    const connection = await home.connect();
    await createSession(home, connection, { name: "bot" });
    const printed = (
      await home.ok(["token", "new", "--scope", "prompt", "--name", "canary"])
    ).trim();
    expect(printed).toMatch(/^hacs_[0-9a-f]{12}_[\w-]{43}$/);
    const secret = printed.split("_").slice(2).join("_");
    const { code } = await connection.call("pair/new", {});
    const paired = await ask(url, "/v1/pair", { method: "POST", body: { code } });
    const { ticket } = (await ask(url, "/v1/tickets", { method: "POST", token: printed })).json;
    const client = await openWeb(url, { path: `/v1/ws?ticket=${ticket}` });
    await client.hello();
    await ask(url, "/v1/sessions/bot/messages", {
      method: "POST",
      token: printed,
      body: { text: "say x" },
    });
    await ask(url, `/v1/sessions?token=${printed}`);
    await ask(url, "/v1/sessions", { token: `${printed}x` });
    await ask(url, `/v1/${printed}`, { token: printed });
    await eventually(async () => (await home.show("bot")).state === "idle", { what: "it is idle" });
    for (const { argv, env } of listProcesses())
      expect([...argv, ...Object.values(env)].join(" ")).not.toContain(secret);
    await home.killDaemon();
    const secrets = [secret, paired.json.token.split("_").slice(2).join("_"), ticket, code];
    const files = filesUnder(home.dir);
    expect(files.some((file) => file.endsWith("history.db"))).toBe(true);
    for (const file of files) {
      const text = readFileSync(file, "latin1");
      for (const one of secrets) expect(text.includes(one), `${file} has ${one}`).toBe(false);
    }
    const db = new DatabaseSync(join(home.dir, "state/default/history.db"));
    const rows = db.prepare("SELECT hash FROM tokens").all() as { hash: Uint8Array }[];
    expect(rows.map(({ hash }) => hash.length)).toEqual([32, 32]);
    db.close();
    client.close();
  });

  test("makes, lists and revokes them on the command line", async () => {
    const made = await home.cliJson(["token", "new", "--sessions", "web*,docs", "--expires", "2h"]);
    expect(Object.keys(made)).toEqual(["id", "token", "scope", "sessions", "expiresAt"]);
    expect(made).toMatchObject({ scope: "observe", sessions: "web*,docs" });
    const lasts = Date.parse(made.expiresAt) - Date.now();
    expect(lasts).toBeGreaterThan(7_100_000);
    expect(lasts).toBeLessThanOrEqual(7_200_000);
    const plain = await home.cli(["token", "new", "--expires", "never"]);
    expect(plain.stdout).toMatch(/^hacs_\S+\n$/);
    const listed = await home.ok(["token", "ls"]);
    expect(listed).toContain(made.id);
    expect(listed).toMatch(/never/);
    expect(listed).not.toContain(made.token);
    const tokens = await home.cliJson(["token", "ls"]);
    expect(tokens).toHaveLength(2);
    expect(JSON.stringify(tokens)).not.toContain("hash");
    expect(tokens[0].usedAt).toBe(null);
    await ask(url, "/v1/sessions", { token: made.token });
    expect((await home.cliJson(["token", "ls"]))[0].usedAt).toEqual(expect.any(String));
    expect((await home.cli(["token", "revoke", "ffffffffffff"])).code).toBe(1);
    await home.ok(["token", "revoke", made.id]);
    expect(await home.cliJson(["token", "ls"])).toHaveLength(1);
    for (const wrong of [
      ["--scope", "root"],
      ["--sessions", "a b"],
      ["--expires", "soon"],
    ])
      expect((await home.cli(["token", "new", ...wrong])).code).toBe(2);
  });

  test("pairs: a code is exchanged for a token once, and few guesses are taken", async () => {
    const pair = ["pair", "--scope", "approve", "--sessions", "web", "--name", "phone"];
    const { code, url: whole } = await home.cliJson(pair);
    expect(whole).toBe(`${url}/pair#${code}`);
    const shown = await home.ok(pair);
    expect(shown).toMatch(/[▀▄█]/);
    expect(shown).toMatch(/[0-9A-Z]{5}-[0-9A-Z]{5}/);
    const exchange = (given: unknown) =>
      ask(url, "/v1/pair", { method: "POST", body: { code: given } });
    const typed = code.toLowerCase().replace("-", " ");
    const [one, two] = await Promise.all([exchange(typed), exchange(code)]);
    expect([one.status, two.status].toSorted()).toEqual([201, 403]);
    const { token } = [one, two].find(({ status }) => status === 201)!.json;
    expect((await ask(url, "/v1/sessions", { token })).json).toEqual({ sessions: [] });
    const { tokens } = await (await home.connect()).call("token/list", {});
    expect(tokens).toMatchObject([{ label: "phone", scope: "approve", sessions: "web" }]);

    expect((await exchange(7)).json.code).toBe("invalid-params");
    expect((await exchange("x".repeat(5000))).status).toBe(413);
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) statuses.push((await exchange("AAAAA-AAAAA")).status);
    expect(statuses).toEqual([403, 429, 429, 429]);
  });

  test("without a port offers no pairing that nobody could use", async () => {
    await home.ok(["daemon", "stop"]);
    await home.ok(["daemon", "start"]);
    const outcome = await home.cli(["pair"]);
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining("--listen") });
    const there = await home.cliJson(["pair", "--url", "https://team.example/agents/"]);
    expect(there.url).toMatch(/^https:\/\/team\.example\/agents\/pair#/);
  });

  test("lets only an administrator of all make tokens", async () => {
    const { token } = await makeToken(home, { scope: "approve" });
    const client = await openWeb(url, { token });
    await client.hello();
    for (const method of ["token/new", "token/list", "pair/new"])
      expect((await client.call(method)).error.data.code).toBe("not-allowed");
    expect((await errorOf((await home.connect()).call("token/revoke", { id: "ab" }))).code).toBe(
      "token-not-found",
    );
    client.close();
  });
});

describe("on a disk that is full", () => {
  afterEach(() => void vi.useRealTimers());

  test("what is over counts no more, and is removed by itself when there is room", () => {
    vi.useFakeTimers();
    const disk = diskThatFills();
    const store = new Store(":memory:", new Redactor(), disk.Database);
    const warn = vi.fn();
    const tokens = new Tokens({ store, log: { warn } as unknown as Services["log"] });
    const cut: string[] = [];
    tokens.onEnd = (id) => cut.push(id);
    const issue = (expiresMs: number | null) =>
      tokens.issue({ scope: "observe", sessions: "*", expiresMs, label: null });
    const [expiring, revoked, kept] = [issue(1_000), issue(null), issue(null)];
    disk.full = true;
    expect(() => tokens.revoke(revoked.id)).toThrow("counts no more and 1 connections were cut");
    vi.advanceTimersByTime(1_000);
    expect(cut).toEqual([revoked.id, expiring.id]);
    for (const { token } of [expiring, revoked])
      expect(() => tokens.check(token)).toThrow("was revoked or has expired");
    expect(tokens.check(kept.token).id).toBe(kept.id);
    // It is not tried again and again meanwhile.
    const tries = warn.mock.calls.length;
    vi.advanceTimersByTime(29_000);
    expect(warn.mock.calls.length).toBe(tries);
    disk.full = false;
    vi.advanceTimersByTime(31_000);
    expect(store.tokens.all().map(({ id }) => id)).toEqual([kept.id]);
    expect(tokens.list().map(({ id }) => id)).toEqual([kept.id]);
    tokens.close();
    store.close();
  });
});

describe("pairing", () => {
  const grant: Grant = { scope: "observe", sessions: "*", expiresMs: null, label: null };
  afterEach(() => void vi.useRealTimers());
  const refused = (pairing: Pairing, code: string) => {
    try {
      pairing.take(code);
      return null;
    } catch (error) {
      return error instanceof HacsError ? error.code : error;
    }
  };

  test("is over after five minutes", () => {
    vi.useFakeTimers();
    const pairing = new Pairing();
    const [early, late] = [pairing.offer(grant).code, pairing.offer(grant).code];
    vi.advanceTimersByTime(5 * 60_000 - 1);
    expect(pairing.take(early)).toBe(grant);
    vi.advanceTimersByTime(1);
    expect(refused(pairing, late)).toBe("pairing-failed");
  });

  test("ends for all codes after ten wrong guesses", () => {
    const pairing = new Pairing();
    const { code } = pairing.offer(grant);
    for (let i = 0; i < 9; i++) expect(refused(pairing, "WRONG-GUESS")).toBe("pairing-failed");
    const spared = pairing.offer(grant).code;
    expect(refused(pairing, "WRONG-GUESS")).toBe("pairing-failed");
    expect(refused(pairing, code)).toBe("pairing-failed");
    expect(refused(pairing, spared)).toBe("pairing-failed");
    // New ones have guesses of their own.
    expect(pairing.take(pairing.offer(grant).code)).toBe(grant);
  });

  test("has codes that are hard to guess and to misread", () => {
    const pairing = new Pairing();
    const codes = Array.from({ length: 16 }, () => pairing.offer(grant).code);
    expect(new Set(codes).size).toBe(16);
    for (const code of codes) expect(code).toMatch(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/);
    expect(() => pairing.offer(grant)).toThrow("16 pairing codes");
  });
});

function filesUnder(dir: string): string[] {
  return readdirSync(dir, { recursive: true })
    .map((name) => join(dir, String(name)))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
}
