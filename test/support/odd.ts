/**
 * What a codex might say that is not as its protocol has it: every method that the installed one
 * knows, and others, each with params of any shape. Much of it is nearly right, since what is wrong
 * throughout is soon left alone.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { JsonObject } from "../../src/protocol/messages.ts";
import { codexBinary } from "./codex.ts";
import fc from "./property.ts";

export interface Said {
  /** Of a request. */
  id?: number | string;
  method: string;
  params: JsonObject;
  emittedAtMs?: number;
}

interface Methods {
  told: string[];
  asked: string[];
}

/** As the installed codex names them itself. */
function methodsOfCodex(): Methods {
  const dir = mkdtempSync("/tmp/hs-ts-");
  try {
    execFileSync(codexBinary, ["app-server", "generate-ts", "--experimental", "--out", dir]);
    const methods = (file: string) =>
      [...readFileSync(join(dir, file), "utf8").matchAll(/"method": "([^"]+)"/g)].map(
        ([, method = ""]) => method,
      );
    return { told: methods("ServerNotification.ts"), asked: methods("ServerRequest.ts") };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const { told, asked } = methodsOfCodex();

/** Those from which something follows here. */
const heeded = [
  "item/started",
  "item/completed",
  "item/agentMessage/delta",
  "item/reasoning/textDelta",
  "item/reasoning/summaryTextDelta",
  "item/commandExecution/outputDelta",
  "turn/started",
  "turn/completed",
  "thread/status/changed",
  "thread/tokenUsage/updated",
  "thread/settings/updated",
  "serverRequest/resolved",
];

/** Names that mean something to JavaScript, to SQLite, or to a history. */
const treacherous = [
  "constructor",
  "__proto__",
  "toString",
  "hasOwnProperty",
  "session/approval",
  "session/state",
  "session/trimmed",
  "session/ended",
  "session/message",
  "item/new/delta",
  "",
  "a\0b",
  "\ud800",
  "x".repeat(300),
];

/** What no value of JavaScript's stands for in a sample, or fast-check could not print it. */
const written: Record<string, string> = {
  "<endless>": "1e999",
  "<deep>": "[".repeat(150) + "]".repeat(150),
  "<abysmal>": "[".repeat(3_000) + "]".repeat(3_000),
  "<proto>": '{"__proto__":{"id":"i1"},"constructor":7}',
};

/** As it comes over the wire. */
export function frameOf(said: unknown): string {
  return JSON.stringify(said).replace(
    /"(<[a-z]+>)"(?!:)/g,
    (whole, name) => written[name] ?? whole,
  );
}

const anything = fc.oneof(
  { weight: 6, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...[null, 0, -1, 0.5, 1e17, 1e300, 4_294_967_294, true, "", "\0", ...Object.keys(written)],
      { toString: 1, valueOf: 1 },
      [{ toString: null, valueOf: 2 }],
    ),
  },
);

const id = fc.constantFrom("i1", "i2", "t1", "t2");
const nearly = (usual: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 5, arbitrary: usual }, { weight: 1, arbitrary: anything });
const text = nearly(fc.constantFrom("hello", "", "a\u001b[31mb", "# x\n| a |\n|--|", "ls -l"));
const number = nearly(fc.constantFrom(0, 1, 17, 1_795_303_486_545));

