/**
 * The daemon's program: takes the locks, wires the parts together, listens, and says over fd 3
 * that it does, or why not.
 */
import { closeSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname } from "node:path";
import { nameFrom } from "../protocol/address.ts";
import { parseDuration } from "../protocol/duration.ts";
import { HacsError, toRpcError } from "../protocol/errors.ts";
import { parseSize } from "../protocol/size.ts";
import { maxAgentsFor } from "../system/agents-max.ts";
import { type Config, readConfig } from "../system/config.ts";
import type { Resources } from "../system/confinement.ts";
import { type Paths, pathsFor } from "../system/paths.ts";
import {
  forgetStart,
  rememberStart,
  type StartOptions,
  startedWith,
} from "../system/started-with.ts";
import { codexRuntime } from "./agent/agent-runtime.ts";
import { Confinements } from "./agent/resources.ts";
import type { Archive, ArchiveOptions } from "./archive/archive.ts";
import { type Arguments, readArguments } from "./arguments.ts";
import { systemClock } from "./clock.ts";
import { Daemon } from "./daemon.ts";
import { configuredLimits } from "./limits.ts";
import { acquireLock } from "./lock.ts";
import { openLog } from "./log.ts";
import { MessageRate } from "./message-rate.ts";
import type { PortOptions } from "./network/listen-rules.ts";
import type { OpenPort } from "./network/open-port.ts";
import { claimSocket, listenForClients, Summons } from "./own-socket.ts";
import { Redactor } from "./redaction/redactor.ts";
import type { Services } from "./services.ts";
import { configuredQueueBytes } from "./session/queue-bounds.ts";
import { Slots } from "./slots.ts";
import { Store } from "./store/store.ts";
import { Watch } from "./watch/watch.ts";

const reportFd = 3;
/** How long entries of the audit are kept when the config does not say. */
const auditKeptFor = "365d";
/** The same for the parts of the log, and how many there are. */
const logSize = "10M";
const logFiles = 5;
const stallsAfter = "30s";
/** A program may send 50 messages a second all day long. */
const messagesPerMinuteDefault = 3_000;
/** How much longer records stay that the archive does not have, when the config does not say. */
const archiveHeldFor = "30d";

async function main(): Promise<void> {
  const values = readArguments();
  const { foreground, told } = values;
  const paths = pathsFor(values.choice);
  if (values.check) return check(paths, told, values.held);
  // What is made here is the user's alone; what agents make is as the user's umask has it.
  const umask = process.umask(0o077);
  const summons = new Summons();
  claimSocket(paths);
  acquireLock(`${paths.stateDir}/daemon.lock`);
  const config = readConfig(paths.configFile);
  // Who runs it in the foreground tells it everything each time.
  const last = told === undefined && !foreground ? startedWith(paths) : undefined;
  const redactor = new Redactor(config.redact);
  const parts = {
    bytesMax: parseSize(config.logSize ?? logSize),
    count: config.logFiles ?? logFiles,
  };
  const log = openLog(paths.logFile, parts, config.logLevel ?? "info", foreground, redactor);
  const store = new Store(paths.historyFile, redactor);
  const name = config.name ?? nameFrom(hostname());
  const services: Services = {
    store,
    archive: await openArchive(config, { name: archivedName(name, paths), store, log }),
    runtime: codexRuntime,
    redactor,
    keep: {
      ageMs: config.keep === undefined ? null : parseDuration(config.keep),
      bytes: config.keepSize === undefined ? null : parseSize(config.keepSize),
    },
    onCrash: config.onCrash ?? "hold",
    resources: configuredResources(config),
    confinements: new Confinements(),
    stallAfterMs: parseDuration(config.stallAfter ?? stallsAfter),
    keepAuditMs: parseDuration(config.keepAudit ?? auditKeptFor),
    limits: configuredLimits(config),
    queueBytes: configuredQueueBytes(config),
    slots: new Slots(maxAgentsFor(config)),
    messageRate: new MessageRate(
      config.maxMessagesPerMinute ?? messagesPerMinuteDefault,
      systemClock,
    ),
    clock: systemClock,
    paths,
    log,
    codex: told?.codex ?? config.codex ?? last?.codex,
    watch: new Watch(),
    hooks: config.hooks ?? [],
    metricsPerSession: config.metricsPerSession ?? false,
    name,
    remoteCommand: process.env.HACS_SESSION_REMOTE || config.remoteCommand,
    programDir: process.env.HACS_SESSION_DIST ?? dirname(process.argv[1] ?? "."),
    onStoreError: (error) => {
      // Agents go on without us, and codex keeps what they say: the next daemon fetches it.
      log.fatal({ err: error }, "the history can't be written; ending, and leaving agents alone");
      process.exit(1);
    },
  };
  const daemon = new Daemon(services, () => {
    services.store.close();
    log.info("stopped");
    process.exit(0);
  });
  daemon.port = await openPorts(portOptions(paths, config, { told, last }), daemon).catch(
    (error) => {
      throw last?.listen === undefined ? error : asLastTime(error);
    },
  );
  const server = await listenForClients(paths, daemon);
  process.umask(umask);
  daemon.serve(server);
  summons.serve(daemon, paths, log);
  if (told !== undefined) rememberStart(paths, told);
  else if (foreground) forgetStart(paths);
  heedSignals(daemon, services, values);
  const ports = daemon.port?.urls;
  log.info({ socket: paths.socket, ports, sessions: daemon.sessions.live().length }, "listening");
  report("ready\n", foreground);
}

