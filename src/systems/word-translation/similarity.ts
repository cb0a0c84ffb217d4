/**
 * Similarities of all pairs of words, a tile at a time, of which only the best are kept: the memory is that of the vectors and one
 * tile, whatever the vocabulary.
 *
 * @module
 */

import { setImmediate } from "node:timers/promises";
import { type HostTensor, hostTensor } from "../../core/index.ts";
import { type Compiled, compile, matmul, type Tensor, transpose } from "../../engine/index.ts";
import type { Rows } from "../../linalg/index.ts";

/** Words of the source and of the target in one tile. */
const tileRows = 1024;
const tileColumns = 4096;
/** Numbers of rows are rounded up to a multiple of this, so that few graphs are loaded. */
const rowStep = 256;

/** What long work is done with. */
export interface Work {
  readonly products: Products;
  readonly signal?: AbortSignal | undefined;
}

/** Matrix products on ONNX Runtime. Dispose it to free the sessions. */
export class Products {
  readonly #byRows: Compiled<[Tensor, Tensor], Tensor> = compile((x: Tensor, y: Tensor) => matmul(x, transpose(y)));
  readonly #plain: Compiled<[Tensor, Tensor], Tensor> = compile((x: Tensor, y: Tensor) => matmul(x, y));
  readonly #cross: Compiled<[Tensor, Tensor], Tensor> = compile((x: Tensor, y: Tensor) => matmul(transpose(x), y));

  /** x yᵀ: [m, d] and [n, d] to [m, n]. */
  byRows(x: HostTensor, y: HostTensor): Promise<HostTensor> {
    return this.#byRows(x, y);
  }

  /** x y: [m, d] and [d, n] to [m, n]. */
  plain(x: HostTensor, y: HostTensor): Promise<HostTensor> {
    return this.#plain(x, y);
  }

  /** xᵀ y: [m, d] and [m, n] to [d, n]. */
  cross(x: HostTensor, y: HostTensor): Promise<HostTensor> {
    return this.#cross(x, y);
  }

