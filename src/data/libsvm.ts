/**
 * LIBSVM text: a label and `index:value` pairs a line, indices counted from 1 and rising, what is left out zero.
 *
 * @see https://www.csie.ntu.edu.tw/~cjlin/libsvm
 * @module
 */
import { allocate, DataError, type HostTensor, hostTensor } from "../core/index.ts";
import { linesOf, streamDataFile } from "./data-file.ts";
import { parseNumber } from "./table.ts";

/** Options of {@link readLibsvm}. */
export interface LibsvmOptions {
  /** Number of features, such as the training set's for a test set; default the highest index in the file. */
  readonly features?: number;
  /** Type of the inputs; default float32. */
  readonly dtype?: "float32" | "float64";
}

/** What a LIBSVM file holds. */
export interface LibsvmData {
  /** float32 or float64 [n, features], dense. */
  readonly inputs: HostTensor;
  /** float64 [n], as in the file: `+1` and `-1`, class numbers, or values. */
  readonly labels: HostTensor;
  /** SHA-256 of the file's bytes, as hex. */
  readonly sha256: string;
}

/** The most elements of the dense array: 8 GiB as float32. */
const maxElements = 2 ** 31;

/** Whether `line` reads as a line of LIBSVM. */
export function isLibsvmLine(line: string): boolean {
  const [label, ...pairs] = line.replace(/#.*/, "").trim().split(/\s+/);
  return parseNumber(label!) !== undefined && pairs.length > 0 && pairs.every((pair) => /^\d+:\S+$/.test(pair));
}

/** Index and value of `index:value`, or undefined where one is malformed or does not fit. */
function parsePair(pair: string, dtype: "float32" | "float64"): [index: number, value: number] | undefined {
  const match = /^(\d+):(.+)$/.exec(pair);
  const value = parseNumber(match?.[2] ?? "");
  if (match === null || value === undefined) return undefined;
  return dtype === "float64" || Number.isFinite(Math.fround(value)) ? [Number(match[1]), value] : undefined;
}

/** The rows so far: per non-zero its index from 0 and its value, and per row where its own end. */
class SparseRows {
  readonly labels: number[] = [];
  readonly indices: number[] = [];
  readonly values: number[] = [];
  readonly ends: number[] = [];
  width = 0;
  readonly #dtype: "float32" | "float64";

  constructor(dtype: "float32" | "float64") {
    this.#dtype = dtype;
  }

  add(line: string, where: string): void {
    const [label, ...pairs] = line.split(/\s+/);
    const target = parseNumber(label!);
    if (target === undefined) throw new DataError({ where, expected: "a numeric label first", found: label! });
    let previous = 0;
    for (const pair of pairs) {
      const parsed = parsePair(pair, this.#dtype);
      if (parsed === undefined) {
        throw new DataError({ where, expected: `index:value pairs of finite ${this.#dtype} numbers`, found: pair });
      }
      const [index, value] = parsed;
      if (index <= previous) {
        const expected = previous === 0 ? "indices from 1" : `an index above ${previous}`;
        throw new DataError({ where, expected, found: pair });
      }
      this.indices.push(index - 1);
      this.values.push(value);
      previous = index;
    }
    this.width = Math.max(this.width, previous);
    this.labels.push(target);
    this.ends.push(this.indices.length);
  }

  toDense(width: number, where: string): HostTensor {
    const size = this.labels.length * width;
    if (size > maxElements) {
      const found = `${this.labels.length} x ${width}`;
      throw new DataError({ where, expected: `a dense array of at most ${maxElements} elements`, found });
    }
    const dense = allocate(this.#dtype, size);
    let at = 0;
    for (const [row, end] of this.ends.entries()) {
      for (; at < end; at++) dense[row * width + this.indices[at]!] = this.values[at]!;
    }
    return hostTensor(dense, [this.labels.length, width], where);
  }
}

/**
 * Reads a LIBSVM file, gzip or not. A `#` starts a comment.
 *
 * @param options.features - a width to force
 * @returns dense inputs, and the labels as they are
 * @throws {DataError} where the file cannot be read, has no rows, or is wider than `features`; naming file and line where a
 * label is no number, a pair is malformed, or indices do not rise from 1
 * @example
 * ```ts
 * const train = await readLibsvm("a9a");
 * const test = await readLibsvm("a9a.t", { features: train.inputs.shape[1] });
 * ```
 */
export async function readLibsvm(path: string, options: LibsvmOptions = {}): Promise<LibsvmData> {
  const rows = new SparseRows(options.dtype ?? "float32");
  let lineNumber = 0;
  let widest = { line: 0, width: 0 };
  const { sha256 } = await streamDataFile(path, async (chunks) => {
    for await (const lines of linesOf(chunks)) {
      for (const line of lines) {
        lineNumber++;
        const text = line.replace(/#.*/, "").trim();
        if (text === "") continue;
        rows.add(text, `${path}:${lineNumber}`);
        if (rows.width > widest.width) widest = { line: lineNumber, width: rows.width };
      }
    }
  });
  if (rows.labels.length === 0) {
    throw new DataError({ where: path, expected: "at least one line of a label and index:value pairs", found: "none" });
  }
  const { features = rows.width } = options;
  if (rows.width > features) {
    throw new DataError({
      where: `${path}:${widest.line}`,
      expected: `indices up to ${features}`,
      found: `${rows.width}`,
    });
  }
  return {
    inputs: rows.toDense(features, path),
    labels: hostTensor(Float64Array.from(rows.labels), [rows.labels.length]),
    sha256,
  };
}