const items = [
  ...["userMessage", "agentMessage", "plan", "reasoning", "commandExecution", "fileChange"],
  ...["mcpToolCall", "dynamicToolCall", "collabAgentToolCall", "webSearch", "imageView"],
  ...["contextCompaction", "enteredReviewMode", "exitedReviewMode", "subAgentActivity", "newKind"],
];
const changes = nearly(
  fc.array(nearly(fc.record({ path: text, diff: text, kind: nearly(fc.record({ type: text })) })), {
    maxLength: 3,
  }),
);
const parts = nearly(fc.array(nearly(fc.record({ type: text, text, path: text, url: text }))));
const item = nearly(
  fc.record(
    {
      id: nearly(id),
      type: nearly(fc.constantFrom(...items)),
      clientId: nearly(fc.constantFrom("m1", "m2")),
      ...{ text, command: text, cwd: text, aggregatedOutput: text, query: text, tool: text },
      ...{ server: text, status: text, review: text, prompt: text, name: text, path: text },
      ...{ exitCode: number, durationMs: number, startedAtMs: number, completedAtMs: number },
      ...{ content: parts, summary: parts, changes, result: parts, arguments: anything },
      ...{ error: anything, action: anything, agentsStates: anything, receiverThreadIds: anything },
    },
    { requiredKeys: ["id", "type"] },
  ),
);
const turn = nearly(
  fc.record(
    {
      id: nearly(fc.constantFrom("t1", "t2")),
      status: nearly(fc.constantFrom("completed", "failed", "interrupted", "inProgress")),
      items: nearly(fc.array(item, { maxLength: 3 })),
      error: nearly(fc.record({ message: text })),
      ...{ startedAt: number, completedAt: number, durationMs: number, rootTurnId: text },
    },
    { requiredKeys: ["id"] },
  ),
);
const usage = nearly(
  fc.record({ inputTokens: number, cachedInputTokens: number, outputTokens: number }),
);
const decision = nearly(
  fc.oneof(
    fc.constantFrom("accept", "acceptForSession", "decline", "cancel"),
    fc.record({
      acceptWithExecpolicyAmendment: nearly(fc.record({ execpolicy_amendment: parts })),
    }),
  ),
);
const question = nearly(
  fc.record({ id: text, header: text, question: text, options: parts, isOther: anything }),
);
const property = nearly(
  fc.record({ type: text, title: text, enum: parts, enumNames: parts, oneOf: parts }),
);

const params: fc.Arbitrary<JsonObject> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record(
      {
        threadId: nearly(fc.constantFrom("thread", "thread", "another")),
        turnId: nearly(fc.constantFrom("t1", "t2")),
        itemId: nearly(id),
        requestId: nearly(fc.constantFrom(0, 1, "r")),
        delta: text,
        ...{ summaryIndex: number, contentIndex: number },
        ...{ item, turn, message: text, summary: text, command: text, cwd: text, reason: text },
        status: nearly(fc.record({ type: nearly(fc.constantFrom("active", "idle")) })),
        tokenUsage: nearly(fc.record({ total: usage, last: usage })),
        threadSettings: nearly(
          fc.record({ model: text, cwd: text, sandboxPolicy: nearly(fc.record({ type: text })) }),
        ),
        ...{ error: anything, permissions: anything, grantRoot: anything, mode: text, url: text },
        availableDecisions: nearly(fc.array(decision, { maxLength: 4 })),
        questions: nearly(fc.array(question, { maxLength: 2 })),
        requestedSchema: nearly(
          fc.record({ properties: nearly(fc.dictionary(text.map(nameOf), property)) }),
        ),
      },
      { requiredKeys: ["threadId", "turnId", "item", "turn"] },
    ) as fc.Arbitrary<JsonObject>,
  },
  {
    weight: 1,
    arbitrary: fc.dictionary(fc.string(), anything, { maxKeys: 4 }) as fc.Arbitrary<JsonObject>,
  },
);

function nameOf(value: unknown): string {
  return typeof value === "string" ? value : "other";
}

const emittedAtMs = fc.option(number as fc.Arbitrary<number>, { nil: undefined });
const notification = (methods: readonly string[]): fc.Arbitrary<Said> =>
  fc.record(
    { method: fc.constantFrom(...methods), params, emittedAtMs },
    {
      requiredKeys: ["method", "params"],
    },
  ) as fc.Arbitrary<Said>;

/** Notifications and requests, as an agent may send them one after another. */
export const oddly: fc.Arbitrary<Said> = fc.oneof(
  { weight: 6, arbitrary: notification(heeded) },
  { weight: 2, arbitrary: notification(told) },
  { weight: 1, arbitrary: notification(treacherous) },
  {
    weight: 3,
    arbitrary: fc.record({
      id: fc.constantFrom<number | string>(0, 1, 2, "r", 0.5),
      method: fc.constantFrom(...asked, ...treacherous),
      params,
    }),
  },
);

/** What codex may answer when it is asked for a thread, or its turns. */
export const oddAnswer: fc.Arbitrary<unknown> = nearly(
  fc.record({
    data: nearly(fc.array(turn, { maxLength: 4 })),
    nextCursor: nearly(fc.constant(null)),
    thread: nearly(fc.record({ id: text, status: anything })),
  }),
);
