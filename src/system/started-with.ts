/**
 * What the daemon was last told to be: the options of `daemon start`, `restart` and `run`. A daemon
 * that nobody tells anything, because the last one died and a command starts the next, or because
 * it is started again, goes on as that one was. Who stops a daemon has it forgotten.
 */
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isObject, type Json } from "../protocol/messages.ts";
import type { Paths } from "./paths.ts";

export interface StartOptions {
  codex?: string;
  listen?: string[];
  tlsCert?: string;
  tlsKey?: string;
  behindProxy?: string[];
}

type Place = Pick<Paths, "stateDir">;

/** Undefined when it was told nothing, or what is there is no such thing any more. */
export function startedWith(place: Place): StartOptions | undefined {
  try {
    const options = JSON.parse(readFileSync(fileIn(place), "utf8")) as Json;
    return isStartOptions(options) ? (options as StartOptions) : undefined;
  } catch {
    return undefined;
  }
}

/** Whole or not at all, whatever happens meanwhile. */
export function rememberStart(place: Place, options: StartOptions): void {
  const file = fileIn(place);
  writeFileSync(`${file}.new`, JSON.stringify(options), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

export function forgetStart(place: Place): void {
  rmSync(fileIn(place), { force: true });
}

function fileIn({ stateDir }: Place): string {
  return join(stateDir, "started-with.json");
}

function isStartOptions(value: Json): boolean {
  if (!isObject(value)) return false;
  const { codex, tlsCert, tlsKey, listen = [], behindProxy = [] } = value;
  const isText = (one: Json | undefined) => one === undefined || typeof one === "string";
  return (
    [codex, tlsCert, tlsKey].every(isText) &&
    [listen, behindProxy].every(
      (list) => Array.isArray(list) && list.every((one) => typeof one === "string"),
    )
  );
}
