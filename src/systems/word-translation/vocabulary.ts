/** Rows of a file made into words with vectors: normalised, once each, with a direction. @module */
import { DataError } from "../../core/index.ts";

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
  /** Whether the file has more rows. */
  readonly cut: boolean;
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
  /** Words that are empty, are not UTF-8 or have control characters in them, such as line ends. */
  readonly unreadable: number;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: words are kept in files, one a line
const unreadable = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\ufffd]/;

/** Words as they are compared: composed (NFC), without space around, lower-cased unless told otherwise. */
export function normalizeWord(word: string, keepCase = false): string {
  const composed = word.normalize("NFC").trim();
  return keepCase ? composed : composed.toLowerCase().normalize("NFC");
}

/** Gathers the rows of a file, in their order. */
export class Vocabulary {
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
    if (normal === "" || unreadable.test(normal)) this.#leftOut.unreadable++;
    else if (this.#seen.has(normal)) this.#leftOut.duplicates++;
    else if (vector.every((value) => value === 0)) this.#leftOut.zeros++;
    else {
      this.#seen.add(normal);
      this.#words.push(normal);
      this.#rows.push(row);
      this.#vectors.push(vector);
    }
  }

  /** @param cut - whether the file has more rows than were read */
  finish(dim: number, sha256: string, cut: boolean): WordVectors {
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
      cut,
      leftOut: this.#leftOut,
      sha256,
    };
  }
}
