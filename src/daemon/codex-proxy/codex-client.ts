/**
 * A client of codex's own protocol (codex's TUI, an editor, a phone) on a session. It has a
 * connection to the agent of its own, because codex keeps ids, capabilities and subscriptions by
 * connection, so nothing of two clients can mix. Every frame passes here: what the client asks for
 * is judged, what codex asks it is answered through the session, and the rest is handed on. What
 * one side does not read stops the other from being read, and codex itself then cuts off a
 * connection that it finds stalled.
 */

import type { Logger } from "pino";
import type WebSocket from "ws";
import type { RawData } from "ws";
import { HacsError, messageOf } from "../../protocol/errors.ts";
import { decode, isObject, type JsonObject, type RequestId } from "../../protocol/messages.ts";
import type { Actor } from "../../protocol/session.ts";
import { sleep } from "../../system/sleep.ts";
import { decodeCodex, openSocket } from "../agent/agent-link.ts";
import type { Identity } from "../client.ts";
import { closeCodeOf } from "../close-codes.ts";
import { clientKey, type MessageRate } from "../message-rate.ts";
import { refuseIntricate } from "../nesting.ts";
import { Once } from "../once.ts";
import type { Session } from "../session/session.ts";
import { Asked } from "./asked.ts";
import { setFlowing } from "./flow.ts";
import { judge, type Verdict } from "./gate.ts";
import { type Narrowing, narrowed } from "./narrowed.ts";

/** Past this many unread bytes on one side, the other side is not read. */
const backlogBytesMax = 4 * 1024 * 1024;
/** Frames of the client that came and wait for those before them. */
const waitingMax = 100;
/** Requests that codex has not answered. */
const unansweredMax = 1_000;
/** Threads beside the session's that are known to be the agent's. */
const heldMax = 1_000;
const nameCharsMax = 60;
const idCharsMax = 200;
/** Of what a close frame may hold. */
const reasonBytesMax = 120;
const closeTimeoutMs = 500;
const dialsMax = 10;
const redialMs = 50;

const invalidRequest = -32600;
const overloaded = -32001;

interface Unanswered {
  narrow: Narrowing | null;
  onResult: (() => void) | undefined;
}

export interface Surroundings {
  log: Logger;
  messageRate: MessageRate;
  /** Whose machine it is. */
  user: string;
  /** A client that has not read for so long is cut off. */
  stallMs: number;
}

export class CodexClient {
  readonly session: Session;
  readonly identity: Identity;
  onClose: () => void = () => {};
  readonly #ws: WebSocket;
  readonly #around: Surroundings;
  readonly #asked: Asked;
  readonly #unanswered = new Map<RequestId, Unanswered>();
  readonly #held = new Set<string>();
  #actor: Actor;
  #agent: WebSocket | undefined;
  #leave: () => void = () => {};
  #joined = false;
  #waiting = 0;
  #turn: Promise<void> = Promise.resolve();
  #closed = false;
  /** Runs while the client does not read. */
  #stall: NodeJS.Timeout | undefined;
  #hasStalled = false;
  readonly #leftOut = new Once();

