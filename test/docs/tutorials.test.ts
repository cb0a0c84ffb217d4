/** The blocks of the tutorials; `page.ts` has the rules. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

import { describePages } from "./describe-pages.ts";
import { readBlocks } from "./page.ts";
import { repository } from "./run-page.ts";

const pages = readdirSync(join(repository, "docs/tutorials"))
  .filter((path) => path.endsWith(".md"))
  .map((path) => `docs/tutorials/${path}`)
  .sort();

describePages(pages);

it("every output in a tutorial belongs to a program before it", () => {
  const loose = pages.flatMap((path) =>
    readBlocks(readFileSync(join(repository, path), "utf8"), path)
      .filter(({ language, file, notRun }) => ["text", "json"].includes(language) && !file && !notRun)
      .map(({ line }) => `${path}:${line}`),
  );
  expect(loose).toEqual([]);
});
