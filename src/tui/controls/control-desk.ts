/** Asks codex what its controls need, through the daemon, and brings the answers to the model. */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { markdownOf } from "../../export/markdown.ts";
import { HacsError, messageOf } from "../../protocol/errors.ts";
import { isObject, type Json, type JsonObject } from "../../protocol/messages.ts";
import type { Method, Params, Result } from "../../protocol/methods.ts";
import type { HistoryRecord } from "../../protocol/session.ts";
import { type Effect, type Model, noticed } from "../model.ts";
import { failed } from "../receive.ts";
import type { Store } from "../store.ts";
import * as answers from "./control-answers.ts";
import { type Control, offersIn } from "./controls.ts";
import { diffPage, localDiff } from "./local-diff.ts";
import { listed, paged, runControl, unanswered } from "./run-control.ts";

type Call = <M extends Method>(method: M, params: Omit<Params<M>, "name">) => Promise<Result<M>>;

const filesMax = 50;
const listPagesMax = 10;

export class ControlDesk {
  readonly #store: Store;
  readonly #call: Call;
  #finding = false;

  constructor(store: Store, call: Call) {
    this.#store = store;
    this.#call = call;
  }

  /** What codex says of itself and the thread; nothing is woken to learn it. */
  async learnOffers(): Promise<void> {
    if (this.#store.model.transcript.session?.agentPid == null || this.#store.model.readOnly)
      return;
    try {
      await this.#codex("hacs-session/offers", {});
    } catch (error) {
      const offers = offersIn(messageOf(error));
      this.#store.feed((model) => ({ ...model, offers }));
    }
    await this.#learnEffort();
  }

  async #learnEffort(): Promise<void> {
    try {
      const effort = answers.text((await this.#thread()).reasoningEffort) || null;
      this.#store.feed((model) => ({ ...model, transcript: { ...model.transcript, effort } }));
    } catch {
      // The status line then lacks it, and nothing else.
    }
  }

  /** One search at a time; what was typed meanwhile is looked for next. */
  async find(): Promise<void> {
    if (this.#finding) return;
    this.#finding = true;
    try {
      for (;;) {
        const { completing, transcript } = this.#store.model;
        const query = completing.asked;
        if (query === null || query === completing.files?.query) return;
        const roots = [transcript.session?.cwd ?? ""];
        const answer = await this.#codex("fuzzyFileSearch", {
          query,
          roots,
          cancellationToken: null,
        });
        const paths = answers.pathsOf(answer, query).slice(0, filesMax);
        this.#complete({ files: { query, paths } });
      }
    } catch {
      // No list then; what is typed stays as it is.
      this.#complete({ asked: null });
    } finally {
      this.#finding = false;
    }
  }

  async skills(): Promise<void> {
    try {
      this.#complete({ skills: answers.skillsOf(await this.#codex("skills/list", {})) });
    } catch {
      this.#complete({ skills: [] });
    }
  }

  async call(effect: Extract<Effect, { do: "call" }>): Promise<void> {
    try {
      await this.#codex(effect.method, effect.params);
      this.#store.act((model) => noticed(model, effect.said));
      const { next } = effect;
      if (next !== undefined) this.#store.act((model) => runControl(model, next, ""));
    } catch (error) {
      this.#fail(error);
    }
  }

  async control(control: Control, rest: string): Promise<void> {
    try {
      await this.#control(control, rest);
    } catch (error) {
      this.#store.act((model) => unanswered(model, control));
      this.#fail(error);
    }
  }

  async #control(control: Control, rest: string): Promise<void> {
    switch (control) {
      case "/model": {
        const [models, thread] = await Promise.all([this.#list("model/list"), this.#thread()]);
        const current = answers.text(thread.model);
        return this.#listed(control, answers.modelChoices(models, current));
      }
      case "/effort": {
        const [models, thread] = await Promise.all([this.#list("model/list"), this.#thread()]);
        const [model, effort] = [answers.text(thread.model), answers.text(thread.reasoningEffort)];
        return this.#listed(control, answers.effortChoices(models, model, effort));
      }
      case "/permissions": {
        const cwd = this.#store.model.transcript.session?.cwd ?? null;
        const [profiles, { session }] = await Promise.all([
          this.#list("permissionProfile/list", { cwd }),
          this.#call("session/show", {}),
        ]);
        return this.#listed(control, answers.permissionChoices(profiles, session.settings));
      }
      case "/undo": {
        return this.#listed(control, answers.undoChoices(await this.#lastTurn()));
      }
      case "/diff":
        return this.#paged(control, await this.#diff());
      case "/mcp":
        return this.#paged(control, answers.mcpLines(await this.#list("mcpServerStatus/list")));
      case "/skills": {
        const skills = answers.skillsOf(await this.#codex("skills/list", {}));
        return this.#paged(
          control,
          skills.map(({ name, about }) => `$${name}  ${about}`),
        );
      }
      case "/goal":
        return this.#paged(control, answers.goalLines(await this.#codex("thread/goal/get", {})));
      case "/status": {
        const { session } = await this.#call("session/show", {});
        const limits = await this.#codex("account/rateLimits/read", {}).catch(() => null);
        const thread = await this.#thread().catch(() => ({}));
        return this.#paged(control, answers.statusLines(session, thread, limits));
      }
      case "/who": {
        const { session } = await this.#call("session/show", {});
        return this.#paged(control, answers.whoLines(session.attached));
      }
      case "/export":
        return this.#export(rest);
    }
  }

  /** Since the remote, as codex has it; without a remote, since the last commit. */
  async #diff(): Promise<string[]> {
    const cwd = this.#store.model.transcript.session?.cwd ?? "";
    try {
      const answer = await this.#codex("gitDiffToRemote", { cwd });
      const diff = isObject(answer) ? answers.text(answer.diff) : "";
      return diffPage("since the remote", diff);
    } catch (error) {
      if (offersIn(messageOf(error)) !== null) throw error;
      return localDiff(cwd, (method, params) => this.#codex(method, params));
    }
  }

  async #export(given: string): Promise<void> {
    const { name } = this.#store.model;
    const day = new Date().toISOString().slice(0, 16).replace(/[-:]/g, "");
    const file = resolve(given === "" ? `${name}-${day}.md` : given);
    this.#store.act((model) => noticed(model, "writing…"));
    const records: HistoryRecord[] = [];
    for (let after = 0; ; ) {
      const page = await this.#call("session/history", { after, limit: 1000 });
      const last = page.records.at(-1);
      if (last === undefined) break;
      records.push(...page.records);
      after = last.seq;
    }
    try {
      // What is there already is not written over.
      await writeFile(file, await exported(file, name, records), { flag: "wx", mode: 0o600 });
    } catch (error) {
      throw new HacsError("invalid-usage", `${file} can't be written: ${messageOf(error)}`);
    }
    this.#store.act((model) => noticed(model, `written to ${file}`));
  }

  async #thread(): Promise<JsonObject> {
    const answer = await this.#codex("thread/read", {});
    return isObject(answer) && isObject(answer.thread) ? answer.thread : {};
  }

  /** None in a thread that has no turn yet, which codex refuses to list. */
  async #lastTurn(): Promise<JsonObject[]> {
    try {
      const params = { limit: 1, sortDirection: "desc" };
      return answers.dataOf(await this.#codex("thread/turns/list", params));
    } catch (error) {
      if (messageOf(error).includes("not materialized")) return [];
      throw error;
    }
  }

  /** All pages of a list of codex's. */
  async #list(method: string, params: JsonObject = {}): Promise<JsonObject[]> {
    const all: JsonObject[] = [];
    let cursor: Json = null;
    for (let page = 0; page < listPagesMax; page++) {
      const answer: Json = await this.#codex(method, { ...params, cursor });
      all.push(...answers.dataOf(answer));
      cursor = isObject(answer) ? (answer.nextCursor ?? null) : null;
      if (cursor === null) break;
    }
    return all;
  }

  #codex(method: string, params: JsonObject): Promise<Json> {
    return this.#call("session/call", { method, params });
  }

  #listed(control: Control, choices: Parameters<typeof listed>[2]): void {
    this.#store.act((model) => listed(model, control, choices));
  }

  #paged(control: Control, lines: readonly string[]): void {
    this.#store.act((model) => paged(model, control, lines));
  }

  #complete(changes: Partial<Model["completing"]>): void {
    this.#store.act((model) => ({ ...model, completing: { ...model.completing, ...changes } }));
  }

  /** A method that codex does not have takes its commands off the list. */
  #fail(error: unknown): void {
    const offers = offersIn(messageOf(error));
    if (offers !== null) {
      const missing = "this codex does not offer that";
      return this.#store.act((model) => noticed({ ...model, offers }, missing, "warning"));
    }
    const known = error instanceof HacsError ? error : new HacsError("internal", messageOf(error));
    this.#store.act((model) => failed(model, known));
  }
}

/** As the file's name has it: a page, or Markdown. */
async function exported(file: string, name: string, records: HistoryRecord[]): Promise<string> {
  if (file.endsWith(".html")) return (await import("../../export/html.ts")).htmlOf(name, records);
  return markdownOf(name, records);
}
