import { defineConfig } from "vitest/config";

// Most tests talk to real processes: a daemon, codex, a terminal. They wait for events and end as
// soon as those come, so the limits below are for what hangs, not for what is slow.
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts", "test/**/*.test.tsx"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
  },
});
