/**
 * Whatever codex says, as long as it is JSON: the daemon takes it in, keeps what it does not
 * understand as it came, and goes on; and whoever reads the history afterwards reads all of it.
 */
import { beforeEach, expect, test } from "vitest";
import { approvalLines } from "../../../src/cli/text/approval.ts";
import { TextPrinter } from "../../../src/cli/text-printer.ts";
import { eventOf } from "../../../src/daemon/hooks/hook-event.ts";
import { actionOf } from "../../../src/daemon/session/action.ts";
import { Approvals } from "../../../src/daemon/session/approvals.ts";
import { History, toHistoryRecord } from "../../../src/daemon/session/history.ts";
import { Inbox } from "../../../src/daemon/session/inbox.ts";
import { Recorder } from "../../../src/daemon/session/recorder.ts";
import type { Store } from "../../../src/daemon/store/store.ts";
import { indexSome } from "../../../src/daemon/upkeep/indexing.ts";
import { Tally } from "../../../src/daemon/watch/tally.ts";
import { Watch } from "../../../src/daemon/watch/watch.ts";
import { htmlOf } from "../../../src/export/html.ts";
import { markdownOf } from "../../../src/export/markdown.ts";
import { hookEventOf } from "../../../src/protocol/hooks.ts";
import type { Json, JsonObject } from "../../../src/protocol/messages.ts";
import type { Draft, SessionEvent } from "../../../src/protocol/records.ts";
import type { HistoryRecord } from "../../../src/protocol/session.ts";
import { askedOf } from "../../../src/tui/approvals/asked.ts";
import { frameOf, oddAnswer, oddly, type Said } from "../../support/odd.ts";
import fc from "../../support/property.ts";
import { sessionRow } from "../../support/session-row.ts";
import { temporaryStore } from "../../support/temporary-store.ts";
import { modelWith, sessionInfo, shown } from "../../tui/events.ts";

const threadId = "thread";
const by = { kind: "cli", user: "ann", from: "pid 1" };
let store: Store;
let sessions = 0;
beforeEach(() => {
  const made = temporaryStore();
  store = made.store;
  return made.remove;
});

/** A session with all that hears it, as a daemon has it. */
function begin(answer: Json = null) {
  const session = `s${++sessions}`;
  const row = { ...sessionRow(session), threadId };
  store.sessions.insert(row);
  const odd: string[] = [];
  const watch = new Watch();
  watch.add(new Tally(store, true));
  watch.add({
    storing: ({ method, params, seq, at }) => {
      const event = hookEventOf(method, params, threadId);
      const about = { id: session, name: session, cwd: "/", model: null };
      if (event !== undefined) eventOf(event, { method, params, seq, at }, about, store);
    },
  });
  const named = { id: session, name: () => session };
  const history = new History(session, 0, store, () => {}, watch.over(row));
  const inbox = new Inbox({ ...named, maxQueued: () => 10 }, store, history);
  const replies: unknown[] = [];
  const approvals = new Approvals({ ...named, agent: () => "agent" }, store, history, (id) =>
    replies.push(id),
  );
  const recorder = new Recorder(
    {
      ...{ session, store, history, inbox, approvals },
      threadId: () => threadId,
      call: async () => answer,
      interrupting: () => false,
      onChange: () => {},
      onProgress: () => {},
      onTurnEnd: () => {},
      turnEnding: () => null,
      onSettings: () => {},
      onStoreError: (error) => {
        throw error;
      },
      onOdd: (what, error) => odd.push(`${what}: ${(error as Error).stack}`),
    },
    new Date().toISOString(),
  );
  const say = (said: Said) => {
    const { id, method, params, emittedAtMs } = JSON.parse(frameOf(said)) as Said;
    if (id === undefined) recorder.heard({ method, params, emittedAtMs });
    else recorder.asked(id, method, params);
  };
  const records = () => {
    const rows = [];
    for (let page = history.after(0, 100); page.length > 0; ) {
      rows.push(...page);
      page = history.after(page.at(-1)!.seq, 100);
    }
    return rows.map((one) => toHistoryRecord(session, one));
  };
  return { session, store, history, inbox, approvals, recorder, odd, say, records };
}

