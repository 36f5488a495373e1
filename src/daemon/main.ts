/**
 * The daemon's program: takes the locks, wires the parts together, listens, and says over fd 3
 * that it does, or why not.
 */
import { closeSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { basename, dirname } from "node:path";
import { parseArgs } from "node:util";
import { nameFrom } from "../protocol/address.ts";
import { parseDuration } from "../protocol/duration.ts";
import { HacsError, toRpcError } from "../protocol/errors.ts";
import { parseSize } from "../protocol/size.ts";
import { type Config, readConfig } from "../system/config.ts";
import type { Limits } from "../system/confinement.ts";
import {
  agentSocket,
  checkPrivateDirectory,
  checkSocketPath,
  ensurePrivateDirectory,
  type Paths,
  pathsFor,
} from "../system/paths.ts";
import { Confinements } from "./agent/limits.ts";
import { owner } from "./client.ts";
import { codexSocket } from "./codex-proxy/codex-proxy.ts";
import { Daemon } from "./daemon.ts";
import { LineWire } from "./line-wire.ts";
import { listen } from "./listener.ts";
import { acquireLock } from "./lock.ts";
import { openLog } from "./log.ts";
import type { PortOptions } from "./network/listen-rules.ts";
import type { OpenPort } from "./network/open-port.ts";
import { Redactor } from "./redaction/redactor.ts";
import type { Services } from "./services.ts";
import { Store } from "./store/store.ts";

const reportFd = 3;
/** How long entries of the audit are kept when the config does not say. */
const auditKeptFor = "365d";
const stallsAfter = "30s";

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      socket: { type: "string" },
      label: { type: "string" },
      codex: { type: "string" },
      listen: { type: "string", multiple: true },
      "tls-cert": { type: "string" },
      "tls-key": { type: "string" },
      "behind-proxy": { type: "string", multiple: true },
      foreground: { type: "boolean", default: false },
    },
  });
  const paths = pathsFor({
    ...(values.socket === undefined ? {} : { socket: values.socket }),
    ...(values.label === undefined ? {} : { label: values.label }),
  });
  // What is made here is the user's alone; what agents make is as the user's umask has it.
  const umask = process.umask(0o077);
  prepareDirectories(paths);
  acquireLock(`${paths.socket}.lock`);
  acquireLock(`${paths.stateDir}/daemon.lock`);
  const config = readConfig(paths.configFile);
  const redactor = new Redactor(config.redact);
  const log = openLog(paths.logFile, config.logLevel ?? "info", values.foreground, redactor);
  const services: Services = {
    store: new Store(paths.historyFile, redactor),
    redactor,
    keep: {
      ageMs: config.keep === undefined ? null : parseDuration(config.keep),
      bytes: config.keepSize === undefined ? null : parseSize(config.keepSize),
    },
    onCrash: config.onCrash ?? "hold",
    limits: configLimits(config),
    confinements: new Confinements(),
    stallAfterMs: parseDuration(config.stallAfter ?? stallsAfter),
    keepAuditMs: parseDuration(config.keepAudit ?? auditKeptFor),
    paths,
    log,
    codex: values.codex ?? config.codex,
    name: config.name ?? nameFrom(hostname()),
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
  daemon.port = await openPorts(
    {
      listen: values.listen ?? (isDefault(paths) ? config.listen : undefined) ?? [],
      tlsCert: values["tls-cert"] ?? config.tlsCert,
      tlsKey: values["tls-key"] ?? config.tlsKey,
      behindProxy: values["behind-proxy"] ?? config.behindProxy ?? [],
      allowedHosts: config.allowedHosts ?? [],
      allowedOrigins: config.allowedOrigins ?? [],
    },
    daemon,
  );
  const server = await listen(paths.socket, (socket) => daemon.accept(new LineWire(socket), owner));
  process.umask(umask);
  daemon.serve(server);
  endOnSignals(daemon, log);
  const ports = daemon.port?.urls;
  log.info({ socket: paths.socket, ports, sessions: daemon.sessions.live().length }, "listening");
  report("ready\n", values.foreground);
}

function configLimits({ memory, cpus }: Config): Limits {
  return {
    ...(memory === undefined ? {} : { memoryBytes: parseSize(memory) }),
    ...(cpus === undefined ? {} : { cpus }),
  };
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

function prepareDirectories(paths: Paths): void {
  // Found now, not by the first session.
  const { stateDir, socket, agentsDir, codexDir } = paths;
  checkSocketPath(agentSocket(agentsDir, "0".repeat(16)));
  checkSocketPath(codexSocket(codexDir, "0".repeat(16)));
  for (const directory of [stateDir, dirname(socket), agentsDir, codexDir]) {
    ensurePrivateDirectory(directory);
    checkPrivateDirectory(directory);
  }
}

/** A logout's SIGHUP is nothing to a daemon; a polite end settles the agents first. */
function endOnSignals(daemon: Daemon, log: Services["log"]): void {
  process.on("SIGHUP", () => log.info("SIGHUP ignored"));
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      log.info({ signal }, "stopping");
      void daemon.stop("settle");
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
