/** The transformer step with every score of every column: what the dense weights compute, entry by entry. @module */
import { addProduct, applyUnits, byUnit, type Numbers, type UnitNetwork, zeros } from "./kernel.ts";
import type { State } from "./state.ts";
import type { Head, LoopedTransformer } from "./transformer.ts";

/** What attention looked at in one head: float64[columns, columns], row j the weights with which column j attends. */
export interface AttentionMap {
  readonly layer: string;
  readonly head: string;
  readonly weights: Float64Array;
}

/** Applies all layers to states, without changing them. */
export interface Executor {
  /** The state after one loop. The result is overwritten by the next call. */
  step(state: State): State;
}

/** What a full executor may tell on the way. */
export interface FullExecutorHooks {
  readonly onAttention?: (map: AttentionMap) => void;
  /** Called with the state after each layer; it is overwritten by the next one. */
  readonly onLayer?: (layer: string, state: State) => void;
}

/**
 * Executes a transformer with full attention: n² scores a head, a softmax over all columns. Matrices are multiplied entry by entry,
 * in the transformer's precision. The reference for the faster executors; its cost grows with columns².
 */
export function fullExecutor(transformer: LoopedTransformer, hooks: FullExecutorHooks = {}): Executor {
  const { width, columns, precision, layers } = transformer;
  const networks = layers.map(({ feedForward }) => byUnit(feedForward));
  const attended = zeros(precision, columns * width);
  const states = [zeros(precision, columns * width), zeros(precision, columns * width)];
  return {
    step(state) {
      let current: State = state;
      for (const [l, { name, heads }] of layers.entries()) {
        attended.set(current);
        for (const head of heads) {
          const weights = attend(transformer, head, current, attended);
          hooks.onAttention?.({ layer: name, head: head.name, weights });
        }
        const next = states[l % 2]!;
        feed(networks[l]!, attended, next, width, columns);
        hooks.onLayer?.(name, next);
        current = next;
      }
      return current;
    },
  };
}

/** Adds to `out` what a head gives for `state`; returns its attention weights. */
function attend(transformer: LoopedTransformer, head: Head, state: State, out: Numbers): Float64Array {
  const { width, columns, temperature, precision } = transformer;
  const rank = head.query.rows;
  const [queries, keys] = [zeros(precision, columns * rank), zeros(precision, columns * rank)];
  for (let j = 0; j < columns; j++) {
    addProduct(head.query, state, j * width, queries, j * rank);
    addProduct(head.key, state, j * width, keys, j * rank);
  }
  const round = precision === "float32" ? Math.fround : (value: number) => value;
  const all = new Float64Array(columns * columns);
  const scores = new Float64Array(columns);
  const mixed = zeros(precision, width);
  const used = [...new Set(head.value.indices)];
  for (let j = 0; j < columns; j++) {
    let largest = -Infinity;
    for (let i = 0; i < columns; i++) {
      let score = 0;
      for (let r = 0; r < rank; r++) score = round(score + round(queries[j * rank + r]! * keys[i * rank + r]!));
      scores[i] = round(temperature * score);
      largest = Math.max(largest, scores[i]!);
    }
    let total = 0;
    for (let i = 0; i < columns; i++) {
      scores[i] = round(Math.exp(scores[i]! - largest));
      total = round(total + scores[i]!);
    }
    mixed.fill(0);
    for (let i = 0; i < columns; i++) {
      const weight = round(scores[i]! / total);
      all[j * columns + i] = weight;
      if (weight === 0) continue;
      for (const row of used) mixed[row]! += round(weight * state[i * width + row]!);
    }
    addProduct(head.value, mixed, 0, out, j * width);
  }
  return all;
}

function feed(network: UnitNetwork, input: Numbers, output: Numbers, width: number, columns: number): void {
  for (let j = 0; j < columns; j++) applyUnits(network, input, j * width, output, j * width, width);
}
