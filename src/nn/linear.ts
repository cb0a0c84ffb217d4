import { formatShape, type HostTensor, ShapeError } from "../core/index.ts";
import { add, matmul, reshape, type Tensor, take, transpose } from "../engine/index.ts";
import { type Layer, normal, type Traced, uniform } from "./layer.ts";
import { asLinearMap, isFactors, type Weight } from "./weight.ts";

/**
 * Parameters of {@link linear}: `weight` float32 [outDim, inDim], whole or as factors, and `bias` float32 [outDim], as PyTorch lays
 * them out.
 */
export interface LinearParams {
  readonly weight: Weight;
  readonly bias?: HostTensor;
}

/**
 * x · weightᵀ + bias over the last axis.
 *
 * @param x - float [..., inDim]
 * @param weight - float [outDim, inDim], or its factors: then x is first multiplied by v, then by u
 * @param bias - float [outDim]
 * @returns float [..., outDim]
 * @throws {ShapeError} where x does not end in inDim
 */
export function applyLinear(x: Tensor, weight: Traced<Weight>, bias?: Tensor): Tensor {
  if (isFactors<Tensor>(weight)) return applyLinear(applyLinear(x, weight.v), weight.u, bias);
  const [outDim, inDim] = weight.shape as [number, number];
  if (x.shape.at(-1) !== inDim) {
    throw new ShapeError({
      where: `linear at ${weight.label}`,
      expected: `x [..., ${inDim}]`,
      found: formatShape(x.shape),
    });
  }
  // One matrix product over all leading axes: a batch of small products would be slower.
  const product = matmul(reshape(x, [-1, inDim]), transpose(weight));
  return reshape(bias ? add(product, bias) : product, [...x.shape.slice(0, -1), outDim]);
}

/**
 * A fully connected layer.
 *
 * @param options - `bias`: default true
 * @remarks Starts as in PyTorch: weight and bias uniform in ±1 / sqrt(inDim).
 * @example
 * ```ts
 * const layer = linear(784, 10);
 * const params = layer.init(new Random(0));
 * ```
 */
export function linear(inDim: number, outDim: number, { bias = true } = {}): Layer<LinearParams> {
  return {
    init(random) {
      const bound = 1 / Math.sqrt(inDim);
      const weight = asLinearMap(uniform(random, [outDim, inDim], bound));
      return bias ? { weight, bias: uniform(random, [outDim], bound) } : { weight };
    },
    apply: ({ weight, bias: offset }, x) => applyLinear(x, weight as Traced<Weight>, offset as Tensor | undefined),
  };
}

/** Parameters of {@link embedding}: `weight` float32 [vocabSize, dim]. */
export interface EmbeddingParams {
  readonly weight: HostTensor;
}

/**
 * A vector for every token: int32 [...] -> float32 [..., dim].
 *
 * @param standardDeviation - of the normal distribution it starts from, default 1 as in PyTorch
 */
export function embedding(vocabSize: number, dim: number, standardDeviation = 1): Layer<EmbeddingParams> {
  return {
    init: (random) => ({ weight: normal(random, [vocabSize, dim], standardDeviation) }),
    apply: ({ weight }, tokens) => take(weight, tokens),
  };
}
