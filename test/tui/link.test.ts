/** The wire's end against a daemon of the test's own, for what a real one does too seldom. */
import { duplexPair } from "node:stream";
import { afterEach, expect, test } from "vitest";
import { Connection } from "../../src/client/connection.ts";
import { LineSplitter } from "../../src/protocol/framing.ts";
import {
  decode,
  encodeFailure,
  encodeNotification,
  encodeResult,
  type JsonObject,
} from "../../src/protocol/messages.ts";
import { Link } from "../../src/tui/link.ts";
import { initialModel, type Model } from "../../src/tui/model.ts";
import { press } from "../../src/tui/press.ts";
import { Store } from "../../src/tui/store.ts";
import { live, sessionInfo } from "./events.ts";

type Handler = (params: JsonObject, connection: { end: () => void }) => object | undefined;

let link: Link | undefined;
afterEach(() => link?.stop());

/** Every dial reaches a new connection of one daemon; a handler that gives nothing stays silent. */
function daemon(handlers: Record<string, Handler>) {
  const dial = async () => {
    const [near, far] = duplexPair();
    const splitter = new LineSplitter();
    far.on("error", () => {});
    far.on("data", (chunk: Buffer) => {
      for (const line of splitter.push(chunk)) {
        const message = decode(line);
        if (message.kind !== "request") continue;
        const result = handlers[message.method]?.(message.params, { end: () => near.destroy() });
        if (result === undefined) continue;
        const isError = "code" in result;
        far.write(
          `${isError ? encodeFailure(message.id, result as never) : encodeResult(message.id, result)}\n`,
        );
        if (message.method === "session/attach") {
          far.write(`${encodeNotification("session/event", live("session/live", { seq: 0 }))}\n`);
        }
      }
    });
    return new Connection(near);
  };
  return dial;
}

const attach = () => ({ session: sessionInfo(), head: 0, approvals: [], messages: [] });

function start(dial: () => Promise<Connection>): Store {
  const size = { columns: 80, rows: 24 };
  const model = initialModel({ name: "api", readOnly: false, size, now: Date.now() });
  const store = new Store(model, (effect) => void link!.perform(effect));
  link = new Link({ dial, name: "api", readOnly: false, store });
  return store;
}

function until(store: Store, is: (model: Model) => boolean): Promise<void> {
  return new Promise((resolve) => {
    const look = () => {
      if (!is(store.model)) return;
      unsubscribe();
      resolve();
    };
    const unsubscribe = store.subscribe(look);
    look();
  });
}

function write(store: Store, text: string, id: string): void {
  store.act((model) => press(model, { text }, () => id));
  store.act((model) => press(model, { key: "enter" }, () => id));
}

test("a message whose acknowledgement was lost is sent again under its id, before the next", async () => {
  const ids: unknown[] = [];
  const store = start(
    daemon({
      "session/attach": attach,
      "session/send": ({ id }, connection) => {
        ids.push(id);
        if (ids.length > 1) return { messageId: id };
        connection.end();
        return undefined;
      },
    }),
  );
  await link!.start();
  await link!.live;
  write(store, "one", "m1");
  write(store, "two", "m2");
  await until(store, ({ outbox }) => outbox.length === 0);
  expect(ids).toEqual(["m1", "m1", "m2"]);
});

test("a message that the daemon refuses comes back, and the next one goes", async () => {
  const data = { code: "message-too-large" };
  const store = start(
    daemon({
      "session/attach": attach,
      "session/send": ({ id }) =>
        id === "m1" ? { code: -32000, message: "too large", data } : { messageId: id },
    }),
  );
  await link!.start();
  write(store, "one", "m1");
  await until(store, ({ outbox }) => outbox.length === 0);
  expect(store.model.composer.text).toBe("one");
  expect(store.model.notice?.text).toBe("too large");
});

test("a draft that was lost with the daemon is handed over after the next attach", async () => {
  const texts: unknown[] = [];
  const store = start(
    daemon({
      "session/attach": attach,
      "session/compose": ({ text }, connection) => {
        texts.push(text);
        if (texts.length > 1) return { revision: 1 };
        connection.end();
        return undefined;
      },
    }),
  );
  await link!.start();
  await link!.live;
  store.act((model) => press(model, { text: "half a thought" }, () => "m"));
  await until(store, ({ draft }) => draft.known?.text === "half a thought");
  expect(texts).toEqual(["half a thought", "half a thought"]);
});

test("an answer that comes too late is told and harms nothing", async () => {
  const data = { code: "approval-answered" };
  const store = start(
    daemon({
      "session/attach": attach,
      "session/answer": () => ({ code: -32000, message: "ann was first", data }),
    }),
  );
  await link!.start();
  await link!.perform({ do: "answer", id: "a1", answer: { decision: "accept" } });
  expect(store.model.notice).toMatchObject({ text: "ann was first", tone: "info" });
});
