/**
 * Who may ask at all. A page in the user's own browser can send requests to loopback, and with a
 * name of its own that it points there (DNS rebinding) even read the answers. So the Host has to be
 * one of ours, an Origin one that was allowed, and a token stands in a header that only a program
 * sets, never in a URL, a cookie or anything else that a browser adds by itself.
 */
import type { IncomingMessage } from "node:http";
import { type BlockList, isIP, type Socket } from "node:net";
import { HacsError } from "../../protocol/errors.ts";
import type { Identity } from "../client.ts";
import type { TokenRow } from "../store/token-table.ts";
import type { Tokens } from "../tokens/tokens.ts";
import {
  addressList,
  isAmong,
  isLoopback,
  type PortOptions,
  plainAddress,
} from "./listen-rules.ts";
import type { Tickets } from "./tickets.ts";

/** A request that came through: from where, and from which page if from one. */
export interface Visitor {
  address: string;
  origin: string | undefined;
}

export class Gate {
  readonly #hosts: ReadonlySet<string>;
  readonly #origins: ReadonlySet<string>;
  readonly #proxies: BlockList;
  readonly #tls: boolean;
  readonly #tokens: Tokens;
  readonly #tickets: Tickets;

  constructor(options: PortOptions, tokens: Tokens, tickets: Tickets) {
    this.#hosts = new Set(options.allowedHosts.map((host) => host.toLowerCase()));
    this.#origins = new Set(options.allowedOrigins);
    this.#proxies = addressList(options.behindProxy);
    this.#tls = options.tlsCert !== undefined;
    this.#tokens = tokens;
    this.#tickets = tickets;
  }

  /** Whether it may connect. Without TLS nobody but the proxies does so from another machine. */
  letsConnect({ remoteAddress = "" }: Socket): boolean {
    return this.#tls || isLoopback(plainAddress(remoteAddress)) || this.isProxy(remoteAddress);
  }

  isProxy(address: string): boolean {
    return isAmong(this.#proxies, address);
  }

  /**
   * Throws `request-invalid`, `host-refused` or `origin-refused`. With `ownPage` a page of the
   * daemon's own may ask, which under a Host of ours nobody else can have served.
   */
  visitor(request: IncomingMessage, ownPage: boolean = false): Visitor {
    this.#checkHost(request);
    const { origin } = request.headers;
    const isOwnPage = ownPage && this.#isOwnOrigin(request);
    if (origin !== undefined && !this.#origins.has(origin) && !isOwnPage) {
      throw new HacsError(
        "origin-refused",
        "Web pages of this origin are not allowed to ask.",
        "Allow it with allowedOrigins in the config file.",
      );
    }
    return { address: this.#addressOf(request), origin };
  }

  /** Whose token the request shows. Throws `unauthenticated`. */
  identify(request: IncomingMessage, { address }: Visitor): Identity {
    const given = headersNamed(request, "authorization");
    const [, token] = /^bearer +(\S+)$/i.exec(given[0] ?? "") ?? [];
    if (token !== undefined && given.length === 1)
      return identityOf(this.#tokens.check(token), address);
    throw new HacsError(
      "unauthenticated",
      "A token is needed, in the header Authorization: Bearer TOKEN.",
      "Ask for one that is made with: hacs-session token new",
    );
  }

  /** The same for a ticket, which a page shows because it can't set a header. */
  identifyTicket(ticket: string, { address }: Visitor): Identity {
    return identityOf(this.#tokens.stillThere(this.#tickets.take(ticket)), address);
  }

  #checkHost(request: IncomingMessage): void {
    const given = headersNamed(request, "host");
    if (given.length !== 1 || !request.url?.startsWith("/")) {
      throw new HacsError("request-invalid", "A request names one Host, and a path.");
    }
    const host = given[0]?.toLowerCase() ?? "";
    if (this.#hosts.has(host) || this.#isOwn(host, request.socket)) return;
    throw new HacsError(
      "host-refused",
      "Nothing is served here under this Host.",
      "Use the address that the daemon listens on, or add the name to allowedHosts in its config file.",
    );
  }

  /** Only what never left this machine, or the proxy, may have come in the clear. */
  #isOwnOrigin({ headers, socket }: IncomingMessage): boolean {
    const host = headers.host?.toLowerCase() ?? "";
    const isPlain = !this.#tls && this.#isOwn(host, socket);
    return headers.origin === `${isPlain ? "http" : "https"}://${host}`;
  }

  /** An address is no name that somebody could point at us: the one that was connected to will do. */
  #isOwn(host: string, { localAddress = "", localPort }: Socket): boolean {
    const [, v6, name = "", port] =
      /^(?:\[([0-9a-f:.]+)\]|([a-z0-9.-]+))(?::(\d+))?$/.exec(host) ?? [];
    if (Number(port ?? (this.#tls ? 443 : 80)) !== localPort) return false;
    const own = plainAddress(localAddress);
    if (name === "localhost") return isLoopback(own);
    if (v6 !== undefined) return isIP(v6) === 6 && plainAddress(v6) === own;
    return isIP(name) === 4 && name === own;
  }

  /** Of those that a proxy names, the last that is none itself: the others could be made up. */
  #addressOf(request: IncomingMessage): string {
    const peer = plainAddress(request.socket.remoteAddress ?? "");
    if (!this.isProxy(peer)) return peer;
    const named = headersNamed(request, "x-forwarded-for")
      .flatMap((header) => header.split(","))
      .map((address) => plainAddress(address.trim()))
      .reverse();
    for (const address of named) {
      if (isIP(address) === 0) break;
      if (!this.isProxy(address)) return address;
    }
    return peer;
  }
}

/** What it says of itself is not asked for. */
function identityOf({ id, label, scope, sessions }: TokenRow, address: string): Identity {
  return {
    access: { scope, sessions, token: id },
    known:
      label === null
        ? { user: `token ${id}`, from: address }
        : { user: label, from: `${address}, token ${id}` },
  };
}

/** Every header of the name; `headers` has the first alone, or joins them, as the name has it. */
function headersNamed({ rawHeaders }: IncomingMessage, name: string): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === name);
}
