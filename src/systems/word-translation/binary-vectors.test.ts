import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { encodeWordVectors } from "./text-vectors.ts";
import { readWordVectors } from "./word-vectors.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenfold-bin-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** As `word2vec -binary 1` writes, with a line end after each row, or without as gensim does. */
function encodeBinary(words: readonly string[], vectors: Float32Array, dim: number, lineEnd: string): Buffer {
  const rows = words.map((word, i) =>
    Buffer.concat([
      Buffer.from(`${word} `),
      Buffer.from(vectors.buffer, vectors.byteOffset + 4 * dim * i, 4 * dim),
      Buffer.from(lineEnd),
    ]),
  );
  return Buffer.concat([Buffer.from(`${words.length} ${dim}\n`), ...rows]);
}

async function write(name: string, content: Uint8Array | string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

test("gives what the text form of the same vectors gives, whatever bytes the numbers are made of", async () => {
  const word = fc.stringMatching(/^[a-zé]{1,8}$/);
  const number = fc.float({ noNaN: true, noDefaultInfinity: true, min: Math.fround(0.01), max: 100 });
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(word, { minLength: 1, maxLength: 5 }),
      fc.array(number, { minLength: 15, maxLength: 15 }),
      fc.constantFrom("\n", ""),
      fc.boolean(),
      async (words, numbers, lineEnd, gzip) => {
        const vectors = Float32Array.from(numbers)
          .map((value) => Math.fround(Number(value.toFixed(5))))
          .subarray(0, 3 * words.length);
        const bytes = encodeBinary(words, vectors, 3, lineEnd);
        const binary = await readWordVectors(await write("v.bin", gzip ? gzipSync(bytes) : bytes));
        const text = await readWordVectors(await write("v.vec", encodeWordVectors(words, vectors, 3)));
        expect({ ...binary, name: "", sha256: "" }).toEqual({ ...text, name: "", sha256: "" });
      },
    ),
    { numRuns: 50 },
  );
});

const good = encodeBinary(["a", "b"], Float32Array.of(1, 2, 3, 4), 2, "\n");

test("reads the most frequent words alone", async () => {
  const path = await write("good.bin", good);
  expect((await readWordVectors(path, { maxWords: 1 })).words).toEqual(["a"]);
  expect((await readWordVectors(path)).vectors).toEqual(Float32Array.of(1, 2, 3, 4));
});

test.each<[string, Uint8Array | string, RegExp]>([
  [
    "cut short",
    good.subarray(0, good.length - 4),
    /cut.bin: expected 2 rows, as its header says, found 1\. Hint: the file is cut short/,
  ],
  ["text", "hello world\nb 1 2\n", /a first line with the numbers of words and dimensions, found "hello world"/],
  [
    "of more rows than it says",
    Buffer.concat([good, good.subarray(4)]),
    /expected 2 rows of 2 numbers, as its header says, found more/,
  ],
  ["nothing", "", /a first line with the numbers of words and dimensions, found ""/],
  [
    "not a number",
    encodeBinary(["a"], Float32Array.of(1, Number.NaN), 2, "\n"),
    /row 1 \("a"\): expected finite numbers, found NaN/,
  ],
])("refuses a file that is %s", async (_, content, message) => {
  await expect(readWordVectors(await write("cut.bin", content))).rejects.toThrow(message);
});
