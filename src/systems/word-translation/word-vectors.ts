/** Word vectors from the files they come in: word2vec and GloVe text, gzip or not, or a NumPy array with a list of words. @module */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { DataError, TenfoldError } from "../../core/index.ts";
import { readNpy } from "../../data/index.ts";
import { readFailure, readFileBytes, sha256File } from "../../storage/index.ts";

/** Words in order of frequency and their vectors. */
export interface WordVectors {
  /** The file's name, for messages. */
  readonly name: string;
  readonly words: readonly string[];
  readonly dim: number;
  /** float32[words, dim] */
  readonly vectors: Float32Array;
  /** For each word its row in the file, from 0: what rows of other files, such as fingerprints, refer to. */
  readonly rows: Int32Array;
  /** Rows of the file that were read, those left out included. */
  readonly rowsRead: number;
  /** Rows left out, and why. */
  readonly leftOut: LeftOut;
  readonly sha256: string;
}

/** Rows of a file that are no words of the vocabulary. */
export interface LeftOut {
  /** The same word again, after Unicode normalisation and lower-casing: the first row counts. */
  readonly duplicates: number;
  /** Vectors of zeros, which have no direction. */
  readonly zeros: number;
  /** Words that are not UTF-8. */
  readonly unreadable: number;
}

export interface ReadVectorsOptions {
  /** Rows to read, the most frequent words in all common files. Default 50,000. */
  readonly maxWords?: number;
  /** Keep capitals; by default words are lower-cased. */
  readonly keepCase?: boolean;
  /** A file with a word a line, for vectors in a NumPy file. */
  readonly words?: string;
}

const defaultMaxWords = 50_000;

/** Words as they are compared: composed (NFC), lower-cased unless told otherwise. */
export function normalizeWord(word: string, keepCase = false): string {
  const composed = word.normalize("NFC");
  return keepCase ? composed : composed.toLowerCase().normalize("NFC");
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.readUInt16BE() === 0x1f8b;
  } finally {
    await file.close();
  }
}

/** The lines of a text file, gzip or not, read only as far as they are asked for. */
async function* linesOfFile(path: string): AsyncGenerator<string> {
  try {
    const gzip = await isGzip(path);
    const file = createReadStream(path, { highWaterMark: 1 << 18 });
    // pipeline hands an error of the file on, and closes the file where reading stops early; the reader below throws it.
    const source = gzip ? pipeline(file, createGunzip({ chunkSize: 1 << 18 }), () => {}) : file;
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of source) {
      const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
    yield rest + decoder.decode();
  } catch (error) {
    if (error instanceof TenfoldError) throw error;
    if (error instanceof Error && "code" in error && String(error.code).startsWith("Z_")) {
      const hint = "the file is damaged or cut short: fetch it again";
      throw new DataError({ where: path, expected: "a whole gzip file", found: error.message, hint, cause: error });
    }
    throw readFailure(path, error);
  }
}

/** Gathers rows into a vocabulary: words normalised, once each, with a direction. */
class Gatherer {
  readonly #name: string;
  readonly #keepCase: boolean;
  readonly #seen = new Set<string>();
  readonly #words: string[] = [];
  readonly #rows: number[] = [];
  readonly #vectors: Float32Array[] = [];
  readonly #leftOut = { duplicates: 0, zeros: 0, unreadable: 0 };
  rowsRead = 0;

  constructor(name: string, keepCase: boolean) {
    this.#name = name;
    this.#keepCase = keepCase;
  }

