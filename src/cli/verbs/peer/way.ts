/** How another daemon is reached, and what is shown there. */
import { resolve } from "node:path";
import { quote } from "../../../protocol/address.ts";
import { HacsError } from "../../../protocol/errors.ts";
import type { Params } from "../../../protocol/methods.ts";
import type { Context } from "../../context.ts";
import { readToken, tokenOption } from "../../token-file.ts";
import type { Option } from "../../verb.ts";

export interface WayOptions {
  tokenFile?: string;
  caFile?: string;
  remoteCommand?: string;
}

export const wayOptions: Option[] = [
  tokenOption,
  {
    flags: "--ca-file <file>",
    about: "the certificate of the CA that vouches for a wss:// server, where that is your own",
    completes: "file",
  },
  {
    flags: "--remote-command <command>",
    about: "how hacs-session is called there, where ssh's shell does not find it",
  },
];

export async function readWay(
  context: Context,
  { tokenFile, caFile, remoteCommand }: WayOptions,
): Promise<Pick<Params<"peer/add">, "token" | "ca" | "remoteCommand">> {
  return {
    ...(await readToken(context, tokenFile)),
    ...(caFile === undefined ? {} : { ca: await readCa(context, caFile) }),
    ...(remoteCommand === undefined ? {} : { remoteCommand }),
  };
}

async function readCa({ cwd }: Context, file: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  return readFile(resolve(cwd, file), "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new HacsError(
      "invalid-usage",
      `The CA's certificate can't be read from ${quote(file)} (${error.code ?? error.message}).`,
      "Give the file that holds it, in PEM: --ca-file ca.pem",
    );
  });
}
