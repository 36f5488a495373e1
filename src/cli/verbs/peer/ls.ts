import { visible } from "../../../protocol/address.ts";
import { ago } from "../../../protocol/duration.ts";
import type { PeerInfo } from "../../../protocol/session.ts";
import { rowLines } from "../../text/wrap.ts";
import type { Verb } from "../../verb.ts";

const STYLES = { connected: "green", connecting: "yellow", unreachable: "red" } as const;

export const peerList: Verb = {
  name: "ls",
  alias: "list",
  group: "Daemon and set-up",
  summary: "list the peers and how their links are",
  examples: [["peer ls --json", "name, url, kind, state, since, sessions, latencyMs, stored"]],
  async run(context) {
    const { peers } = await context.call("peer/list", {});
    if (context.json) context.printJson(peers);
    else if (peers.length === 0)
      context.note("No peers. Add one with: hacs-session peer add NAME URL");
    else {
      const rows = peers.map((peer) => ({
        term: visible(peer.name),
        painted: context.paint("bold", visible(peer.name)),
        text: [
          `${context.paint(STYLES[peer.state], peer.state)} since ${ago(peer.since)}`,
          ...facts(peer),
        ].join(", "),
      }));
      context.print(rowLines(rows, context.terminal.columns, { indent: "" }).join("\n"));
    }
    return undefined;
  },
};

function facts(peer: PeerInfo): string[] {
  const { kind, url, sessions, latencyMs, stored, refused, error, state } = peer;
  const where = url === null ? "it dials in" : visible(url);
  return [
    kind === "offer" ? `offered to ${where}` : where,
    kind === "offer" ? "" : `${sessions} session${sessions === 1 ? "" : "s"}`,
    latencyMs === null ? "" : `${latencyMs} ms`,
    stored === 0 ? "" : `${stored} stored`,
    ...refused.map((one) => `refused ${visible(one.id)}: ${visible(one.error)}`),
    state === "connected" || error === null ? "" : visible(error),
  ].filter((fact) => fact !== "");
}
