/** A reconstruction as a network for other runtimes. @module */
import { type HostTensor, hostTensor, type Tree } from "../../core/index.ts";
import { add, div, matmul, mul, relu, sqrt, sub, type Tensor, toOnnx, transpose } from "../../engine/index.ts";
import type { FrozenBlock } from "./frozen.ts";
import { type BatchNormNumbers, epsilon } from "./statistics.ts";

/** A norm layer as it is stored: scale and shift alone, or batch norm with its statistics. */
export type NormNumbers = Pick<BatchNormNumbers, "weight" | "bias"> & Partial<BatchNormNumbers>;

/** The numbers of one block that were found, and stored. */
export interface BlockNorms {
  readonly first: NormNumbers;
  readonly second: NormNumbers;
}

/** Traced parameters of a norm layer. */
interface TracedNorm {
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly runningMean?: Tensor;
  readonly runningVariance?: Tensor;
}

function applyNorm({ weight, bias, runningMean, runningVariance }: TracedNorm, x: Tensor): Tensor {
  if (!runningMean || !runningVariance) return add(mul(x, weight), bias);
  const scale = div(weight, sqrt(add(runningVariance, epsilon)));
  return add(mul(x, scale), sub(bias, mul(runningMean, scale)));
}

/** Traced parameters of a block. */
interface TracedBlock {
  readonly first: { readonly weight: Tensor; readonly norm: TracedNorm };
  readonly second: { readonly weight: Tensor; readonly norm: TracedNorm };
}

const normTensors = (norm: NormNumbers): Tree<HostTensor> =>
  Object.fromEntries(Object.entries(norm).map(([name, values]) => [name, hostTensor(values, [values.length])]));

/** The whole network as ONNX in float64, frozen weights included: input `input` [batch, inDim], output `output` [batch, outDim]. */
export function exportReconstruction(frozen: readonly FrozenBlock[], norms: readonly BlockNorms[]): Uint8Array {
  const params: Tree<HostTensor> = frozen.map(({ first, second, inDim, width, outDim }, l) => ({
    first: { weight: hostTensor(first, [width, inDim]), norm: normTensors(norms[l]!.first) },
    second: { weight: hostTensor(second, [outDim, width]), norm: normTensors(norms[l]!.second) },
  }));
  const apply = (blocks: readonly TracedBlock[], input: Tensor): Tensor =>
    blocks.reduce((x, { first, second }, l) => {
      const hidden = relu(applyNorm(first.norm, matmul(x, transpose(first.weight))));
      const y = applyNorm(second.norm, matmul(hidden, transpose(second.weight)));
      return l + 1 < blocks.length ? relu(y) : y;
    }, input);
  return toOnnx(apply, params, [{ dtype: "float64", shape: [1, frozen[0]!.inDim] }]);
}
