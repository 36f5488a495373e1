/** The archive's password: of the URL, of a file of its own, or of libpq's password file. */
import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { quote } from "../../protocol/address.ts";
import { HacsError, messageOf } from "../../protocol/errors.ts";

/** `key` is what a line of libpq's file begins with: host, port, database, user. */
export function passwordFrom(
  given: string | undefined,
  file: string | undefined,
  key: string[],
): () => string | undefined {
  if (given !== undefined) return () => given;
  if (file !== undefined) return () => readOwn(file);
  return () => {
    const libpq = process.env.PGPASSFILE || join(homedir(), ".pgpass");
    try {
      // libpq, too, takes no word from a file that others can read.
      if ((statSync(libpq).mode & 0o077) !== 0) return undefined;
      return lookUp(readFileSync(libpq, "utf8"), key);
    } catch {
      return undefined;
    }
  };
}

function readOwn(file: string): string {
  try {
    if ((statSync(file).mode & 0o077) !== 0) throw new Error("others can read it; chmod 600 it");
    return readFileSync(file, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    throw new HacsError(
      "archive-refused",
      `The archive's password file ${quote(file)} can't be used: ${messageOf(error)}.`,
      "It holds the password alone, and only its owner may read it.",
    );
  }
}

/** The first line that fits; `*` fits all, and a backslash takes a colon as it stands. */
export function lookUp(text: string, key: string[]): string | undefined {
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#")) continue;
    const fields = [...line.matchAll(/((?:\\.|[^:\\])*)(?::|$)/g)].map(([, field = ""]) =>
      field.replace(/\\(.)/g, "$1"),
    );
    const [password] = fields.slice(key.length);
    if (password && key.every((each, place) => fields[place] === "*" || fields[place] === each))
      return password;
  }
  return undefined;
}
