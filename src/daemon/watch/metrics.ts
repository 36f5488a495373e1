/**
 * The figures as Prometheus reads them (https://prometheus.io/docs/instrumenting/exposition_formats/).
 * One table of what is served; docs/metrics.md describes each row. Loaded with the first scrape: a
 * daemon that nobody scrapes has no cost of it. No label has a value for each session, client or
 * thread, but for the session's name where the config asks for it.
 */
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Figures } from "../../protocol/figures.ts";
import { PEER_STATES } from "../../protocol/session.ts";
import { version } from "../../system/version.ts";
import type { Distribution, Sample } from "./series.ts";
import type { Tally } from "./tally.ts";

/** Names of peers that are labels; the config's user has chosen them, or has let them in. */
const peersMax = 100;

interface Now {
  figures: Figures;
  tally: Tally;
}

interface Row {
  type: "gauge" | "counter" | "histogram";
  help: string;
  labels?: string[];
  /** The session's name is a label where the config has it so. */
  perSession?: true;
  of: (now: Now) => number | Sample[] | Distribution;
}

const by = (label: string, counts: Record<string, number>): Sample[] =>
  Object.entries(counts).map(([name, value]) => ({ labels: { [label]: name }, value }));

export const METRICS: Readonly<Record<string, Row>> = {
  hacs_session_info: {
    type: "gauge",
    help: "1, with the daemon's version.",
    labels: ["version"],
    of: () => by("version", { [version]: 1 }),
  },
  hacs_session_sessions: {
    type: "gauge",
    help: "Sessions by state.",
    labels: ["state"],
    of: ({ figures }) => by("state", figures.states),
  },
  hacs_session_agents_running: {
    type: "gauge",
    help: "Agents that run now.",
    of: ({ figures }) => figures.agents.running,
  },
  hacs_session_agents_max: {
    type: "gauge",
    help: "Agents that may run at once.",
    of: ({ figures }) => figures.agents.max,
  },
  hacs_session_agent_events_total: {
    type: "counter",
    help: "What became of agents: started, adopted, reconnected, asleep, crashed.",
    labels: ["event"],
    of: ({ tally }) => tally.agents.all(),
  },
  hacs_session_agent_restarts_total: {
    type: "counter",
    help: "Agents that were started again after a crash.",
    of: ({ figures }) => figures.agents.restarted,
  },
  hacs_session_turn_duration_seconds: {
    type: "histogram",
    help: "How long turns took, by how they ended.",
    labels: ["outcome"],
    perSession: true,
    of: ({ tally }) => tally.turns,
  },
  hacs_session_approvals_waiting: {
    type: "gauge",
    help: "Approvals that wait for an answer.",
    of: ({ figures }) => figures.approvals,
  },
  hacs_session_approval_wait_seconds: {
    type: "histogram",
    help: "How long approvals waited, by what was decided.",
    labels: ["decision"],
    perSession: true,
    of: ({ tally }) => tally.waits,
  },
  hacs_session_tokens_total: {
    type: "counter",
    help: "Tokens that codex used; cached_input is a part of input, reasoning of output.",
    labels: ["kind", "model"],
    perSession: true,
    of: ({ tally }) => tally.tokens.all(),
  },
  hacs_session_messages_total: {
    type: "counter",
    help: "Messages that came to each status.",
    labels: ["status"],
    perSession: true,
    of: ({ tally }) => tally.messages.all(),
  },
  hacs_session_messages_queued: {
    type: "gauge",
    help: "Messages that are stored and not delivered yet.",
    of: ({ figures }) => figures.queued,
  },
  hacs_session_clients: {
    type: "gauge",
    help: "Clients that are connected, by kind.",
    labels: ["kind"],
    of: ({ figures }) => by("kind", figures.clientKinds),
  },
  hacs_session_peer_connected: {
    type: "gauge",
    help: "1 while the link to a peer is there.",
    labels: ["peer", "kind"],
    of: ({ figures }) =>
      figures.peers.slice(0, peersMax).map(({ name, kind, state }) => ({
        labels: { peer: name, kind },
        value: state === "connected" ? 1 : 0,
      })),
  },
  hacs_session_peers: {
    type: "gauge",
    help: "Peers by the state of their link.",
    labels: ["state"],
    of: ({ figures }) =>
      PEER_STATES.map((state) => ({
        labels: { state },
        value: figures.peers.filter((peer) => peer.state === state).length,
      })),
  },
  hacs_session_event_loop_delay_seconds: {
    type: "gauge",
    help: "How late the event loop was in the last one to two minutes.",
    labels: ["quantile"],
    of: ({ figures: { loop } }) =>
      by("quantile", {
        "0.5": loop.p50Ms / 1000,
        "0.99": loop.p99Ms / 1000,
        "1": loop.maxMs / 1000,
      }),
  },
  hacs_session_store_bytes: {
    type: "gauge",
    help: "The history with its write-ahead log.",
    of: ({ figures }) => figures.storeBytes,
  },
  hacs_session_hook_deliveries_total: {
    type: "counter",
    help: "What hooks were to be told, by what became of it.",
    labels: ["hook", "outcome"],
    of: ({ figures }) =>
      figures.hooks.flatMap(({ name, delivered, failed, dropped }) =>
        Object.entries({ delivered, failed, dropped }).map(([outcome, value]) => ({
          labels: { hook: name, outcome },
          value,
        })),
      ),
  },
  hacs_session_hook_pending: {
    type: "gauge",
    help: "What hooks are still to be told.",
    labels: ["hook"],
    of: ({ figures }) =>
      figures.hooks.map(({ name, pending }) => ({ labels: { hook: name }, value: pending })),
  },
  process_resident_memory_bytes: {
    type: "gauge",
    help: "Resident memory of the daemon.",
    of: ({ figures }) => figures.memoryBytes,
  },
  process_cpu_seconds_total: {
    type: "counter",
    help: "User and system time of the daemon.",
    of: () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    },
  },
  process_start_time_seconds: {
    type: "gauge",
    help: "When the daemon was started, since 1970.",
    of: () => Math.round(performance.timeOrigin) / 1000,
  },
};

