/** A server that is posted to, and answers as the test says. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import { eventually } from "./eventually.ts";

export interface Posted {
  headers: http.IncomingHttpHeaders;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects by what it asserts
  json: any;
  path: string;
}

export interface WebHook {
  url: string;
  readonly posted: readonly Posted[];
  /** What the next requests are answered, in order; 204 when there is none left. */
  answers: (number | [number, Record<string, string>] | "never" | "cut")[];
  until(what: string, is: (posted: Posted) => boolean): Promise<Posted>;
  close(): Promise<void>;
}

export async function openWebHook(): Promise<WebHook> {
  const posted: Posted[] = [];
  const server = http.createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request.setEncoding("utf8")) text += chunk;
    const answer = hook.answers.shift() ?? 204;
    posted.push({
      headers: request.headers,
      text,
      json: JSON.parse(text),
      path: request.url ?? "",
    });
    if (answer === "never") return;
    if (answer === "cut") return void request.socket.destroy();
    const [status, headers] = typeof answer === "number" ? [answer, {}] : answer;
    response.writeHead(status, headers).end("an answer");
  });
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  const hook: WebHook = {
    url: `http://127.0.0.1:${port}`,
    posted,
    answers: [],
    until: (what, is) => eventually(() => posted.find(is), { what }),
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return hook;
}
