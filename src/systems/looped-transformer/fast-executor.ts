/** The same transformer step, without what cannot change the outcome. @module */

import { ConfigError } from "../../core/index.ts";
import type { Executor } from "./full-executor.ts";
import { addProduct, applyUnits, byUnit, type Numbers, type UnitNetwork, zeros } from "./kernel.ts";
import type { SparseMatrix } from "./sparse-matrix.ts";
import type { Head, LoopedTransformer, TransformerLayer } from "./transformer.ts";

/**
 * Executes a transformer in time that hardly grows with its columns. Two things are left out:
 *
 * - scores of columns that a column cannot mean: a scratch column looks at the scratch columns, the constant ones and the column its
 *   pointer names, another column at itself and the scratch columns that point at it. All others together weigh at most
 *   n e^(-2 t), the error that the temperature is chosen for;
 * - columns whose input and whose attention are those of the loop before: their output is the one of the loop before.
 *
 * @throws {ConfigError} where the temperature is too low for that
 * @remarks Decoded states equal those of the full executor; between snaps they differ by n e^(-2 t) at most.
 */
export function fastExecutor(transformer: LoopedTransformer): Executor {
  const { width, columns, layers, precision, temperature, safeTemperature } = transformer;
  if (temperature < safeTemperature) {
    throw new ConfigError({
      where: "temperature",
      expected: `${safeTemperature} or more, for which alone leaving out other columns is right`,
      found: `${temperature}`,
      hint: "take the engine full or onnx",
    });
  }
  const size = columns * width;
  /** inputs[l]: what layer l saw in the last loop; the last one is the outcome. */
  const inputs = Array.from({ length: layers.length + 1 }, () => zeros(precision, size));
  const plans = layers.map((layer) => new LayerPlan(transformer, layer));
  const everything = Array.from({ length: columns }, (_, j) => j);
  const outcome = inputs[layers.length]!;
  let warm = false;
  let changed: readonly number[] = [];
  return {
    step(state) {
      if (!warm) changed = everything;
      else if (state !== outcome) changed = differing(state, inputs[0]!, width, columns);
      for (const j of changed) copyColumn(state, inputs[0]!, j, width);
      for (const [l, plan] of plans.entries()) {
        changed = plan.run(inputs[l]!, inputs[l + 1]!, warm ? changed : everything);
      }
      warm = true;
      return outcome;
    },
  };
}

function copyColumn(from: Numbers, to: Numbers, j: number, width: number): void {
  for (let r = j * width; r < (j + 1) * width; r++) to[r] = from[r]!;
}

function sameColumn(a: Numbers, aAt: number, b: Numbers, bAt: number, width: number): boolean {
  for (let r = 0; r < width; r++) if (a[aAt + r] !== b[bAt + r]) return false;
  return true;
}

function differing(a: Numbers, b: Numbers, width: number, columns: number): number[] {
  const found: number[] = [];
  for (let j = 0; j < columns; j++) if (!sameColumn(a, j * width, b, j * width, width)) found.push(j);
  return found;
}

/** One layer of a fast executor. */
class LayerPlan {
  readonly #transformer: LoopedTransformer;
  readonly #network: UnitNetwork;
  readonly #readers: readonly HeadReader[];
  readonly #attended: Numbers;
  readonly #result: Numbers;
  /** Columns to compute in this loop, and whether each is among them. */
  readonly #list: Int32Array;
  readonly #listed: Uint8Array;
  #length = 0;
  /** Columns that pointers named in the loop before. */
  #named: number[] = [];
  readonly #changes: number[] = [];

  constructor(transformer: LoopedTransformer, layer: TransformerLayer) {
    const { width, columns, precision } = transformer;
    this.#transformer = transformer;
    this.#network = byUnit(layer.feedForward);
    this.#readers = layer.heads.map((head) => new HeadReader(transformer, head));
    this.#attended = zeros(precision, width);
    this.#result = zeros(precision, width);
    this.#list = new Int32Array(columns);
    this.#listed = new Uint8Array(columns);
  }

