import { type HostTensor, hostTensor, type Random } from "../core/index.ts";
import {
  add,
  cast,
  constant,
  equal,
  iota,
  lessEqual,
  matmul,
  mul,
  reshape,
  slice,
  softmax,
  type Tensor,
  transpose,
  where,
} from "../engine/index.ts";
import { applyDropout } from "./dropout.ts";
import { type Layer, Mode, type Traced } from "./layer.ts";
import { type LinearParams, linear } from "./linear.ts";

/** What is added to a score that must not be attended to: softmax makes it 0. */
const masked = -1e9;

/**
 * softmax(q kᵀ / sqrt(headDim) + bias) v, a head at a time.
 *
 * @param query - float [batch, head, seq, headDim]
 * @param key - float [batch, head, keySeq, headDim]
 * @param value - float [batch, head, keySeq, headDim]
 * @param bias - float, broadcast to [batch, head, seq, keySeq]; see {@link causalBias} and {@link paddingBias}
 * @returns float [batch, head, seq, headDim]
 * @remarks Source: Vaswani et al. (2017), eq. 1.
 */
export function attend(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  bias?: Tensor,
  dropout?: (x: Tensor) => Tensor,
): Tensor {
  const scale = query.shape.at(-1)! ** -0.5;
  const scores = matmul(mul(query, scale), transpose(key));
  const weights = softmax(bias ? add(scores, cast(bias, scores.dtype)) : scores);
  return matmul(dropout ? dropout(weights) : weights, value);
}

/** float32 [seq, seq]: 0 up to a position itself, -1e9 after it. */
export function causalBias(seq: number): Tensor {
  const data = Float32Array.from({ length: seq * seq }, (_, i) => (i % seq > Math.floor(i / seq) ? masked : 0));
  return constant(hostTensor(data, [seq, seq]));
}

/**
 * float32 [batch, 1, 1, seq] from a mask of real tokens: 0 where it is true, -1e9 where it is false.
 *
 * @param present - bool [batch, seq]
 */
export function paddingBias(present: Tensor): Tensor {
  const [batch, seq] = present.shape as [number, number];
  return reshape(where(present, 0, masked), [batch, 1, 1, seq]);
}

/** [batch, seq, heads * headDim] -> [batch, heads, seq, headDim]. */
function splitHeads(x: Tensor, numHeads: number): Tensor {
  const [batch, seq, dim] = x.shape as [number, number, number];
  return transpose(reshape(x, [batch, seq, numHeads, dim / numHeads]), [0, 2, 1, 3]);
}

/** [batch, heads, seq, headDim] -> [batch, seq, heads * headDim]. */
function joinHeads(x: Tensor): Tensor {
  const [batch, heads, seq, headDim] = x.shape as [number, number, number, number];
  return reshape(transpose(x, [0, 2, 1, 3]), [batch, seq, heads * headDim]);
}

/** Options of attention layers. */
export interface AttentionOptions {
  readonly dim: number;
  /** Divides dim, where `headDim` is not given. */
  readonly numHeads: number;
  /** Width of a head; default dim / numHeads. */
  readonly headDim?: number;
  /** Whether a position sees only itself and what came before; default false. */
  readonly causal?: boolean;
  /** Share of attention weights dropped in training; default 0. */
  readonly dropout?: number;
  /** Whether the projections have biases; default true. */
  readonly bias?: boolean;
}

/** Parameters of {@link selfAttention}: one projection to queries, keys and values, one from the heads. */
export interface SelfAttentionParams {
  readonly qkv: LinearParams;
  readonly out: LinearParams;
}

/** What self-attention reads. */
export interface SelfAttentionInput {
  /** float [batch, seq, dim] */
  readonly x: Tensor;
  /** Added to the scores, such as {@link paddingBias}. */
  readonly bias?: Tensor;
}

/** Keys and values of the positions decoded so far: float [batch, head, maxSeq, headDim] each. */
export interface AttentionCache {
  readonly key: Tensor;
  readonly value: Tensor;
}

/** Self-attention, whole sequences at once or a position at a time. */
export interface SelfAttention extends Layer<SelfAttentionParams, SelfAttentionInput> {
  /**
   * One position of a causal sequence: writes its key and value into the cache and attends to what is there.
   *
   * @param x - float [batch, 1, dim]
   * @param position - int32 scalar in [0, maxSeq)
   */
  step(
    params: Traced<SelfAttentionParams>,
    x: Tensor,
    cache: AttentionCache,
    position: Tensor,
  ): { y: Tensor; cache: AttentionCache };
}

/**
 * Multi-head self-attention: [batch, seq, dim] -> [batch, seq, dim].
 *
 * @remarks Source: Vaswani et al. (2017), section 3.2.2.
 */
