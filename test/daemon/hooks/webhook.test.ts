/** What is posted: signed as others verify it, and taken for delivered only when it was. */
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { delayAfter } from "../../../src/daemon/hooks/backoff.ts";
import { fill } from "../../../src/daemon/hooks/hook-body.ts";
import { sampleOf } from "../../../src/daemon/hooks/hook-event.ts";
import { readKeys } from "../../../src/daemon/hooks/secret-file.ts";
import { post, retryAfter, signature } from "../../../src/daemon/hooks/webhook.ts";
import type { PostHook } from "../../../src/system/hook-config.ts";
import { makeCertificate } from "../../support/certificate.ts";
import { openWebHook, type WebHook } from "../../support/web-hook.ts";

const dir = mkdtempSync(join(tmpdir(), "hs-hook-"));
const keyFile = join(dir, "key");
const session = { id: "5f0c", name: "web", cwd: "/", model: null };
const event = sampleOf("turn.completed", "evt-1", session);
let server: WebHook;

beforeAll(async () => {
  server = await openWebHook();
});
beforeEach(() => {
  server.answers = [];
  writeFileSync(keyFile, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n", { mode: 0o600 });
});
afterAll(async () => {
  await server.close();
  rmSync(dir, { recursive: true });
});

const hookTo = (path = "/", more: Partial<PostHook> = {}): PostHook => ({
  on: ["turn.completed"],
  post: server.url + path,
  ...more,
});

test("a server whose certificate nobody vouches for gets nothing, whatever the shell said", async () => {
  const { cert, key } = makeCertificate(dir);
  const told: string[] = [];
  const there = https.createServer({ cert: readFileSync(cert), key: readFileSync(key) });
  there.on("request", (request, response) => {
    told.push(request.url ?? "");
    response.end();
  });
  await new Promise<void>((resolve) => there.listen(0, "127.0.0.1", resolve));
  const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
  try {
    const { port } = there.address() as AddressInfo;
    const hook = hookTo("", { post: `https://127.0.0.1:${port}/` });
    expect(await post(hook, event)).toMatchObject({
      outcome: "later",
      detail: expect.stringContaining("self-signed certificate"),
    });
    expect(told).toEqual([]);
  } finally {
    if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    there.closeAllConnections();
    there.close();
  }
});

describe("the signature", () => {
  // The example of https://docs.svix.com/receiving/verifying-payloads/how-manual
  test("is the one that the specification's libraries verify", () => {
    const id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const body = '{"test": 2432232314}';
    expect(signature(readKeys(keyFile), id, 1614265330, body)).toBe(
      "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    );
  });

  test("is there once for each key, and covers what is sent", async () => {
    const other = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
    writeFileSync(keyFile, `whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n${other}\n`);
    expect(await post(hookTo("/signed", { secretFile: keyFile }), event)).toMatchObject({
      outcome: "done",
    });
    const { headers, text } = await server.until("it", ({ path }) => path === "/signed");
    expect(headers["webhook-id"]).toBe("evt-1");
    const seconds = Number(headers["webhook-timestamp"]);
    expect(Math.abs(Date.now() / 1000 - seconds)).toBeLessThan(300);
    const expected = signature(readKeys(keyFile), "evt-1", seconds, text);
    expect(headers["webhook-signature"]).toBe(expected);
    expect(expected.split(" ")).toHaveLength(2);
  });

  test("needs a file that is the owner's alone and holds a key", async () => {
    const why = async () => (await post(hookTo("/x", { secretFile: keyFile }), event)).detail;
    chmodSync(keyFile, 0o644);
    expect(await why()).toContain("is open to others: chmod 600");
    chmodSync(keyFile, 0o600);
    for (const text of ["SECRET", "whsec_SECRET", `whsec_${"A".repeat(400)}`, "whsec_%%%%"]) {
      writeFileSync(keyFile, text);
      expect(await why()).toContain("is to hold whsec_ and 24 to 64 bytes");
      expect(await why()).not.toContain("SECRET");
    }
    writeFileSync(keyFile, "");
    expect(await why()).toContain("is empty");
    rmSync(keyFile);
    expect(await why()).toContain("can't be read (ENOENT)");
    symlinkSync(dir, keyFile);
    expect(await why()).toContain("is no plain file");
    rmSync(keyFile);
    expect(server.posted.filter(({ path }) => path === "/x")).toEqual([]);
  });
});

describe("an answer", () => {
  test.each<[number | [number, Record<string, string>] | "cut", object]>([
    [200, { outcome: "done" }],
    [500, { outcome: "later", detail: "answered 500" }],
    [404, { outcome: "later" }],
    [[429, { "retry-after": "120" }], { outcome: "later", afterMs: 120_000 }],
    [410, { outcome: "gone" }],
    ["cut", { outcome: "later", unanswered: true }],
  ])("%j is %j", async (answer, expected) => {
    server.answers = [answer];
    expect(await post(hookTo(), event)).toMatchObject(expected);
  });

  test("that leads elsewhere is not followed", async () => {
    server.answers = [[302, { location: `${server.url}/elsewhere` }]];
    expect(await post(hookTo("/here"), event)).toMatchObject({
      outcome: "later",
      detail: "answered 302; redirects are not followed",
    });
    expect(server.posted.some(({ path }) => path === "/elsewhere")).toBe(false);
  });

  test("that does not come is not waited for", async () => {
    server.answers = ["never"];
    expect(await post(hookTo("/", { timeout: "100ms" }), event)).toMatchObject({
      outcome: "later",
      detail: "no answer within 0.1 s",
    });
  });

  test("nobody gives is told without the path", async () => {
    const { detail } = await post(
      hookTo().post ? { ...hookTo(), post: "http://127.0.0.1:9/SECRET" } : hookTo(),
      event,
    );
    expect(detail).toContain("ECONNREFUSED");
    expect(detail).not.toContain("SECRET");
  });
});

test("a body of one's own has what happened in its places", async () => {
  const body = {
    text: "*{{data.session.name}}* {{ type }}: {{data.text}}",
    deep: [{ n: 1, more: "{{data.session}}" }],
    none: "{{data.nothing.there}}{{constructor}}{{data.text.length}}",
  };
  const tokenFile = join(dir, "token");
  writeFileSync(tokenFile, "tk_1\n", { mode: 0o600 });
  await post(hookTo("/own", { body, tokenFile, headers: { Title: "x" } }), event);
  const { json, headers } = await server.until("it", ({ path }) => path === "/own");
  expect(json).toEqual({
    text: "*web* turn.completed: All tests pass now.",
    deep: [{ n: 1, more: JSON.stringify(session) }],
    none: "",
  });
  expect(headers.authorization).toBe("Bearer tk_1");
  expect(headers.title).toBe("x");
  expect(headers["webhook-signature"]).toBeUndefined();
});

test("what is filled in is not filled again", () => {
  const sly = { ...event, data: { ...event.data, text: "{{data.session.cwd}}" } };
  expect(fill("{{data.text}}", sly)).toBe("{{data.session.cwd}}");
});

test.each([
  ["5", { afterMs: 5000 }],
  ["Thu, 01 Jan 1970 00:01:00 GMT", { afterMs: 60_000 }],
  ["Wed, 31 Dec 1969 00:00:00 GMT", {}],
  ["soon", {}],
  ["-1", {}],
  [undefined, {}],
])("Retry-After: %s", (value, expected) => {
  expect(retryAfter(value, 0)).toEqual(expected);
});

test("attempts come ever more seldom, up to half an hour, and not all at once", () => {
  expect([1, 2, 5].map((n) => delayAfter(n, () => 1))).toEqual([1000, 2000, 16_000]);
  expect(delayAfter(500, () => 1)).toBe(1_800_000);
  expect(delayAfter(3, () => 0)).toBe(2000);
});