/** What it is told goes before the config file, and what the last one was told comes after it. */
function portOptions(
  paths: Paths,
  config: Config,
  { told = {}, last = {} }: { told: StartOptions | undefined; last: StartOptions | undefined },
): PortOptions {
  const listen = isDefault(paths) ? config.listen : undefined;
  return {
    listen: told.listen ?? listen ?? last.listen ?? [],
    tlsCert: told.tlsCert ?? config.tlsCert ?? last.tlsCert,
    tlsKey: told.tlsKey ?? config.tlsKey ?? last.tlsKey,
    behindProxy: told.behindProxy ?? config.behindProxy ?? last.behindProxy ?? [],
    allowedHosts: config.allowedHosts ?? [],
    allowedOrigins: config.allowedOrigins ?? [],
  };
}

/** Whether one could be started so, beside the daemon that runs and holds these ports. */
async function check(paths: Paths, told: StartOptions | undefined, held: number[]): Promise<void> {
  const config = readConfig(paths.configFile);
  new Redactor(config.redact);
  if (config.archive !== undefined) {
    const { archiveAddress } = await import("./archive/address.ts");
    archiveAddress(config.archive, config.archivePasswordFile);
  }
  const last = told === undefined ? startedWith(paths) : undefined;
  const options = portOptions(paths, config, { told, last });
  if (options.listen.length > 0) {
    const { tryPort } = await import("./network/port.ts");
    await tryPort(options, held);
  }
  report("ready\n", false);
}

/** Nobody asked for it just now, so it is said where it comes from. */
function asLastTime(error: unknown): unknown {
  if (!(error instanceof HacsError)) return error;
  return new HacsError(
    error.code,
    `${error.message} It was to listen as the last daemon did.`,
    "Start it with other options: hacs-session daemon start --listen …, or with none, once these are forgotten: hacs-session daemon stop",
  );
}

function configuredResources({ memory, cpus }: Config): Resources {
  return {
    ...(memory === undefined ? {} : { memoryBytes: parseSize(memory) }),
    ...(cpus === undefined ? {} : { cpus }),
  };
}

/** What it needs takes time to load, and most daemons have none. */
async function openArchive(
  { archive: url, archivePasswordFile: passwordFile, archiveHold = archiveHeldFor }: Config,
  rest: Pick<ArchiveOptions, "name" | "store" | "log">,
): Promise<Archive | undefined> {
  if (url === undefined) return undefined;
  const { Archive } = await import("./archive/archive.ts");
  return new Archive({ url, passwordFile, holdMs: parseDuration(archiveHold), ...rest });
}

/** Daemons of one machine are told apart where all of them are in one place. */
function archivedName(name: string, paths: Paths): string {
  return isDefault(paths) ? name : `${name}.${basename(paths.stateDir)}`;
}

/** The daemons that -L and -S choose have the same config file, and an address serves one of them. */
function isDefault({ stateDir }: Paths): boolean {
  return basename(stateDir) === "default";
}

/** What a port needs takes time to load, and most daemons have none. */
async function openPorts(options: PortOptions, daemon: Daemon): Promise<OpenPort | undefined> {
  if (options.listen.length === 0) return undefined;
  const { openPort } = await import("./network/port.ts");
  return openPort(options, daemon);
}

/**
 * A logout's SIGHUP ends no daemon; it is how one is told that its certificate was renewed. A
 * polite end settles the agents first. Who ends one in the foreground has stopped it; a machine
 * that shuts down has not.
 */
function heedSignals(
  daemon: Daemon,
  { log, paths }: Services,
  { foreground, endAgents }: Arguments,
): void {
  process.on("SIGHUP", () => {
    try {
      const renewed = daemon.port?.renew() ?? false;
      log.info(renewed ? "SIGHUP: the certificate was read anew" : "SIGHUP ignored");
    } catch (error) {
      log.error({ err: error }, "the certificate can't be used; the one from before stays");
    }
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      log.info({ signal }, "stopping");
      if (foreground) forgetStart(paths);
      void daemon.stop(endAgents ? "end" : "settle");
    });
  }
  process.on("uncaughtException", (error) => {
    log.fatal({ err: error }, "a bug; ending, and leaving agents alone");
    process.exit(1);
  });
}

/** Tells whoever started us, if anyone listens. */
function report(text: string, foreground: boolean): void {
  if (foreground) return;
  try {
    writeSync(reportFd, text);
    // Agents are not to inherit it.
    closeSync(reportFd);
  } catch {
    // Started by hand, without the pipe.
  }
}

main().catch((error: unknown) => {
  const failure = toRpcError(error);
  if (!(error instanceof HacsError))
    failure.message = error instanceof Error ? error.message : String(error);
  const foreground = process.argv.includes("--foreground");
  if (foreground)
    process.stderr.write(`hacs-session: ${failure.message}\n${failure.data?.next ?? ""}\n`);
  report(`${JSON.stringify(failure)}\n`, foreground);
  process.exitCode = error instanceof HacsError ? error.exitCode : 1;
  process.exit();
});
