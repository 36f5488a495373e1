/**
 * The model that tests talk to: answers by what the message says, and can be held in the middle
 * of an answer, so that no test needs to guess how long something takes.
 *
 *     say TEXT            answers TEXT
 *     words N             answers "word0 word1 …" at once, a delta a word
 *     flood N             the same with deltas of 40 characters
 *     slow N [MS]         the same words, one each MS (default 100)
 *     gated KEY [TEXT]    "before KEY ", then waits for release(KEY), then TEXT (default "after KEY")
 *     run CMD             calls exec_command
 *     ask CMD             calls exec_command with escalated permissions: codex asks for approval
 *     write FILE TEXT     calls exec_command with a patch: a fileChange item
 *     gatedrun KEY CMD    waits for release(KEY), then calls exec_command
 *     fail [WHY]          answers with an error
 *     anything else       answers "you said: …"
 *
 * What a tool gave is answered with "output: …". `on` puts a script of a test's own before these.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { patchCommand } from "../../src/demo/reply.ts";
import type { ModelRequest } from "../../src/demo/request.ts";
import { createModelServer, type ModelStep } from "../../src/demo/server.ts";
import { within } from "./eventually.ts";

export type Script = (request: ModelRequest) => AsyncIterable<ModelStep>;

export interface TestModel {
  port: number;
  /** As `base_url` in codex's config. */
  baseUrl: string;
  /** Every request so far, newest last. */
  requests: readonly ModelRequest[];
  /** The messages that began an answer, in order, each as often as codex asked with it newest. */
  texts(): string[];
  /** The user's messages in the conversation as codex sent it last. */
  conversation(): string[];
  /** Answers messages that match with a test's own script; the newest rule comes first. */
  on(match: RegExp, script: Script): void;
  /** Resolves when an answer waits at the gate KEY (again, after a release). */
  reached(key: string): Promise<void>;
  /** Lets the answers at the gate KEY go on, and those that come to it later. */
  release(key: string): void;
  /** Makes the gate KEY hold again after a release. */
  hold(key: string): void;
  close(): Promise<void>;
}

export async function createModel(port = 0): Promise<TestModel> {
  const requests: ModelRequest[] = [];
  const rules: { match: RegExp; script: Script }[] = [];
  const gates = new Gates();
  const server = await createModelServer((request) => {
    requests.push(request);
    const rule = rules.findLast(({ match }) => match.test(request.text));
    return rule ? rule.script(request) : answer(request, gates);
  }, port);
  return {
    port: server.port,
    baseUrl: `http://127.0.0.1:${server.port}/v1`,
    requests,
    texts: () => requests.filter(({ toolOutput }) => toolOutput === null).map(({ text }) => text),
    conversation: () => requests.at(-1)?.userTexts ?? [],
    on: (match, script) => void rules.push({ match, script }),
    reached: (key) => within(gates.reached(key), { what: `an answer waits at the gate "${key}"` }),
    release: (key) => gates.release(key),
    hold: (key) => gates.hold(key),
    close: () => {
      gates.releaseAll();
      return server.close();
    },
  };
}

async function* answer(request: ModelRequest, gates: Gates): AsyncGenerator<ModelStep> {
  const { text, toolOutput, signal } = request;
  if (toolOutput !== null) return yield { text: `output: ${toolOutput}` };
  const [, verb = "", rest = ""] = /^(\S*) ?([\s\S]*)$/.exec(text) ?? [];
  const [, first = "", more = ""] = /^(\S*) ?([\s\S]*)$/.exec(rest) ?? [];
  switch (verb) {
    case "say":
      return yield { text: rest };
    case "words":
    case "flood":
    case "slow":
      for (let word = 0; word < Number(first); word++) {
        if (verb === "slow") await sleep(Number(more || 100), undefined, { signal });
        yield { text: verb === "flood" ? `word${word} `.padEnd(40, "·") : `word${word} ` };
      }
      return;
    case "gated":
      yield { text: `before ${first} ` };
      await gates.pass(first, signal);
      return yield { text: more === "" ? `after ${first}` : more };
    case "gatedrun":
      await gates.pass(first, signal);
      return yield call(more);
    case "run":
      return yield call(rest);
    case "ask":
      return yield call(rest, {
        sandbox_permissions: "require_escalated",
        justification: "a test",
      });
    case "write":
      return yield call(patchCommand(first, more));
    case "fail":
      return yield { error: rest === "" ? "the test wants an error" : rest };
    default:
      return yield { text: `you said: ${text}` };
  }
}

function call(cmd: string, permissions: Record<string, string> = {}): ModelStep {
  return { call: "exec_command", arguments: { cmd, ...permissions } };
}

/** Doors that answers wait at; a door is shut until it is released. */
class Gates {
  #open = new Set<string>();
  #waiting = new Map<string, Set<() => void>>();
  #watchers = new Map<string, (() => void)[]>();

  async pass(key: string, signal: AbortSignal): Promise<void> {
    if (this.#open.has(key)) return;
    await new Promise<void>((resolve) => {
      const waiting = this.#waiting.get(key) ?? new Set();
      this.#waiting.set(key, waiting.add(resolve));
      // codex may be killed while it waits; then nobody stands at the gate any more.
      signal.addEventListener("abort", () => waiting.delete(resolve) && resolve());
      for (const watcher of this.#watchers.get(key) ?? []) watcher();
      this.#watchers.delete(key);
    });
  }

  async reached(key: string): Promise<void> {
    if ((this.#waiting.get(key)?.size ?? 0) > 0) return;
    await new Promise<void>((resolve) => {
      this.#watchers.set(key, [...(this.#watchers.get(key) ?? []), resolve]);
    });
  }

  release(key: string): void {
    this.#open.add(key);
    for (const pass of this.#waiting.get(key) ?? []) pass();
    this.#waiting.delete(key);
  }

  hold(key: string): void {
    this.#open.delete(key);
  }

  releaseAll(): void {
    for (const key of [...this.#waiting.keys()]) this.release(key);
  }
}
