/**
 * Where the daemon may listen. Who reads the network must not read tokens, so anything but loopback
 * needs TLS, ours or that of a proxy which alone is let in.
 */
import { BlockList, isIP } from "node:net";
import { quote } from "../../protocol/address.ts";
import { HacsError } from "../../protocol/errors.ts";

export interface PortOptions {
  /** Each `ADDR:PORT`; none: there is no port. */
  listen: string[];
  tlsCert?: string | undefined;
  tlsKey?: string | undefined;
  /** Addresses and networks of proxies that are believed. */
  behindProxy: string[];
  /** Names beside the addresses themselves that the port goes by, with `:PORT` if one is named. */
  allowedHosts: string[];
  /** Origins of web pages that may ask. */
  allowedOrigins: string[];
}

export interface ListenAddress {
  host: string;
  port: number;
}

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8, "ipv4");
loopback.addAddress("::1", "ipv6");

export function isLoopback(host: string): boolean {
  return host === "localhost" || isAmong(loopback, host);
}

/** `address` may be an IPv4 one as a dual-stack socket has it. */
export function isAmong(list: BlockList, address: string): boolean {
  const plain = plainAddress(address);
  const family = isIP(plain);
  return family !== 0 && list.check(plain, family === 6 ? "ipv6" : "ipv4");
}

export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}

/** Throws `listen-unsafe` or `invalid-usage`, before anything listens. */
export function listenAddresses(options: PortOptions): ListenAddress[] {
  const { tlsCert, tlsKey, behindProxy } = options;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new HacsError(
      "invalid-usage",
      `TLS needs a certificate and its key; there is ${tlsCert === undefined ? "only a key" : "only a certificate"}.`,
      "Give both --tls-cert and --tls-key.",
    );
  }
  const addresses = options.listen.map(parseListen);
  const open = addresses.find(({ host }) => !isLoopback(host));
  if (open === undefined || tlsCert !== undefined || behindProxy.length > 0) return addresses;
  throw new HacsError(
    "listen-unsafe",
    `${quote(open.host)} is not loopback, so others could read what passes, tokens too.`,
    "Give --tls-cert and --tls-key, or with a proxy in front that does TLS: --behind-proxy ITS-ADDRESS",
  );
}

/** `127.0.0.1:9100`, `localhost:9100`, `[::1]:9100`, `0.0.0.0:0`. */
export function parseListen(text: string): ListenAddress {
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+|localhost)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2] ?? "";
  const port = Number(match?.[3]);
  const isHost =
    match?.[1] === undefined ? host === "localhost" || isIP(host) === 4 : isIP(host) === 6;
  if (match !== null && isHost && port <= 65_535) return { host, port };
  throw new HacsError(
    "invalid-usage",
    `An address to listen on is IP:PORT, with an IPv6 address in brackets; got ${quote(text)}.`,
    "Try 127.0.0.1:9100 or [::1]:9100.",
  );
}

/** Addresses and networks such as `10.0.0.0/8`. */
export function addressList(given: string[]): BlockList {
  const list = new BlockList();
  for (const text of given) {
    const [, address = "", prefix] = /^([0-9A-Fa-f:.]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
    const family = isIP(address);
    const bits = prefix === undefined ? undefined : Number(prefix);
    if (family === 0 || (bits ?? 0) > (family === 6 ? 128 : 32)) {
      throw new HacsError(
        "invalid-usage",
        `A proxy is an IP address or a network such as 10.0.0.0/8; got ${quote(text)}.`,
        "Give the addresses that it connects from.",
      );
    }
    const type = family === 6 ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, type);
    else list.addSubnet(address, bits, type);
  }
  return list;
}
