/**
 * Network namespaces of the kernel's own, joined by cables (veth) that a test can cut: what runs in
 * one sees no other's loopback, and a cut cable closes nothing and says nothing.
 */
import { execFileSync } from "node:child_process";
import { programOf } from "./debian.ts";

const ip = process.platform === "linux" ? programOf("ip", "iproute2") : undefined;

/** Undefined where namespaces can be had; otherwise why not. */
export function whyNoNamespaces(): string | undefined {
  if (ip === undefined) return "iproute2 is not there";
  if (process.getuid?.() !== 0) return "only root can make network namespaces";
  const probe = `hs${process.pid}-probe`;
  try {
    run("netns", "add", probe);
    run("netns", "del", probe);
    return undefined;
  } catch (error) {
    return `the system lets nobody make network namespaces (${String(error).slice(0, 200)})`;
  }
}

export class Namespaces {
  readonly #names: string[] = [];
  #cables = 0;

  add(name: string): void {
    const whole = this.#whole(name);
    run("netns", "add", whole);
    this.#names.push(whole);
    run("-n", whole, "link", "set", "lo", "up");
  }

  /** What runs a program there: to be put before it. */
  inside(name: string): string[] {
    return [String(ip), "netns", "exec", this.#whole(name)];
  }

  /** A cable from one to another, with an address at each end. */
  connect(from: [string, string], to: [string, string]): Cable {
    const number = this.#cables++;
    const ends = ["x", "y"].map((end) => `hs${process.pid}${end}${number}`) as [string, string];
    const [here, there] = [this.#whole(from[0]), this.#whole(to[0])];
    const peer = ["type", "veth", "peer", "name", ends[1]];
    run("link", "add", ends[0], "netns", here, ...peer, "netns", there);
    run("-n", here, "addr", "add", `${from[1]}/30`, "dev", ends[0]);
    run("-n", here, "link", "set", ends[0], "up");
    run("-n", there, "addr", "add", `${to[1]}/30`, "dev", ends[1]);
    run("-n", there, "link", "set", ends[1], "up");
    return {
      cut: () => run("-n", here, "link", "set", ends[0], "down"),
      mend: () => run("-n", here, "link", "set", ends[0], "up"),
    };
  }

  /** Their cables go with them, once nothing runs there any more. */
  close(): void {
    for (const name of this.#names.splice(0)) run("netns", "del", name);
  }

  #whole(name: string): string {
    return `hs${process.pid}-${name}`;
  }
}

export interface Cable {
  cut(): void;
  mend(): void;
}

function run(...args: string[]): void {
  execFileSync(String(ip), args, { stdio: ["ignore", "ignore", "pipe"] });
}
