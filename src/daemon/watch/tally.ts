/** What happened in all sessions since the daemon's start, in numbers. */
import { isObject } from "../../protocol/messages.ts";
import type { Store } from "../store/store.ts";
import { Counts, Distribution, Few, type Labels } from "./series.ts";
import { TOKEN_KINDS, TokenMeter } from "./token-meter.ts";
import type { Happened, Listener } from "./watch.ts";

/** In seconds. A turn is a sentence or a night's work; an approval waits as long as a person does. */
const turnBounds = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1_800, 3_600, 10_800];
const waitBounds = [1, 5, 15, 60, 300, 900, 3_600, 14_400, 43_200, 86_400];

/** codex has more, with what is to be allowed inside them; those are `other`. */
const DECISIONS = ["accept", "acceptForSession", "decline", "cancel"];
const OUTCOMES = ["completed", "failed", "interrupted"];
const modelsMax = 20;
const sessionsMax = 100;

export class Tally implements Listener {
  readonly turns = new Distribution(turnBounds);
  readonly waits = new Distribution(waitBounds);
  readonly tokens = new Counts();
  readonly messages = new Counts();
  /** started, adopted, reconnected, asleep, crashed. */
  readonly agents = new Counts();
  restarts = 0;
  readonly #store: Store;
  readonly #perSession: boolean;
  readonly #meter = new TokenMeter();
  readonly #models = new Few(modelsMax);
  readonly #names = new Few(sessionsMax);
  /** Sessions whose agent crashed and was not started since. */
  readonly #crashed = new Set<string>();

  constructor(store: Store, perSession: boolean) {
    this.#store = store;
    this.#perSession = perSession;
  }

  stored(happened: Happened): void {
    const { method, params, session } = happened;
    const own = params.threadId === session.threadId;
    if (method === "turn/completed" && own) this.#turnEnded(happened);
    else if (method === "thread/tokenUsage/updated") this.#used(happened);
    else if (method === "session/approval") this.#approval(happened);
    else if (method === "session/message")
      this.messages.add({ status: String(params.status), ...this.#of(happened) });
    else if (method === "session/agent") this.#agent(happened);
    else if (method === "session/ended") this.#crashed.delete(session.id);
  }

  #turnEnded(happened: Happened): void {
    const { turn } = happened.params;
    if (!isObject(turn)) return;
    const { status, durationMs } = turn;
    const seconds = Number.isFinite(durationMs) ? Math.max(0, Number(durationMs)) / 1000 : 0;
    const outcome = OUTCOMES.find((known) => known === status) ?? "other";
    this.turns.observe({ outcome, ...this.#of(happened) }, seconds);
  }

  #used(happened: Happened): void {
    const used = this.#meter.used(happened.params);
    const model = this.#models.of(happened.session.model ?? "unknown");
    for (const kind of TOKEN_KINDS)
      if (used[kind] > 0) this.tokens.add({ kind, model, ...this.#of(happened) }, used[kind]);
  }

  #approval(happened: Happened): void {
    const { params, session, at } = happened;
    if (params.status === "requested") return;
    const asked = this.#store.approvals.get(session.id, String(params.id));
    const since = asked === undefined ? at : asked.detail.createdAt;
    const decision =
      params.status === "lost"
        ? "lost"
        : (DECISIONS.find((known) => known === params.decision) ?? "other");
    const seconds = Math.max(0, Date.parse(at) - Date.parse(since)) / 1000;
    this.waits.observe({ decision, ...this.#of(happened) }, seconds);
  }

  #agent({ params, session }: Happened): void {
    const event = String(params.status);
    this.agents.add({ event });
    if (event === "crashed") this.#crashed.add(session.id);
    else if (this.#crashed.delete(session.id) && event === "started") this.restarts++;
  }

  /** The name is a label only where the config has it so: there may be any number of sessions. */
  #of({ session }: Happened): Labels {
    return this.#perSession ? { session: this.#names.of(session.name) } : {};
  }
}
