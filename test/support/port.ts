/** A daemon that listens, and clients from elsewhere: HTTP as it is on the wire, WebSocket, events. */
import http from "node:http";
import https from "node:https";
import WebSocket from "ws";
import type { Grant, NewToken } from "../../src/protocol/access.ts";
import { PROTOCOL } from "../../src/protocol/methods.ts";
import { Arrivals, answerIn, type Frame } from "./arrivals.ts";
import { within } from "./eventually.ts";
import type { Home } from "./home.ts";

/** Starts the home's daemon with a port on loopback and gives its URL. */
export async function listenOn(home: Home, ...args: string[]): Promise<string> {
  const given = args.length > 0 ? args : ["--listen", "127.0.0.1:0"];
  const { listen } = await home.cliJson(["daemon", "start", ...given]);
  return listen[0];
}

export async function makeToken(home: Home, grant: Partial<Grant> = {}): Promise<NewToken> {
  const connection = await home.connect();
  const { label, ...more } = grant;
  return connection.call("token/new", {
    scope: "admin",
    ...more,
    ...(label == null ? {} : { label }),
  });
}

export interface HttpAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
  json: Frame;
}

export interface HttpOptions {
  method?: string;
  token?: string;
  /** Sent as they are, `host` too; an array is several headers. */
  headers?: Record<string, string | string[]>;
  /** As JSON, unless it is text. */
  body?: unknown;
  ca?: string;
}

/** One request on a connection of its own; the path goes out as it is. */
export function ask(url: string, path: string, options: HttpOptions = {}): Promise<HttpAnswer> {
  const { method = "GET", token, headers = {}, body, ca } = options;
  const { protocol, hostname, port } = new URL(url);
  const sent = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const type = body === undefined ? {} : { "content-type": "application/json" };
  const request = (protocol === "https:" ? https : http).request({
    host: hostname.replace(/^\[|\]$/g, ""),
    port,
    path,
    method,
    agent: false,
    headers: {
      ...type,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(ca === undefined ? {} : { ca }),
  });
  const answered = new Promise<HttpAnswer>((resolve, reject) => {
    request.on("error", reject);
    request.on("response", async (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("error", reject);
      response.on("end", () => {
        let json: Frame;
        try {
          json = JSON.parse(text);
        } catch {
          // Not everything is.
        }
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
      });
    });
  });
  request.end(sent);
  return within(answered, { what: `${method} ${path} is answered` });
}

export interface WebClient {
  readonly frames: readonly Frame[];
  request(id: number | string, method: string, params?: unknown): void;
  hello(): Promise<Frame>;
  until(what: string, is: (frame: Frame) => boolean): Promise<Frame>;
  answer(id: number | string): Promise<Frame>;
  call(method: string, params?: unknown): Promise<Frame>;
  pause(): void;
  resume(): void;
  /** The code that the other side closed with. */
  readonly closed: Promise<number>;
  close(): void;
  readonly link: WebSocket;
}

export interface WebOptions {
  token?: string;
  headers?: Record<string, string>;
  path?: string;
  protocols?: string[];
  ca?: string;
}

/** Rejects with `refused STATUS` when it is not let in. */
export async function openWeb(url: string, options: WebOptions = {}): Promise<WebClient> {
  const { token, headers = {}, path = "/v1/ws", protocols = [], ca } = options;
  const link = new WebSocket(`${url.replace(/^http/, "ws")}${path}`, protocols, {
    perMessageDeflate: false,
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
    ...(ca === undefined ? {} : { ca }),
  });
  const frames = new Arrivals<Frame>();
  link.on("message", (data) => frames.push(JSON.parse(String(data))));
  const closed = new Promise<number>((resolve) => link.once("close", resolve));
  await new Promise<void>((resolve, reject) => {
    link.once("open", resolve);
    link.once("unexpected-response", (_, { statusCode }) => {
      reject(new Error(`refused ${statusCode}`));
      link.terminate();
    });
    link.on("error", reject);
  });
  let nextId = 1;
  const request: WebClient["request"] = (id, method, params = {}) =>
    link.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
  const answer = (id: number | string) => answerIn(frames, id);
  const call: WebClient["call"] = (method, params) => {
    const id = `call-${nextId++}`;
    request(id, method, params);
    return answer(id);
  };
  return {
    link,
    frames: frames.all,
    request,
    until: frames.until,
    answer,
    call,
    hello: () =>
      call("hello", {
        protocol: PROTOCOL,
        client: { kind: "web", version: "0", user: "somebody else", from: "nowhere" },
      }),
    pause: () => link.pause(),
    resume: () => link.resume(),
    closed,
    close: () => link.terminate(),
  };
}

export interface StreamEvent {
  id: string | undefined;
  event: string;
  data: Frame;
}

export interface EventStream {
  readonly status: number;
  readonly events: readonly StreamEvent[];
  until(what: string, is: (event: StreamEvent) => boolean): Promise<StreamEvent>;
  pause(): void;
  resume(): void;
  readonly closed: Promise<void>;
  close(): void;
}

/** A stream of server-sent events, read as the specification has it. */
export async function openEvents(
  url: string,
  path: string,
  { token, headers = {} }: { token?: string; headers?: Record<string, string> } = {},
): Promise<EventStream> {
  const { hostname, port } = new URL(url);
  const request = http.get({
    host: hostname,
    port,
    path,
    agent: false,
    headers: {
      accept: "text/event-stream",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...headers,
    },
  });
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    request.once("response", resolve);
    request.once("error", reject);
  });
  request.on("error", () => {});
  response.on("error", () => {});
  const events = new Arrivals<StreamEvent>();
  let rest = "";
  response.setEncoding("utf8");
  response.on("data", (chunk: string) => {
    const blocks = (rest + chunk).split("\n\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = block.split("\n").map((line) => /^([^:]*):? ?(.*)$/.exec(line)!.slice(1));
      const field = (name: string) =>
        fields.filter(([key]) => key === name).map(([, text]) => text);
      const data = field("data");
      if (data.length === 0) continue;
      events.push({
        id: field("id")[0],
        event: field("event")[0] ?? "message",
        data: JSON.parse(data.join("\n")),
      });
    }
  });
  const closed = new Promise<void>((resolve) => response.once("close", () => resolve()));
  return {
    status: response.statusCode ?? 0,
    events: events.all,
    until: events.until,
    pause: () => response.pause(),
    resume: () => response.resume(),
    closed,
    close: () => request.destroy(),
  };
}
