// `npm pack` and `npm publish` run this before (`pack`) and after (`restore`): what is published has
// everything bundled, so it drags along neither libraries nor the Node that serves a clone.
import { copyFile, readFile, rename, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const file = fileURLToPath(new URL("../package.json", import.meta.url));
const kept = `${file}.whole`;

if (process.argv[2] === "restore") {
  await rename(kept, file);
} else {
  await copyFile(file, kept);
  const { optionalDependencies, devDependencies, scripts, ...published } = JSON.parse(
    await readFile(file, "utf8"),
  );
  await writeFile(
    file,
    `${JSON.stringify({ ...published, engines: { node: ">=22.13" } }, null, 2)}\n`,
  );
}
