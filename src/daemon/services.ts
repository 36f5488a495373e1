/** What the parts of the daemon share; made once, in `main.ts`. */
import type { Logger } from "pino";
import type { LimitsInForce } from "../protocol/limits.ts";
import type { OnCrash } from "../protocol/session.ts";
import type { Resources } from "../system/confinement.ts";
import type { HookConfig } from "../system/hook-config.ts";
import type { Paths } from "../system/paths.ts";
import type { AgentRuntime } from "./agent/agent-runtime.ts";
import type { Confinements } from "./agent/resources.ts";
import type { Archive } from "./archive/archive.ts";
import type { Clock } from "./clock.ts";
import type { MessageRate } from "./message-rate.ts";
import type { Redactor } from "./redaction/redactor.ts";
import type { QueueBytes } from "./session/queue-bounds.ts";
import type { Slots } from "./slots.ts";
import type { Store } from "./store/store.ts";
import type { KeepRule } from "./upkeep/retention.ts";
import type { Watch } from "./watch/watch.ts";

export interface Services {
  store: Store;
  /** How agents are started and spoken to. */
  runtime: AgentRuntime;
  redactor: Redactor;
  paths: Paths;
  /** What is kept of a session that says nothing of it itself, and of the audit. */
  keep: KeepRule;
  keepAuditMs: number;
  /** What bounds a session that says nothing of it itself. */
  limits: LimitsInForce;
  /** How much of messages may wait, in bytes. */
  queueBytes: QueueBytes;
  /** How many agents run at once. */
  slots: Slots;
  messageRate: MessageRate;
  clock: Clock;
  /** Where the config names one. */
  archive?: Archive | undefined;
  log: Logger;
  /** Hears what happens in every session. */
  watch: Watch;
  hooks: HookConfig[];
  /** Metrics have the session's name as a label. */
  metricsPerSession: boolean;
  /** Whether an agent is asked to go on after a crash, where the session does not say. */
  onCrash: OnCrash;
  /** What agents may take, where the session does not say, and how that is held. */
  resources: Resources;
  confinements: Confinements;
  /** An agent that does not answer for so long has stalled. */
  stallAfterMs: number;
  /** The codex of the command line or the config file; undefined: look for it. */
  codex: string | undefined;
  /** What this daemon calls itself to its peers. */
  name: string;
  /** How hacs-session is called on machines that ssh leads to. */
  remoteCommand: string | undefined;
  /** Where the bundled programs lie. */
  programDir: string;
  /** The store could not keep something. The daemon can't hold its promises then, and ends. */
  onStoreError: (error: unknown) => void;
}