export function selfAttention({
  dim,
  numHeads,
  headDim = dim / numHeads,
  causal = false,
  dropout = 0,
  bias = true,
}: AttentionOptions): SelfAttention {
  const inner = numHeads * headDim;
  const qkv = linear(dim, 3 * inner, { bias });
  const out = linear(inner, dim, { bias });
  /** Queries, keys and values, [batch, head, seq, headDim] each. */
  const project = (params: Traced<SelfAttentionParams>, x: Tensor, mode: Mode): [Tensor, Tensor, Tensor] => {
    const [batch, seq] = x.shape as [number, number];
    const split = reshape(qkv.apply(params.qkv, x, mode), [batch, seq, 3, numHeads, headDim]);
    const heads = transpose(split, [2, 0, 3, 1, 4]);
    const part = (i: number) => reshape(slice(heads, [[i, i + 1]]), heads.shape.slice(1));
    return [part(0), part(1), part(2)];
  };
  return {
    init: (random: Random) => ({ qkv: qkv.init(random), out: out.init(random) }),
    apply(params, { x, bias: extra }, mode) {
      const [query, key, value] = project(params, x, mode);
      const order = causal ? causalBias(x.shape[1]!) : undefined;
      const total = order && extra ? add(order, extra) : (order ?? extra);
      const heads = attend(query, key, value, total, (weights) => applyDropout(weights, dropout, mode));
      return out.apply(params.out, joinHeads(heads), mode);
    },
    step(params, x, cache, position) {
      const mode = new Mode(false);
      const [query, key, value] = project(params, x, mode);
      const maxSeq = cache.key.shape[2]!;
      const here = reshape(equal(iota(maxSeq), position), [maxSeq, 1]);
      const written = { key: where(here, key, cache.key), value: where(here, value, cache.value) };
      const seen = reshape(where(lessEqual(iota(maxSeq), position), 0, masked), [1, maxSeq]);
      const heads = attend(query, written.key, written.value, seen);
      return { y: out.apply(params.out, joinHeads(heads), mode), cache: written };
    },
  };
}

/** Parameters of {@link crossAttention}. */
export interface CrossAttentionParams {
  readonly query: LinearParams;
  readonly keyValue: LinearParams;
  readonly out: LinearParams;
}

/** What cross-attention reads. */
export interface CrossAttentionInput {
  /** float [batch, seq, dim]: what asks. */
  readonly x: Tensor;
  /** float [batch, memorySeq, dim]: what is read. */
  readonly memory: Tensor;
  /** Added to the scores, such as {@link paddingBias} of the memory. */
  readonly bias?: Tensor;
}

/** Keys and values of a memory: float [batch, head, memorySeq, headDim] each. */
export type AttentionMemory = AttentionCache;

/** Cross-attention, whole or in two steps: the memory's keys and values once, then whatever asks. */
export interface CrossAttention extends Layer<CrossAttentionParams, CrossAttentionInput> {
  /** Keys and values of a memory, float [batch, memorySeq, dim]. */
  project(params: Traced<CrossAttentionParams>, memory: Tensor, mode: Mode): AttentionMemory;
  /**
   * Attends to a projected memory.
   *
   * @param x - float [batch, seq, dim]
   * @param bias - added to the scores
   */
  read(params: Traced<CrossAttentionParams>, x: Tensor, memory: AttentionMemory, mode: Mode, bias?: Tensor): Tensor;
}

/**
 * Multi-head attention of one sequence to another: [batch, seq, dim].
 *
 * @remarks Source: Vaswani et al. (2017), section 3.2.3.
 */
export function crossAttention({
  dim,
  numHeads,
  headDim = dim / numHeads,
  dropout = 0,
  bias = true,
}: Omit<AttentionOptions, "causal">): CrossAttention {
  const inner = numHeads * headDim;
  const query = linear(dim, inner, { bias });
  const keyValue = linear(dim, 2 * inner, { bias });
  const out = linear(inner, dim, { bias });
  const layer: CrossAttention = {
    init: (random) => ({ query: query.init(random), keyValue: keyValue.init(random), out: out.init(random) }),
    project(params, memory, mode) {
      const [batch, memorySeq] = memory.shape as [number, number];
      const split = reshape(keyValue.apply(params.keyValue, memory, mode), [batch, memorySeq, 2, numHeads, headDim]);
      const heads = transpose(split, [2, 0, 3, 1, 4]);
      const part = (i: number) => reshape(slice(heads, [[i, i + 1]]), heads.shape.slice(1));
      return { key: part(0), value: part(1) };
    },
    read(params, x, { key, value }, mode, extra) {
      const asked = splitHeads(query.apply(params.query, x, mode), numHeads);
      const heads = attend(asked, key, value, extra, (weights) => applyDropout(weights, dropout, mode));
      return out.apply(params.out, joinHeads(heads), mode);
    },
    apply: (params, { x, memory, bias: extra }, mode) =>
      layer.read(params, x, layer.project(params, memory, mode), mode, extra),
  };
  return layer;
}

/** An empty cache for {@link SelfAttention.step}. */
export function emptyCache(
  batch: number,
  maxSeq: number,
  { dim, numHeads, headDim = dim / numHeads }: AttentionOptions,
): { key: HostTensor; value: HostTensor } {
  const shape = [batch, numHeads, maxSeq, headDim];
  const zeros = () => hostTensor(new Float32Array(batch * numHeads * maxSeq * headDim), shape);
  return { key: zeros(), value: zeros() };
}
