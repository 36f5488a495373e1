/**
 * What the word at the cursor may become: `/` a command, `@` a file that codex finds, `$` a
 * skill. Which list is shown follows from the composer alone; what has to be asked for is kept
 * with the question that it answers. Pure.
 */

import { controlsOf } from "../controls/controls.ts";
import { type Model, only, type Step } from "../model.ts";
import { chipOf, isImagePath } from "./chips.ts";
import { SLASH } from "./slash.ts";

export interface Candidate {
  label: string;
  about: string;
  /** What takes the word's place. */
  becomes: string;
}

export interface Completion {
  kind: "command" | "file" | "skill";
  from: number;
  query: string;
  candidates: readonly Candidate[];
  index: number;
}

const queryCharsMax = 256;

interface Word {
  kind: Completion["kind"];
  from: number;
  query: string;
}

function wordAt({ text, cursor }: Model["composer"]): Word | null {
  if (/\S/.test(text[cursor] ?? " ")) return null;
  if (cursor <= queryCharsMax && /^\/[a-z-]*$/.test(text.slice(0, cursor))) {
    return { kind: "command", from: 0, query: text.slice(0, cursor) };
  }
  const near = text.slice(Math.max(0, cursor - queryCharsMax), cursor);
  const word = /(?:^|\s)([@$])(\S*)$/.exec(near);
  if (word === null) return null;
  const [, sign = "", query = ""] = word;
  return { kind: sign === "@" ? "file" : "skill", from: cursor - query.length - 1, query };
}

export function completionOf(model: Model): Completion | null {
  const { composer, completing } = model;
  if (model.dialog !== null || model.readOnly || model.reading || composer.recalled !== null) {
    return null;
  }
  if (completing.dismissed === composer.text) return null;
  const word = wordAt(composer);
  if (word === null) return null;
  const candidates = candidatesOf(model, word);
  if (candidates.length === 0) return null;
  const { chosen } = completing;
  const index = chosen.word === `${word.from} ${word.query}` ? chosen.index : 0;
  return { ...word, candidates, index: Math.min(index, candidates.length - 1) };
}

function candidatesOf(model: Model, { kind, query }: Word): Candidate[] {
  if (kind === "command") {
    return [...Object.entries(SLASH), ...controlsOf(model)]
      .filter(([name]) => name.startsWith(query))
      .map(([name, about]) => ({ label: name, about, becomes: `${name} ` }));
  }
  if (kind === "skill") {
    const { skills } = model.completing;
    if (skills === null || skills === "asked") return [];
    return skills
      .filter(({ name }) => name.toLowerCase().includes(query.toLowerCase()))
      .map(({ name, about }) => ({ label: `$${name}`, about, becomes: `$${name} ` }));
  }
  const { files } = model.completing;
  if (files === null || files.query !== query) return [];
  const cwd = model.transcript.session?.cwd ?? "";
  return files.paths.map((path) => ({ label: path, about: "", becomes: fileText(path, cwd) }));
}

function fileText(path: string, cwd: string): string {
  if (isImagePath(path) && cwd !== "" && !/[\]\n]/.test(`${cwd}${path}`)) {
    return `${chipOf(`${cwd}/${path}`)} `;
  }
  return `${/\s/.test(path) ? `"${path}"` : path} `;
}

/** What has to be asked for the word at the cursor, after any key. */
export function wantCandidates({ model, effects }: Step): Step {
  const { composer, completing, readOnly } = model;
  const word = readOnly || model.dialog !== null ? null : wordAt(composer);
  if (word?.kind === "file" && word.query !== "" && completing.asked !== word.query) {
    const asked = { ...model, completing: { ...completing, asked: word.query } };
    return { model: asked, effects: [...effects, { do: "find", query: word.query }] };
  }
  if (word?.kind === "skill" && completing.skills === null) {
    const asked: Model = { ...model, completing: { ...completing, skills: "asked" } };
    return { model: asked, effects: [...effects, { do: "skills" }] };
  }
  return { model, effects };
}

export function chooseCandidate(model: Model, completion: Completion, by: 1 | -1): Step {
  const { from, query, candidates, index } = completion;
  const next = (index + by + candidates.length) % candidates.length;
  const chosen = { word: `${from} ${query}`, index: next };
  return only({ ...model, completing: { ...model.completing, chosen } });
}

export function dismissCompletion(model: Model): Step {
  return only({ ...model, completing: { ...model.completing, dismissed: model.composer.text } });
}

/** True when the word is a candidate already: Enter then means the command, not its name. */
export function isWhole({ kind, query, candidates }: Completion): boolean {
  return kind === "command" && candidates.some(({ label }) => label === query);
}

export function takeCandidate(model: Model, completion: Completion): Step {
  const { text, cursor } = model.composer;
  const becomes = completion.candidates[completion.index]?.becomes ?? "";
  const before = text.slice(0, completion.from) + becomes;
  const rest = text.slice(cursor).replace(/^ /, "");
  return only({
    ...model,
    composer: { text: before + rest, cursor: before.length, recalled: null },
  });
}
