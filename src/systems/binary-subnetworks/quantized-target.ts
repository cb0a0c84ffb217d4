/** A ReLU network with its weights rounded to whole numbers, all on one scale. @module */
import { assert, DataError } from "../../core/index.ts";
import type { ReluNetwork } from "../../nn/index.ts";
import { type Domain, largestCoordinate } from "./domain.ts";

/** A layer whose weights and biases lie in [-1, 1]. */
export interface ScaledLayer {
  readonly outDim: number;
  readonly inDim: number;
  /** float64[outDim, inDim]: W / s. */
  readonly weight: Float64Array;
  /** float64[outDim]: b / (S c), where S is the product of scales up to this layer and c the constant input. */
  readonly bias: Float64Array;
  /** s: what the layer is divided by. */
  readonly scale: number;
}

/** A target with every layer divided by its scale. */
export interface ScaledTarget {
  readonly layers: readonly ScaledLayer[];
  /** Whether any layer has a bias: then the network has one more input, which is always `constantInput`. */
  readonly hasBias: boolean;
  /** c: a power of two near the largest input. */
  readonly constantInput: number;
  /** S: the product of all scales, by which outputs are multiplied in the end. */
  readonly scale: number;
}

/** A layer of whole numbers in [-2^bits, 2^bits]. */
export interface QuantizedLayer {
  readonly outDim: number;
  readonly inDim: number;
  /** float64[outDim, inDim] */
  readonly weight: Float64Array;
  /** float64[outDim] */
  readonly bias: Float64Array;
}

/** A scaled target rounded to `bits`. */
export interface QuantizedTarget {
  readonly layers: readonly QuantizedLayer[];
  readonly bits: number;
  readonly hasBias: boolean;
  readonly constantInput: number;
  /** What whole-number outputs are multiplied by to be the target's, for inputs as they are: S 2^(-bits layers). */
  readonly outputScale: number;
}

const largest = (values: Float64Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/**
 * Divides every layer by its largest weight, or by its largest bias on the scale of what came before where that is larger. ReLU
 * networks are positively homogeneous, so that one factor at the end makes up for it.
 *
 * @throws {DataError} where the product of scales leaves the float64 numbers
 */
export function scaleTarget({ layers }: ReluNetwork, domain: Domain): ScaledTarget {
  const constantInput = 2 ** Math.round(Math.log2(largestCoordinate(domain)));
  let product = 1;
  const scaled = layers.map(({ outDim, inDim, weight, bias }, l): ScaledLayer => {
    const own = Math.max(largest(weight), largest(bias) / (product * constantInput));
    const scale = own === 0 ? 1 : own;
    product *= scale;
    if (!Number.isFinite(product) || product < 1e-290 || product > 1e290) {
      throw new DataError({
        where: `target, layer ${l}`,
        expected: "a product of the layers' largest weights from 1e-290 to 1e290",
        found: `${product}`,
        hint: "multiply a layer by a constant and divide the next by it: the function stays the same",
      });
    }
    const offset = product * constantInput;
    return { outDim, inDim, weight: weight.map((w) => w / scale), bias: bias.map((b) => b / offset), scale };
  });
  const hasBias = layers.some(({ bias }) => bias.some((value) => value !== 0));
  return { layers: scaled, hasBias, constantInput, scale: product };
}

/** The nearest whole number; halves away from zero. */
function round(value: number): number {
  return value < 0 ? -Math.floor(0.5 - value) : Math.floor(0.5 + value);
}

/** The most bits that a float64 weight has to give. */
export const mostBits = 50;

/** Rounds 2^bits times every weight of a scaled target. */
export function quantizeTarget({ layers, hasBias, constantInput, scale }: ScaledTarget, bits: number): QuantizedTarget {
  assert(Number.isInteger(bits) && bits >= 0 && bits <= mostBits, `bits of ${bits}`);
  const levels = 2 ** bits;
  const rounded = layers.map(({ outDim, inDim, weight, bias }) => ({
    outDim,
    inDim,
    weight: weight.map((value) => round(value * levels)),
    bias: bias.map((value) => round(value * levels)),
  }));
  return { layers: rounded, bits, hasBias, constantInput, outputScale: scale * 2 ** (-bits * layers.length) };
}

/** The ReLU network that a quantized target is, in the target's own units. */
export function dequantize(target: ScaledTarget, { layers, bits }: QuantizedTarget): ReluNetwork {
  let product = 1;
  return {
    layers: layers.map(({ outDim, inDim, weight, bias }, l) => {
      const { scale } = target.layers[l]!;
      product *= scale;
      const unit = scale * 2 ** -bits;
      const biasUnit = product * target.constantInput * 2 ** -bits;
      return { outDim, inDim, weight: weight.map((n) => n * unit), bias: bias.map((n) => n * biasUnit) };
    }),
  };
}

/** A layer as one matrix. */
export interface ChannelMatrix {
  readonly rows: number;
  readonly columns: number;
  /** float64[rows, columns] of whole numbers. */
  readonly values: Float64Array;
}

/**
 * A layer as one matrix over the channels it sees: inputs, then the constant where there is one. Layers before the last hand the
 * constant on with weight 2^bits, like any other whole number. Channels that the layer before leaves at zero get zeros.
 */
export function channelMatrix(quantized: QuantizedTarget, l: number): ChannelMatrix {
  const { layers, bits, hasBias } = quantized;
  const { outDim, inDim, weight, bias } = layers[l]!;
  const last = l + 1 === layers.length;
  const [rows, columns] = hasBias ? [last ? outDim : outDim + 1, inDim + 1] : [outDim, inDim];
  const values = new Float64Array(rows * columns);
  for (let i = 0; i < outDim; i++) {
    values.set(weight.subarray(i * inDim, (i + 1) * inDim), i * columns);
    if (hasBias) values[i * columns + inDim] = bias[i]!;
  }
  if (rows > outDim) values[rows * columns - 1] = 2 ** bits;
  if (l > 0) {
    for (const j of zeroRows(channelMatrix(quantized, l - 1))) {
      for (let i = 0; i < rows; i++) values[i * columns + j] = 0;
    }
  }
  return { rows, columns, values };
}

/** Rows without any number but 0. */
export function zeroRows({ rows, columns, values }: ChannelMatrix): number[] {
  return Array.from({ length: rows }, (_, i) => i).filter((i) =>
    values.subarray(i * columns, (i + 1) * columns).every((value) => value === 0),
  );
}
