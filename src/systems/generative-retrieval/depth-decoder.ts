/** From a state to the codes of the next item, level by level. @module */
import type { HostTensor } from "../../core/index.ts";
import {
  add,
  cast,
  full,
  greaterEqual,
  iota,
  mapTensors,
  matmul,
  maximum,
  mul,
  relu,
  reshape,
  slice,
  stack,
  standardize,
  sum,
  type Tensor,
  type Tensors,
  take,
} from "../../engine/index.ts";
import { applyDropout, filled, type Layer, normal, type Traced, uniform } from "../../nn/index.ts";

/** Sizes of a depth decoder. */
export interface DepthDecoderOptions {
  readonly levels: number;
  readonly codebookSize: number;
  readonly dim: number;
  readonly hiddenDim: number;
  readonly dropout: number;
}

/** Parameters of {@link depthDecoder}; the first axis of each but `prefix` counts levels. */
export interface DepthDecoderParams {
  /** float32 [(levels - 1) · codebookSize, dim]: what a code that is decided adds to the state. */
  readonly prefix: HostTensor;
  /** float32 [levels, dim, hiddenDim] and [levels, 1, hiddenDim] */
  readonly up: HostTensor;
  readonly upBias: HostTensor;
  /** float32 [levels, hiddenDim, dim] and [levels, 1, dim] */
  readonly down: HostTensor;
  readonly downBias: HostTensor;
  /** float32 [levels, dim, codebookSize] and [levels, 1, codebookSize] */
  readonly head: HostTensor;
  readonly headBias: HostTensor;
}

/** What the decoder reads. */
export interface DepthInput {
  /** float32 [count, dim] */
  readonly states: Tensor;
  /** int32 [count, levels]: the codes that are decided; at a level that is not, and at the last one, -1 or anything. */
  readonly codes: Tensor;
}

/** A depth decoder: all levels at once in training, one level in decoding. */
export interface DepthDecoder extends Layer<DepthDecoderParams, DepthInput> {
  /**
   * Logits of the codes of one level: float32 [count, codebookSize].
   *
   * @param prefix - int32 [count, levels - 1]: codes before it, -1 from it on
   * @param level - int32 scalar
   */
  step(params: Traced<DepthDecoderParams>, states: Tensor, prefix: Tensor, level: Tensor): Tensor;
}

/**
 * For each level a network with one hidden layer of the state plus a vector for every code decided before, with a head of its own: no attention, so that nothing
 * is cached and a beam is a row of codes.
 *
 * @returns of `apply`: float32 [levels, count, codebookSize]
 * @remarks Our own, after Lee et al. (2022), RQ-Transformer, whose second transformer it stands in for.
 */
export function depthDecoder(options: DepthDecoderOptions): DepthDecoder {
  const { levels, codebookSize, dim, hiddenDim, dropout } = options;
  /** Logits from states [level, count, dim] by parameters whose first axis is those levels; `kept`: the mask of dropout. */
  const decode = (params: Traced<DepthDecoderParams>, states: Tensor, kept?: Tensor): Tensor => {
    const normed = standardize(states);
    const hidden = relu(add(matmul(normed, params.up as Tensor), params.upBias as Tensor));
    const left = kept ? mul(hidden, kept) : hidden;
    const moved = add(matmul(left, params.down as Tensor), params.downBias as Tensor);
    const out = standardize(add(states, moved));
    return add(matmul(out, params.head as Tensor), params.headBias as Tensor);
  };
  return {
    init: (random) => {
      const linear = (inDim: number, outDim: number) => uniform(random, [levels, inDim, outDim], inDim ** -0.5);
      return {
        prefix: normal(random, [(levels - 1) * codebookSize, dim], 0.1),
        up: linear(dim, hiddenDim),
        upBias: filled([levels, 1, hiddenDim], 0),
        down: linear(hiddenDim, dim),
        downBias: filled([levels, 1, dim], 0),
        head: linear(dim, codebookSize),
        headBias: filled([levels, 1, codebookSize], 0),
      };
    },
    apply(params, { states, codes }, mode) {
      const [count] = states.shape;
      const at: Tensor[] = [states];
      for (let level = 0; level + 1 < levels; level++) {
        const column = reshape(slice(codes, [null, [level, level + 1]]), [count]);
        at.push(add(at[level], take(params.prefix as Tensor, add(maximum(column, 0), level * codebookSize))));
      }
      // One mask for all levels: a quarter of the random numbers, which are what dropout costs.
      const kept = mode.training ? applyDropout(full([count, hiddenDim], 1), dropout, mode) : undefined;
      return decode(params, stack(at, 0), kept);
    },
    step(params, states, prefix, level) {
      const rows = add(maximum(prefix, 0), mul(iota(levels - 1), codebookSize));
      const decided = reshape(cast(greaterEqual(prefix, 0), "float32"), [...prefix.shape, 1]);
      const added = sum(mul(take(params.prefix as Tensor, rows), decided), [1]);
      const own = mapTensors(params as Tensors, (leaf) => (leaf === params.prefix ? leaf : take(leaf, level)));
      return decode(own as Traced<DepthDecoderParams>, add(states, added));
    },
  };
}