  /** @param vector - kept */
  add(word: string, vector: Float32Array): void {
    const row = this.rowsRead++;
    const normal = normalizeWord(word, this.#keepCase);
    const bad = vector.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new DataError({
        where: `${this.#name}: row ${row + 1} ("${word}")`,
        expected: "finite numbers",
        found: `${vector[bad]} at position ${bad + 1}`,
      });
    }
    if (normal.includes("\ufffd")) this.#leftOut.unreadable++;
    else if (this.#seen.has(normal)) this.#leftOut.duplicates++;
    else if (vector.every((value) => value === 0)) this.#leftOut.zeros++;
    else {
      this.#seen.add(normal);
      this.#words.push(normal);
      this.#rows.push(row);
      this.#vectors.push(vector);
    }
  }

  finish(dim: number, sha256: string): WordVectors {
    if (this.#words.length === 0) {
      throw new DataError({ where: this.#name, expected: "at least one word with a vector", found: "none" });
    }
    const vectors = new Float32Array(this.#words.length * dim);
    this.#vectors.forEach((vector, i) => {
      vectors.set(vector, i * dim);
    });
    return {
      name: this.#name,
      words: this.#words,
      dim,
      vectors,
      rows: Int32Array.from(this.#rows),
      rowsRead: this.rowsRead,
      leftOut: this.#leftOut,
      sha256,
    };
  }
}

/** The fields of a line of text vectors: the last `dim` are numbers, what is before is the word, spaces and all. */
function parseLine(line: string, dim: number, where: string): { word: string; vector: Float32Array } {
  const fields = line.split(/[ \t]/);
  while (fields.at(-1) === "") fields.pop();
  if (fields.length < dim + 1) {
    const hint = "the line is cut short, or the vectors of the file differ in length";
    throw new DataError({ where, expected: `a word and ${dim} numbers`, found: `${fields.length} fields`, hint });
  }
  const first = fields.length - dim;
  const vector = new Float32Array(dim);
  for (let i = 0; i < dim; i++) {
    const field = fields[first + i];
    const value = Number(field);
    if (Number.isNaN(value) && field.toLowerCase() !== "nan") {
      throw new DataError({
        where,
        expected: `a word and ${dim} numbers`,
        found: `"${field.slice(0, 40)}" as a number`,
      });
    }
    vector[i] = value;
  }
  return { word: fields.slice(0, first).join(" "), vector };
}

async function readTextVectors(path: string, maxWords: number, keepCase: boolean): Promise<WordVectors> {
  const gatherer = new Gatherer(path, keepCase);
  let header: { rows: number; dim: number } | undefined;
  let dim = 0;
  let number = 0;
  let stopped = false;
  for await (const raw of linesOfFile(path)) {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    number++;
    if (number === 1) {
      const counts = /^\ufeff?(\d+)[ \t]+(\d+)[ \t]*$/.exec(line);
      if (counts) {
        header = { rows: Number(counts[1]), dim: Number(counts[2]) };
        dim = header.dim;
        continue;
      }
      dim = line.trimEnd().split(/[ \t]/).length - 1;
    }
    if (line.trim() === "") continue;
    if (dim < 1) {
      throw new DataError({
        where: `${path}: line ${number}`,
        expected: "word vectors as text: a word and its numbers on a line",
        found: `"${line.slice(0, 40)}"`,
      });
    }
    if (gatherer.rowsRead === maxWords) {
      stopped = true;
      break;
    }
    const { word, vector } = parseLine(line, dim, `${path}: line ${number}`);
    gatherer.add(word, vector);
  }
  if (header && (stopped ? gatherer.rowsRead >= header.rows : gatherer.rowsRead !== header.rows)) {
    throw new DataError({
      where: path,
      expected: `${header.rows} rows, as its header says`,
      found: stopped ? "more" : `${gatherer.rowsRead}`,
      hint: "the file is cut short or was put together from others: correct the first line",
    });
  }
  return gatherer.finish(dim, await sha256File(path));
}

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
  const gatherer = new Gatherer(path, keepCase);
  for (const [row, word] of words.slice(0, maxWords).entries()) {
    gatherer.add(word, Float32Array.from(data.subarray(row * dim, (row + 1) * dim)));
  }
  return gatherer.finish(dim, await sha256File(path));
}

/**
 * Reads word vectors: word2vec or GloVe text (`.vec`, `.txt`; gzip or not), or a NumPy array with a file of its words.
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
    : readTextVectors(path, maxWords, keepCase);
}

/** Word vectors as word2vec text. */
export function encodeWordVectors(words: readonly string[], vectors: Float32Array, dim: number): string {
  const lines = words.map((word, i) => {
    const numbers = Array.from(vectors.subarray(i * dim, (i + 1) * dim), (value) => value.toFixed(5));
    return `${word} ${numbers.join(" ")}`;
  });
  return `${words.length} ${dim}\n${lines.join("\n")}\n`;
}
