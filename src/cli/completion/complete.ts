/**
 * `hacs-session __complete WORDS…`, which the completion scripts call at every press of the tab
 * key: so it starts no daemon, and is silent about what fails. One candidate a line, with a tab
 * before its description; a last line `:files` or `:directories` leaves paths to the shell.
 */

import type { Connection } from "../../client/connection.ts";
import { dial } from "../../client/dial.ts";
import { type DaemonChoice, pathsFor } from "../../system/paths.ts";
import { stdout, write } from "../output.ts";
import { candidates, type Names } from "./candidates.ts";

export async function complete(words: string[]): Promise<void> {
  try {
    const { values, paths } = await candidates(words, names);
    const lines = values.map(({ value, about }) => (about ? `${value}\t${about}` : value));
    if (paths) lines.push(`:${paths}`);
    if (lines.length > 0) write(stdout, `${lines.join("\n")}\n`);
  } catch {
    // A completion that can't be made is no completion.
  }
}

const names: Names = {
  sessions: (choice, all) =>
    asking(choice, async (connection) => (await connection.call("session/list", { all })).sessions),
  approvals: (choice, name) =>
    asking(
      choice,
      async (connection) => (await connection.call("session/approvals", { name })).approvals,
    ),
};

async function asking<T>(
  choice: DaemonChoice,
  ask: (connection: Connection) => Promise<T>,
): Promise<T> {
  // A login at every press of the tab key would be in the way.
  if (choice.host !== undefined) throw new Error("another machine is not asked");
  const connection = await dial(pathsFor(choice).socket, "completion");
  try {
    return await ask(connection);
  } finally {
    connection.close();
  }
}
