/** Whole-number forward passes without rounding: of a masked network of signs, and of a quantized target. @module */
import { assert } from "../../core/index.ts";
import type { MaskLayer } from "./construct.ts";
import type { QuantizedTarget } from "./quantized-target.ts";
import { edgeSigns } from "./signs.ts";

/** A layer of a masked network with the signs of its edges, only the units that have any. */
export interface SignedLayer {
  readonly width: number;
  /** int32[active]: units with edges, ascending. */
  readonly units: Int32Array;
  /** int32[active + 1]: where each one's edges begin. */
  readonly starts: Int32Array;
  /** int32[edges]: units of the layer before. */
  readonly sources: Int32Array;
  /** int32[edges]: places of these units among the active ones of the layer before; one past the last where a unit is 0. */
  readonly places: Int32Array;
  /** int8[edges]: +1 or -1. */
  readonly signs: Int8Array;
}

/** The masked network's weights: each kept edge with the sign that the seed gives it. */
export function signedLayers(layers: readonly MaskLayer[], seed: number): SignedLayer[] {
  let placeOf: Int32Array | undefined;
  return layers.map(({ width, rowOffsets, sources }, l) => {
    const sign = edgeSigns(seed, l);
    const signs = new Int8Array(sources.length);
    const places = placeOf ? sources.map((source) => placeOf![source]!) : sources;
    const units: number[] = [];
    const starts: number[] = [];
    for (let unit = 0; unit < width; unit++) {
      const [start, end] = [rowOffsets[unit]!, rowOffsets[unit + 1]!];
      if (start === end) continue;
      units.push(unit);
      starts.push(start);
      for (let e = start; e < end; e++) signs[e] = sign(sources[e]!, unit);
    }
    starts.push(sources.length);
    const next = new Int32Array(width).fill(units.length);
    for (const [place, unit] of units.entries()) next[unit] = place;
    placeOf = next;
    return { width, units: Int32Array.from(units), starts: Int32Array.from(starts), sources, places, signs };
  });
}

/** A layer's values at all of its units, from those at the active ones. */
function spread<T extends Float64Array | bigint[]>({ units }: SignedLayer, values: T, all: T): T {
  for (const [place, unit] of units.entries()) all[unit] = values[place]!;
  return all;
}

/** Whole numbers up to here are float64 numbers, and so are their sums. */
const mostExact = 2 ** 53;

/**
 * The largest absolute value that any unit, or any partial sum in it, can have.
 *
 * @param largestInputs - the largest absolute value of every input
 */
export function largestValue(layers: readonly SignedLayer[], largestInputs: readonly number[]): number {
  let before: Float64Array = Float64Array.from(largestInputs);
  let most = largestInputs.reduce((a, b) => Math.max(a, b), 0);
  for (const { units, starts, places } of layers) {
    const after = new Float64Array(units.length + 1);
    for (let u = 0; u < units.length; u++) {
      let sum = 0;
      for (let e = starts[u]!; e < starts[u + 1]!; e++) sum += before[places[e]!]!;
      after[u] = sum;
      most = Math.max(most, sum);
    }
    before = after;
  }
  return most;
}

/** Whether {@link forwardInFloat64} is exact for values of at most `largest`. */
export function fitsFloat64(largest: number): boolean {
  return largest < mostExact;
}

/**
 * The outputs of a masked network for one input, in float64: exact where no value exceeds 2^53.
 *
 * @param input - float64[inputs] of whole numbers
 */
export function forwardInFloat64(layers: readonly SignedLayer[], input: Float64Array): Float64Array {
  let before = input;
  for (const [l, { units, starts, places, signs }] of layers.entries()) {
    const after = new Float64Array(units.length + 1);
    const last = l + 1 === layers.length;
    for (let u = 0; u < units.length; u++) {
      let sum = 0;
      for (let e = starts[u]!; e < starts[u + 1]!; e++) sum += signs[e]! * before[places[e]!]!;
      after[u] = sum > 0 || last ? sum : 0;
    }
    before = after;
  }
  const last = layers.at(-1)!;
  return spread(last, before, new Float64Array(last.width));
}

/** As {@link forwardInFloat64}, for values of any size. */
export function forwardInBigInt(layers: readonly SignedLayer[], input: readonly bigint[]): bigint[] {
  let before = input;
  for (const [l, { units, starts, places, signs }] of layers.entries()) {
    const after = new Array<bigint>(units.length + 1).fill(0n);
    const last = l + 1 === layers.length;
    for (let u = 0; u < units.length; u++) {
      let sum = 0n;
      for (let e = starts[u]!; e < starts[u + 1]!; e++) {
        const value = before[places[e]!]!;
        sum = signs[e] === 1 ? sum + value : sum - value;
      }
      after[u] = sum > 0n || last ? sum : 0n;
    }
    before = after;
  }
  const last = layers.at(-1)!;
  return spread(last, before as bigint[], new Array<bigint>(last.width).fill(0n));
}

/** As {@link forwardQuantized} in float64: exact where the masked network's is. */
export function forwardQuantizedInFloat64(
  { layers, bits, hasBias }: QuantizedTarget,
  input: Float64Array,
): Float64Array {
  let constant = hasBias ? input.at(-1)! : 0;
  let x = hasBias ? input.slice(0, -1) : input;
  for (const [l, { outDim, inDim, weight, bias }] of layers.entries()) {
    const y = new Float64Array(outDim);
    for (let i = 0; i < outDim; i++) {
      let sum = bias[i]! * constant;
      for (let j = 0; j < inDim; j++) sum += weight[i * inDim + j]! * x[j]!;
      y[i] = sum > 0 || l + 1 === layers.length ? sum : 0;
    }
    x = y;
    constant *= 2 ** bits;
  }
  return x;
}

/**
 * The whole-number outputs of a quantized target: of layer l, N relu(…) + n 2^(bits l) times the constant input.
 *
 * @param input - the inputs, the constant one last where the target has biases
 */
export function forwardQuantized({ layers, bits, hasBias }: QuantizedTarget, input: readonly bigint[]): bigint[] {
  const plain = hasBias ? input.slice(0, -1) : input;
  let constant = hasBias ? input.at(-1)! : 0n;
  let x = plain as bigint[];
  for (const [l, { outDim, inDim, weight, bias }] of layers.entries()) {
    assert(x.length === inDim, `${x.length} values for a layer of ${inDim} inputs`);
    x = Array.from({ length: outDim }, (_, i) => {
      let sum = bias[i] === 0 ? 0n : BigInt(bias[i]!) * constant;
      for (let j = 0; j < inDim; j++) {
        const n = weight[i * inDim + j]!;
        if (n !== 0) sum += BigInt(n) * x[j]!;
      }
      return sum < 0n && l + 1 < layers.length ? 0n : sum;
    });
    constant *= 2n ** BigInt(bits);
  }
  return x;
}
