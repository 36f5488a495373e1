import { expect, test } from "vitest";
import { clientKey, MessageRate } from "../../src/daemon/message-rate.ts";
import { ownerAccess } from "../../src/protocol/access.ts";
import { TestClock } from "../support/clock.ts";

test("a minute's worth goes through at once, then as many as the minute has", () => {
  const clock = new TestClock();
  const rate = new MessageRate(60, clock);
  for (let i = 0; i < 60; i++) expect(rate.take("a")).toBeUndefined();
  const over = rate.take("a");
  expect(over).toMatchObject({ code: "rate-limited", details: { retryAfterMs: 1_000 } });
  expect(over?.next).toContain("1000 ms");
  // Another client is none of its business.
  expect(rate.take("b")).toBeUndefined();
  clock.pass(999);
  expect(rate.take("a")?.details.retryAfterMs).toBe(1);
  clock.pass(1);
  expect(rate.take("a")).toBeUndefined();
  expect(rate.take("a")).toBeDefined();
  clock.pass(3_600_000);
  for (let i = 0; i < 60; i++) expect(rate.take("a")).toBeUndefined();
  expect(rate.take("a")).toBeDefined();
});

test("a client is a token, a peer, or the programs of one kind from one place", () => {
  const from = (kind: string, where: string) => ({ kind, user: "ann", from: where });
  const owner = { access: ownerAccess };
  const key = clientKey(owner, from("cli", "pid 1"));
  expect(clientKey(owner, from("cli", "pid 2"))).toBe(key);
  expect(clientKey(owner, from("tui", "pid 1"))).not.toBe(key);
  expect(clientKey(owner, from("cli", "session bot"))).not.toBe(key);
  const token = { access: { ...ownerAccess, token: "t1" } };
  expect(clientKey(token, from("cli", "a"))).toBe(clientKey(token, from("script", "b")));
  const peer = { ...owner, neighbour: { id: "0".repeat(32), name: "desk" } };
  expect(clientKey(peer, from("cli", "a"))).toBe(clientKey(peer, from("tui", "b")));
});
