import { existsSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeWithShared } from "../shared.ts";
import { buildPackage, repository } from "./build-package.ts";
import { unknownCommands, wholeProgram } from "./commands.ts";
import { type Block, readBlocks } from "./page.ts";
import { runBlocks } from "./run-page.ts";
import { sharedFolders } from "./shared-folders.ts";
import { readExamples, sourceFiles, typeCheck } from "./type-check.ts";

/** Milliseconds that a page may take; a quiet machine takes a fraction. */
const pageLimit = 240_000;

interface Page {
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

function readPage(path: string): Page {
  const text = readFileSync(join(repository, path), "utf8");
  return { path, text, blocks: readBlocks(text, path) };
}

const isProgram = ({ language, file }: Block) => (language === "sh" || language === "ts") && file === undefined;

/** A test a page that runs its blocks and compares what they print. */
export function describeRuns(paths: readonly string[]): void {
  let built = "";
  beforeAll(async () => {
    built = await buildPackage();
  }, 60_000);
  afterAll(() => rm(built, { recursive: true }));
  for (const { path, blocks } of paths.map(readPage)) {
    if (!blocks.some((block) => isProgram(block) && block.notRun === undefined)) continue;
    const runs = (folders: Readonly<Record<string, string>>) =>
      it("shows what its blocks print", { timeout: pageLimit }, async () => {
        const outcomes = await runBlocks(blocks, built, folders);
        const problems = outcomes.flatMap(({ block, problem }) => (problem ? `${path}:${block.line}: ${problem}` : []));
        expect(problems).toEqual([]);
      });
    const folders = sharedFolders[path];
    if (folders === undefined) describe(path, () => runs({}));
    else {
      describeWithShared(path, (place) =>
        runs(Object.fromEntries(Object.entries(folders).map(([name, folder]) => [name, place(folder)]))),
      );
    }
  }
}

/** Tests of what needs no run: types, names of commands and options, links. Says at the end which blocks are not run, and why. */
export function describeChecks(paths: readonly string[]): void {
  const pages = paths.map(readPage);

  it("TypeScript compiles, in pages and in the examples of docstrings", { timeout: 60_000 }, () => {
    const inPages = pages.flatMap(({ path, blocks }) =>
      blocks
        .filter(({ language }) => language === "ts")
        .map(({ text, line, notRun }) => ({ path, text, line: line + 1, fragment: notRun !== undefined })),
    );
    const examples = sourceFiles().flatMap((path) => readExamples(readFileSync(join(repository, path), "utf8"), path));
    expect(examples.length).toBeGreaterThan(50);
    expect(typeCheck([...inPages, ...examples])).toEqual([]);
  });

  it("commands and options exist", { timeout: 60_000 }, async () => {
    const program = await wholeProgram();
    const problems = pages.flatMap(({ path, text }) =>
      unknownCommands(text, program).map((each) => `${path}: ${each}`),
    );
    expect(problems).toEqual([]);
  });

  it("links lead to files", () => {
    const broken = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)(?:#[^)]*)?\)/g)]
        .filter(([, to]) => !existsSync(join(repository, path, "..", to!)))
        .map(([, to]) => `${path}: ${to}`),
    );
    expect(broken).toEqual([]);
  });

  afterAll(() => {
    const blocks = pages.flatMap(({ path, blocks }) => blocks.map((block) => ({ path, block })));
    const skipped = blocks.filter(({ block }) => block.notRun !== undefined);
    const run = blocks.filter(({ block }) => isProgram(block) && block.notRun === undefined);
    const reasons = skipped.map(({ path, block }) => `\n  ${path}:${block.line}: ${block.notRun}`).join("");
    process.stderr.write(`docs: ${run.length} blocks run, ${skipped.length} not run${reasons}\n`);
  });
}
