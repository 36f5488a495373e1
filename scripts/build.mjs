// Bundles the three programs. Each is one file, because a one-shot command spends its time
// on resolving modules otherwise; the TUI stays ESM, since Ink has a top-level await.
import { chmod, mkdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = fileURLToPath(new URL("..", import.meta.url));
const described = JSON.parse(await readFile(`${root}/package.json`, "utf8"));
// A test of updates builds another version beside this one.
const version = process.env.HACS_SESSION_VERSION ?? described.version;
const out = process.env.HACS_SESSION_DIST ?? `${root}dist`;

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: "node",
  target: "node22",
  minify: true,
  keepNames: false,
  legalComments: "none",
  logLevel: "warning",
  define: { "process.env.HACS_SESSION_VERSION": JSON.stringify(version) },
};
const commonjs = { ...common, format: "cjs" };

// Ink reaches for these only when developing Ink itself.
const withoutDevtools = {
  name: "without-devtools",
  setup(plugin) {
    plugin.onResolve({ filter: /^react-devtools-core$/ }, () => ({
      path: "none",
      namespace: "none",
    }));
    plugin.onLoad({ filter: /.*/, namespace: "none" }, () => ({ contents: "export default {}" }));
  },
};

// What Ink asks of Unicode's tables for each row is answered without them where that can be.
const withSimpleText = {
  name: "with-simple-text",
  setup(plugin) {
    const own = `${root}src/tui/text/width.ts`;
    const agreed = `${root}src/tui/terminal/agreed-width.ts`;
    plugin.onResolve({ filter: /^string-width$/ }, ({ importer }) => {
      if (importer === own) return undefined;
      return { path: importer.endsWith("/ink/build/line-update.js") ? agreed : own };
    });
  },
};

// What only a daemon with an archive needs lies beside it, and is read by no other.
const withPgBeside = {
  name: "with-pg-beside",
  setup(plugin) {
    plugin.onResolve({ filter: /^pg$/ }, () => ({ path: "./pg.cjs", external: true }));
  },
};

await mkdir(out, { recursive: true });
const programs = {
  cli: {
    ...commonjs,
    entryPoints: ["src/cli/entry.ts"],
    external: ["./cli-main.cjs"],
    outfile: `${out}/cli.cjs`,
  },
  "cli-main": { ...commonjs, entryPoints: ["src/cli/main.ts"], outfile: `${out}/cli-main.cjs` },
  daemon: {
    ...commonjs,
    entryPoints: ["src/daemon/main.ts"],
    outfile: `${out}/daemon.cjs`,
    plugins: [withPgBeside],
  },
  pg: { ...commonjs, entryPoints: ["node_modules/pg/lib/index.js"], outfile: `${out}/pg.cjs` },
  "as-user": {
    ...commonjs,
    entryPoints: ["src/daemon/agent/as-user.ts"],
    outfile: `${out}/as-user.cjs`,
  },
  starter: {
    ...commonjs,
    entryPoints: ["src/daemon/starter/main.ts"],
    outfile: `${out}/starter.cjs`,
  },
  demo: { ...commonjs, entryPoints: ["src/demo/main.ts"], outfile: `${out}/demo.cjs` },
  tui: {
    ...common,
    format: "esm",
    entryPoints: ["src/tui/main.ts"],
    outfile: `${out}/tui.mjs`,
    define: {
      ...common.define,
      "process.env.NODE_ENV": '"production"',
      "process.env.DEV": '"false"',
      // Ink's layout engine carries its wasm in itself, and fetches it from there where there is
      // a fetch: that would load all of Node's HTTP client first.
      fetch: "undefined",
      "Intl.Segmenter": "Segmenter",
    },
    inject: ["src/tui/text/segmenter.ts"],
    plugins: [withoutDevtools, withSimpleText],
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
  },
};
const chosen = process.argv.slice(2);
const names = chosen.length > 0 ? chosen : Object.keys(programs);
await Promise.all(names.map((name) => build(programs[name])));
await chmod(`${root}/bin/hacs-session`, 0o755);
