/** Every `@example` of a docstring compiles. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { repository } from "./run-page.ts";
import { readExamples, sourceFiles, typeCheck } from "./type-check.ts";

it("examples in docstrings compile", { timeout: 60_000 }, () => {
  const snippets = sourceFiles().flatMap((path) => readExamples(readFileSync(join(repository, path), "utf8"), path));
  expect(snippets.length).toBeGreaterThan(50);
  expect(typeCheck(snippets)).toEqual([]);
});
