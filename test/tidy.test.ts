/** The rules that a reader may rely on, held by a test. ARCHITECTURE.md says why they are there. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";
import { root } from "./support/codex.ts";

/** What each part of src may import from, besides itself. */
const floors: Record<string, string[]> = {
  protocol: [],
  system: ["protocol"],
  export: ["protocol"],
  client: ["system", "protocol"],
  daemon: ["client", "system", "protocol"],
  tui: ["export", "client", "system", "protocol"],
  cli: ["tui", "export", "client", "system", "protocol"],
  demo: ["system", "protocol"],
};

const linesMax = 400;

/** Every file that is written by hand, as paths from the root. */
const files = readdirSync(root)
  .filter((entry) => ![".git", "node_modules", "dist"].includes(entry))
  .flatMap(filesUnder);

function filesUnder(path: string): string[] {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path)).flatMap((entry) => filesUnder(join(path, entry)));
}
const sources = files.filter((file) => /^src\/.*\.tsx?$/.test(file));
const isCode = (file: string) => /\.(ts|tsx|mjs|cjs|js)$/.test(file);
const read = (file: string) => readFileSync(join(root, file), "utf8");
const floorOf = (file: string) => file.split("/")[1] ?? "";

interface Import {
  path: string;
  /** True for `import type`, which is gone when the program runs. */
  typeOnly: boolean;
}

/** The files of src that a file imports, in statements and in `import()`. */
function importsOf(file: string): Import[] {
  const statements = /^(?:import|export)\b(\s+type\b)?[^"';]*["'](\.{1,2}\/[^"']+)["']/gm;
  const calls = /\bimport()\(\s*["'](\.{1,2}\/[^"']+)["']/g;
  return [statements, calls]
    .flatMap((pattern) => [...read(file).matchAll(pattern)])
    .map(([, type, path]) => ({
      path: join(dirname(file), path ?? ""),
      typeOnly: type !== undefined && type !== "",
    }));
}
const graph = new Map(sources.map((file) => [file, importsOf(file)]));

describe("imports", () => {
  test("lead to files that are there", () => {
    const broken = [...graph].flatMap(([file, paths]) =>
      paths.filter(({ path }) => !graph.has(path)).map(({ path }) => `${file} imports ${path}`),
    );
    expect(broken).toEqual([]);
  });

  test("run down only, those of types too", () => {
    const wrong = [...graph].flatMap(([file, paths]) =>
      paths
        .filter(({ path }) => floorOf(path) !== floorOf(file))
        .filter(({ path }) => !floors[floorOf(file)]?.includes(floorOf(path)))
        .map(({ path }) => `${file} imports ${path}`),
    );
    expect(wrong).toEqual([]);
  });

  test("make no circles when the program runs", () => {
    const running = [...graph].map(([file, paths]): [string, string[]] => [
      file,
      paths.filter(({ typeOnly }) => !typeOnly).map(({ path }) => path),
    ]);
    expect(circles(new Map(running))).toEqual([]);
  });
});

/** Each circle once, as the path that closes it. */
function circles(imports: Map<string, string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const walk = (file: string, path: string[]) => {
    const at = path.indexOf(file);
    if (at !== -1) return void found.push([...path.slice(at), file].join(" → "));
    if (done.has(file)) return;
    for (const next of imports.get(file) ?? []) walk(next, [...path, file]);
    done.add(file);
  };
  for (const file of imports.keys()) walk(file, []);
  return found;
}

/** To a file, and to a heading of it as GitHub names it. */
function leadsSomewhere(from: string, link: string): boolean {
  const [path = "", heading] = link.split("#");
  const target = path === "" ? from : join(dirname(from), path);
  if (!existsSync(join(root, target))) return false;
  if (heading === undefined) return true;
  const headings = [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, text = ""]) =>
    text
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
  return headings.includes(heading);
}

describe("files", () => {
  test("belong to a floor", () => {
    expect(sources.filter((file) => !(floorOf(file) in floors))).toEqual([]);
  });

  test("have kebab-case names", () => {
    const kebab = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config))?\.(ts|tsx|mjs|cjs|js)$/;
    expect(files.filter((file) => isCode(file) && !kebab.test(basename(file)))).toEqual([]);
  });

  test("are named for what they are", () => {
    const vague = /(^|-)(util|utils|helper|helpers|manager|managers|misc|common)(-|\.)/;
    expect(files.filter((file) => isCode(file) && vague.test(basename(file)))).toEqual([]);
  });

  test(`of src have at most ${linesMax} lines`, () => {
    const long = sources
      .map((file) => ({ file, lines: read(file).split("\n").length - 1 }))
      .filter(({ lines }) => lines > linesMax);
    expect(long).toEqual([]);
  });

  test("link to what is there", () => {
    const dead = files
      .filter((file) => file.endsWith(".md"))
      .flatMap((file) =>
        [...read(file).matchAll(/\]\(([^)\s]+)\)/g)]
          .map(([, link = ""]) => link)
          .filter((link) => !/^[a-z]+:/.test(link) && !leadsSomewhere(file, link))
          .map((link) => `${file}: ${link}`),
      );
    expect(dead).toEqual([]);
  });

  test("name no package registry", () => {
    // In two parts, so that this file does not name one either.
    const hosts = ["registry.npm" + "js", "registry.yarn" + "pkg", "npm.pkg." + "github"];
    expect(files.filter((file) => hosts.some((host) => read(file).includes(host)))).toEqual([]);
  });

  test("of tests leave no test out by accident", () => {
    const only = /\b(it|test|describe)(\.concurrent|\.sequential)?\.only\b/;
    const tests = files.filter((file) => /\.test\.tsx?$/.test(file));
    expect(tests.filter((file) => only.test(read(file)))).toEqual([]);
  });
});

describe("the command line's bundle", () => {
  // A one-shot command has 100 ms; each of these would cost a good part of it.
  test("holds neither the TUI, nor the daemon, nor the database", async () => {
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints: ["src/cli/main.ts"],
      bundle: true,
      platform: "node",
      format: "cjs",
      write: false,
      metafile: true,
      logLevel: "silent",
      outfile: "cli.cjs",
    });
    const inputs = Object.keys(metafile.inputs);
    expect(inputs).toContain("src/cli/main.ts");
    const heavy = /^src\/daemon\/|\.tsx$|node_modules\/(react|ink|yoga-layout|pino|ws)\//;
    expect(inputs.filter((input) => heavy.test(input))).toEqual([]);
    const externals = Object.values(metafile.outputs).flatMap(({ imports }) => imports);
    expect(externals.map(({ path }) => path)).not.toContain("node:sqlite");
  });
});
