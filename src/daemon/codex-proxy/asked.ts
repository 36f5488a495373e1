/**
 * What codex asked one client and waits to hear. An answer goes through the session's approvals,
 * as everybody's does: the first counts, it is stored before codex hears it, and with it who gave
 * it. Of what the client was not asked it can answer nothing.
 */
import { includes, type Scope } from "../../protocol/access.ts";
import { HacsError } from "../../protocol/errors.ts";
import type { Json, JsonObject, RequestId } from "../../protocol/messages.ts";
import type { Actor } from "../../protocol/session.ts";
import type { Session } from "../session/session.ts";

export interface AskedPort {
  session: Session;
  scope: Scope;
  by: () => Actor;
  toAgent: (message: object) => void;
  warn: (text: string) => void;
}

export class Asked {
  readonly #port: AskedPort;
  /** Each with what resolves when the session has heard of it, too. */
  readonly #open = new Map<RequestId, Promise<void>>();

  constructor(port: AskedPort) {
    this.#port = port;
  }

  /** codex asks. False when it is not for this client: logins and attestations are the user's. */
  ask(id: RequestId, method: string, params: JsonObject): boolean {
    const { session, scope } = this.#port;
    // What time it is, the daemon says.
    if (method === "currentTime/read") return false;
    if (scope !== "admin" && params.threadId !== session.row.threadId) return false;
    const known = this.#tell(id, method, params);
    // Whoever answers meets it again.
    known.catch(() => {});
    this.#open.set(id, known);
    return true;
  }

  /** Has the session know of it before anybody answers, even when only this client was asked. */
  async #tell(id: RequestId, method: string, params: JsonObject): Promise<void> {
    const { session } = this.#port;
    if (session.approvals.heard(id)) return;
    // What codex told the daemon before this answer has come before it.
    await session.call("thread/loaded/list", {}).catch(() => {});
    const own = params.threadId === session.row.threadId;
    if (own && this.#open.has(id) && !session.approvals.heard(id))
      session.asked(id, method, params);
  }

  /** `serverRequest/resolved`: somebody answered, or it was withdrawn. */
  settled({ requestId }: JsonObject): void {
    if (typeof requestId === "number" || typeof requestId === "string")
      this.#open.delete(requestId);
  }

  async answer(id: RequestId, result: Json): Promise<void> {
    const { session, scope, by, toAgent, warn } = this.#port;
    const known = this.#open.get(id);
    if (known === undefined) return;
    if (!includes(scope, "approve"))
      return warn(`To answer needs the scope approve; this client has ${scope}. It still waits.`);
    await known;
    if (!this.#open.delete(id)) return;
    const approval = session.approvals.idOf(id);
    // It is about a thread of the client's own, of which nobody else knows.
    if (approval === undefined && !session.approvals.heard(id)) return toAgent({ id, result });
    // Somebody else was first, which codex tells everybody.
    if (approval === undefined) return;
    try {
      session.answer(approval, { response: result }, by());
    } catch (error) {
      if (!(error instanceof HacsError)) throw error;
      this.#open.set(id, known);
      warn(error.message);
    }
  }
}
