/**
 * Looks at a daemon from inside: `node --require` it with HACS_INSIDE naming a file. Each second the
 * file has what the daemon holds since the file was last removed: the event loop's delay, the heap
 * after a collection, and what is open.
 */
const { existsSync, writeFileSync } = require("node:fs");
const { monitorEventLoopDelay } = require("node:perf_hooks");
const v8 = require("node:v8");
const vm = require("node:vm");

const file = process.env.HACS_INSIDE;
if (file !== undefined && process.argv[1]?.endsWith("/daemon.cjs")) {
  v8.setFlagsFromString("--expose-gc");
  const collect = vm.runInNewContext("gc");
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  setInterval(() => {
    if (!existsSync(file)) delay.reset();
    // A collection is a delay of its own, and is asked for.
    if (existsSync(`${file}.collect`)) collect();
    const inside = {
      pid: process.pid,
      p99Ms: delay.percentile(99) / 1e6,
      maxMs: delay.max / 1e6,
      heapMb: process.memoryUsage().heapUsed / 2 ** 20,
      handles: process.getActiveResourcesInfo().length,
    };
    writeFileSync(file, JSON.stringify(inside));
  }, 1_000).unref();
}
