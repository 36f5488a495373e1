/** What a client's connection is to the daemon: whole frames both ways, however they travel. */
import type { Duplex } from "node:stream";
import type { HacsError } from "../protocol/errors.ts";
import type { Framing } from "./session/framing.ts";

export interface Wire {
  /** How events are put into bytes for it. */
  readonly framing: Framing;
  /** Bytes that were written and not yet taken by the kernel. */
  readonly backlogBytes: number;
  /** `onDrain` will come. */
  readonly needsDrain: boolean;
  readonly closed: boolean;
  /** The longest frame that is taken; above it comes `onBroken`. */
  frameBytesMax: number;
  /** To be called once, before anything is read. */
  open: (events: WireEvents) => void;
  /** One frame. */
  send: (frame: string) => void;
  /** Bytes that `framing` made. */
  write: (bytes: Buffer) => void;
  /** Stops and begins again to read. */
  pause: () => void;
  resume: () => void;
  /** Closes when all that was written has gone out; `why` was told to the other side; undefined for a bug. */
  end: (why: HacsError | undefined) => void;
  destroy: () => void;
  /** Gives its stream away, a frame a line; nothing more is told of it here. */
  release: () => Duplex;
}

export interface WireEvents {
  onFrames: (frames: string[]) => void;
  /** What comes from here on can't be understood. */
  onBroken: (error: HacsError) => void;
  onDrain: () => void;
  onClose: () => void;
}
