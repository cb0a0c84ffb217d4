import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { describeWithShared } from "../../test/shared.ts";
import { isLibsvmLine, readLibsvm } from "./libsvm.ts";

let folder: string;
let path: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenfold-libsvm-"));
  path = join(folder, "x.libsvm");
});
afterAll(() => rm(folder, { recursive: true }));

describe("readLibsvm", () => {
  it("reads labels and dense rows, with comments, blank lines, Windows line ends and gzip", async () => {
    const text = "# made by hand\n+1 1:0.5 3:-2e1\r\n\n-1 2:.5 # the second\n2.5\n";
    for (const bytes of [Buffer.from(text), gzipSync(text)]) {
      await writeFile(path, bytes);
      const { inputs, labels } = await readLibsvm(path);
      expect(inputs).toMatchObject({ shape: [3, 3], dtype: "float32" });
      expect([...inputs.data]).toEqual([0.5, 0, -20, 0, 0.5, 0, 0, 0, 0]);
      expect(labels).toMatchObject({ shape: [3], dtype: "float64" });
      expect([...labels.data]).toEqual([1, -1, 2.5]);
    }
  });

  it("gives back what was written, in either precision", async () => {
    const rows = fc.array(
      fc.array(fc.oneof(fc.constant(0), fc.double({ noNaN: true, min: -1e38, max: 1e38 })), {
        minLength: 4,
        maxLength: 4,
      }),
      { minLength: 1, maxLength: 5 },
    );
    await fc.assert(
      fc.asyncProperty(rows, fc.boolean(), async (matrix, wide) => {
        const lines = matrix.map((row, i) =>
          [i, ...row.flatMap((x, j) => (x === 0 ? [] : [`${j + 1}:${x}`]))].join(" "),
        );
        await writeFile(path, lines.join("\n"));
        const { inputs } = await readLibsvm(path, { features: 4, dtype: wide ? "float64" : "float32" });
        const signless = (x: number) => x + 0; // -0 is left out like 0
        const expected = matrix.flat().map((x) => (wide ? x : Math.fround(x)));
        expect([...inputs.data].map(signless)).toEqual(expected.map(signless));
      }),
      { numRuns: 30 },
    );
  });

  it("takes a forced width, and names the line that is wider", async () => {
    await writeFile(path, "1 1:1\n0 2:1\n1 5:1\n");
    expect((await readLibsvm(path, { features: 7 })).inputs.shape).toEqual([3, 7]);
    await expect(readLibsvm(path, { features: 4 })).rejects.toThrow(`${path}:3: expected indices up to 4, found 5`);
  });

  it.each([
    ["a label that is no number", "1 1:1\nspam 1:1\n", ":2: expected a numeric label first, found spam"],
    ["several labels", "1,2 1:1\n", ":1: expected a numeric label first, found 1,2"],
    ["a label beyond all numbers", "1e999 1:1\n", ":1: expected a numeric label first, found 1e999"],
    ["no colon", "1 1:1 7\n", ":1: expected index:value pairs of finite float32 numbers, found 7"],
    ["no value", "1 1:\n", ":1: expected index:value pairs of finite float32 numbers, found 1:"],
    ["a value that is no number", "1 1:nan\n", ":1: expected index:value pairs of finite float32 numbers, found 1:nan"],
    ["a value beyond float32", "1 1:1e39\n", ":1: expected index:value pairs of finite float32 numbers, found 1:1e39"],
    [
      "an index that is no number",
      "1 qid:3 1:1\n",
      ":1: expected index:value pairs of finite float32 numbers, found qid:3",
    ],
    ["index 0", "1 1:1\n1 0:1\n", ":2: expected indices from 1, found 0:1"],
    ["indices that do not rise", "1 2:1 2:3\n", ":1: expected an index above 2, found 2:3"],
    ["an empty file", "\n# nothing\n", ": expected at least one line of a label and index:value pairs, found none"],
    [
      "a width that does not fit memory",
      "1 2147483648:1\n0 1:1\n",
      ": expected a dense array of at most 2147483648 elements, found 2 x 2147483648",
    ],
  ])("refuses %s", async (_, text, message) => {
    await writeFile(path, text);
    await expect(readLibsvm(path)).rejects.toThrow(`${path}${message}`);
  });
});

describe("isLibsvmLine", () => {
  it.each([
    ["-1 3:1 11:1 14:1 ", true],
    ["0.5 1:2 # c", true],
    ["1", false],
    ["a,b,c", false],
    ["1 2 3", false],
    ["The 1:1", false],
    ["", false],
  ])("judges %j", (line, verdict) => {
    expect(isLibsvmLine(line)).toBe(verdict);
  });
});

describeWithShared("LIBSVM a9a", (shared) => {
  it("has its published sizes, the test part 122 features wide by itself", { timeout: 30_000 }, async () => {
    const train = await readLibsvm(shared("libsvm/a9a.txt.gz"));
    expect(train.inputs.shape).toEqual([32561, 123]);
    expect(train.labels.data.filter((label) => label === 1)).toHaveLength(7841);
    expect((await readLibsvm(shared("libsvm/a9a.t.txt.gz"))).inputs.shape).toEqual([16281, 122]);
    expect((await readLibsvm(shared("libsvm/a9a.t.txt.gz"), { features: 123 })).inputs.shape).toEqual([16281, 123]);
  });
});
