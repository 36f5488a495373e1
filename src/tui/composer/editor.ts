/** Hands the terminal to $VISUAL or $EDITOR with what is being written, and takes both back. */

import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { useEffect } from "react";
import { messageOf } from "../../protocol/errors.ts";
import { limits } from "../../protocol/methods.ts";
import { trimEnd } from "../../protocol/trim-end.ts";
import { type Model, noticed } from "../model.ts";
import type { Scene } from "../scene.ts";
import type { Lend } from "../terminal/terminal.ts";
import { putBy } from "./past.ts";

/** Runs while `model.editing`; ends with it false, whatever became of the editor. */
export function useEditor(store: Scene, editing: boolean, lend: Lend): void {
  useEffect(() => {
    if (!editing) return;
    // The pane may be gone when the editor ends, and another have the keys.
    const [{ id, model: before }] = store.picture.panes;
    void lend(async () => {
      await leaveInput();
      try {
        const text = await edit(before.composer.text, process.env);
        store.act((model) => edited(model, text, before.name), id);
      } catch (error) {
        store.act((model) => editingFailed(model, messageOf(error)), id);
      }
    });
  }, [editing, store, lend]);
}

/**
 * Ink takes its ears off the terminal, but the process would go on reading from it, and the
 * editor miss every other key. Ink's next listener begins the reading again.
 */
async function leaveInput(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  process.stdin.pause();
  await new Promise((resolve) => setImmediate(resolve));
}

/**
 * An editor ends a file with a newline; nobody means to send it. `name` is the session that it was
 * opened in; where that ended meanwhile the model is another one's, which has words of its own.
 */
function edited(model: Model, given: string, name: string): Model {
  const text = trimEnd(given.replace(/\r\n?/g, "\n"), "\n");
  if (model.editing) {
    return { ...model, editing: false, composer: { text, cursor: text.length, recalled: null } };
  }
  if (text === "") return model;
  const said = `${name} is gone; Up in an empty composer brings what you wrote`;
  return noticed(putBy(model, text), said, "warning");
}

function editingFailed(model: Model, why: string): Model {
  return noticed({ ...model, editing: false }, `the editor failed: ${why}`, "warning");
}

/** Gives the text as it was saved. Throws when the editor says that it failed. */
async function edit(text: string, env: NodeJS.ProcessEnv): Promise<string> {
  const editor = env.VISUAL || env.EDITOR || "vi";
  // Its own directory, so that nobody else can read the file or put another in its place.
  const directory = await mkdtemp(join(tmpdir(), "hacs-session-"));
  const file = join(directory, "message.md");
  try {
    await writeFile(file, text, { mode: 0o600 });
    await run(editor, file);
    const saved = await readFile(file, "utf8");
    if (Buffer.byteLength(saved) > limits.messageBytesMax) throw new Error("the text is too large");
    return saved;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** As git does it: the variable may have arguments, so a shell reads it. */
function run(editor: string, file: string): Promise<void> {
  // ^C is for the editor; this process has to outlive it.
  const ignore = () => {};
  process.on("SIGINT", ignore);
  return new Promise<void>((resolve, reject) => {
    const child = spawn("/bin/sh", ["-c", `${editor} "$1"`, editor, file], { stdio: "inherit" });
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(signal === null ? `it ended with ${code}` : `it ended by ${signal}`));
    });
  }).finally(() => process.off("SIGINT", ignore));
}
