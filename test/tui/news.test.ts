import { expect, test } from "vitest";
import { isUnseen, newsOf, ringOf } from "../../src/tui/sessions/news.ts";
import { sessionInfo } from "./events.ts";

test("a turn's end, a waiting approval and a crash are news, and nothing else is", () => {
  const table: [object | undefined, object, string | null][] = [
    [undefined, { state: "needs-approval", approvals: 1 }, null],
    [{ state: "working" }, { state: "idle" }, "finished its turn"],
    [{ state: "needs-approval", approvals: 1 }, { state: "idle" }, "finished its turn"],
    [{ state: "needs-approval", approvals: 1 }, { state: "working" }, null],
    [{ state: "working" }, { state: "needs-approval", approvals: 1 }, "waits for an approval"],
    [
      { state: "needs-approval", approvals: 1 },
      { state: "needs-approval", approvals: 2 },
      "waits for an approval",
    ],
    [{ state: "working" }, { state: "crashed" }, "crashed"],
    [{ state: "idle" }, { state: "working" }, null],
    [{ state: "idle" }, { state: "asleep" }, null],
    [{ state: "idle", seq: 3 }, { state: "idle", seq: 9 }, null],
  ];
  for (const [before, now, what] of table) {
    const known = before && sessionInfo(before);
    expect(newsOf(known, sessionInfo(now))).toEqual(
      what === null ? null : { session: "api", what },
    );
  }
});

test("what is on a screen that is looked at does not ring", () => {
  expect(isUnseen("s1", ["s1"], true)).toBe(false);
  expect(isUnseen("s1", ["s2", "s1"], null)).toBe(false);
  expect(isUnseen("s1", ["s1"], false)).toBe(true);
  expect(isUnseen("s2", ["s1", null], true)).toBe(true);
});

test("the ring is the bell and the notification that the terminal knows", () => {
  const news = { session: "a\u001b\\b;c", what: "crashed" };
  expect(ringOf(news, { TERM: "xterm-256color" })).toBe(
    "\u0007\u001b]9;hacs-session: a^[\\b,c crashed\u001b\\",
  );
  for (const env of [{ TERM: "foot" }, { TERM: "xterm-256color", VTE_VERSION: "7600" }]) {
    expect(ringOf(news, env)).toBe("\u0007\u001b]777;notify;hacs-session;a^[\\b,c crashed\u001b\\");
  }
});
