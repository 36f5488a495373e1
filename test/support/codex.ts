/** The real codex, driven by hand over its own socket: what a daemon sees, without a daemon. */
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import WebSocket from "ws";
import { decode, type JsonObject } from "../../src/protocol/messages.ts";
import { eventually, within } from "./eventually.ts";
import { whenGone } from "./processes.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

/** The native binary of the codex that package.json pins. */
export const codexBinary: string = findBinary();

function findBinary(): string {
  const vendor = join(root, `node_modules/@openai/codex-linux-${process.arch}/vendor`);
  const [triple = ""] = existsSync(vendor) ? readdirSync(vendor) : [];
  return join(vendor, triple, "bin/codex");
}

export interface CodexConfig {
  baseUrl: string;
  /** More lines of config.toml, before its tables. */
  extra?: string;
}

/** A config.toml that sends codex to a test's model and keeps it from asking anything else. */
export function codexConfig({ baseUrl, extra = "" }: CodexConfig): string {
  return `model = "fake-model"
model_provider = "fake"
check_for_update_on_startup = false
${extra}
[model_providers.fake]
name = "fake"
base_url = "${baseUrl}"
wire_api = "responses"
request_max_retries = 1
stream_max_retries = 1
stream_idle_timeout_ms = 60000

[analytics]
enabled = false

[feedback]
enabled = false
`;
}

export interface CodexEvent {
  method: string;
  params: JsonObject;
  /** Present on codex's own requests. */
  id?: number | string;
}

export interface Codex extends CodexClient {
  pid: number;
  kill(): Promise<void>;
}

/** A client on codex's own socket. */
export interface CodexClient {
  events: readonly CodexEvent[];
  /** A request; resolves with its result, rejects with codex's message. */
  call(method: string, params: object): Promise<JsonObject>;
  answer(id: number | string, result: object): void;
  /** The first event, past or to come, that is what the test looks for. */
  until(what: string, sought: (event: CodexEvent) => boolean): Promise<CodexEvent>;
  /** Starts a turn and resolves with the final answer's text when it ends. */
  turn(threadId: string, text: string): Promise<{ status: string; text: string }>;
  close(): void;
}

/** Starts `codex app-server` on a socket under `dir` and shakes hands. */
export async function startCodex(options: {
  dir: string;
  codexHome: string;
  cwd: string;
  env?: Record<string, string>;
}): Promise<Codex> {
  const socket = join(options.dir, `codex-${Math.random().toString(36).slice(2, 8)}.sock`);
  const child = spawn(codexBinary, ["app-server", "--listen", `unix://${socket}`], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env, CODEX_HOME: options.codexHome },
    stdio: "ignore",
  });
  await eventually(() => existsSync(socket), { what: "codex makes its socket" });
  const client = await joinCodex(socket);
  return {
    ...client,
    pid: child.pid!,
    kill: async () => {
      client.close();
      child.kill("SIGKILL");
      await whenGone(child.pid!);
    },
  };
}

/** Joins a codex that runs already, as any other client of it would. */
export async function joinCodex(socket: string): Promise<CodexClient> {
  const client = await connect(socket);
  await client.call("initialize", {
    clientInfo: { name: "hacs_session_test", title: "test", version: "0" },
    capabilities: { experimentalApi: true, requestAttestation: false },
  });
  return client;
}

async function connect(socket: string): Promise<CodexClient> {
  const link = new WebSocket(`ws+unix://${socket}:/rpc`, { perMessageDeflate: false });
  await new Promise((resolve, reject) => {
    link.once("open", resolve);
    link.once("error", reject);
  });
  const events: CodexEvent[] = [];
  const watchers = new Set<(event: CodexEvent) => void>();
  const waiting = new Map<number, PromiseWithResolvers<JsonObject>>();
  link.on("error", () => {});
  link.on("message", (data) => {
    const message = decode(String(data));
    if (message.kind === "response")
      waiting.get(Number(message.id))?.resolve(message.result as JsonObject);
    else if (message.kind === "failure")
      waiting.get(Number(message.id))?.reject(new Error(message.error.message));
    else {
      events.push(message);
      for (const watcher of [...watchers]) watcher(message);
    }
  });
  const until: Codex["until"] = (what, sought) => {
    const past = events.find(sought);
    if (past) return Promise.resolve(past);
    const coming = Promise.withResolvers<CodexEvent>();
    const watcher = (event: CodexEvent) => {
      if (sought(event)) coming.resolve(event);
    };
    watchers.add(watcher);
    return within(coming.promise, { what }).finally(() => watchers.delete(watcher));
  };
  const call: Codex["call"] = (method, params) => {
    const id = waiting.size + 1;
    const answer = Promise.withResolvers<JsonObject>();
    waiting.set(id, answer);
    link.send(JSON.stringify({ id, method, params }));
    return within(answer.promise, { what: `codex answers ${method}` });
  };
  return {
    events,
    call,
    until,
    answer: (id, result) => link.send(JSON.stringify({ id, result })),
    turn: async (threadId, text) => {
      const started = await call("turn/start", {
        threadId,
        input: [{ type: "text", text, text_elements: [] }],
      });
      const turnId = (started.turn as JsonObject).id;
      const ended = await until(`the turn of "${text}" ends`, ({ method, params }) => {
        return method === "turn/completed" && (params.turn as JsonObject).id === turnId;
      });
      const answers = events
        .filter(({ method, params }) => method === "item/completed" && params.turnId === turnId)
        .map(({ params }) => params.item as JsonObject)
        .filter((item) => item.type === "agentMessage");
      const { status } = ended.params.turn as JsonObject;
      return { status: String(status), text: String(answers.at(-1)?.text ?? "") };
    },
    close: () => link.terminate(),
  };
}
