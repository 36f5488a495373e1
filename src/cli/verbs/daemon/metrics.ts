import type { Verb } from "../../verb.ts";

export const daemonMetrics: Verb = {
  name: "metrics",
  group: "Daemon and set-up",
  summary: "print the daemon's figures as Prometheus reads them",
  about: "The same as GET /metrics of its port, for who has none. docs/metrics.md lists them.",
  examples: [
    ["daemon metrics", "for the textfile collector of node_exporter, say"],
    ["daemon metrics --json", "the text and its content type"],
  ],
  async run(context) {
    const connection = await context.dialRunning();
    const metrics = await connection.call("daemon/metrics", {});
    connection.close();
    if (context.json) context.printJson(metrics);
    else context.write(metrics.text);
    return undefined;
  },
};
