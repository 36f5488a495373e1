import { expect, test } from "vitest";
import type { KnownSession } from "../../../src/daemon/peers/peer.ts";
import { shortest } from "../../../src/daemon/peers/shortest-way.ts";
import type { SessionInfo, SessionState } from "../../../src/protocol/session.ts";

const way = (name: string, via: string[], state: SessionState = "idle"): KnownSession => {
  const id = name.replace(/[^/]*$/, "1234");
  return { via, session: { name, id, state } as SessionInfo };
};
const names = (...known: KnownSession[]) => shortest(known).map(({ session }) => session.name);

test("of two ways to a session the shorter is shown, and the first of two that are as long", () => {
  expect(names(way("b/c/bot", ["B", "C"]), way("c/bot", ["C"]))).toEqual(["c/bot"]);
  expect(names(way("b/c/bot", ["B", "C"]), way("d/c/bot", ["D", "C"]))).toEqual(["b/c/bot"]);
  expect(names(way("c/bot", ["C"]), way("also/bot", ["C"]))).toEqual(["c/bot", "also/bot"]);
});

test("a way that is down hides none that leads there", () => {
  const down = way("c/bot", ["C"], "unreachable");
  expect(names(down, way("b/c/bot", ["B", "C"]))).toEqual(["c/bot", "b/c/bot"]);
  expect(
    names(way("b/c/bot", ["B", "C"], "unreachable"), way("d/e/c/bot", ["D", "E", "C"])),
  ).toEqual(["d/e/c/bot"]);
  expect(names(down, way("b/c/bot", ["B", "C"], "unreachable"))).toEqual(["c/bot"]);
});
