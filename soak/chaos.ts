/** What goes wrong with real processes, one thing at a time. */
import { setTimeout as sleep } from "node:timers/promises";
import type { CuttingProxy } from "../test/support/cutting-proxy.ts";
import type { Home } from "../test/support/home.ts";
import { signal } from "../test/support/processes.ts";
import type { Random } from "../test/support/random.ts";

export interface ChaosOptions {
  home: Home;
  random: Random;
  sessions: string[];
  /** The way to the peer, if there is one. */
  proxy?: CuttingProxy;
}

const weights = {
  daemon: 4,
  agent: 4,
  both: 3,
  stall: 2,
  hang: 1,
  suspend: 1,
  cut: 2,
  silence: 1,
  sleep: 2,
  restart: 1,
  interrupt: 2,
};
export type Fault = keyof typeof weights;

export class Chaos {
  readonly done: Partial<Record<Fault, number>> = {};
  /** How many processes got SIGKILL. */
  kills = 0;
  readonly #options: ChaosOptions;

  constructor(options: ChaosOptions) {
    this.#options = options;
  }

  /** One fault of any kind, or of these. */
  async strike(kinds: readonly Fault[] = Object.keys(weights) as Fault[]): Promise<Fault> {
    const { random } = this.#options;
    const chosen = Object.fromEntries(kinds.map((kind) => [kind, weights[kind]]));
    const fault = random.weighted(chosen as Record<Fault, number>);
    await this.#do(fault);
    this.done[fault] = (this.done[fault] ?? 0) + 1;
    return fault;
  }

  async #do(fault: Fault): Promise<void> {
    const { home, random, sessions, proxy } = this.#options;
    const name = random.pick(sessions);
    const daemons = home.daemonPids();
    const agents = home.agentPids();
    const agent = agents.length > 0 ? [random.pick(agents)] : [];
    switch (fault) {
      case "daemon":
        return this.#kill(daemons);
      case "agent":
        return this.#kill(agent);
      case "both":
        return this.#kill([...daemons, ...agent]);
      case "stall":
        return this.#stop(agent, random.int(200, 5_000));
      case "hang":
        return this.#stop(daemons, random.int(200, 3_000));
      case "suspend":
        return this.#stop([...daemons, ...agents], random.int(500, 3_000));
      case "cut":
        return proxy?.cut();
      case "silence":
        proxy?.silence();
        await sleep(random.int(500, 5_000));
        return proxy?.speak();
      default:
        // What it answers depends on the moment.
        await home.cli([fault, ...(fault === "interrupt" ? [] : ["--force"]), name]);
        // Nobody but a message would wake it again.
        if (fault === "sleep") await home.cli(["wake", name]);
    }
  }

  #kill(pids: number[]): void {
    for (const pid of pids) signal(pid, "SIGKILL");
    this.kills += pids.length;
  }

  async #stop(pids: number[], ms: number): Promise<void> {
    for (const pid of pids) signal(pid, "SIGSTOP");
    await sleep(ms);
    for (const pid of pids) signal(pid, "SIGCONT");
  }
}
