/** A token comes from a file: an argument would be in the process list and in shells' histories. */
import { resolve } from "node:path";
import { quote } from "../protocol/address.ts";
import { HacsError } from "../protocol/errors.ts";
import type { Context } from "./context.ts";
import { readStdin } from "./stdin.ts";
import type { Option } from "./verb.ts";

export const tokenOption: Option = {
  flags: "--token-file <file>",
  about: "the file that holds the token to show there; - reads it from stdin",
  completes: "file",
};

export async function readToken(
  { cwd }: Context,
  file: string | undefined,
): Promise<{ token?: string }> {
  if (file === undefined) return {};
  const { readFile } = await import("node:fs/promises");
  const read = file === "-" ? readStdin() : readFile(resolve(cwd, file), "utf8");
  const token = await read.catch((error: NodeJS.ErrnoException) => {
    throw unusable(file, `can't be read (${error.code ?? error.message})`);
  });
  if (!/^[\x21-\x7e]{1,512}$/.test(token.trim())) throw unusable(file, "holds no single word");
  return { token: token.trim() };
}

function unusable(file: string, why: string): HacsError {
  return new HacsError(
    "invalid-usage",
    `A token file holds one token; ${quote(file)} ${why}.`,
    "Make one there with: hacs-session token new",
  );
}