  /** Computes the columns that may change; returns those that did, in a list that the next call overwrites. */
  run(input: Numbers, output: Numbers, changed: readonly number[]): readonly number[] {
    const { width, scratchColumns } = this.#transformer;
    this.#length = 0;
    for (const j of changed) this.#add(j);
    if (this.#readers.length > 0) {
      for (let j = 0; j < scratchColumns; j++) this.#add(j);
      for (const j of this.#named) this.#add(j);
      this.#named = [];
      for (const reader of this.#readers) reader.look(input, this.#named);
      for (const j of this.#named) this.#add(j);
    }
    this.#changes.length = 0;
    for (let at = 0; at < this.#length; at++) {
      const j = this.#list[at]!;
      this.#listed[j] = 0;
      const from = j * width;
      if (this.#readers.length === 0) applyUnits(this.#network, input, from, this.#result, 0, width);
      else {
        for (let r = 0; r < width; r++) this.#attended[r] = input[from + r]!;
        for (const reader of this.#readers) reader.addTo(this.#attended, input, j);
        applyUnits(this.#network, this.#attended, 0, this.#result, 0, width);
      }
      if (sameColumn(this.#result, 0, output, from, width)) continue;
      output.set(this.#result, from);
      this.#changes.push(j);
    }
    return this.#changes;
  }

  #add(j: number): void {
    if (this.#listed[j]) return;
    this.#listed[j] = 1;
    this.#list[this.#length++] = j;
  }
}

/** One attention head, for the columns that matter. */
class HeadReader {
  readonly #transformer: LoopedTransformer;
  readonly #head: Head;
  /** Scratch and constant columns. */
  readonly #special: readonly number[];
  /** Rows that the values are made of. */
  readonly #rows: Int32Array;
  readonly #query: Numbers;
  readonly #key: Numbers;
  /** Keys of the special columns, one after the other, once they are known in a loop. */
  readonly #specialKeys: Numbers;
  #keysKnown = false;
  readonly #mixed: Numbers;
  /** The column that each scratch column's pointer names, or -1. */
  readonly #pointed: Int32Array;
  readonly #scores: Numbers;
  readonly #candidates: number[] = [];

  constructor(transformer: LoopedTransformer, head: Head) {
    const { width, columns, precision, scratchColumns, constantColumns } = transformer;
    this.#transformer = transformer;
    this.#head = head;
    this.#special = [...Array.from({ length: scratchColumns }, (_, j) => j), ...constantColumns];
    this.#rows = Int32Array.from(new Set(head.value.indices));
    this.#query = zeros(precision, head.query.rows);
    this.#key = zeros(precision, head.query.rows);
    this.#specialKeys = zeros(precision, this.#special.length * head.query.rows);
    this.#mixed = zeros(precision, width);
    this.#pointed = new Int32Array(scratchColumns).fill(-1);
    this.#scores = zeros(precision, columns);
  }

  /** Reads the pointers of the scratch columns, and adds the columns they name to `named`. */
  look(input: Numbers, named: number[]): void {
    const { width, columns, addressBits, scratchColumns } = this.#transformer;
    this.#keysKnown = false;
    for (let j = 0; j < scratchColumns; j++) {
      const column = addressOf(this.#head.query, addressBits, columns, input, j * width);
      this.#pointed[j] = column >= scratchColumns ? column : -1;
      if (column >= scratchColumns) named.push(column);
    }
  }

  /** Adds to `out` what column j gets from this head. */
  addTo(out: Numbers, input: Numbers, j: number): void {
    const { width } = this.#transformer;
    const candidates = this.#candidatesOf(j);
    for (const row of this.#rows) this.#mixed[row] = 0;
    if (candidates.length === 1) {
      for (const row of this.#rows) this.#mixed[row] = input[j * width + row]!;
    } else this.#mix(input, j, candidates);
    addProduct(this.#head.value, this.#mixed, 0, out, 0);
  }

  #candidatesOf(j: number): readonly number[] {
    const { scratchColumns, constantColumns } = this.#transformer;
    const candidates = this.#candidates;
    candidates.length = 0;
    if (j >= scratchColumns) {
      candidates.push(j);
      for (let i = 0; i < scratchColumns; i++) if (this.#pointed[i] === j) candidates.push(i);
      return candidates;
    }
    candidates.push(...this.#special);
    const pointed = this.#pointed[j]!;
    if (pointed >= 0 && !constantColumns.includes(pointed)) candidates.push(pointed);
    return candidates;
  }

  /** The key of a column, and where it begins: those of special columns are computed once a loop. */
  #keyOf(key: Head["key"], input: Numbers, column: number): [Numbers, number] {
    const { width } = this.#transformer;
    const rank = key.rows;
    const special = this.#special.indexOf(column);
    if (special < 0) {
      this.#key.fill(0);
      addProduct(key, input, column * width, this.#key, 0);
      return [this.#key, 0];
    }
    if (!this.#keysKnown) {
      this.#specialKeys.fill(0);
      for (const [s, j] of this.#special.entries()) addProduct(key, input, j * width, this.#specialKeys, s * rank);
      this.#keysKnown = true;
    }
    return [this.#specialKeys, special * rank];
  }

  /** mixed <- the mean of the candidates' columns, weighted by the softmax of their scores. */
  #mix(input: Numbers, j: number, candidates: readonly number[]): void {
    const { width, temperature, precision } = this.#transformer;
    const { query, key } = this.#head;
    const [own, scores, mixed] = [this.#query, this.#scores, this.#mixed];
    const single = precision === "float32";
    const rank = own.length;
    own.fill(0);
    addProduct(query, input, j * width, own, 0);
    let largest = Number.NEGATIVE_INFINITY;
    for (const [c, i] of candidates.entries()) {
      const [keys, keyAt] = this.#keyOf(key, input, i);
      let score = 0;
      for (let r = 0; r < rank; r++) {
        const product = own[r]! * keys[keyAt + r]!;
        score = single ? Math.fround(score + Math.fround(product)) : score + product;
      }
      scores[c] = temperature * score;
      largest = Math.max(largest, scores[c]!);
    }
    let total = 0;
    for (let c = 0; c < candidates.length; c++) {
      scores[c] = Math.exp(scores[c]! - largest);
      total = single ? Math.fround(total + scores[c]!) : total + scores[c]!;
    }
    for (const [c, i] of candidates.entries()) {
      const weight = single ? Math.fround(scores[c]! / total) : scores[c]! / total;
      if (weight === 0) continue;
      for (const row of this.#rows) {
        const share = weight * input[i * width + row]!;
        mixed[row]! += single ? Math.fround(share) : share;
      }
    }
  }
}

/**
 * The column that a column's address names: the first `bits` rows of a query, +1 and -1, highest first. -1 where one of them is near 0 or
 * the column is beyond the last.
 */
function addressOf(query: SparseMatrix, bits: number, columns: number, input: Numbers, at: number): number {
  const { starts, indices, values } = query;
  let column = 0;
  for (let r = 0; r < bits; r++) {
    let value = 0;
    for (let e = starts[r]!; e < starts[r + 1]!; e++) value += values[e]! * input[at + indices[e]!]!;
    if (Math.abs(value) < 0.5) return -1;
    column = 2 * column + (value > 0 ? 1 : 0);
  }
  return column < columns ? column : -1;
}
