/** Word vectors as word2vec, fastText and GloVe write them as text. @module */
import { DataError } from "../../core/index.ts";
import { chunksOf, linesOf } from "../../data/index.ts";
import { sha256File } from "../../storage/index.ts";
import { Vocabulary, type WordVectors } from "./vocabulary.ts";

const fieldsOf = (line: string) => line.replace(/^[ \t]+|[ \t]+$/g, "").split(/[ \t]+/);

/** Refuses a header of other dimensions than the first row has: its numbers would be taken for a part of its word. */
function checkFirstRow(line: string, dim: number, path: string): void {
  const fields = fieldsOf(line);
  const firstText = fields.findLastIndex((field) => Number.isNaN(Number(field)));
  const numbers = fields.length - 1 - firstText;
  if (firstText < 0 || numbers <= dim) return;
  const hint = "correct the first line of the file";
  throw new DataError({
    where: path,
    expected: `rows of ${dim} numbers, as its header says`,
    found: `${numbers}`,
    hint,
  });
}

/** The fields of a line of text vectors: the last `dim` are numbers, what is before is the word, spaces and all. */
function parseLine(line: string, dim: number, where: string): { word: string; vector: Float32Array } {
  const fields = fieldsOf(line);
  // A line that begins with a space has no word.
  if (fields.length < dim + (/^[ \t]/.test(line) ? 0 : 1)) {
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

/** Word vectors as text: a word and its numbers on a line, with or without the header of word2vec. */
export async function readTextVectors(path: string, maxWords: number, keepCase: boolean): Promise<WordVectors> {
  const vocabulary = new Vocabulary(path, keepCase);
  let header: { rows: number; dim: number } | undefined;
  let dim = 0;
  let number = 0;
  let stopped = false;
  reading: for await (const lines of linesOf(chunksOf(path))) {
    for (const raw of lines) {
      const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
      number++;
      if (number === 1) {
        const counts = /^\ufeff?(\d+)[ \t]+(\d+)[ \t]*$/.exec(line);
        if (counts) {
          header = { rows: Number(counts[1]), dim: Number(counts[2]) };
          dim = header.dim;
          continue;
        }
        dim = fieldsOf(line).length - 1;
      }
      if (line.trim() === "") continue;
      if (dim < 1) {
        throw new DataError({
          where: `${path}: line ${number}`,
          expected: "word vectors as text: a word and its numbers on a line",
          found: `"${line.slice(0, 40)}"`,
        });
      }
      if (vocabulary.rowsRead === maxWords) {
        stopped = true;
        break reading;
      }
      if (header && vocabulary.rowsRead === 0) checkFirstRow(line, dim, path);
      const { word, vector } = parseLine(line, dim, `${path}: line ${number}`);
      vocabulary.add(word, vector);
    }
  }
  if (header && (stopped ? vocabulary.rowsRead >= header.rows : vocabulary.rowsRead !== header.rows)) {
    throw new DataError({
      where: path,
      expected: `${header.rows} rows, as its header says`,
      found: stopped ? "more" : `${vocabulary.rowsRead}`,
      hint: "the file is cut short or was put together from others: correct the first line",
    });
  }
  return vocabulary.finish(dim, await sha256File(path), stopped);
}

/** Word vectors as word2vec text. */
export function encodeWordVectors(words: readonly string[], vectors: Float32Array, dim: number): string {
  const lines = words.map((word, i) => {
    const numbers = Array.from(vectors.subarray(i * dim, (i + 1) * dim), (value) => value.toFixed(5));
    return `${word} ${numbers.join(" ")}`;
  });
  return `${words.length} ${dim}\n${lines.join("\n")}\n`;
}
