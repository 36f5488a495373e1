/** When a session may be put to sleep without force. */
import { expect, test } from "vitest";
import { mustStop } from "../../../src/daemon/session/put-down.ts";
import type { Shown } from "../../../src/daemon/session/session-view.ts";
import { sessionRow } from "../../support/session-row.ts";

const how = { force: false, action: "put it to sleep", lasting: true };

/** Awake and without a turn, with so many messages that codex was handed and has not taken in. */
function idle(handed: number): Shown {
  return {
    row: sessionRow("s", "bot"),
    host: { agent: {}, unreached: false },
    recorder: { holding: false, turns: { busy: false } },
    approvals: { count: 0 },
    inbox: { inDoubt: () => Array.from({ length: handed }) },
    rest: { place: undefined },
    attached: new Set(),
  } as unknown as Shown;
}

test("one that is idle may be", () => {
  expect(mustStop(idle(0), how)).toBe(false);
});

test("one whose message codex was just handed may not: the message would wait until it is woken", () => {
  expect(() => mustStop(idle(1), how)).toThrow(
    expect.objectContaining({
      code: "session-busy",
      message: expect.stringContaining('"bot" is working'),
    }),
  );
  expect(mustStop(idle(1), { ...how, force: true })).toBe(true);
});
