/** README.md, the pages in docs/, and the rooms' READMEs; `page.ts` has the rules. Blocks of tutorials run in `tutorials-….test.ts`. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { rooms } from "../../src/systems/index.ts";
import { repository } from "./build-package.ts";
import { describeChecks, describeRuns } from "./describe-pages.ts";
import { readBlocks } from "./page.ts";
import { tutorials } from "./tutorials.ts";

const inDocs = readdirSync(join(repository, "docs"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".md"))
  .map((path) => `docs/${path}`)
  .sort();
const pages = ["README.md", ...inDocs, ...rooms.map(({ name }) => `src/systems/${name}/README.md`)];
const isTutorial = (path: string) => path.startsWith("docs/tutorials/");

describeChecks(pages);
describeRuns(pages.filter((path) => !isTutorial(path)));

it("every room has a tutorial, and every tutorial is run", () => {
  const known = Object.values(tutorials).flat().sort();
  expect(known).toEqual(rooms.map(({ name }) => `docs/tutorials/${name}.md`).sort());
  expect(pages.filter(isTutorial)).toEqual(known);
});

it("every output in a tutorial belongs to a program before it", () => {
  const loose = pages.filter(isTutorial).flatMap((path) =>
    readBlocks(readFileSync(join(repository, path), "utf8"), path)
      .filter(({ language, file, notRun }) => ["text", "json"].includes(language) && !file && !notRun)
      .map(({ line }) => `${path}:${line}`),
  );
  expect(loose).toEqual([]);
});
