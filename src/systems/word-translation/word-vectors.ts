/** Word vectors from the files they come in. @module */
import { DataError } from "../../core/index.ts";
import { readNpy } from "../../data/index.ts";
import { readFileBytes, sha256File } from "../../storage/index.ts";
import { readBinaryVectors } from "./binary-vectors.ts";
import { readTextVectors } from "./text-vectors.ts";
import { Vocabulary, type WordVectors } from "./vocabulary.ts";

export interface ReadVectorsOptions {
  /** Rows to read, the most frequent words in all common files. Default 50,000. */
  readonly maxWords?: number;
  /** Keep capitals; by default words are lower-cased. */
  readonly keepCase?: boolean;
  /** A file with a word a line, for vectors in a NumPy file. */
  readonly words?: string;
}

const defaultMaxWords = 50_000;

async function readNpyVectors(path: string, wordsPath: string | undefined, maxWords: number, keepCase: boolean) {
  if (wordsPath === undefined) {
    const hint = "name the file with a word a line: --source-words or --target-words";
    throw new DataError({ where: path, expected: "the words of the rows", found: "numbers alone", hint });
  }
  const { shape, data } = await readNpy(path);
  const text = new TextDecoder().decode(await readFileBytes(wordsPath));
  const words = text.split(/\r?\n/);
  if (words.at(-1) === "") words.pop();
  const [rows, dim] = shape;
  if (shape.length !== 2 || rows !== words.length || dim === undefined) {
    throw new DataError({
      where: path,
      expected: `[${words.length}, dim], a row for each word of ${wordsPath}`,
      found: `[${shape.join(", ")}]`,
    });
  }
  const vocabulary = new Vocabulary(path, keepCase);
  for (const [row, word] of words.slice(0, maxWords).entries()) {
    vocabulary.add(word, Float32Array.from(data.subarray(row * dim, (row + 1) * dim)));
  }
  return vocabulary.finish(dim, await sha256File(path), words.length > maxWords);
}

/**
 * Reads word vectors: word2vec or GloVe text (`.vec`, `.txt`), word2vec's binary form (`.bin`), gzip or not, or a NumPy
 * array with a file of its words.
 *
 * @param path - the file; words in it are taken to come in order of frequency
 * @returns the words in NFC, lower-cased, each once
 * @throws {DataError} where the file cannot be read, its rows are not what its header says, a row is cut short or has a number
 * that is not finite, or nothing is left
 * @example
 * ```ts
 * const english = await readWordVectors("wiki.en.vec.gz", { maxWords: 20_000 });
 * english.words[0]; // "the"
 * ```
 */
export async function readWordVectors(path: string, options: ReadVectorsOptions = {}): Promise<WordVectors> {
  const { maxWords = defaultMaxWords, keepCase = false, words } = options;
  return /\.npy(\.gz)?$/.test(path)
    ? readNpyVectors(path, words, maxWords, keepCase)
    : /\.bin(\.gz)?$/.test(path)
      ? readBinaryVectors(path, maxWords, keepCase)
      : readTextVectors(path, maxWords, keepCase);
}
