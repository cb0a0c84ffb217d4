/** Bundles the studio's page into dist/studio/web/assets. @module */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const out = join(import.meta.dirname, "../../dist/studio/web");

await rm(out, { recursive: true, force: true });
await build({
  entryPoints: { main: join(import.meta.dirname, "web/main.tsx") },
  outdir: join(out, "assets"),
  bundle: true,
  splitting: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  jsxImportSource: "preact",
  chunkNames: "part-[hash]",
  legalComments: "none",
  logLevel: "warning",
});
