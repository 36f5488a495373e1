/** What the parts of the daemon share; made once, in `main.ts`. */
import type { Logger } from "pino";
import type { Paths } from "../system/paths.ts";
import type { Archive } from "./archive/archive.ts";
import type { Redactor } from "./redaction/redactor.ts";
import type { Store } from "./store/store.ts";
import type { KeepRule } from "./upkeep/retention.ts";

export interface Services {
  store: Store;
  redactor: Redactor;
  paths: Paths;
  /** What is kept of a session that says nothing of it itself, and of the audit. */
  keep: KeepRule;
  keepAuditMs: number;
  /** Where the config names one. */
  archive?: Archive | undefined;
  log: Logger;
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
