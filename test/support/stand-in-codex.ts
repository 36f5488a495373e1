/**
 * A program that says it is codex, and says whatever a test wants: the message that begins a turn
 * names a file, whose lines are sent as they are to everybody who is connected. Then the turn goes
 * on as a turn does.
 */
import { readFileSync } from "node:fs";
import http from "node:http";
import { type WebSocket, WebSocketServer } from "ws";

const threadId = "thread";
const given = process.argv.slice(2);

interface Asked {
  id?: number;
  method?: string;
  params?: { input?: { text: string }[]; clientUserMessageId?: string };
}

function answerTo({ method }: Asked): object {
  if (/^thread\/(start|resume|read)$/.test(method ?? ""))
    return { thread: { id: threadId, status: { type: "idle" } }, model: "none" };
  if (method === "turn/start") return { turn: { id: "last" } };
  return { data: [], nextCursor: null };
}

function serve(path: string): void {
  const clients = new Set<WebSocket>();
  const tell = (frame: string) => {
    for (const client of clients) client.send(frame);
  };
  const notify = (method: string, params: object) =>
    tell(JSON.stringify({ method, params: { threadId, turnId: "last", ...params } }));
  const turn = ({ input, clientUserMessageId: clientId }: NonNullable<Asked["params"]>) => {
    const [{ text } = { text: "" }] = input ?? [];
    for (const line of readFileSync(text, "utf8").split("\n")) tell(line);
    notify("turn/started", { turn: { id: "last", status: "inProgress" } });
    notify("item/completed", { item: { type: "userMessage", id: "asked", clientId, content: [] } });
    notify("item/completed", { item: { type: "agentMessage", id: "said", text: "the very end" } });
    notify("turn/completed", { turn: { id: "last", status: "completed" } });
  };
  const server = http.createServer();
  new WebSocketServer({ server }).on("connection", (ws) => {
    clients.add(ws);
    ws.on("close", () => clients.delete(ws));
    ws.on("message", (data) => {
      const asked = JSON.parse(String(data)) as Asked;
      if (asked.id === undefined || asked.method === undefined) return;
      ws.send(JSON.stringify({ id: asked.id, result: answerTo(asked) }));
      if (asked.method === "turn/start") turn(asked.params ?? {});
    });
  });
  server.listen(path);
}

if (given[0] === "--version") process.stdout.write("codex-cli 9.9.9\n");
else serve(given.at(-1)?.replace("unix://", "") ?? "");