/** Counted elsewhere: what is told of it is what there is at that moment. */
class ToldHistogram extends Histogram {
  readonly #about: { name: string; help: string };
  readonly #distribution: () => Distribution;

  constructor(
    options: { name: string; help: string; labelNames: string[]; registers: Registry[] },
    distribution: () => Distribution,
  ) {
    super(options);
    this.#about = options;
    this.#distribution = distribution;
  }

  override async get() {
    const { name, help } = this.#about;
    const { bounds } = this.#distribution();
    const values = this.#distribution()
      .all()
      .flatMap(({ labels, buckets, sum, count }) => {
        let below = 0;
        const least = buckets.map((number, place) => {
          below += number;
          const le = bounds[place] ?? "+Inf";
          return { labels: { ...labels, le }, value: below, metricName: `${name}_bucket` };
        });
        return [
          ...least,
          { labels, value: sum, metricName: `${name}_sum` },
          { labels, value: count, metricName: `${name}_count` },
        ];
      });
    // The types ask for more than the registry does.
    return { name, help, type: "histogram", aggregator: "sum", values } as unknown as Awaited<
      ReturnType<Histogram["get"]>
    >;
  }

  /** What the registry asks before `get`, where there is one. */
  getForPromString() {
    return this.get();
  }
}

/** What `GET /metrics` answers. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #look: () => Now;
  #now: Now;

  constructor(look: () => Now, perSession: boolean) {
    this.#look = look;
    this.#now = look();
    for (const [name, row] of Object.entries(METRICS)) this.#register(name, row, perSession);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    // All of one answer is of one moment.
    this.#now = this.#look();
    return this.#registry.metrics();
  }

  #register(name: string, row: Row, perSession: boolean): void {
    const { type, help, labels = [] } = row;
    const labelNames = perSession && row.perSession ? [...labels, "session"] : labels;
    const options = { name, help, labelNames, registers: [this.#registry] };
    if (type === "histogram") {
      new ToldHistogram(options, () => row.of(this.#now) as Distribution);
      return;
    }
    const samples = () => {
      const value = row.of(this.#now);
      return typeof value === "number" ? [{ labels: {}, value }] : (value as Sample[]);
    };
    if (type === "gauge") {
      new Gauge({
        ...options,
        collect() {
          this.reset();
          for (const { labels: given, value } of samples()) this.set(given, value);
        },
      });
    } else {
      new Counter({
        ...options,
        collect() {
          this.reset();
          for (const { labels: given, value } of samples()) this.inc(given, value);
        },
      });
    }
  }
}
