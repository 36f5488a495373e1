import { expect, test } from "vitest";
import { HacsError } from "../../src/protocol/errors.ts";
import type { OpenMessage, Receipt } from "../../src/protocol/session.ts";
import { initialModel } from "../../src/tui/model.ts";
import { press } from "../../src/tui/press.ts";
import {
  acknowledged,
  attached,
  detailed,
  lost,
  received,
  receivedEarlier,
  refused,
} from "../../src/tui/receive.ts";
import { entriesMax } from "../../src/tui/transcript/window.ts";
import {
  agentMessage,
  answered,
  approvalDetail,
  feed,
  item,
  live,
  modelWith,
  record,
  requested,
  sessionInfo,
  shown,
  startMs,
} from "./events.ts";

const fresh = () =>
  initialModel({ name: "api", readOnly: false, size: { columns: 60, rows: 20 }, now: startMs });

function message(id: string, status: Receipt["status"]): OpenMessage {
  return {
    messageId: id,
    status,
    mode: "queue",
    content: { text: `text of ${id}` },
  } as OpenMessage;
}

test("what waits at attach is what the daemon says, not what was known before", () => {
  const before = feed(modelWith(), requested(1, approvalDetail({ id: "old" })));
  const again = attached(lost(before), {
    session: sessionInfo({ state: "needs-approval" }),
    head: 9,
    approvals: [approvalDetail({ id: "new" })],
    messages: [message("m1", "accepted"), message("m2", "delivered")],
    composed: { text: "", revision: 0 },
  });
  expect(again.transcript.approvals.map(({ id }) => id)).toEqual(["new"]);
  expect(again.transcript.queue).toEqual([{ id: "m1", text: "text of m1", mode: "queue" }]);
  const caughtUp = feed(
    again,
    requested(8, approvalDetail({ id: "between" })),
    answered(9, "between"),
    live("session/live", { seq: 9 }),
  );
  expect(caughtUp.transcript.approvals.map(({ id }) => id)).toEqual(["new"]);
  expect(caughtUp.link).toBe("live");
});

test("text streams in, and the whole item takes its place", () => {
  const begun = {
    threadId: "t1",
    turnId: "u1",
    item: { type: "agentMessage", id: "i9", text: "" },
  };
  const delta = (text: string, offset: number) =>
    live(
      "item/agentMessage/delta",
      { threadId: "t1", turnId: "u1", itemId: "i9", delta: text },
      offset,
    );
  const model = feed(modelWith(), live("item/started", begun), delta("Hel", 0), delta("lo", 3));
  expect(shown(model).join("\n")).toContain("• Hello");
  const done = feed(model, item(9, "agentMessage", { text: "Hello!" }));
  expect(shown(done).filter((row) => row.includes("Hello"))).toEqual(["• Hello!"]);
});

test("a lost connection shows, and what was said stays", () => {
  const model = lost(modelWith({ events: [agentMessage(1, "said")] }));
  expect(shown(model).at(-1)).toContain("reconnecting…");
  expect(shown(model).join("\n")).toContain("• said");
});

test("older records are put before, wherever the reader stands", () => {
  const events = Array.from({ length: 80 }, (_, index) => agentMessage(index + 101, `n${index}`));
  let model = modelWith({ events });
  const effects = [];
  for (let page = 0; page < 12; page++) {
    const step = press(model, { key: "pageup" }, () => "m");
    effects.push(...step.effects);
    model = step.model;
  }
  expect(effects).toEqual([{ do: "earlier", before: 101 }]);
  const before = shown(model);
  const older = [agentMessage(99, "older"), record(100, "session/approval", { status: "lost" })];
  const { model: longer } = receivedEarlier(model, 101, older as never);
  expect(longer).toMatchObject({ oldest: 99, earlier: "unknown" });
  expect(shown(longer).slice(1, 20)).toEqual(before.slice(1, 20));
  const further = press(longer, { key: "pageup" }, () => "m");
  expect(shown(further.model).join("\n")).toContain("• older");
  expect(receivedEarlier(further.model, 99, []).model.earlier).toBe("none");
});

test("a page that leaves the screen half empty wants the one before", () => {
  const model = attached(fresh(), {
    session: sessionInfo(),
    head: 300,
    approvals: [],
    messages: [],
    composed: { text: "", revision: 0 },
  });
  const half = feed(model, agentMessage(299, "one"));
  const { effects } = received(half, live("session/live", { seq: 300 }));
  expect(effects).toEqual([{ do: "earlier", before: 299 }]);
});

test("a long life at the end of the transcript keeps it bounded, a reader is left alone", () => {
  const events = Array.from({ length: entriesMax + 1 }, (_, index) => agentMessage(index + 1, "n"));
  const model = modelWith({ events });
  expect(model.transcript.entries.length).toBeLessThan(entriesMax);
  expect(model.oldest).toBe(model.transcript.entries[0]!.seq);
});

test("the end of the session ends the TUI, a rename renames it", () => {
  const by = { kind: "cli", user: "ann", from: "" };
  expect(received(modelWith(), record(1, "session/ended", { by })).effects).toContainEqual({
    do: "end",
    reason: "ended",
  });
  const renamed = feed(modelWith(), record(1, "session/renamed", { from: "api", to: "web", by }));
  expect(renamed.name).toBe("web");
});

test("a message is kept until it is acknowledged; refused, it goes back to be mended", () => {
  const typedIn = press(modelWith(), { text: "hello" }, () => "m1").model;
  const sent = press(typedIn, { key: "enter" }, () => "m1").model;
  expect(shown(sent).join("\n")).toContain("sending…");
  const stored = feed(
    sent,
    record(1, "session/message", {
      id: "m1",
      status: "accepted",
      mode: "queue",
      content: { text: "hello" },
    }),
  );
  expect(shown(stored).join("\n")).toMatch(/› hello {2}queued/);
  expect(acknowledged(stored, "m1").outbox).toEqual([]);
  const back = refused(sent, "m1", new HacsError("queue-full", "too many"));
  expect(back.composer.text).toBe("hello");
  expect(shown(back).join("\n")).toContain("too many");
});

test("a turn that is older than what attach brought is known from the session's detail", () => {
  const turn = { id: "u1", startedAt: new Date(startMs - 65_000).toISOString() };
  const model = detailed(modelWith({ session: { state: "working" } }), {
    turn,
    usage: null,
  } as never);
  expect(shown(model).at(-1)).toContain("working · 1m 5s");
});

test("a warning that codex repeats each turn is said once", () => {
  const warning = (seq: number, message: string) =>
    record(seq, "warning", { threadId: "t1", message });
  const model = modelWith({
    events: [warning(1, "old model"), warning(2, "old model"), warning(3, "x")],
  });
  expect(shown(model).filter((row) => row.startsWith("!"))).toEqual(["! old model", "! x"]);
});