  constructor(ws: WebSocket, session: Session, identity: Identity, surroundings: Surroundings) {
    this.session = session;
    this.identity = identity;
    this.#ws = ws;
    this.#around = surroundings;
    this.#actor = this.#actorNamed("");
    this.#asked = new Asked({
      session,
      scope: identity.access.scope,
      by: () => this.#actor,
      toAgent: (message) => this.#toAgent(message),
      warn: (text) => this.#warn(text),
    });
    ws.on("message", (data, isBinary) => this.#received(data, isBinary));
    // The close that follows tells all there is to tell.
    ws.on("error", () => {});
    ws.on("close", () => this.#end());
  }

  /** Gets the agent up and connects to it; the client is not read meanwhile. */
  async begin(): Promise<void> {
    this.#ws.pause();
    // The agent is not to go to sleep between waking and the client's introduction.
    this.#leave = this.session.use();
    try {
      const agent = await this.#dial();
      if (this.#closed) return agent.terminate();
      this.#agent = agent;
      agent.on("message", (data) => this.#toldBy(data));
      agent.on("error", () => {});
      agent.on("close", () => this.#agentGone());
      this.#regulate();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Who it is, as what it does is attributed. */
  get actor(): Actor {
    return this.#actor;
  }

  fail(error: unknown): void {
    if (error instanceof HacsError) return this.close(closeCodeOf(error.code, 1011), error.message);
    this.#around.log.error({ err: error }, "a codex client met a bug");
    this.close(1011, "a bug in hacs-session; the daemon's log has the details");
  }

  /** Says goodbye; whoever does not answer is cut off all the same. */
  close(code: number, reason: string): void {
    // What is paused does not see the client's answer.
    this.#ws.resume();
    this.#ws.close(code, Buffer.from(reason).subarray(0, reasonBytesMax).toString());
    setTimeout(() => this.#ws.terminate(), closeTimeoutMs).unref();
    this.#end();
  }

  async #dial(): Promise<WebSocket> {
    const { session } = this;
    if (this.#scope === "observe" && session.info().agentPid === null) {
      throw new HacsError(
        "not-allowed",
        `The session is ${session.state}, and to wake it needs the scope prompt`,
      );
    }
    for (let attempt = 1; ; attempt++) {
      try {
        const { row } = await session.wake(false);
        await this.#makeResumable();
        return await openSocket(row.socket, row.user);
      } catch (error) {
        // It may have died a moment ago, which the daemon is about to notice.
        const died = error instanceof HacsError && error.code === "agent-gone";
        if (!died || attempt === dialsMax) throw error;
        await sleep(redialMs);
      }
    }
  }

  /** codex opens a thread to a second client when it is stored, which naming one brings about. */
  async #makeResumable(): Promise<void> {
    const { session } = this;
    if (session.spoken) return;
    const read = await session.call("thread/read", {});
    const named = isObject(read) && isObject(read.thread) && read.thread.name != null;
    if (!named) await session.call("thread/name/set", { name: session.name });
  }

  get #scope() {
    return this.identity.access.scope;
  }

  #received(data: RawData, isBinary: boolean): void {
    // codex takes no notice of binary frames either.
    if (isBinary || this.#closed) return;
    this.#waiting++;
    this.#regulate();
    const frame = String(data);
    this.#turn = this.#turn
      .then(() => this.#take(frame))
      .catch((error) => this.fail(error))
      .finally(() => {
        this.#waiting--;
        this.#regulate();
      });
  }

  /** codex leaves out what is not its protocol, and so do we. */
  async #take(frame: string): Promise<void> {
    if (this.#closed) return;
    let message: ReturnType<typeof decode>;
    try {
      refuseIntricate(frame);
      message = decode(frame);
    } catch {
      return;
    }
    switch (message.kind) {
      case "request": {
        // codex knows requests that have no params at all.
        const { params } = JSON.parse(frame) as { params?: JsonObject | null };
        return this.#request(message.id, message.method, params ?? undefined);
      }
      case "notification":
        if (message.method === "initialized") this.#toAgent({ method: "initialized" });
        return;
      case "response":
        return this.#asked.answer(message.id, message.result);
      case "failure":
        // One client that can't answer is no answer: somebody else may.
        return;
    }
  }

  async #request(id: RequestId, method: string, params: JsonObject | undefined): Promise<void> {
    if (typeof id === "string" && id.length > idCharsMax)
      return this.#refuse("", `An id has at most ${idCharsMax} characters.`);
    if (this.#unanswered.has(id)) return this.#refuse(id, `A request with the id ${id} waits.`);
    if (this.#unanswered.size >= unansweredMax)
      return this.#refuse(id, `At most ${unansweredMax} requests wait at once.`, overloaded);
    let verdict = this.#judge(method, params);
    if (verdict.kind === "look") {
      await this.#lookFor(verdict.threadId);
      verdict = this.#judge(method, params, true);
    }
    if (verdict.kind === "refuse") return this.#refuse(id, verdict.message);
    if (verdict.kind === "interrupt") return this.#interrupt(id);
    if (verdict.kind !== "pass") return;
    const key = clientKey(this.identity, this.#actor);
    const over = verdict.record?.messageId && this.#around.messageRate.take(key);
    if (over) return this.#refuse(id, over.message, overloaded);
    if (verdict.record !== null)
      this.session.history.own("session/called", { by: this.#actor, ...verdict.record });
    this.#unanswered.set(id, { narrow: verdict.narrow, onResult: this.#after(verdict, params) });
    this.#toAgent({
      id,
      method: verdict.method,
      ...(verdict.params === undefined ? {} : { params: verdict.params }),
    });
  }

  #judge(method: string, params: JsonObject | undefined, looked = false): Verdict {
    const { session } = this;
    return judge(method, params, {
      scope: this.#scope,
      session: session.name,
      threadId: session.row.threadId ?? "",
      turnId: session.turnId,
      joined: this.#joined,
      holds: (threadId) => this.#held.has(threadId) || (looked ? false : undefined),
      isOurs: (messageId) => session.inbox.has(messageId),
    });
  }

  #after(verdict: Verdict & { kind: "pass" }, params: JsonObject | undefined) {
    if (verdict.method === "initialize") return () => this.#introduced(params);
    if (!verdict.joins) return undefined;
    return () => {
      this.#joined = true;
    };
  }

  async #lookFor(threadId: string): Promise<void> {
    const loaded = await this.session.call("thread/loaded/list", {}).catch(() => null);
    const ids = isObject(loaded) && Array.isArray(loaded.data) ? loaded.data : [];
    if (!ids.includes(threadId)) return;
    if (this.#held.size >= heldMax) this.#held.clear();
    this.#held.add(threadId);
  }

  /** codex took its introduction: from here on it counts as a client. */
  #introduced(params: JsonObject | undefined): void {
    if (this.#closed) return;
    const info = isObject(params?.clientInfo) ? params.clientInfo : {};
    const version = typeof info.version === "string" ? ` ${info.version}` : "";
    const name = typeof info.name === "string" ? info.name : "?";
    this.#actor = this.#actorNamed(`${name}${version}`.slice(0, nameCharsMax));
    const since = new Date().toISOString();
    const readOnly = this.#scope === "observe";
    const dialled = this.#leave;
    this.#leave = this.session.attach({ ...this.#actor, readOnly, since });
    dialled();
  }

  #actorNamed(name: string): Actor {
    const { known } = this.identity;
    const from = [name, known?.from ?? ""].filter((part) => part !== "").join(", ");
    const user = known?.user ?? this.session.row.spec.user ?? this.#around.user;
    return { kind: "codex", user, from };
  }

  /** The session ends the turn itself, so that history says who wanted it. */
  #interrupt(id: RequestId): void {
    this.session.life.interrupt(this.#actor).then(
      () => this.#toClient({ id, result: {} }),
      (error) => this.#refuse(id, messageOf(error)),
    );
  }

  #toldBy(data: RawData): void {
    try {
      const told = this.#read(String(data));
      if (told !== null) this.#send(told);
    } catch (error) {
      // What can't be judged is handed on to nobody.
      const details = { session: this.session.name, error: messageOf(error) };
      if (this.#leftOut.first(details.error))
        this.#around.log.warn(details, "codex sent its client what is not its protocol");
    }
  }

  /** What the client is to hear of it; null for nothing. */
  #read(frame: string): string | null {
    const message = decodeCodex(frame);
    switch (message.kind) {
      case "request":
        return this.#asked.ask(message.id, message.method, message.params) ? frame : null;
      case "notification":
        if (message.method === "serverRequest/resolved") this.#asked.settled(message.params);
        return frame;
      case "failure":
        if (message.id !== null) this.#unanswered.delete(message.id);
        return frame;
      case "response": {
        const unanswered = this.#unanswered.get(message.id);
        this.#unanswered.delete(message.id);
        unanswered?.onResult?.();
        if (unanswered?.narrow == null) return frame;
        const result = narrowed(message.result, unanswered.narrow, this.session.row.threadId ?? "");
        return JSON.stringify({ id: message.id, result });
      }
    }
  }

  #warn(message: string): void {
    const { threadId } = this.session.row;
    this.#toClient({ method: "warning", params: { threadId, message } });
  }

  #refuse(id: RequestId, message: string, code = invalidRequest): void {
    this.#toClient({ id, error: { code, message } });
  }

  #toClient(message: object): void {
    this.#send(JSON.stringify(message));
  }

  #send(frame: string): void {
    if (this.#closed) return;
    this.#ws.send(frame, () => this.#regulate());
    this.#regulate();
  }

  /** Made anew from what was understood: a frame that two parsers read differently gets no further. */
  #toAgent(message: object): void {
    this.#agent?.send(JSON.stringify(message), () => this.#regulate());
  }

  #regulate(): void {
    const agent = this.#agent;
    if (agent === undefined || this.#closed) return;
    const reads = this.#ws.bufferedAmount <= backlogBytesMax;
    setFlowing(agent, reads);
    this.#watchStall(!reads);
    const keepsUp = agent.bufferedAmount <= backlogBytesMax && this.#waiting < waitingMax;
    // What it asks is answered, so who does not read is not listened to either.
    setFlowing(this.#ws, keepsUp && reads);
  }

  #watchStall(stalls: boolean): void {
    if (stalls === (this.#stall !== undefined)) return;
    clearTimeout(this.#stall);
    this.#stall = stalls ? setTimeout(() => this.#cut(), this.#around.stallMs).unref() : undefined;
    if (stalls) this.#hasStalled = true;
  }

  #agentGone(): void {
    if (this.#closed) return;
    // codex cuts off whoever does not read, and so do we.
    if (this.#hasStalled) return this.#cut();
    this.close(1012, "the session's agent ended");
  }

  #cut(): void {
    this.#ws.terminate();
    this.#end();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#stall);
    this.#leave();
    this.#agent?.terminate();
    this.onClose();
  }
}
