/** Runs pages and puts what their blocks print where it differs: `node --import tsx test/docs/update.ts PAGE…`. */
import { readFile, rm, writeFile } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { buildPackage, repository } from "./build-package.ts";
import { asShown } from "./compare.ts";
import { readBlocks } from "./page.ts";
import { runBlocks } from "./run-page.ts";
import { sharedFolders } from "./shared-folders.ts";

const built = await buildPackage();
for (const path of process.argv.slice(2)) {
  const name = relative(repository, resolve(path));
  const page = await readFile(path, "utf8");
  const shared = Object.entries(sharedFolders[name] ?? {}).map(([folder, place]) => [
    folder,
    join(process.env.TENFOLD_SHARED ?? join(repository, "../shared"), "data", place),
  ]);
  const outcomes = await runBlocks(readBlocks(page, name), built, Object.fromEntries(shared));
  const lines = page.split("\n");
  for (const { block, printed, problem } of outcomes.toReversed()) {
    if (problem === undefined) continue;
    console.log(`${name}:${block.line}: ${problem}`);
    const { output } = block;
    if (output === undefined) continue;
    const length = output.text.split("\n").length - 1;
    lines.splice(output.line, length, ...asShown(printed).trimEnd().split("\n"));
  }
  await writeFile(path, lines.join("\n"));
}
await rm(built, { recursive: true });
