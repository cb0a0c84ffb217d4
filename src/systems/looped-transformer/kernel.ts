/** One column of a layer, computed from the entries that are not 0, with the rounding of float32 or float64. @module */
import { type Entry, rowEntries, type SparseMatrix, sparseMatrix } from "./sparse-matrix.ts";
import type { FeedForward, Precision } from "./transformer.ts";

/** Numbers of a state or of a column of it. */
export type Numbers = Float32Array | Float64Array;

/** Zeros of a precision. */
export function zeros(precision: Precision, length: number): Numbers {
  return precision === "float32" ? new Float32Array(length) : new Float64Array(length);
}

/**
 * out[outAt …] += matrix x[xAt …], every product and sum rounded to the precision of `out`.
 *
 * @param out - the sums; a Float32Array rounds as float32 does
 */
export function addProduct(matrix: SparseMatrix, x: Numbers, xAt: number, out: Numbers, outAt: number): void {
  const { filled, starts, indices, values } = matrix;
  const single = out instanceof Float32Array;
  for (const r of filled) {
    const [start, end] = [starts[r]!, starts[r + 1]!];
    let sum = 0;
    if (single) {
      for (let e = start; e < end; e++) sum = Math.fround(sum + Math.fround(values[e]! * x[xAt + indices[e]!]!));
    } else {
      for (let e = start; e < end; e++) sum += values[e]! * x[xAt + indices[e]!]!;
    }
    out[outAt + r]! += sum;
  }
}

/**
 * A feed-forward network prepared for one column at a time: units whose sums are the same but for the sign and the last term share
 * them, and units that do not fire cost nothing.
 */
export interface UnitNetwork {
  /** int32[groups + 1]: where each group's shared terms begin, in `terms` and `weights`. */
  readonly termStarts: Int32Array;
  readonly terms: Int32Array;
  readonly weights: Float64Array;
  /** int32[groups + 1]: where each group's units begin. */
  readonly unitStarts: Int32Array;
  /** float64[units]: +1 or -1, by which the shared sum counts. */
  readonly signs: Float64Array;
  /** int32[units]: the row of the last term, or -1. */
  readonly tails: Int32Array;
  readonly tailWeights: Float64Array;
  readonly biases: Float64Array;
  /** int32[units + 1]: where each unit's outputs begin. */
  readonly outputStarts: Int32Array;
  readonly outputs: Int32Array;
  readonly outputWeights: Float64Array;
}

/** Prepares a feed-forward network. Sums are added in the same order as before, so that results are the same to the last bit. */
export function byUnit({ inner, bias, outer }: FeedForward): UnitNetwork {
  const units = bias.length;
  const termStarts = [0];
  const terms: number[] = [];
  const weights: number[] = [];
  const unitStarts = [0];
  const signs = new Float64Array(units);
  const tails = new Int32Array(units).fill(-1);
  const tailWeights = new Float64Array(units);
  let shared: Entry[] = [];
  for (let u = 0; u < units; u++) {
    const entries = rowEntries(inner, u);
    const own = entries.length > 1 ? entries.slice(0, -1) : entries;
    let sign = u > 0 ? signBetween(shared, own) : 0;
    if (sign === 0) {
      if (u > 0) unitStarts.push(u);
      for (const [row, weight] of own) {
        terms.push(row);
        weights.push(weight);
      }
      termStarts.push(terms.length);
      shared = own;
      sign = 1;
    }
    signs[u] = sign;
    const tail = entries.length > 1 ? entries.at(-1)! : undefined;
    if (tail) [tails[u], tailWeights[u]] = tail;
  }
  unitStarts.push(units);
  const outgoing: Entry[][] = Array.from({ length: units }, () => []);
  for (let r = 0; r < outer.rows; r++)
    for (const [unit, weight] of rowEntries(outer, r)) outgoing[unit]!.push([r, weight]);
  const byUnits = sparseMatrix(outer.rows, outgoing);
  return {
    termStarts: Int32Array.from(termStarts),
    terms: Int32Array.from(terms),
    weights: Float64Array.from(weights),
    unitStarts: Int32Array.from(unitStarts),
    signs,
    tails,
    tailWeights,
    biases: bias,
    outputStarts: byUnits.starts,
    outputs: byUnits.indices,
    outputWeights: byUnits.values,
  };
}

/** +1 where two lists of terms are the same, -1 where one is the negative of the other, else 0. */
function signBetween(a: readonly Entry[], b: readonly Entry[]): 1 | -1 | 0 {
  if (a.length !== b.length) return 0;
  const same = (sign: 1 | -1) => a.every(([row, weight], i) => row === b[i]![0] && weight === sign * b[i]![1]);
  return same(1) ? 1 : same(-1) ? -1 : 0;
}

/** out[outAt …] = x[xAt …] + W2 relu(W1 x + b1). */
export function applyUnits(network: UnitNetwork, x: Numbers, xAt: number, out: Numbers, outAt: number, width: number) {
  const { termStarts, terms, weights, unitStarts, signs, tails, tailWeights, biases } = network;
  const { outputStarts, outputs, outputWeights } = network;
  const single = out instanceof Float32Array;
  for (let r = 0; r < width; r++) out[outAt + r] = x[xAt + r]!;
  const groups = unitStarts.length - 1;
  for (let g = 0; g < groups; g++) {
    let shared = 0;
    const end = termStarts[g + 1]!;
    if (single) {
      for (let e = termStarts[g]!; e < end; e++) {
        shared = Math.fround(shared + Math.fround(weights[e]! * x[xAt + terms[e]!]!));
      }
    } else {
      for (let e = termStarts[g]!; e < end; e++) shared += weights[e]! * x[xAt + terms[e]!]!;
    }
    const last = unitStarts[g + 1]!;
    for (let u = unitStarts[g]!; u < last; u++) {
      let sum = signs[u]! * shared;
      const tail = tails[u]!;
      if (tail >= 0) sum += tailWeights[u]! * x[xAt + tail]!;
      if (single) sum = Math.fround(sum);
      sum += biases[u]!;
      if (single) sum = Math.fround(sum);
      if (!(sum > 0)) continue;
      for (let e = outputStarts[u]!; e < outputStarts[u + 1]!; e++)
        out[outAt + outputs[e]!]! += outputWeights[e]! * sum;
    }
  }
}
