/**
 * Takes secrets out of what is stored or shown. Each is replaced by what it was, as in
 * `[redacted: GitHub token]`. What is tied together by names and ids stays so.
 */
import { HacsError } from "../../protocol/errors.ts";
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";
import type { Config } from "../../system/config.ts";
import { BUILT_IN } from "./patterns.ts";
import { RedactedStream } from "./redacted-stream.ts";
import { bySecret, type Found, mark, type Search, searchOfBuiltIn, searchOfOwn } from "./search.ts";

/** The config's `redact`: a pattern by its name, or false for a built-in one that is not wanted. */
export type RedactionRules = NonNullable<Config["redact"]>;

/** Keys, near the top, whose values are nobody's secret. */
const NAMES = /^(?:id|type|status|method|session|mode)$|Id$/;
const namesDepthMax = 2;
const own = { enumerable: true, configurable: true, writable: true };

export class Redactor {
  readonly #searches: Search[];

  /** Throws `config-invalid` for a pattern that RE2 does not know. */
  constructor(rules: RedactionRules = {}) {
    const builtIn = Object.entries(BUILT_IN).filter(([name]) => rules[name] === undefined);
    const own = Object.entries(rules).filter((rule): rule is [string, string] => rule[1] !== false);
    this.#searches = [
      ...(builtIn.length > 0 ? [searchOfBuiltIn(builtIn)] : []),
      ...own.map(([name, source]) => searchOfOwn(name, source)),
    ];
  }

  /** Makes ready what the first stream needs, which takes tens of milliseconds once. */
  prepare(): void {
    this.stream();
  }

  /** In order; two may overlap. */
  find(text: string): Found[] {
    return this.#searches.flatMap((search) => [...search.find(text)]).sort(bySecret);
  }

  /** The same text when there is no secret in it. */
  text(text: string): string {
    const found = this.find(text);
    if (found.length === 0) return text;
    let out = "";
    let at = 0;
    for (const { secretStart, secretEnd, name } of found) {
      // Two patterns may see the same secret, or each a part of it.
      if (secretStart >= at) out += text.slice(at, secretStart) + mark(name);
      at = Math.max(at, secretEnd);
    }
    return out + text.slice(at);
  }

  /** All strings in it, in the same way; the same value when there is nothing to take out. */
  json<T>(value: T): T {
    return this.#walk(value as Json, 0, (text) => this.text(text)) as T;
  }

  /** Something on its way: a secret that has come in part is left out, too. */
  begun<T>(value: T): T {
    return this.#walk(value as Json, 0, (text) => this.stream().push(text)) as T;
  }

  /** A text that comes in pieces. `afterGap`: some were missed. */
  stream(afterGap = false): RedactedStream {
    return new RedactedStream(this.#searches, afterGap);
  }

  /** An error as it may be told. */
  error(error: unknown): unknown {
    if (!(error instanceof HacsError)) return error;
    const message = this.text(error.message);
    const next = error.next === undefined ? undefined : this.text(error.next);
    const details = this.json(error.details);
    const same = message === error.message && next === error.next && details === error.details;
    return same ? error : new HacsError(error.code, message, next, details);
  }

  #walk(value: Json, depth: number, redact: (text: string) => string): Json {
    if (typeof value === "string") return redact(value);
    if (Array.isArray(value)) {
      const walked = value.map((each) => this.#walk(each, depth + 1, redact));
      return walked.some((each, place) => each !== value[place]) ? walked : value;
    }
    if (!isObject(value)) return value;
    let changed = false;
    const walked: JsonObject = {};
    for (const [key, each] of Object.entries(value)) {
      const isName = depth < namesDepthMax && NAMES.test(key);
      const name = redact(key);
      const inner = each === undefined || isName ? each : this.#walk(each, depth + 1, redact);
      changed ||= name !== key || inner !== each;
      // An assignment to this one would change what the object is.
      if (name === "__proto__") Object.defineProperty(walked, name, { ...own, value: inner });
      else walked[name] = inner;
    }
    return changed ? walked : value;
  }
}
