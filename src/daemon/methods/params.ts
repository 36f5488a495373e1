/** The shape of each method's params, checked before any of it is used. */
import * as v from "valibot";
import { SCOPES } from "../../protocol/access.ts";
import { addressLengthMax, hopsMax } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";
import { isObject, type JsonObject } from "../../protocol/messages.ts";
import { limits, type Method, type Params } from "../../protocol/methods.ts";
import { APPROVAL_POLICIES, ON_CRASH, SANDBOXES, SEND_MODES } from "../../protocol/session.ts";

// The system's calls end a string at a NUL, so none may be in what they are given.
const text = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(4096),
  v.regex(/^[^\0]*$/, "must be free of NUL"),
);
/** Valibot takes an array for an object. */
const object = v.custom<JsonObject>(isObject, "must be an object");
const name = v.pipe(v.string(), v.maxLength(addressLengthMax));
/** What another daemon calls itself, and its id. */
const daemonName = v.pipe(v.string(), v.minLength(1), v.maxLength(64));
const daemonId = v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/, "must be a daemon's id"));
const neighbour = v.strictObject({ id: daemonId, name: daemonName });
const time = v.pipe(v.string(), v.isoTimestamp("must be a time in ISO 8601, in UTC"));
const seq = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const environment = v.pipe(
  object,
  v.record(
    v.pipe(v.string(), v.regex(/^[^=\0]+$/, "must be a variable's name")),
    v.pipe(v.string(), v.regex(/^[^\0]*$/, "must be free of NUL")),
  ),
);
const content = v.strictObject({
  text: v.string(),
  images: v.optional(v.pipe(v.array(text), v.maxLength(100))),
});
const memoryBytes = v.pipe(seq, v.minValue(limits.memoryBytesMin));
const cpus = v.pipe(v.number(), v.minValue(limits.cpusMin), v.maxValue(limits.cpusMax));
const spec = v.strictObject({
  cwd: text,
  model: v.optional(text),
  provider: v.optional(text),
  profile: v.optional(text),
  sandbox: v.optional(v.picklist(SANDBOXES)),
  approval: v.optional(v.picklist(APPROVAL_POLICIES)),
  overrides: v.optional(v.pipe(v.array(v.string()), v.maxLength(1000))),
  codexHome: v.optional(v.pipe(text, v.startsWith("/", "must be an absolute path"))),
  user: v.optional(v.pipe(text, v.maxLength(64))),
  codex: v.optional(text),
  onCrash: v.optional(v.picklist(ON_CRASH)),
  memoryBytes: v.optional(memoryBytes),
  cpus: v.optional(cpus),
});
const noneOr = <T extends v.GenericSchema>(some: T) =>
  v.optional(v.nullable(v.union([v.literal(0), some])));
const run = v.pipe(
  object,
  v.strictObject({
    onCrash: v.optional(v.nullable(v.picklist(ON_CRASH))),
    memoryBytes: noneOr(memoryBytes),
    cpus: noneOr(cpus),
  }),
);
const token = v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,512}$/, "must be one printable word"));
const bound = v.optional(v.nullable(seq));
const keep = v.pipe(object, v.strictObject({ ageMs: bound, bytes: bound }));
const lifeMs = v.optional(v.nullable(v.pipe(seq, v.maxValue(limits.limitMsMax))));
const limitsShape = v.pipe(
  object,
  v.strictObject({
    idleTimeoutMs: lifeMs,
    ttlMs: lifeMs,
    maxTurnTimeMs: lifeMs,
    maxQueued: v.optional(v.nullable(v.pipe(seq, v.minValue(1), v.maxValue(limits.messagesMax)))),
  }),
);
const named = v.strictObject({ name });

const grant = v.strictObject({
  scope: v.optional(v.picklist(SCOPES)),
  sessions: v.optional(v.string()),
  expiresMs: v.optional(v.nullable(v.pipe(seq, v.minValue(1), v.maxValue(limits.tokenLifeMsMax)))),
  label: v.optional(v.pipe(text, v.maxLength(limits.labelLengthMax))),
});

