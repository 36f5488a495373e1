/** From the answer to live: what changes in between, and no record says, is told as well. */
import { expect, test } from "vitest";
import { lines } from "../../../src/daemon/session/framing.ts";
import { History } from "../../../src/daemon/session/history.ts";
import { Subscription } from "../../../src/daemon/session/subscription.ts";
import { Store } from "../../../src/daemon/store/store.ts";
import { sessionRow } from "../../support/session-row.ts";

function follow(history: History): { subscription: Subscription; told: () => string[] } {
  const written: string[] = [];
  const sink = {
    framing: lines,
    write: (bytes: Buffer) => void written.push(String(bytes)),
    backlogBytes: 0,
    whenDrained: () => {},
    closed: false,
    fail: (error: unknown) => {
      throw error;
    },
  };
  const told = () =>
    written
      .join("")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line).params)
      .map(({ method, params }) => params.state ?? params.text ?? method);
  return { subscription: new Subscription("s", history, sink, history.head, true), told };
}

test("what was said before the answer is left out, and what changed since comes before live", () => {
  const store = new Store(":memory:");
  store.sessions.insert(sessionRow("s", "bot"));
  const history = new History("s", 0, store);
  history.live("session/composed", { text: "known" });
  history.live("session/state", { state: "working" });
  const [one, other] = [follow(history), follow(history)];
  one.subscription.start();
  expect(one.told()).toEqual(["session/live"]);
  // The turn ends while the answer is on its way; that it does is said once for many changes.
  history.feed.beforeFlush = () => history.live("session/state", { state: "idle" });
  other.subscription.start();
  expect(other.told()).toEqual(["idle", "session/live"]);
  expect(one.told()).toEqual(["session/live", "idle"]);
  store.close();
});
