/** How an agent that lives is joined, with a codex that is a few lines of the test's. */
import { EventEmitter } from "node:events";
import { afterEach, expect, test } from "vitest";
import { AgentHost } from "../../../src/daemon/agent/agent-host.ts";
import type { AgentHostEvents } from "../../../src/daemon/agent/agent-host-events.ts";
import type { AgentRuntime, AgentSocket } from "../../../src/daemon/agent/agent-runtime.ts";
import { Confinements } from "../../../src/daemon/agent/resources.ts";
import { Redactor } from "../../../src/daemon/redaction/redactor.ts";

const identity = { pid: 4711, startTime: "1", bootId: "b" };
const row = { socket: "/nowhere.sock", codexVersion: "9.9.9", process: identity };

/** Answers every call at once, but for those whose method is in `silent`. */
class Line extends EventEmitter {
  closed = false;
  readonly silent: string[];

  constructor(silent: string[]) {
    super();
    this.silent = silent;
  }

  send(text: string): void {
    const { id, method } = JSON.parse(text);
    if (id === undefined || this.silent.includes(method)) return;
    if (method.startsWith("thread/")) threads.push(method);
    const missing = method === "thread/resume" && unwritten-- > 0;
    const answer = missing
      ? { error: { code: -32600, message: "no rollout found for thread id t" } }
      : { result: { thread: { id: "t", status: { type: "idle" } } } };
    setImmediate(() => this.emit("message", JSON.stringify({ id, ...answer })));
  }

  terminate(): void {
    this.closed = true;
    setImmediate(() => this.emit("close"));
  }
}

let lines: Line[] = [];
let started = 0;
/** Whether something was said in the session's thread. */
let begun = false;
/** How often codex says that it has no rollout of the thread, before it has one. */
let unwritten = 0;
let threads: string[] = [];
let host: AgentHost;
afterEach(() => host.leave());

function hostWith(onArrival: AgentHostEvents["onArrival"], silent: string[][] = []): AgentHost {
  lines = [];
  started = 0;
  threads = [];
  const agent = {
    identity,
    pid: identity.pid,
    alive: true,
    gone: async () => false,
    stop: async () => {},
  };
  const runtime: AgentRuntime = {
    locate: async () => ({ path: "codex", version: "9.9.9", stamp: "1" }),
    start: async () => {
      started++;
      return agent;
    },
    adopt: () => agent,
    find: () => agent,
    putAway: async () => {},
    open: async () => {
      const line = new Line(silent[lines.length] ?? []);
      lines.push(line);
      return line as unknown as AgentSocket;
    },
  };
  const nothing = () => {};
  const events: AgentHostEvents = {
    save: nothing,
    context: () => ({
      id: "s",
      name: "bot",
      resources: {},
      confinements: new Confinements(),
      spec: { cwd: "/" },
      settings: undefined,
      env: {},
      socket: row.socket,
      logFile: "/nowhere.log",
      redactor: new Redactor(),
      codex: undefined,
      programDir: "/",
    }),
    origin: () => ({ kind: "new" }),
    refusal: () => undefined,
    slot: { take: async () => true, give: nothing, leaveLine: nothing },
    begun: () => begun,
    expected: () => false,
    onStall: nothing,
    onArrival,
    onDisconnect: nothing,
    onDeparture: nothing,
    onNotification: nothing,
    onRequest: nothing,
    onChange: nothing,
    log: nothing,
  };
  host = new AgentHost(events, runtime, 30_000);
  return host;
}

test("an agent whose history could not be brought level is joined again, over one connection", async () => {
  let arrivals = 0;
  const joined = await hostWith(async () => {
    // Nothing is handed to it before it has arrived.
    expect(host.agent).toBeUndefined();
    if (++arrivals < 3) throw new Error("the disk is full");
  }).adopt(row, "t");
  expect([joined, arrivals]).toEqual([true, 3]);
  expect(lines.map(({ closed }) => closed)).toEqual([true, true, false]);
  expect(host.agent).toBeDefined();
});

test("an agent that takes the connection and says nothing costs no connection for each try", async () => {
  const joined = await hostWith(async () => {}, [["initialize"]]).adopt(row, "t");
  expect(joined).toBe(true);
  expect(lines.map(({ closed }) => closed)).toEqual([true, false]);
});

test("a daemon that leaves while it joins an agent starts no second one", async () => {
  const joining = hostWith(async () => {
    host.leave();
    throw new Error("the disk is full");
  }).adopt(row, "t");
  const up = host.up(true);
  expect(await joining).toBe(false);
  await expect(up).rejects.toMatchObject({ code: "daemon-stopping" });
  expect(started).toBe(0);
});

test("a thread in which something was said is not given up for a new one, while codex has yet to write it", async () => {
  begun = true;
  unwritten = 3;
  expect(await hostWith(async () => {}).adopt(row, "t")).toBe(true);
  expect(threads).toEqual(Array.from({ length: 4 }, () => "thread/resume"));
});

test("one in which nothing was said is as good as a new one", async () => {
  begun = false;
  unwritten = 1;
  expect(await hostWith(async () => {}).adopt(row, "t")).toBe(true);
  expect(threads).toEqual(["thread/resume", "thread/start"]);
});
