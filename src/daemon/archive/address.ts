/**
 * Where the archive is, from the URL in the config. What goes over a network is encrypted, and the
 * server proves by its certificate that it is the one that was named; only what stays on this
 * machine may do without. A password is in nothing that is told.
 */
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import type { ConnectionOptions } from "node:tls";
import { quote } from "../../protocol/address.ts";
import { HacsError, messageOf } from "../../protocol/errors.ts";
import { passwordFrom } from "./password.ts";

export interface ArchiveAddress {
  /** A name or address, or the directory of a unix socket. */
  host: string;
  port: number;
  database: string;
  user: string;
  /** Asked for at each login, since a file may have changed. */
  password: () => string | undefined;
  ssl: false | ConnectionOptions;
  /** What is told of it. */
  shown: string;
}

const PARAMETERS = ["host", "port", "user", "dbname", "sslmode", "sslrootcert"];
const defaultPort = 5432;

/** Throws `config-invalid`. */
export function archiveAddress(text: string, passwordFile?: string): ArchiveAddress {
  const url = parse(text);
  const given = (name: string) => url.searchParams.get(name) ?? undefined;
  const host = given("host") ?? decode(url.hostname).replace(/^\[|\]$/g, "");
  const port = Number(given("port") ?? (url.port || defaultPort));
  const user = given("user") ?? decode(url.username);
  const database = given("dbname") ?? decode(url.pathname.slice(1));
  if (host === "") throw wrong("names no host");
  if (user === "") throw wrong("names no user");
  if (database === "") throw wrong("names no database");
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw wrong("has a port that is none");
  const at = host.includes(":") ? `[${host}]` : host;
  return {
    host,
    port,
    database,
    user,
    password: passwordFrom(url.password === "" ? undefined : decode(url.password), passwordFile, [
      host,
      String(port),
      database,
      user,
    ]),
    ssl: sslOf(host, given("sslmode"), given("sslrootcert")),
    shown: `postgres://${user}@${at}:${port}/${database}`,
  };
}

function parse(text: string): URL {
  let url: URL;
  try {
    // As libpq has it: no host before the path, and one among the parameters.
    url = new URL(text.replace(/^(postgres(?:ql)?:\/\/[^/?#]*@)(?=\/)/, "$1localhost"));
  } catch {
    throw wrong("is no URL");
  }
  for (const name of url.searchParams.keys())
    if (!PARAMETERS.includes(name))
      throw wrong(`has the parameter ${quote(name)}, and there are ${PARAMETERS.join(", ")}`);
  return url;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong("has a % that stands for nothing");
  }
}

function sslOf(
  host: string,
  mode: string | undefined,
  rootCert: string | undefined,
): ArchiveAddress["ssl"] {
  const stays = staysHere(host);
  if (mode !== undefined && mode !== "verify-full" && mode !== "disable")
    throw wrong(`has sslmode=${quote(mode)}, and there are verify-full and disable`);
  if (mode === "disable" && !stays)
    throw wrong(`has sslmode=disable, and ${quote(host)} is not on this machine`);
  if (host.startsWith("/")) {
    if (mode === "verify-full") throw wrong("has sslmode=verify-full on a unix socket");
    return false;
  }
  if (mode === "disable" || (stays && mode === undefined && rootCert === undefined)) return false;
  return {
    rejectUnauthorized: true,
    host,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(rootCert === undefined ? {} : { ca: certificate(rootCert) }),
  };
}

export function staysHere(host: string): boolean {
  return (
    host.startsWith("/") ||
    host === "localhost" ||
    host === "::1" ||
    /^127(\.\d{1,3}){3}$/.test(host)
  );
}

function certificate(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw wrong(`has an sslrootcert that can't be read: ${messageOf(error)}`);
  }
}

function wrong(why: string): HacsError {
  return new HacsError(
    "config-invalid",
    `The config's archive ${why}.`,
    "Give it as postgres://user@db.example/history, with ?sslrootcert=/ca.pem for a certificate of your own, or postgres://user@/history?host=/run/postgresql.",
  );
}