  async dispose(): Promise<void> {
    for (const compiled of [this.#byRows, this.#plain, this.#cross]) await compiled.dispose();
  }
}

/** Runs `work` with matrix products that are freed at its end. */
export async function withProducts<T>(signal: AbortSignal | undefined, work: (tools: Work) => Promise<T>): Promise<T> {
  const products = new Products();
  try {
    return await work({ products, signal });
  } finally {
    await products.dispose();
  }
}

/** One kind of similarity: the inner product of two vectors, times a weight. */
export interface Evidence {
  readonly source: Rows;
  readonly target: Rows;
  readonly weight: number;
  /** Which words the rows belong to, ascending, where they are not all words; pairs of other words have similarity 0. */
  readonly words?: { readonly source: Int32Array; readonly target: Int32Array };
}

/** Every pair (i, j) has the score: weighted similarities, less penalty of i, less penalty of j. */
export interface Scoring {
  readonly sourceCount: number;
  readonly targetCount: number;
  readonly evidence: readonly Evidence[];
  /** float32[sourceCount] and float32[targetCount]; default zeros. */
  readonly penalties?: { readonly source: Float32Array; readonly target: Float32Array };
}

/** The best of the other language for each word, best first; of equal scores the lower index. */
export interface Best {
  readonly k: number;
  /** int32[words, k] */
  readonly indices: Int32Array;
  /** float32[words, k] */
  readonly scores: Float32Array;
}

/** Keeps the k best scores of each word, sorted. */
class Selection implements Best {
  readonly k: number;
  readonly indices: Int32Array;
  readonly scores: Float32Array;
  /** The score to beat, by word. */
  readonly thresholds: Float32Array;

  constructor(count: number, k: number) {
    this.k = k;
    this.indices = new Int32Array(count * k).fill(-1);
    this.scores = new Float32Array(count * k).fill(Number.NEGATIVE_INFINITY);
    this.thresholds = new Float32Array(count).fill(Number.NEGATIVE_INFINITY);
  }

  /** Takes in a score above the word's threshold. */
  insert(word: number, index: number, score: number): void {
    const { k, scores, indices } = this;
    const first = word * k;
    let at = first + k - 1;
    while (at > first && score > scores[at - 1]) {
      scores[at] = scores[at - 1];
      indices[at] = indices[at - 1];
      at--;
    }
    scores[at] = score;
    indices[at] = index;
    this.thresholds[word] = scores[first + k - 1];
  }
}

const padded = (rows: number) => Math.ceil(rows / rowStep) * rowStep;

/** Rows `start` to `end` and zeros up to a multiple of {@link rowStep}; memory is shared where nothing is added or scaled. */
export function paddedRows({ data, dim }: Rows, start: number, end: number, scale = 1): HostTensor {
  const part = data.subarray(start * dim, end * dim);
  const rows = padded(end - start);
  if (scale === 1 && rows === end - start) return hostTensor(part, [rows, dim]);
  const copy = new Float32Array(rows * dim);
  for (let i = 0; i < part.length; i++) copy[i] = scale * part[i];
  return hostTensor(copy, [rows, dim]);
}

/** The first position at which ascending `values` are at least `bound`. */
function lowerBound(values: Int32Array, bound: number): number {
  let [low, high] = [0, values.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (values[middle] < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Adds the similarities of evidence on some words to a tile, whose rows are padded as {@link paddedRows} does. */
type AddToTile = (tile: Float32Array, columnStart: number, columnEnd: number) => void;

async function partialEvidence(
  { source, target, weight, words }: Evidence,
  start: number,
  end: number,
  { products }: Work,
): Promise<AddToTile> {
  const sourceWords = words?.source ?? new Int32Array();
  const targetWords = words?.target ?? new Int32Array();
  const [first, last] = [lowerBound(sourceWords, start), lowerBound(sourceWords, end)];
  if (first === last || targetWords.length === 0) return () => {};
  const columns = paddedRows(target, 0, target.count);
  const { data } = await products.byRows(paddedRows(source, first, last, weight), columns);
  return (tile, columnStart, columnEnd) => {
    const [left, right] = [lowerBound(targetWords, columnStart), lowerBound(targetWords, columnEnd)];
    const width = padded(columnEnd - columnStart);
    for (let row = first; row < last; row++) {
      const to = (sourceWords[row] - start) * width - columnStart;
      const from = (row - first) * columns.shape[0];
      for (let column = left; column < right; column++) {
        tile[to + targetWords[column]] += data[from + column];
      }
    }
  };
}

/** Rows with two columns more, so that inner products of a source row and a target row come less both penalties. */
function withPenalties({ data, count, dim }: Rows, scale: number, penalties: Float32Array, side: 0 | 1): Rows {
  const out = new Float32Array(count * (dim + 2));
  for (let i = 0; i < count; i++) {
    const to = i * (dim + 2);
    for (let j = 0; j < dim; j++) out[to + j] = scale * data[i * dim + j];
    out[to + dim + side] = -penalties[i];
    out[to + dim + 1 - side] = 1;
  }
  return { data: out, count, dim: dim + 2 };
}

/** Both sides of the evidence on all words, so that their inner products are what pairs score by it. */
function scoredRows({ evidence: [whole], penalties }: Scoring): { readonly source: Rows; readonly target: Rows } {
  const { source, target, weight } = whole;
  if (penalties) {
    return {
      source: withPenalties(source, weight, penalties.source, 0),
      target: withPenalties(target, 1, penalties.target, 1),
    };
  }
  return { source: weight === 1 ? source : { ...source, data: source.data.map((value) => weight * value) }, target };
}

type Range = readonly [start: number, end: number];

/** Runs through a tile and keeps what is good enough for its row. */
function scanRows(tile: Float32Array, [top, bottom]: Range, [left, right]: Range, bySource: Selection): void {
  const width = padded(right - left);
  for (let row = top; row < bottom; row++) {
    const offset = (row - top) * width - left;
    let threshold = bySource.thresholds[row];
    for (let column = left; column < right; column++) {
      const score = tile[offset + column];
      if (score <= threshold) continue;
      bySource.insert(row, column, score);
      threshold = bySource.thresholds[row];
    }
  }
}

/** Runs through a tile and keeps what is good enough for its column. */
function scanColumns(tile: Float32Array, [top, bottom]: Range, [left, right]: Range, byTarget: Selection): void {
  const width = padded(right - left);
  const thresholds = byTarget.thresholds.subarray(left, right);
  for (let row = top; row < bottom; row++) {
    const scores = tile.subarray((row - top) * width, (row - top) * width + right - left);
    for (let column = 0; column < scores.length; column++) {
      if (scores[column] > thresholds[column]) byTarget.insert(left + column, row, scores[column]);
    }
  }
}

/**
 * The `sourceK` best targets of every source word and the `targetK` best sources of every target word, in one pass over all pairs.
 *
 * @param scoring - what a pair scores; the first evidence covers all words, later ones may cover some
 * @param wanted - how many to keep on each side, at most the other side's words; 0 for none
 * @param onProgress - told the fraction done
 */
export async function selectBest(
  scoring: Scoring,
  wanted: { readonly sourceK: number; readonly targetK: number },
  work: Work,
  onProgress?: (fraction: number) => void,
): Promise<{ readonly source: Best; readonly target: Best }> {
  const { sourceCount, targetCount, evidence } = scoring;
  const partial = evidence.slice(1);
  const scored = scoredRows(scoring);
  const bySource = new Selection(sourceCount, Math.min(wanted.sourceK, targetCount));
  const byTarget = new Selection(targetCount, Math.min(wanted.targetK, sourceCount));
  for (let start = 0; start < sourceCount; start += tileRows) {
    const rowRange = [start, Math.min(start + tileRows, sourceCount)] as const;
    const additions: AddToTile[] = [];
    for (const part of partial) additions.push(await partialEvidence(part, ...rowRange, work));
    const rows = paddedRows(scored.source, ...rowRange);
    for (let left = 0; left < targetCount; left += tileColumns) {
      const columnRange = [left, Math.min(left + tileColumns, targetCount)] as const;
      const columns = paddedRows(scored.target, ...columnRange);
      const tile = (await work.products.byRows(rows, columns)).data as Float32Array;
      for (const add of additions) add(tile, ...columnRange);
      if (bySource.k > 0) scanRows(tile, rowRange, columnRange, bySource);
      if (byTarget.k > 0) scanColumns(tile, rowRange, columnRange, byTarget);
    }
    onProgress?.(rowRange[1] / sourceCount);
    await setImmediate();
    work.signal?.throwIfAborted();
  }
  return { source: bySource, target: byTarget };
}
