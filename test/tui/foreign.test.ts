/** Sessions of peers of other versions, which leave members out, in everything that draws them. */

import { expect, test } from "vitest";
import { readResult, readSessions } from "../../src/daemon/peers/foreign.ts";
import { readEvent } from "../../src/daemon/peers/foreign-event.ts";
import type { SessionInfo } from "../../src/protocol/session.ts";
import { click } from "../../src/tui/click.ts";
import type { Model } from "../../src/tui/model.ts";
import { press } from "../../src/tui/press.ts";
import { received } from "../../src/tui/receive.ts";
import { screenOf } from "../../src/tui/screen.ts";
import { newsOf } from "../../src/tui/sessions/news.ts";
import { initialTop, told } from "../../src/tui/top/model.ts";
import { pressTop } from "../../src/tui/top/press-top.ts";
import { topScreenOf } from "../../src/tui/top/top-screen.ts";
import fc from "../support/property.ts";
import { modelWith, sessionInfo, startMs } from "./events.ts";

const whole = sessionInfo({ unreachableSince: new Date(startMs).toISOString() });
const needed = new Set(["name", "id", "state"]);
const members = Object.keys(whole).filter((member) => !needed.has(member));

/** As it comes over a link: without some of its members. */
const partial = fc.subarray(members).map((missing) => {
  const kept = Object.entries(whole).filter(([member]) => !missing.includes(member));
  return Object.fromEntries(kept) as unknown as SessionInfo;
});

test("a session that lacks members is filled in once, and drawn by the list, the status line and top", () => {
  fc.assert(
    fc.property(
      fc.array(partial, { minLength: 1, maxLength: 6 }),
      fc.constantFrom([40, 20], [80, 24], [200, 50]),
      (given, [columns, rows]) => {
        const listed = given.map((session, n) => {
          const one = { ...session, id: `s${n}`, name: `n${n}` };
          return { via: ["p"], session: one };
        });
        const sessions = readSessions("laptop", { sessions: listed }).map(({ session }) => session);
        for (const session of sessions) {
          expect(Object.keys(session)).toEqual(
            expect.arrayContaining(["labels", "cwd", "clients"]),
          );
          newsOf({ ...session, state: "working" }, session);
        }
        const size = { columns: columns!, rows: rows! };
        const begun = modelWith({ ...size, session: sessions[0]! });
        let model: Model = { ...begun, around: { ...begun.around, sessions, home: "/home/ann" } };
        for (const key of ["ctrl-b", "s", "down", "down"]) {
          model = press(model, key.length > 1 ? { key } : { text: key }, () => "m").model;
          expect(screenOf(model).rows).toHaveLength(size.rows);
          click(model, { x: 5, y: 5 });
        }
        const idle = { since: null, action: null, tokensPerMinute: [], turnsMs: [], waiting: [] };
        const options = { now: startMs, size, around: model.around, readOnly: false };
        const activities = sessions.map((session) => ({ ...session, ...idle }));
        const board = told(initialTop({ ...options, selected: null }), activities).model;
        for (const key of ["down", "enter"]) {
          expect(topScreenOf(pressTop(board, { key }).model)).toHaveLength(size.rows);
        }
      },
    ),
  );
});

test("the same of a session that is attached, and of what it tells later", () => {
  fc.assert(
    fc.property(partial, (session) => {
      const at = new Date(startMs).toISOString();
      const result = {
        session,
        head: 0,
        approvals: [],
        messages: [],
        composed: { text: "", revision: 0 },
      };
      const read = readResult("laptop", "session/attach", result);
      expect(read.session.labels).toEqual(session.labels ?? {});
      const event = readEvent("laptop", {
        session: "s1",
        at,
        method: "session/state",
        params: { session },
      } as never);
      const model = received(modelWith(), event).model;
      expect(screenOf(model).rows).toHaveLength(24);
      expect(model.transcript.session?.cwd).toBe(session.cwd ?? "");
    }),
  );
});

test("what has no name, id or state is no session", () => {
  for (const member of needed) {
    const { [member as "name"]: _, ...session } = whole;
    expect(() => readSessions("laptop", { sessions: [{ via: ["p"], session }] })).toThrow(member);
  }
});
