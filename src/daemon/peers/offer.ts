/** This daemon's sessions, offered to one that it dials: that one opens the channels then. */
import type { HacsError } from "../../protocol/errors.ts";
import type { PeerInfo } from "../../protocol/session.ts";
import type { PeerRow } from "../store/peer-table.ts";

export class Offer {
  readonly row: PeerRow;
  #state: PeerInfo["state"] = "connecting";
  #since: string = new Date().toISOString();
  #error: string | null = null;

  constructor(row: PeerRow) {
    this.row = row;
  }

  info(sessions: number): PeerInfo {
    const { name, url, kind } = this.row;
    return {
      name,
      url,
      kind,
      state: this.#state,
      since: this.#since,
      sessions,
      latencyMs: null,
      stored: 0,
      error: this.#error,
      refused: [],
    };
  }

  connected(): void {
    this.#error = null;
    this.#turn("connected");
  }

  disconnected(error: HacsError): void {
    this.#error = error.message;
    if (this.#state !== "unreachable") this.#turn("unreachable");
  }

  #turn(state: PeerInfo["state"]): void {
    this.#state = state;
    this.#since = new Date().toISOString();
  }
}
