/** What a session's agent is run with: its spec, its environment, its files. */
import { join } from "node:path";
import { HacsError } from "../../protocol/errors.ts";
import type { SessionSpec } from "../../protocol/session.ts";
import type { AgentMark } from "../../system/agent-family.ts";
import type { Resources } from "../../system/confinement.ts";
import { freezeFile } from "../../system/freeze.ts";
import { agentSocket } from "../../system/paths.ts";
import { userDirectory } from "../../system/user-directory.ts";
import { type AgentContext, checkRunnable } from "../agent/agent.ts";
import { resourcesOf } from "../agent/resources.ts";
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

  /** Where it is written that the session is frozen. */
  get freezeFile(): string {
    return freezeFile(this.#services.paths.stateDir, this.#row.id);
  }

  /** What tells the processes of this session's agent from all others. */
  mark(): AgentMark {
    const { id, agent } = this.#row;
    const socket = agent?.socket ?? agentSocket(this.#socketDirectory(), id);
    return { session: id, socket, cgroup: agent?.held?.cgroup };
  }

  /** What its agent may take of the machine. */
  resources(): Resources {
    return resourcesOf(this.#row.spec, this.#services.resources);
  }

  /** The spec with the values of its overrides, which are not for showing. */
  spec(): SessionSpec {
    const overrides = readOverrides(this.#directory);
    return overrides.length > 0 ? { ...this.#row.spec, overrides } : this.#row.spec;
  }

  environment(): Record<string, string> {
    return readEnvironment(this.#directory);
  }

  /** Throws `invalid-usage` where the session runs as another user, in that user's environment. */
  updateEnvironment(env: Record<string, string>): void {
    const { user } = this.#row.spec;
    if (user !== undefined) {
      throw new HacsError(
        "invalid-usage",
        `Session "${this.#row.name}" runs as ${user}, in that user's environment, and is given no other.`,
        "Leave --update-env out; variables are set when it is made: new --user NAME -e KEY=VALUE",
      );
    }
    writeEnvironment(this.#directory, env);
  }

  /** Throws when an agent can't be run so. */
  async check(): Promise<void> {
    await checkRunnable({ ...this.forAgent(), runtime: this.#services.runtime });
  }

  #socketDirectory(): string {
    const { paths } = this.#services;
    const { user } = this.#row.spec;
    return user === undefined ? paths.agentsDir : userDirectory(paths, user);
  }

  /** As of now: names and environments change. */
  forAgent(): Omit<AgentContext, "events" | "save" | "runtime"> {
    return {
      id: this.#row.id,
      name: this.#row.name,
      spec: this.spec(),
      settings: this.#row.settings?.changed ? this.#row.settings.now : undefined,
      env: this.environment(),
      resources: this.resources(),
      confinements: this.#services.confinements,
      socket: agentSocket(this.#socketDirectory(), this.#row.id),
      logFile: join(this.#directory, "agent.log"),
      redactor: this.#services.redactor,
      codex: this.#services.codex,
      programDir: this.#services.programDir,
    };
  }
}
