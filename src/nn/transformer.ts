import { add, relu as reluOf, reshape, type Tensor } from "../engine/index.ts";
import { applyGelu, applySilu } from "./activation.ts";
import {
  type AttentionCache,
  type AttentionMemory,
  type AttentionOptions,
  type CrossAttentionParams,
  crossAttention,
  type SelfAttentionInput,
  type SelfAttentionParams,
  selfAttention,
} from "./attention.ts";
import { applyDropout } from "./dropout.ts";
import { type Layer, Mode, type Traced } from "./layer.ts";
import { type LinearParams, linear } from "./linear.ts";
import { layerNorm, type NormParams } from "./normalization.ts";

/** Options of transformer blocks. */
export interface BlockOptions extends AttentionOptions {
  /** Width of the hidden layer; default 4 · dim. */
  readonly hiddenDim?: number;
  /** Default `gelu-tanh`. */
  readonly activation?: "relu" | "gelu" | "gelu-tanh" | "silu";
}

const activations = {
  relu: (x: Tensor) => reluOf(x),
  gelu: (x: Tensor) => applyGelu(x),
  "gelu-tanh": (x: Tensor) => applyGelu(x, "tanh"),
  silu: (x: Tensor) => applySilu(x),
};

/** Parameters of {@link feedForward}. */
export interface FeedForwardParams {
  readonly up: LinearParams;
  readonly down: LinearParams;
}

/** Two linear layers with an activation between: [..., dim] -> [..., dim]. */
export function feedForward({
  dim,
  hiddenDim = 4 * dim,
  activation = "gelu-tanh",
  bias = true,
}: Omit<BlockOptions, "numHeads">): Layer<FeedForwardParams> {
  const up = linear(dim, hiddenDim, { bias });
  const down = linear(hiddenDim, dim, { bias });
  return {
    init: (random) => ({ up: up.init(random), down: down.init(random) }),
    apply: (params, x, mode) => down.apply(params.down, activations[activation](up.apply(params.up, x, mode)), mode),
  };
}

/** Parameters of {@link transformerBlock}. */
export interface BlockParams {
  readonly norm1: NormParams;
  readonly attention: SelfAttentionParams;
  readonly norm2: NormParams;
  readonly feedForward: FeedForwardParams;
}

/** A block that can also run a position at a time. */
export interface TransformerBlock extends Layer<BlockParams, SelfAttentionInput> {
  /** One position of a causal sequence; see `SelfAttention.step`. */
  step(
    params: Traced<BlockParams>,
    x: Tensor,
    cache: AttentionCache,
    position: Tensor,
  ): { y: Tensor; cache: AttentionCache };
}

/**
 * Self-attention and a feed-forward layer, each with layer norm before it and a residual around it: an encoder block, or
 * with `causal` the block of a decoder-only language model.
 *
 * @remarks Source: Vaswani et al. (2017), section 3, with the norm first as in Xiong et al. (2020).
 */
export function transformerBlock(options: BlockOptions): TransformerBlock {
  const { dim, dropout = 0 } = options;
  const [norm1, norm2] = [layerNorm(dim), layerNorm(dim)];
  const attention = selfAttention(options);
  const mlp = feedForward(options);
  return {
    init: (random) => ({
      norm1: norm1.init(random),
      attention: attention.init(random),
      norm2: norm2.init(random),
      feedForward: mlp.init(random),
    }),
    apply(params, { x, bias }, mode) {
      const drop = (y: Tensor) => applyDropout(y, dropout, mode);
      const read = { x: norm1.apply(params.norm1, x, mode), ...(bias && { bias }) };
      const attended = add(x, drop(attention.apply(params.attention, read, mode)));
      return add(attended, drop(mlp.apply(params.feedForward, norm2.apply(params.norm2, attended, mode), mode)));
    },
    step(params, x, cache, position) {
      const mode = new Mode(false);
      const read = attention.step(params.attention, norm1.apply(params.norm1, x, mode), cache, position);
      const attended = add(x, read.y);
      const y = add(attended, mlp.apply(params.feedForward, norm2.apply(params.norm2, attended, mode), mode));
      return { y, cache: read.cache };
    },
  };
}

