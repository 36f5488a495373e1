/**
 * An MCP server on stdin and stdout whose tools ask before they do anything, for codex to start:
 * `order` asks with a form, `confirm` for a plain yes. A call's result is what was answered.
 */
import { createInterface } from "node:readline";

type Message = Record<string, unknown>;

const asked = {
  order: {
    mode: "form",
    message: "Order it?",
    requestedSchema: {
      type: "object",
      properties: {
        count: { type: "integer", title: "How many", description: "A whole number" },
        size: { type: "string", title: "Which size", enum: ["small", "large"] },
        gift: { type: "boolean", title: "As a gift" },
      },
      required: ["count", "size"],
    },
  },
  confirm: {
    mode: "form",
    message: "Really?",
    requestedSchema: { type: "object", properties: {} },
  },
} as const;

const tools = Object.keys(asked).map((name) => ({
  name,
  description: name,
  inputSchema: { type: "object", properties: {} },
  annotations: { readOnlyHint: true },
}));

/** Calls that wait for an answer, by the id of the question. */
const waiting = new Map<unknown, unknown>();

const send = (message: Message) =>
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);

createInterface({ input: process.stdin }).on("line", (line) => {
  const { id, method, params, result } = JSON.parse(line) as Message;
  if (method === "initialize") {
    const { protocolVersion } = params as Message;
    const serverInfo = { name: "asking-tools", version: "1" };
    return send({ id, result: { protocolVersion, capabilities: { tools: {} }, serverInfo } });
  }
  if (method === "tools/list") return send({ id, result: { tools } });
  if (method === "tools/call") {
    const { name } = params as { name: keyof typeof asked };
    const question = `question-${String(id)}`;
    waiting.set(question, id);
    return send({ id: question, method: "elicitation/create", params: asked[name] });
  }
  if (method === undefined && waiting.has(id)) {
    const content = [{ type: "text", text: JSON.stringify(result) }];
    return send({ id: waiting.get(id), result: { content } });
  }
  if (method !== undefined && id !== undefined) send({ id, result: {} });
});
