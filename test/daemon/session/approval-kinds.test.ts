import { describe, expect, test } from "vitest";
import {
  commandOf,
  decisionsFor,
  kindOf,
  respond,
} from "../../../src/daemon/session/approval-kinds.ts";
import { HacsError } from "../../../src/protocol/errors.ts";
import type { Json, JsonObject } from "../../../src/protocol/messages.ts";

const about = { threadId: "t", turnId: "u", itemId: "i", startedAtMs: 1 };
const command = "item/commandExecution/requestApproval";
const fileChange = "item/fileChange/requestApproval";
const permissions = "item/permissions/requestApproval";
const question = "item/tool/requestUserInput";
const elicitation = "mcpServer/elicitation/request";

const rule = { acceptWithExecpolicyAmendment: { execpolicy_amendment: ["git", "push"] } };
const network = (action: string) => ({
  applyNetworkPolicyAmendment: { network_policy_amendment: { host: "example.com", action } },
});
const asks: Record<string, { method: string; params: JsonObject }> = {
  command: {
    method: command,
    params: {
      ...about,
      command: "git push",
      cwd: "/w",
      availableDecisions: ["accept", rule, "cancel"],
    },
  },
  "command of an older codex": { method: command, params: { ...about, command: "ls" } },
  network: {
    method: command,
    params: {
      ...about,
      command: null,
      availableDecisions: ["accept", network("allow"), network("deny"), "cancel"],
    },
  },
  fileChange: { method: fileChange, params: { ...about, reason: null, grantRoot: null } },
  permissions: {
    method: permissions,
    params: {
      ...about,
      cwd: "/w",
      reason: null,
      permissions: { network: { enabled: true }, fileSystem: null },
    },
  },
  question: {
    method: question,
    params: {
      ...about,
      questions: [
        { id: "q", question: "Which?" },
        { id: "r", question: "How?" },
      ],
      isBlocking: true,
    },
  },
  form: {
    method: elicitation,
    params: {
      threadId: "t",
      serverName: "s",
      mode: "form",
      message: "Your name?",
      requestedSchema: { type: "object", properties: { name: { type: "string" } } },
    },
  },
  "empty form": {
    method: elicitation,
    params: {
      threadId: "t",
      serverName: "s",
      mode: "form",
      message: "Sure?",
      requestedSchema: { type: "object", properties: {} },
    },
  },
  url: {
    method: elicitation,
    params: {
      threadId: "t",
      serverName: "s",
      mode: "url",
      message: "Sign in",
      url: "https://example.com",
      elicitationId: "e",
    },
  },
  "something new": { method: "item/new/thing", params: about },
};

test.each<[string, string, string | null, string[]]>([
  ["command", "command", "git push", ["accept", "acceptWithExecpolicyAmendment", "cancel"]],
  [
    "command of an older codex",
    "command",
    "ls",
    ["accept", "acceptForSession", "decline", "cancel"],
  ],
  [
    "network",
    "command",
    null,
    ["accept", "applyNetworkPolicyAmendment", "applyNetworkPolicyAmendment-2", "cancel"],
  ],
  ["fileChange", "fileChange", null, ["accept", "acceptForSession", "decline", "cancel"]],
  [
    "permissions",
    "permissions",
    '{"network":{"enabled":true},"fileSystem":null}',
    ["accept", "acceptForSession", "decline"],
  ],
  ["question", "question", "Which?\nHow?", ["decline"]],
  ["form", "elicitation", "Your name?", ["decline", "cancel"]],
  ["empty form", "elicitation", "Sure?", ["accept", "decline", "cancel"]],
  ["url", "elicitation", "Sign in\nhttps://example.com", ["accept", "decline", "cancel"]],
  ["something new", "item/new/thing", null, []],
])("%s is shown as %s", (ask, kind, text, decisions) => {
  const { method, params } = asks[ask]!;
  expect(kindOf(method)).toBe(kind);
  expect(commandOf(method, params)).toBe(text);
  const offered = decisionsFor(method, params);
  expect(offered.map(({ id }) => id)).toEqual(decisions);
  for (const { label } of offered) expect(label).not.toBe("");
});

describe("what codex is answered", () => {
  test.each<[string, string, Json, string?]>([
    ["command", "accept", { decision: "accept" }],
    ["command", "acceptWithExecpolicyAmendment", { decision: rule }],
    ["command", "cancel", { decision: "cancel" }],
    // "No" is not offered here, and stopping the turn is the "no" that is.
    ["command", "decline", { decision: "cancel" }, "cancel"],
    ["command of an older codex", "decline", { decision: "decline" }],
    ["network", "applyNetworkPolicyAmendment", { decision: network("allow") }],
    ["network", "applyNetworkPolicyAmendment-2", { decision: network("deny") }],
    ["fileChange", "acceptForSession", { decision: "acceptForSession" }],
    ["permissions", "accept", { permissions: { network: { enabled: true } }, scope: "turn" }],
    [
      "permissions",
      "acceptForSession",
      { permissions: { network: { enabled: true } }, scope: "session" },
    ],
    ["permissions", "decline", { permissions: {}, scope: "turn" }],
    ["question", "decline", { answers: {} }],
    ["empty form", "accept", { action: "accept", content: {}, _meta: null }],
    ["form", "decline", { action: "decline", content: null, _meta: null }],
    ["url", "cancel", { action: "cancel", content: null, _meta: null }],
  ])("%s: %s", (ask, decision, response, word = decision) => {
    const { method, params } = asks[ask]!;
    expect(respond(method, params, { decision })).toEqual({ response, decision: word });
  });

  test.each<[string, Json, string]>([
    ["question", { answers: { q: { answers: ["this"] } } }, "answered"],
    ["form", { action: "accept", content: { name: "x" }, _meta: null }, "accept"],
    ["command", { decision: "accept" }, "accept"],
    ["something new", { anything: [1] }, "answered"],
    ["something new", null, "answered"],
  ])("%s: a response of its own goes through unchanged", (ask, response, word) => {
    const { method, params } = asks[ask]!;
    expect(respond(method, params, { response })).toEqual({ response, decision: word });
  });

  test.each([
    ["command", "acceptForSession"],
    ["command", "yes"],
    ["command", undefined],
    ["fileChange", "acceptWithExecpolicyAmendment"],
    ["form", "accept"],
    ["question", "accept"],
    ["something new", "accept"],
    ["something new", "constructor"],
  ])("%s: %s is not on offer", (ask, decision) => {
    const { method, params } = asks[ask]!;
    const answer = decision === undefined ? {} : { decision };
    const respondTo = () => respond(method, params, answer);
    expect(respondTo).toThrow(HacsError);
    expect(respondTo).toThrow(expect.objectContaining({ code: "invalid-decision" }));
  });
});

test("what codex offers in a shape of a later version does no harm", () => {
  const odd = { ...about, availableDecisions: [null, 7, [], {}, { later: { x: 1 } }, "accept"] };
  expect(decisionsFor(command, odd).map(({ id }) => id)).toEqual(["later", "accept"]);
  expect(decisionsFor(command, odd)[0]?.label).toBe('later {"x":1}');
});
