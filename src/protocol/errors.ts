/**
 * Every error a user or a client can meet, in one registry. A code is stable once released:
 * it is what scripts match on, and each has a line in PROTOCOL.md (a test compares the two).
 *
 * `exit` is the command line's exit code for it: 1 failed, 2 wrong usage, 3 no such session,
 * 4 the turn failed, 5 an approval waits, 6 unreachable, 7 not allowed, 124 timed out.
 */
export const ERRORS = {
  "invalid-usage": { exit: 2, about: "an argument or option is missing, unknown or contradictory" },
  "invalid-params": { exit: 2, about: "a request's params do not have the shape of its method" },
  "invalid-name": { exit: 2, about: "a session name breaks the rule for names" },
  "invalid-override": { exit: 2, about: "a -c override is not key=value with a TOML value" },
  "invalid-id": {
    exit: 2,
    about: "a message id is empty, too long or has characters outside the rule",
  },
  "name-taken": { exit: 2, about: "a live session already has this name" },
  "empty-message": { exit: 2, about: "a message has neither text nor an image" },
  "message-too-large": { exit: 2, about: "a message is larger than messageBytesMax" },
  "image-unreadable": { exit: 2, about: "an image file is missing, unreadable or not an image" },
  "directory-missing": { exit: 2, about: "a session's working directory does not exist" },
  "user-unknown": { exit: 2, about: "the machine has no user of this name" },
  "profile-missing": { exit: 2, about: "CODEX_HOME has no such profile" },
  "cursor-ahead": { exit: 2, about: "a cursor lies past the session's last record" },
  "invalid-decision": {
    exit: 2,
    about: "a decision is not one that codex offers for this approval",
  },
  "id-conflict": { exit: 2, about: "a message id was used before with another text" },
  "session-not-found": { exit: 3, about: "there is no session of this name or id" },
  "no-sessions": { exit: 3, about: "a command needs a session and there is none" },
  "session-ended": { exit: 3, about: "the session was killed; only its history is left" },
  "approval-not-found": { exit: 1, about: "no approval with this id waits or waited" },
  "approval-answered": { exit: 1, about: "the approval was answered before" },
  "approval-lost": {
    exit: 1,
    about: "the agent that asked is gone, so the answer can reach nobody",
  },
  "approval-ambiguous": { exit: 2, about: "several approvals wait and none was named" },
  "no-approval": { exit: 1, about: "no approval waits in this session" },
  "turn-failed": { exit: 4, about: "the turn ended with an error or was interrupted" },
  "approval-waits": { exit: 5, about: "the turn waits for an approval" },
  "session-busy": { exit: 1, about: "the session is in a turn and the command wants it idle" },
  "session-frozen": {
    exit: 1,
    about: "the session was stopped in a panic, and nobody let it go on since",
  },
  "no-turn": { exit: 1, about: "there is no running turn to interrupt" },
  "no-thread": { exit: 1, about: "codex has no such thread, or no thread to resume" },
  "thread-held": { exit: 1, about: "another process has the thread open" },
  "codex-missing": { exit: 1, about: "no codex binary was found" },
  "codex-too-old": { exit: 1, about: "the codex found is older than what hacs-session needs" },
  "codex-failed": { exit: 1, about: "codex ended at once, or did not come up in time" },
  "codex-error": { exit: 1, about: "codex answered a request with an error" },
  "agent-gone": { exit: 1, about: "the agent died while it was asked" },
  "config-invalid": { exit: 1, about: "the config file is not what it should be" },
  "state-unwritable": { exit: 1, about: "the state directory cannot be written" },
  "output-unwritable": { exit: 1, about: "what a command prints cannot be written" },
  "state-newer": { exit: 1, about: "the history was written by a newer hacs-session" },
  "state-damaged": { exit: 1, about: "the history file is damaged" },
  "directory-unsafe": {
    exit: 7,
    about: "a private directory belongs to someone else or is open to others",
  },
  "socket-path-long": {
    exit: 2,
    about: "a socket path is longer than the 107 bytes that a unix socket allows",
  },
  "daemon-running": { exit: 1, about: "another daemon already serves this socket or this state" },
  "daemon-failed": { exit: 6, about: "the daemon did not start" },
  "daemon-unreachable": { exit: 6, about: "no daemon answers on the socket" },
  "daemon-hung": { exit: 6, about: "a daemon has the socket and does not answer" },
  "service-failed": {
    exit: 1,
    about: "systemd or launchd is not there, or did not do what daemon install asked of it",
  },
  "daemon-stopped": { exit: 6, about: "the daemon was stopped while a client was attached" },
  "daemon-stopping": { exit: 6, about: "the daemon is shutting down" },
  "protocol-version": { exit: 6, about: "client and daemon have no protocol version in common" },
  "not-allowed": { exit: 7, about: "the client attached read-only, or lacks the role for this" },
  unauthenticated: { exit: 7, about: "no token was shown, or one that does not count (any more)" },
  "token-not-found": { exit: 1, about: "no token has this id" },
  "hook-not-found": { exit: 1, about: "the config file has no such hook, or none for this event" },
  "pairing-failed": { exit: 7, about: "a pairing code is wrong, used or too old" },
  "rate-limited": {
    exit: 1,
    about: "too much in a short time; retryAfterMs, if there is one, says when again",
  },
  "too-many-clients": {
    exit: 6,
    about: "as many clients are connected as may be, in all, with this token, or by this link",
  },
  "host-refused": { exit: 7, about: "a request's Host is not one that is served here" },
  "origin-refused": { exit: 7, about: "a web page asks whose origin is not on the allow list" },
  "request-invalid": { exit: 2, about: "an HTTP request is not as HTTP or this page has it" },
  "path-unknown": { exit: 1, about: "nothing is served at this path, or not with this method" },
  "listen-unsafe": {
    exit: 2,
    about: "listening as asked for would let in who can read the network",
  },
  "listen-failed": { exit: 1, about: "an address can't be listened on, or a certificate not used" },
  "peer-not-found": { exit: 3, about: "there is no peer of this name" },
  "peer-unreachable": { exit: 6, about: "the link to a peer is down" },
  "peer-invalid": { exit: 1, about: "a peer sent something that breaks the protocol" },
  "peer-loop": { exit: 2, about: "the way to a session leads through the same daemon twice" },
  "too-many-hops": { exit: 2, about: "a session is more peers away than hopsMax" },
  "invalid-url": { exit: 2, about: "a peer's URL is none that a daemon can be reached by" },
  "not-here": { exit: 2, about: "what was asked for works on the session's own machine only" },
  "ssh-failed": { exit: 6, about: "ssh ended before hacs-session on the other side answered" },
  "ssh-refused": { exit: 7, about: "ssh was refused: the login, or the host's key" },
  "remote-missing": {
    exit: 6,
    about: "the other side has no hacs-session on its PATH, or too old a one",
  },
  "archive-none": { exit: 2, about: "the daemon's config names no archive" },
  "archive-unreachable": { exit: 6, about: "the archive's server does not answer, or not in time" },
  "archive-refused": {
    exit: 7,
    about: "the archive's server refuses the login, the role's rights or the encryption",
  },
  "archive-unusable": {
    exit: 1,
    about:
      "the archive's database is too old, of another kind, or takes nothing (its disk is full)",
  },
  "archive-newer": { exit: 1, about: "the archive was set up by a newer hacs-session" },
  "archive-conflict": {
    exit: 1,
    about: "the archive has another history under this daemon's and this session's id",
  },
  "method-unknown": { exit: 1, about: "the daemon has no such method" },
  "frame-too-large": { exit: 1, about: "a frame is longer than frameBytesMax" },
  "frame-invalid": { exit: 1, about: "a frame is not a JSON-RPC 2.0 object" },
  "message-sent": {
    exit: 1,
    about: "the message is with codex, or was settled, and can't be taken back",
  },
  "queue-full": {
    exit: 1,
    about:
      "as much waits as may: messages or bytes of a session, bytes in all sessions, or messages for a peer",
  },
  "timed-out": { exit: 124, about: "the time given ran out" },
  internal: { exit: 1, about: "a bug in hacs-session; the daemon's log has the details" },
} as const satisfies Record<string, { exit: number; about: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** What travels in a JSON-RPC error's `data`. */
export interface ErrorData {
  code: ErrorCode;
  /** What to do next, a full sentence. */
  next?: string;
  [detail: string]: unknown;
}

/**
 * An expected failure. `message` gives the rule and the value received in one line, `next` the
 * next step. Anything that is not a HacsError and reaches a boundary is a bug: `internal`.
 */
export class HacsError extends Error {
  readonly code: ErrorCode;
  readonly next: string | undefined;
  readonly details: Record<string, unknown>;

  constructor(
    code: ErrorCode,
    message: string,
    next?: string,
    details: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = "HacsError";
    this.code = code;
    this.next = next;
    this.details = details;
  }

  get exitCode(): number {
    return ERRORS[this.code].exit;
  }

  toData(): ErrorData {
    return { ...this.details, code: this.code, ...(this.next ? { next: this.next } : {}) };
  }
}

/** JSON-RPC 2.0 reserves these numbers; everything of ours is `applicationError`. */
export const RPC_NUMBERS = {
  "frame-invalid": -32600,
  "method-unknown": -32601,
  "invalid-params": -32602,
  internal: -32603,
} as const satisfies Partial<Record<ErrorCode, number>>;
const applicationError = -32000;

export interface RpcError {
  code: number;
  message: string;
  data?: ErrorData | undefined;
}

export function toRpcError(error: unknown): RpcError {
  if (error instanceof HacsError) {
    const number = (RPC_NUMBERS as Partial<Record<ErrorCode, number>>)[error.code];
    return { code: number ?? applicationError, message: error.message, data: error.toData() };
  }
  return {
    code: RPC_NUMBERS.internal,
    message: "Something went wrong inside the daemon.",
    data: { code: "internal", next: "See the daemon's log for the details." },
  };
}

export function fromRpcError(error: RpcError): HacsError {
  const data = error.data;
  if (data && typeof data.code === "string" && Object.hasOwn(ERRORS, data.code)) {
    const { code, next, ...details } = data;
    return new HacsError(code, error.message, next, details);
  }
  return new HacsError("internal", `${error.message} (JSON-RPC error ${error.code})`);
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
