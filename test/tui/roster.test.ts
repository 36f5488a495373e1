import { afterEach, expect, test, vi } from "vitest";
import type { Connection } from "../../src/client/connection.ts";
import type { SessionInfo } from "../../src/protocol/session.ts";
import { Roster } from "../../src/tui/sessions/roster.ts";
import { sessionInfo } from "./events.ts";

afterEach(() => {
  vi.useRealTimers();
});

/** A daemon that answers when it is told to, in the order in which it was asked. */
function slowDaemon() {
  const asked: ((answer: { sessions: SessionInfo[] }) => void)[] = [];
  let onAsked = () => {};
  const call = () =>
    new Promise((resolve) => {
      asked.push(resolve);
      onAsked();
    });
  return {
    asked,
    dial: async () => ({ call, close: () => {} }) as unknown as Connection,
    askedTimes: (times: number) =>
      new Promise<void>((resolve) => {
        onAsked = () => asked.length >= times && resolve();
        onAsked();
      }),
  };
}

function start() {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  const daemon = slowDaemon();
  const lists: string[][] = [];
  const onList = (sessions: readonly SessionInfo[]) => lists.push(sessions.map(({ id }) => id));
  const { dial } = daemon;
  const roster = new Roster({ dial, onList, onNews: () => {}, isShown: () => false });
  roster.start();
  return { ...daemon, roster, lists };
}

test("a daemon that does not answer is asked once, and again when it has answered", async () => {
  const { roster, asked, askedTimes } = start();
  await askedTimes(1);
  for (let second = 0; second < 6; second++) await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toHaveLength(1);
  asked[0]?.({ sessions: [] });
  await vi.advanceTimersByTimeAsync(1_000);
  await askedTimes(2);
  roster.stop();
});

test("a list that was asked for before something was done does not stand for one after it", async () => {
  const { roster, asked, askedTimes, lists } = start();
  await askedTimes(1);
  const refreshed = roster.refresh();
  asked[0]?.({ sessions: [] });
  await askedTimes(2);
  asked[1]?.({ sessions: [sessionInfo({ id: "made" })] });
  await refreshed;
  expect(lists).toEqual([[], ["made"]]);
  roster.stop();
});