const regular: Said[] = [
  { method: "turn/started", params: { threadId, turn: { id: "last", status: "inProgress" } } },
  {
    method: "item/completed",
    params: {
      threadId,
      turnId: "last",
      item: { id: "answer", type: "agentMessage", text: "the end" },
    },
  },
  { method: "turn/completed", params: { threadId, turn: { id: "last", status: "completed" } } },
];

test("whatever codex says, the daemon takes it in and hears what comes after", () => {
  fc.assert(
    fc.property(fc.array(oddly, { maxLength: 12 }), (said) => {
      const { session, history, inbox, approvals, recorder, odd, say, records } = begin();
      inbox.accept({ text: "hello" }, "queue", `m${sessions}`, by);
      for (const one of said) say(one);
      approvals.lose("the end");
      for (const one of regular) say(one);
      expect(odd).toEqual([]);
      const all = records();
      expect(all.map(({ seq }) => seq)).toEqual(all.map((_, index) => index + 1));
      expect(all.slice(-2).map(({ method }) => method)).toEqual([
        "item/completed",
        "turn/completed",
      ]);
      expect(store.records.lastAnswer(session, "last")).toBe("the end");
      // All that is asked of it afterwards.
      actionOf({ waiting: [], drafts: history.drafts.all(), busy: true }, threadId);
      for (const minute of recorder.activity.tokensPerMinute(Date.now()))
        expect(minute).toBeGreaterThanOrEqual(0);
      for (const turn of store.records.openTurns(session)) expect(turn).toBeTypeOf("string");
      while (indexSome(store, session, Number.POSITIVE_INFINITY));
    }),
    { numRuns: 60 },
  );
});

test("whatever codex answers, a session is brought level with it or goes on without", async () => {
  await fc.assert(
    fc.asyncProperty(oddAnswer, async (answer) => {
      const { recorder, odd, say, records } = begin(JSON.parse(frameOf(answer)) as Json);
      recorder.hold();
      await recorder.reconcile({ reason: "started", since: "" }, false);
      recorder.resume(true);
      for (const one of regular) say(one);
      expect(odd).toEqual([]);
      expect(records().at(-1)?.method).toBe("turn/completed");
    }),
    { numRuns: 60 },
  );
});

test("whoever reads such a history reads all of it", () => {
  fc.assert(
    fc.property(fc.array(oddly, { maxLength: 12 }), (said) => {
      const { history, approvals, say, records } = begin();
      for (const one of said) say(one);
      const asked = approvals.waiting();
      for (const one of asked) approvalLines(one, 80);
      const drafts = history.drafts.all();
      for (const one of regular) say(one);
      const all = [...records(), ...drafts.map(draftEvent)];
      expect(printed(all)).toContain("the end");
      expect(markdownOf("bot", all)).toContain("the end");
      expect(htmlOf("bot", all)).toContain("the end");
      const columns = 60;
      const screen = shown(modelWith({ columns, rows: 40, events: all as SessionEvent[] }));
      expect(screen.length).toBeGreaterThan(0);
      const model = modelWith({ columns, rows: 40, events: all as SessionEvent[] });
      for (const one of asked) askedOf(model, one, null, columns);
    }),
    { numRuns: 60 },
  );
});

function draftEvent(draft: Draft): SessionEvent {
  const at = new Date().toISOString();
  return { session: "s", at, method: "session/draft", params: draft as unknown as JsonObject };
}

function printed(records: (HistoryRecord | SessionEvent)[]): string {
  const lines: string[] = [];
  const out = {
    print: (line: string) => lines.push(line),
    write: (text: string) => lines.push(text),
    note: (line: string) => lines.push(line),
    paint: (_style: string, text: string) => text,
  };
  const printer = new TextPrinter(out as never, sessionInfo(), true);
  for (const record of records) {
    if ("seq" in record && record.seq !== undefined) printer.counts(record as HistoryRecord);
    printer.record(record);
  }
  printer.finish();
  return lines.join("\n");
}