const shapes = {
  hello: v.object({
    protocol: v.object({ min: v.number(), max: v.number() }),
    client: v.object({
      kind: v.pipe(text, v.maxLength(32)),
      version: v.string(),
      user: v.pipe(v.string(), v.maxLength(256)),
      from: v.pipe(v.string(), v.maxLength(256)),
      via: v.optional(v.pipe(v.array(daemonName), v.maxLength(hopsMax))),
    }),
    via: v.optional(v.pipe(v.array(daemonId), v.maxLength(hopsMax))),
  }),
  "daemon/status": v.strictObject({}),
  "daemon/metrics": v.strictObject({}),
  "hook/list": v.strictObject({}),
  "hook/test": v.strictObject({ event: text, hook: v.optional(text) }),
  "daemon/stop": v.strictObject({ agents: v.picklist(["settle", "keep", "end"]) }),
  "daemon/panic": v.strictObject({}),
  "daemon/sent": v.strictObject({
    limit: v.optional(v.pipe(seq, v.minValue(1), v.maxValue(limits.sentLimitMax))),
  }),
  "daemon/activity": v.strictObject({}),
  "token/new": grant,
  "token/list": v.strictObject({}),
  "token/revoke": v.strictObject({ id: v.string() }),
  "pair/new": grant,
  "daemon/search": v.strictObject({
    words: v.pipe(v.string(), v.maxLength(1000)),
    name: v.optional(name),
    since: v.optional(time),
    limit: v.optional(v.pipe(seq, v.minValue(1), v.maxValue(limits.searchLimitMax))),
  }),
  "archive/search": v.strictObject({
    words: v.pipe(v.string(), v.maxLength(1000)),
    name: v.optional(name),
    since: v.optional(time),
    limit: v.optional(v.pipe(seq, v.minValue(1), v.maxValue(limits.searchLimitMax))),
  }),
  "archive/sessions": v.strictObject({
    offset: v.optional(seq),
    limit: v.optional(v.pipe(seq, v.minValue(1), v.maxValue(limits.archiveLimitMax))),
  }),
  "archive/history": v.strictObject({
    name,
    after: v.optional(seq),
    before: v.optional(seq),
    limit: v.optional(v.pipe(seq, v.minValue(1), v.maxValue(limits.historyLimitMax))),
  }),
  "daemon/audit": v.strictObject({
    name: v.optional(name),
    since: v.optional(time),
    before: v.optional(seq),
    limit: v.optional(v.pipe(seq, v.minValue(1), v.maxValue(limits.auditLimitMax))),
  }),
  "session/new": v.strictObject({
    name: v.optional(name),
    spec,
    env: v.optional(environment),
    variables: v.optional(environment),
    resume: v.optional(
      v.union([v.strictObject({ threadId: text }), v.strictObject({ last: v.literal(true) })]),
    ),
    prompt: v.optional(content),
    keep: v.optional(keep),
    limits: v.optional(limitsShape),
  }),
  "session/list": v.strictObject({ all: v.optional(v.boolean()) }),
  "session/show": named,
  "session/attach": v.strictObject({
    name,
    after: v.optional(seq),
    last: v.optional(seq),
    deltas: v.optional(v.boolean()),
    readOnly: v.optional(v.boolean()),
    wake: v.optional(v.boolean()),
    env: v.optional(environment),
    visible: v.optional(v.boolean()),
  }),
  "session/detach": named,
  "session/history": v.strictObject({
    name,
    after: v.optional(seq),
    before: v.optional(seq),
    limit: v.optional(v.pipe(seq, v.minValue(1), v.maxValue(limits.historyLimitMax))),
  }),
  "session/send": v.strictObject({
    name,
    id: v.optional(v.string()),
    content,
    mode: v.optional(v.picklist(SEND_MODES)),
    store: v.optional(v.boolean()),
  }),
  "session/compose": v.strictObject({ name, text: v.string() }),
  "session/withdraw": v.strictObject({ name, id: v.string() }),
  "session/receipt": v.strictObject({ name, id: v.string() }),
  "session/approvals": v.strictObject({ name: v.optional(name) }),
  "session/answer": v.strictObject({
    name,
    id: v.optional(v.string()),
    answer: v.pipe(
      object,
      v.strictObject({ decision: v.optional(v.string()), response: v.optional(v.any()) }),
    ),
  }),
  "session/interrupt": named,
  "session/sleep": v.strictObject({ name, force: v.optional(v.boolean()) }),
  "session/wake": v.strictObject({ name, env: v.optional(environment) }),
  "session/restart": v.strictObject({
    name,
    env: v.optional(environment),
    force: v.optional(v.boolean()),
  }),
  "session/panic": named,
  "session/kill": named,
  "session/remove": named,
  "session/update": v.pipe(
    v.strictObject({
      name,
      keep: v.optional(keep),
      limits: v.optional(limitsShape),
      run: v.optional(run),
    }),
    v.check(
      ({ name: _name, ...changes }) => Object.values(changes).some((one) => one !== undefined),
      "must have keep, limits or run",
    ),
  ),
  "session/rename": v.strictObject({ name, to: name }),
  "session/fork": v.strictObject({ name, to: name, env: v.optional(environment) }),
  "session/call": v.strictObject({ name, method: text, params: object }),
  "peer/add": v.strictObject({
    name,
    url: text,
    token: v.optional(token),
    ca: v.optional(text),
    remoteCommand: v.optional(text),
  }),
  "peer/join": v.strictObject({
    url: text,
    as: name,
    token: v.optional(token),
    ca: v.optional(text),
    remoteCommand: v.optional(text),
    scope: v.optional(v.picklist(SCOPES)),
    sessions: v.optional(v.string()),
  }),
  "peer/list": v.strictObject({}),
  "peer/remove": v.strictObject({ name: text }),
  "peer/link": v.strictObject({ daemon: v.optional(neighbour) }),
  "peer/offer": v.strictObject({ as: name, daemon: neighbour }),
  "peer/sessions": v.strictObject({
    all: v.optional(v.boolean()),
    waitMs: v.optional(v.pipe(seq, v.maxValue(60_000))),
  }),
} satisfies Record<Method, v.GenericSchema>;

/** Throws `invalid-params` with the first member that is wrong, and what it should be. */
export function checkParams<M extends Method>(method: M, params: JsonObject): Params<M> {
  const result = v.safeParse(shapes[method] as v.GenericSchema, params);
  if (result.success) return result.output as Params<M>;
  const [issue] = result.issues;
  const where = v.getDotPath(issue) ?? "params";
  throw new HacsError(
    "invalid-params",
    `${method}: ${where} is wrong: ${issue.message}.`,
    "PROTOCOL.md describes the params of every method.",
  );
}
