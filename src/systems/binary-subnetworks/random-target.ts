import type { Random } from "../../core/index.ts";
import type { ReluNetwork } from "../../nn/index.ts";
import { spectralNorm } from "./error-bound.ts";

/**
 * A random ReLU network whose layers have spectral norm 1, without biases: what the theorem speaks of.
 *
 * @param widths - inputs, hidden layers, outputs
 */
export function randomTarget(widths: readonly number[], random: Random): ReluNetwork {
  return {
    layers: widths.slice(1).map((outDim, l) => {
      const inDim = widths[l]!;
      const weight = Float64Array.from({ length: outDim * inDim }, () => random.normal());
      const norm = spectralNorm(weight, outDim, inDim);
      return { outDim, inDim, weight: weight.map((value) => value / norm), bias: new Float64Array(outDim) };
    }),
  };
}
