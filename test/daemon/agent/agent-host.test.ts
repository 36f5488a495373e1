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
    const result = { thread: { id: "t", status: { type: "idle" } } };
    setImmediate(() => this.emit("message", JSON.stringify({ id, result })));
  }

  terminate(): void {
    this.closed = true;
    setImmediate(() => this.emit("close"));
  }
}

let lines: Line[] = [];
let started = 0;
let host: AgentHost;
afterEach(() => host.leave());

function hostWith(onArrival: AgentHostEvents["onArrival"], silent: string[][] = []): AgentHost {
  lines = [];
  started = 0;
  const agent = { identity, pid: identity.pid, alive: true, stop: async () => {} };
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
    inDoubt: () => false,
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