/** Parameters of {@link crossBlock}. */
export interface CrossBlockParams extends BlockParams {
  readonly normCross: NormParams;
  readonly cross: CrossAttentionParams;
}

/** What a decoder block of an encoder-decoder reads. */
export interface CrossBlockInput extends SelfAttentionInput {
  /** float [batch, memorySeq, dim]: the encoder's output. */
  readonly memory: Tensor;
  /** Added to the scores over the memory, such as a padding bias. */
  readonly memoryBias?: Tensor;
}

/** What a position of a decoder block reads beside the positions before it. */
export interface CrossStepInput {
  /** float [batch · beams, 1, dim]: beams of the same memory lie together. */
  readonly x: Tensor;
  readonly cache: AttentionCache;
  /** int32 scalar in [0, maxSeq). */
  readonly position: Tensor;
  /** The memory as `project` gave it, a row a batch: beams of one row share it. */
  readonly memory: AttentionMemory;
  /** Added to the scores over the memory, [batch, 1, 1, memorySeq]. */
  readonly memoryBias?: Tensor;
}

/** The decoder block of an encoder-decoder, whole sequences at once or a position at a time. */
export interface CrossBlock extends Layer<CrossBlockParams, CrossBlockInput> {
  /** The keys and values that the block reads of the encoder's output, computed once. */
  project(params: Traced<CrossBlockParams>, memory: Tensor): AttentionMemory;
  /** One position of each of several beams; see `SelfAttention.step`. */
  step(params: Traced<CrossBlockParams>, input: CrossStepInput): { y: Tensor; cache: AttentionCache };
}

/**
 * The decoder block of an encoder-decoder: causal self-attention, attention to the encoder's output, feed-forward.
 *
 * @remarks Source: Vaswani et al. (2017), section 3.1, with the norm first.
 */
export function crossBlock(options: BlockOptions): CrossBlock {
  const { dim, dropout = 0 } = options;
  const own = selfAttention({ ...options, causal: true });
  const cross = crossAttention(options);
  const mlp = feedForward(options);
  const norm = layerNorm(dim);
  return {
    init: (random) => ({
      norm1: norm.init(random),
      attention: own.init(random),
      normCross: norm.init(random),
      cross: cross.init(random),
      norm2: norm.init(random),
      feedForward: mlp.init(random),
    }),
    apply(params, { x, bias, memory, memoryBias }, mode) {
      const drop = (y: Tensor) => applyDropout(y, dropout, mode);
      const own1 = own.apply(params.attention, { x: norm.apply(params.norm1, x, mode), ...(bias && { bias }) }, mode);
      const first = add(x, drop(own1));
      const asked = { x: norm.apply(params.normCross, first, mode), memory, ...(memoryBias && { bias: memoryBias }) };
      const second = add(first, drop(cross.apply(params.cross, asked, mode)));
      return add(second, drop(mlp.apply(params.feedForward, norm.apply(params.norm2, second, mode), mode)));
    },
    project: (params, memory) => cross.project(params.cross, memory, new Mode(false)),
    step(params, { x, cache, position, memory, memoryBias }) {
      const mode = new Mode(false);
      const read = own.step(params.attention, norm.apply(params.norm1, x, mode), cache, position);
      const first = add(x, read.y);
      // Beams of one row stand beside each other like positions of one sequence: its memory is read where it lies.
      const beside = reshape(norm.apply(params.normCross, first, mode), [memory.key.shape[0]!, -1, dim]);
      const asked = reshape(cross.read(params.cross, beside, memory, mode, memoryBias), x.shape);
      const second = add(first, asked);
      const y = add(second, mlp.apply(params.feedForward, norm.apply(params.norm2, second, mode), mode));
      return { y, cache: read.cache };
    },
  };
}
