/** From a session's spec to what codex's thread methods take. */
import { mkdirSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "smol-toml";
import { quote } from "../../protocol/address.ts";
import { HacsError, messageOf } from "../../protocol/errors.ts";
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";
import type { SessionSpec } from "../../protocol/session.ts";
import { readPlainFile } from "../../system/plain-file.ts";
import { demoModel } from "./demo-catalog.ts";

export const demoProvider = "demo";

const profileBytesMax = 1024 * 1024;

/** Where a demo session's model listens, and the file that describes it to codex. */
export interface Demo {
  port: number;
  catalog: string;
}

/**
 * The params that `thread/start`, `thread/resume` and `thread/fork` share. Overrides go with the
 * thread, not on codex's command line, where every user of the machine could read them.
 */
export function threadOptions(
  spec: SessionSpec,
  codexHome: string,
  demo: Demo | undefined,
): JsonObject {
  const config: JsonObject = {
    ...(spec.profile === undefined ? {} : readProfile(spec.profile, codexHome)),
    ...Object.assign({}, ...(spec.overrides ?? []).map(parseOverride)),
  };
  const options: JsonObject = { cwd: spec.cwd };
  if (demo !== undefined) {
    config["model_providers.demo"] = {
      name: "Embedded demo model",
      base_url: `http://127.0.0.1:${demo.port}/v1`,
      wire_api: "responses",
    };
    config.model_catalog_json = demo.catalog;
    options.model = demoModel;
  }
  if (spec.model !== undefined) options.model = spec.model;
  if (spec.provider !== undefined) options.modelProvider = spec.provider;
  if (spec.sandbox !== undefined) options.sandbox = spec.sandbox;
  if (spec.approval !== undefined) options.approvalPolicy = spec.approval;
  if (Object.keys(config).length > 0) options.config = config;
  return options;
}

/** `key=value` as codex's own `-c`: the value is TOML, and plain text where it is not. */
export function parseOverride(override: string): JsonObject {
  const at = override.indexOf("=");
  const key = override.slice(0, at).trim();
  if (at < 1 || !/^[A-Za-z0-9_"'][A-Za-z0-9_."'/:@ -]*$/.test(key)) {
    throw new HacsError(
      "invalid-override",
      `An override is key=value with a dotted key; got ${quote(override)}.`,
      `Try -c model_reasoning_effort="high".`,
    );
  }
  const text = override.slice(at + 1).trim();
  try {
    const parsed = parse(`value = ${text}`);
    if (Object.keys(parsed).length === 1) return { [key]: parsed.value as Json };
  } catch {
    // What begins like a structure and is none is a typing error; a bare word is a string.
    if (!/^["'[{]/.test(text) && !text.includes("\n")) return { [key]: text };
  }
  throw new HacsError(
    "invalid-override",
    `The value of an override is one TOML value; ${quote(text)} for ${quote(key)} is not.`,
    `Quote it for the shell: -c '${key}=["a", "b"]'.`,
  );
}

/** A profile is a file of its own beside config.toml; app-server has no option for it. */
function readProfile(profile: string, codexHome: string): JsonObject {
  const file = join(codexHome, `${profile}.config.toml`);
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(profile))
    throw missingProfile(profile, file, "its name is not one");
  try {
    const values = parse(readPlainFile(file, profileBytesMax));
    return isObject(values) ? (values as JsonObject) : {};
  } catch (error) {
    throw missingProfile(profile, file, messageOf(error).split("\n")[0] ?? "");
  }
}

function missingProfile(profile: string, file: string, why: string): HacsError {
  return new HacsError(
    "profile-missing",
    `The profile ${quote(profile)} can't be read from ${quote(file)}: ${why}.`,
    "codex keeps a profile NAME in CODEX_HOME/NAME.config.toml.",
  );
}

/**
 * codex wants its home to be there. The default one is made, as codex's own commands make it; one
 * that was named and is missing is a mistake.
 */
export function ensureCodexHome(spec: SessionSpec, env: Record<string, string>): string {
  const home = codexHomeOf(spec, env);
  const named = spec.codexHome ?? env.CODEX_HOME;
  try {
    if (named === undefined) mkdirSync(home, { recursive: true, mode: 0o700 });
    if (statSync(home).isDirectory()) return home;
  } catch {
    // Said below, with the way out.
  }
  throw new HacsError(
    "directory-missing",
    `CODEX_HOME must be a directory; ${quote(home)} is not.`,
    "Make it (mkdir -p), or choose another with --codex-home.",
  );
}

export function codexHomeOf(spec: SessionSpec, env: Record<string, string>): string {
  return spec.codexHome ?? env.CODEX_HOME ?? join(env.HOME ?? homedir(), ".codex");
}
