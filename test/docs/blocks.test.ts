import { rm } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { buildPackage } from "./build-package.ts";
import { unknownCommands, wholeProgram } from "./commands.ts";
import { difference } from "./compare.ts";
import { readBlocks } from "./page.ts";
import { runBlocks } from "./run-page.ts";
import { readExamples, typeCheck } from "./type-check.ts";

const fenced = (language: string, text: string) => `\`\`\`${language}\n${text}\n\`\`\`\n`;

describe("blocks of a page", () => {
  it("pair programs with the output right after them, and no other", () => {
    const page = [fenced("sh", "echo a"), fenced("text", "a"), "Words.", fenced("text", "shown")].join("\n");
    expect(readBlocks(page, "p.md")).toEqual([
      { language: "sh", text: "echo a\n", line: 1, output: { text: "a\n", line: 5 } },
      { language: "text", text: "shown\n", line: 10 },
    ]);
  });

  it("carry reasons and files", () => {
    const page = `<!-- not run: an hour -->\n\n${fenced("sh", "x")}\n<!-- file: a.csv -->\n\n${fenced("csv", "1")}`;
    expect(readBlocks(page, "p.md")).toMatchObject([{ notRun: "an hour" }, { file: "a.csv", text: "1\n" }]);
  });

  it.each([
    [fenced("bash", "x"), "p.md:1: expected a block of sh, ts, text, json, yaml, loop, python, csv, c, found bash"],
    [fenced("", "x"), "p.md:1: expected a block of sh, ts, text, json, yaml, loop, python, csv, c, found no language"],
    [`<!-- not run: -->\n${fenced("sh", "x")}`, "p.md:1: expected <!-- not run: REASON --> or <!-- file: NAME -->"],
    [`<!-- not run -->\n${fenced("sh", "x")}`, "p.md:1: expected <!-- not run: REASON --> or <!-- file: NAME -->"],
    ["```sh\necho", "p.md:1: the block has no end"],
  ])("that are wrong are refused: %j", (page, message) => {
    expect(() => readBlocks(page, "p.md")).toThrow(message);
  });
});

describe("what is shown against what is printed", () => {
  it.each([
    ["a\nb", "a\nb\n"],
    ["took … s", "took 1.2 s"],
    ["rr    …  3", "rr  12  3"],
    ["a\n…\nd", "a\nb\nc\nd"],
    ["a\n…\nd", "a\nd"],
    ["…\nd\n…\nf", "d\nd\ne\nf"],
    ["a", "a  \nlowrank: 3/12, 4.00/s, 3 s left\n\n"],
    ["1 + (2)", "1 + (2)"],
  ])("%j is %j", (shown, printed) => {
    expect(difference(shown, printed)).toBeUndefined();
  });

  it.each([
    ["a\nb", "a\nc", "line 2 of the output\n  shown:   b\n  printed: c"],
    ["a\nb", "a", "line 2 of the output\n  shown:   b\n  printed: nothing more"],
    ["a", "a\nb", "after the last line of the output\n  shown:   nothing more\n  printed: b"],
    ["a\n…\nd", "a\nb\nc", "line 3 of the output\n  shown:   d\n  printed: b"],
    ["took … s", "took 1.2 ms", "line 1 of the output\n  shown:   took … s\n  printed: took 1.2 ms"],
  ])("%j is not %j", (shown, printed, words) => {
    expect(difference(shown, printed)).toBe(words);
  });
});

describe("running", () => {
  it("keeps the folder from block to block, and says what fails", { timeout: 60_000 }, async () => {
    const page = [
      fenced("sh", "echo 1 > a.txt\nnpx tenfold --version"),
      fenced("text", "…"),
      fenced("ts", 'import { core } from "tenfold";\nconsole.log(core.nearest("rrr", ["rr", "ss"]));'),
      fenced("text", "rr"),
      fenced("sh", "cat a.txt; tenfold orde"),
      fenced("text", "1\ntenfold: unknown command 'orde'. Hint: did you mean order?"),
      fenced("sh", "cat missing.txt"),
      fenced("ts", "console.log(1)"),
      fenced("text", "2"),
    ].join("\n");
    const built = await buildPackage();
    const outcomes = await runBlocks(readBlocks(page, "p.md"), built);
    await rm(built, { recursive: true });
    expect(outcomes.map(({ problem }) => problem)).toEqual([
      undefined,
      undefined,
      undefined,
      expect.stringMatching(/^ended with 1, not 0:\n.*No such file/),
      "line 1 of the output\n  shown:   2\n  printed: 1",
    ]);
  });
});

describe("pieces of TypeScript", () => {
  it("are checked against the sources, at the lines where they stand", { timeout: 60_000 }, () => {
    const page = { path: "docs/p.md", line: 10, fragment: false };
    const source = ["/**", " * @example", " * ```ts", " * add(x, 1);", " * add(x, true);", " * ```", " */"].join("\n");
    const examples = readExamples(source, "src/engine/primitives/elementwise.ts");
    const problems = typeCheck([
      { ...page, text: 'import { Random } from "tenfold/core";\nnew Random(0, "a").next();' },
      { ...page, text: 'import { nn } from "tenfold";\nnn.linear("a", 2);' },
      ...examples,
    ]);
    expect(problems).toEqual([
      expect.stringMatching(/^docs\/p.md:11: Property 'next' does not exist/),
      expect.stringMatching(/^docs\/p.md:11: Argument of type 'string'/),
      expect.stringMatching(/^src\/engine\/primitives\/elementwise.ts:5: Argument of type 'boolean'/),
    ]);
  });
});

describe("commands that a page mentions", () => {
  it("exist with their options", { timeout: 60_000 }, async () => {
    const page = [
      "Take `tenfold order bench --task quadratic` or `tenfold order bensh`, with `tenfold lift fit t.csv --targt y`.",
      fenced("sh", "npx tenfold loop run sgd --frob 1 # --not-this"),
      fenced("text", "tenfold order export [--order ff-rr] [--nn 3]"),
    ].join("\n");
    expect(unknownCommands(page, await wholeProgram())).toEqual([
      "tenfold order bensh: no command bensh",
      "tenfold lift fit t.csv --targt y: no option --targt",
      "tenfold loop run sgd --frob 1 # --not-this: no option --frob",
      "tenfold order export [--order ff-rr] [--nn 3]: no option --nn",
    ]);
  });
});
