/** Bundles the studio's page, with what its live parts read, into dist/studio/web/assets. @module */
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "../..");
const out = join(root, "dist/studio/web/assets");
const web = (path: string) => join(import.meta.dirname, "web", path);

const { metafile } = await build({
  entryPoints: {
    main: web("main.tsx"),
    "digits-worker": web("live/digits-worker.ts"),
    "order-worker": web("live/order-worker.ts"),
  },
  outdir: out,
  bundle: true,
  splitting: true,
  minify: true,
  format: "esm",
  platform: "browser",
  target: "es2023",
  chunkNames: "part-[hash]",
  legalComments: "none",
  logLevel: "warning",
  metafile: true,
});
await cp(join(root, "data/digits.csv.gz"), join(out, "digits.csv.gz"));
const programs = join(root, "data/looped-programs");
const texts = (await readdir(programs))
  .sort()
  .map(async (name) => ({ name, text: await readFile(join(programs, name), "utf8") }));
await writeFile(join(out, "looped-programs.json"), JSON.stringify(await Promise.all(texts)));

// What is left of former builds goes last, so that a page that is open meanwhile finds its parts.
const fresh = new Set([
  ...Object.keys(metafile.outputs).map((path) => basename(path)),
  "digits.csv.gz",
  "looped-programs.json",
]);
for (const name of await readdir(out)) if (!fresh.has(name)) await rm(join(out, name), { recursive: true });
