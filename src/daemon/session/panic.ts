/**
 * Everything stop: the session is frozen first, so that nothing starts or is delivered any more,
 * then its turn is interrupted and its agent ended, politely as long as it answers, and then
 * whatever lives on of all that came of it is killed, until a look at the machine finds nothing.
 * A person lets it go on.
 */
import { HacsError } from "../../protocol/errors.ts";
import { type Actor, describeActor } from "../../protocol/session.ts";
import { AgentFamily, type AgentMark } from "../../system/agent-family.ts";
import { endFamily } from "../../system/end-family.ts";
import { type Freeze, freeze, frozen, thaw } from "../../system/freeze.ts";
import type { Store } from "../store/store.ts";
import { storingIfPossible } from "../store/storing.ts";
import type { History } from "./history.ts";
import type { Inbox } from "./inbox.ts";

export interface Stopped {
  /** How many processes were killed beside the agent's own end. */
  killed: number;
  left: { pid: number; command: string }[];
}

export interface PanicPort {
  file: string;
  session: string;
  name: () => string;
  store: Store;
  history: History;
  inbox: Inbox;
  mark: () => AgentMark;
  turnId: () => string | null;
  /** False while the agent is being started or joined, which may hang. */
  answers: () => boolean;
  /** Asks codex to stop its turn; rejects when it does not. */
  interrupt: (turnId: string, timeoutMs: number) => Promise<void>;
  /** Ends the agent; whether it is given time for that. */
  down: (politely: boolean) => Promise<void>;
  onChange: () => void;
  log: (message: string, details: object) => void;
}

/** An agent that does not stop its turn within this is not asked for anything more. */
const interruptMs = 1_500;

export class Panic {
  readonly #port: PanicPort;
  #freeze: Freeze | undefined;
  #stopping: Promise<Stopped> | undefined;

  constructor(port: PanicPort) {
    this.#port = port;
    this.#freeze = frozen(port.file);
  }

  get since(): string | undefined {
    return this.#freeze?.at;
  }

  /** Looks again at the disk: it may have been said past a daemon that hung. */
  get frozen(): boolean {
    this.#freeze ??= frozen(this.#port.file);
    return this.#freeze !== undefined;
  }

  /** `session-frozen`, while it is. */
  refusal(): HacsError | undefined {
    const next = `Let it go on with: hacs-session wake ${this.#port.name()}`;
    return this.#stopped(": it starts no agent and delivers nothing", next);
  }

  /** Why a session that was still being made will not be. */
  undoing(): HacsError | undefined {
    return this.#stopped(" while it was made, and is not there", "Make it again, if it is to be.");
  }

  #stopped(so: string, next: string): HacsError | undefined {
    if (!this.frozen || this.#freeze === undefined) return undefined;
    const by = describeActor(this.#freeze.by);
    const message = `Session "${this.#port.name()}" was stopped by ${by} (panic)${so}.`;
    return new HacsError("session-frozen", message, next);
  }

  /** Several who panic at once are one panic. */
  stop(by: Actor): Promise<Stopped> {
    this.#stopping ??= this.#stop(by).finally(() => {
      this.#stopping = undefined;
    });
    return this.#stopping;
  }

  /** After the daemon's start: writes down what was said past it, and ends what it left. */
  async resume(): Promise<void> {
    if (!this.frozen || this.#freeze === undefined || this.#freeze.recorded) return;
    const { by } = this.#freeze;
    if (this.#stopping !== undefined) return void (await this.#stopping);
    const { killed, left } = await this.stop(by);
    const { store, session, name, log } = this.#port;
    const detail = { killed, left: left.length, alone: true };
    const entry = { at: new Date().toISOString(), session, name: name(), by, token: null, detail };
    try {
      store.transaction(() => store.audit.insert({ ...entry, action: "panic", outcome: "done" }));
    } catch (error) {
      log("an entry of the audit can't be written", { error: String(error) });
    }
  }

  /** After a panic that is still under way: what was let go on before its end would be ended by it. */
  async lift(by: Actor): Promise<void> {
    while (this.#stopping !== undefined) await this.#stopping.catch(() => {});
    if (!this.frozen) return;
    this.#port.history.own("session/panic", { status: "lifted", by });
    thaw(this.#port.file);
    this.#freeze = undefined;
    this.#port.onChange();
  }

  async #stop(by: Actor): Promise<Stopped> {
    const { history, mark, turnId, down, onChange } = this.#port;
    const writable = this.#begin(by);
    const family = new AgentFamily([mark()], this.#freeze?.processes);
    this.#keepFamily(family);
    const running = turnId();
    // Where nothing can be written down, an agent's end may end this daemon: so all of it comes at once.
    const before = writable ? 0 : (await endFamily(family)).ended;
    const politely = writable && (await this.#interrupted(running));
    // What a turn that is being stopped starts at the end is seen before its parents are gone.
    this.#keepFamily(family);
    const gone = down(politely);
    if (politely) await gone;
    let { ended, left } = await endFamily(family);
    await gone;
    if (!politely) {
      // One that was on its way up has come to its process meanwhile.
      const late = await endFamily(family);
      ended += late.ended;
      left = late.left;
    }
    const killed = before + ended;
    const stopped = { killed, left: left.map(({ pid, command }) => ({ pid, command })) };
    // One that was still being created is gone, with its history.
    if (this.#port.store.sessions.get(this.#port.session) === undefined) return stopped;
    const recorded = this.#write(() => {
      if (running !== null) this.#tellSenders(running);
      history.own("session/panic", { status: "done", by, ...stopped });
    });
    if (recorded) this.#keep({ at: this.since ?? new Date().toISOString(), by, recorded });
    onChange();
    return stopped;
  }

  /** Whether the history could be told. */
  #begin(by: Actor): boolean {
    const { at = new Date().toISOString(), processes } = this.#freeze ?? {};
    this.#keep({ at, by, recorded: false, ...(processes === undefined ? {} : { processes }) });
    this.#port.onChange();
    return this.#write(() => this.#port.history.own("session/panic", { status: "begun", by }));
  }

  /** A disk that is full keeps nobody from stopping things; the next daemon writes it down. */
  #write(change: () => void): boolean {
    return storingIfPossible(this.#port.store, change, (error) =>
      this.#port.log("that it was stopped can't be written down yet", { error: String(error) }),
    );
  }

  /** Before any of them is signalled: a daemon that dies now leaves what nobody else could tell. */
  #keepFamily(family: AgentFamily): void {
    const processes = family
      .look()
      .map(({ pid, startTime, bootId }) => ({ pid, startTime, bootId }));
    if (this.#freeze !== undefined) this.#keep({ ...this.#freeze, processes });
  }

  #keep(said: Freeze): void {
    this.#freeze = said;
    try {
      freeze(this.#port.file, said);
    } catch (error) {
      this.#port.log("that it is frozen can't be written down", { error: String(error) });
    }
  }

  async #interrupted(turnId: string | null): Promise<boolean> {
    if (!this.#port.answers()) return false;
    if (turnId === null) return true;
    try {
      await this.#port.interrupt(turnId, interruptMs);
      return true;
    } catch {
      return false;
    }
  }

  /** codex's own word on the turn comes when it is asked again, and who waits is told now. */
  #tellSenders(turnId: string): void {
    const error = "the session was stopped (panic)";
    this.#port.inbox.turnEnded(turnId, {
      turnStatus: "interrupted",
      text: null,
      error,
      usage: null,
    });
  }
}
