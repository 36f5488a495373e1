/** What a daemon can be started with: the same for `start`, `restart` and `run`. */
import { resolve } from "node:path";
import type { StartOptions } from "../../../system/started-with.ts";
import type { Context } from "../../context.ts";
import { refuseElsewhere } from "../../elsewhere.ts";
import type { Option } from "../../verb.ts";

export type DaemonOptions = StartOptions;

export const daemonOptions: Option[] = [
  { flags: "--codex <path>", about: "the codex that sessions run", completes: "file" },
  {
    flags: "--listen <address:port>",
    about: "listen for HTTP and WebSocket as well, as on 127.0.0.1:9100; port 0 takes a free one",
    repeatable: true,
  },
  {
    flags: "--tls-cert <file>",
    about: "the certificate with its chain, for addresses that are not loopback",
    completes: "file",
  },
  { flags: "--tls-key <file>", about: "its key", completes: "file" },
  {
    flags: "--behind-proxy <address>",
    about: "a proxy that does TLS in front: what it says of its clients is believed",
    repeatable: true,
  },
];

/** A daemon over there is started by its first call, with what its own config says. */
export function refuseOptionsElsewhere(context: Context, options: DaemonOptions): void {
  for (const { flags } of daemonOptions) {
    const [name = ""] = /--[a-z-]+/.exec(flags) ?? [];
    const key = name.slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
    if (options[key as keyof DaemonOptions] !== undefined)
      refuseElsewhere(context, undefined, name, "Set it in the config file there.");
  }
}

/** The same as the daemon's program takes them, which runs in another directory. */
export function daemonArguments(options: DaemonOptions, { cwd }: Context): string[] {
  const { codex, listen = [], tlsCert, tlsKey, behindProxy = [] } = options;
  return [
    // A bare word is looked for on PATH.
    ...(codex === undefined ? [] : ["--codex", codex.includes("/") ? resolve(cwd, codex) : codex]),
    ...listen.flatMap((address) => ["--listen", address]),
    ...(tlsCert === undefined ? [] : ["--tls-cert", resolve(cwd, tlsCert)]),
    ...(tlsKey === undefined ? [] : ["--tls-key", resolve(cwd, tlsKey)]),
    ...behindProxy.flatMap((address) => ["--behind-proxy", address]),
  ];
}
