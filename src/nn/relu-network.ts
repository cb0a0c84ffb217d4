/** ReLU multilayer perceptrons as plain matrices: the trained networks that exact constructions take for their target. @module */
import { assert } from "../core/index.ts";

/** One linear layer, float64. */
export interface ReluLayer {
  readonly outDim: number;
  readonly inDim: number;
  /** float64[outDim, inDim], row by row. */
  readonly weight: Float64Array;
  /** float64[outDim]; zeros where the file has none. */
  readonly bias: Float64Array;
}

/** Linear layers with ReLU between them and none after the last. */
export interface ReluNetwork {
  readonly layers: readonly ReluLayer[];
}

/**
 * The network's outputs, in float64.
 *
 * @param inputs - float64[count, inDim], row by row
 * @returns float64[count, outDim]
 */
export function applyReluNetwork({ layers }: ReluNetwork, inputs: Float64Array): Float64Array {
  const count = inputs.length / layers[0]!.inDim;
  assert(Number.isInteger(count), "the inputs of a ReLU network are whole rows");
  let x = inputs;
  for (const [l, { outDim, inDim, weight, bias }] of layers.entries()) {
    const y = new Float64Array(count * outDim);
    for (let n = 0; n < count; n++) {
      for (let i = 0; i < outDim; i++) {
        let sum = bias[i]!;
        for (let j = 0; j < inDim; j++) sum += weight[i * inDim + j]! * x[n * inDim + j]!;
        y[n * outDim + i] = l + 1 < layers.length && sum < 0 ? 0 : sum;
      }
    }
    x = y;
  }
  return x;
}
