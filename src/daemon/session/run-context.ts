/** What a session's agent is run with: its spec, its environment, its files. */
import { join } from "node:path";
import type { SessionSpec } from "../../protocol/session.ts";
import { type AgentContext, agentSocket, checkRunnable } from "../agent/agent.ts";
import type { Services } from "../services.ts";
import type { SessionRow } from "../store/session-table.ts";
import { readEnvironment, readOverrides, writeEnvironment } from "./environment.ts";

export class RunContext {
  readonly #row: Readonly<SessionRow>;
  readonly #services: Services;
  readonly #directory: string;

  constructor(row: Readonly<SessionRow>, services: Services) {
    this.#row = row;
    this.#services = services;
    this.#directory = join(services.paths.stateDir, "sessions", row.id);
  }

  /** The spec with the values of its overrides, which are not for showing. */
  spec(): SessionSpec {
    const overrides = readOverrides(this.#directory);
    return overrides.length > 0 ? { ...this.#row.spec, overrides } : this.#row.spec;
  }

  updateEnvironment(env: Record<string, string>): void {
    writeEnvironment(this.#directory, env);
  }

  /** Throws when an agent can't be run so. */
  async check(): Promise<void> {
    await checkRunnable(this.forAgent());
  }

  /** As of now: names and environments change. */
  forAgent(): Omit<AgentContext, "events" | "save"> {
    return {
      name: this.#row.name,
      spec: this.spec(),
      settings: this.#row.settings?.changed ? this.#row.settings.now : undefined,
      env: readEnvironment(this.#directory),
      socket: agentSocket(this.#services.paths.agentsDir, this.#row.id),
      logFile: join(this.#directory, "agent.log"),
      redactor: this.#services.redactor,
      codex: this.#services.codex,
      programDir: this.#services.programDir,
    };
  }
}
