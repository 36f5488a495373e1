/** The config file: one JSON object, every member optional, anything else an error. */
import { basename, dirname, extname } from "node:path";
import Conf from "conf";
import { NAME_RULE, quote } from "../protocol/address.ts";
import { HacsError, messageOf } from "../protocol/errors.ts";
import { isObject } from "../protocol/messages.ts";
import { listMax, listRules, pathRule } from "../system/port-settings.ts";
import { durationRule, prefixRule, sizeRule } from "../system/settings.ts";
import type { RedactionRules } from "./redaction/redactor.ts";

export interface Config {
  /** The codex to run, when it is not the one on PATH. */
  codex?: string;
  /** The least that is logged. */
  logLevel?: "debug" | "info" | "warn" | "error";
  /** The terminal UI's: its prefix key, and whether it rings; `src/system/settings.ts` reads them. */
  prefix?: string;
  notify?: boolean;
  /** Where it listens besides its socket, each `ADDR:PORT`. */
  listen?: string[];
  /** PEM files; without them only loopback, or what is behind a proxy. */
  tlsCert?: string;
  tlsKey?: string;
  /** Addresses and networks of the proxies that are let in and believed. */
  behindProxy?: string[];
  /** Names that a request's Host may have, beside the addresses. */
  allowedHosts?: string[];
  /** Origins of web pages that may ask. */
  allowedOrigins?: string[];
  /** How hacs-session is called on other machines, over ssh. */
  remoteCommand?: string;
  /** What this daemon calls itself to its peers; the host's name when left out. */
  name?: string;
  /** How long and how much of a session's history is kept, unless the session says otherwise. */
  keep?: string;
  keepSize?: string;
  keepAudit?: string;
  /** What is taken out of all that is stored or shown, besides what is built in. */
  redact?: RedactionRules;
}

const path = { type: "string", pattern: pathRule } as const;
const listOf = ({ pattern }: { pattern: string }) =>
  ({ type: "array", items: { type: "string", pattern }, maxItems: listMax }) as const;

const schema = {
  codex: { type: "string", minLength: 1 },
  logLevel: { enum: ["debug", "info", "warn", "error"] },
  prefix: { type: "string", pattern: prefixRule },
  notify: { type: "boolean" },
  listen: listOf(listRules.listen),
  tlsCert: path,
  tlsKey: path,
  behindProxy: listOf(listRules.behindProxy),
  allowedHosts: listOf(listRules.allowedHosts),
  allowedOrigins: listOf(listRules.allowedOrigins),
  remoteCommand: { type: "string", minLength: 1 },
  name: { type: "string", pattern: NAME_RULE.source },
  keep: { type: "string", pattern: durationRule },
  keepSize: { type: "string", pattern: sizeRule },
  keepAudit: { type: "string", pattern: durationRule },
  redact: {
    type: "object",
    additionalProperties: { anyOf: [{ type: "string", minLength: 1 }, { const: false }] },
  },
} as const;

/** Throws `config-invalid`. A file that is not there is an empty one, and is not made. */
export function readConfig(file: string): Config {
  try {
    const conf = new Conf<Config>({
      cwd: dirname(file),
      configName: basename(file, extname(file)),
      fileExtension: extname(file).slice(1),
      clearInvalidConfig: false,
      deserialize: readObject,
      schema: schema as never,
      rootSchema: { additionalProperties: false },
    });
    return { ...conf.store };
  } catch (error) {
    throw new HacsError(
      "config-invalid",
      `The config file ${quote(file)} is not what it should be: ${messageOf(error)}.`,
      `It is one JSON object that may have: ${Object.keys(schema).join(", ")}.`,
    );
  }
}

/** Conf takes any JSON for an object. */
function readObject(text: string): Config {
  const value: unknown = JSON.parse(text);
  if (isObject(value)) return value;
  throw new Error("it is not an object");
}
