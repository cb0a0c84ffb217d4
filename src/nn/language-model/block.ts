/** One block of a decoder-only transformer. @module */
import type { Random } from "../../core/index.ts";
import { add, matmul, mul, relu, reshape, slice, type Tensor } from "../../engine/index.ts";
import { applyGelu, applySilu } from "../activation.ts";
import { applyDropout } from "../dropout.ts";
import type { Layer, Mode, Traced } from "../layer.ts";
import { linear } from "../linear.ts";
import { applyLoraLinear, type LoraLinearParams, type LoraSettings } from "../lora.ts";
import { layerNorm, type NormParams, rmsNorm } from "../normalization.ts";
import { continuedAttention, groupedAttention, splitHeads } from "./attention.ts";
import type { LanguageModelConfig } from "./config.ts";
import { applyRotary } from "./rotary.ts";

/** Parameters of a block: either `qkv`, or `query`, `key` and `value`; `gate` where the feed-forward layer is gated. */
export interface LanguageModelBlockParams {
  readonly attentionNorm: NormParams;
  readonly qkv?: LoraLinearParams;
  readonly query?: LoraLinearParams;
  readonly key?: LoraLinearParams;
  readonly value?: LoraLinearParams;
  readonly queryNorm?: NormParams;
  readonly keyNorm?: NormParams;
  readonly out: LoraLinearParams;
  readonly feedForwardNorm: NormParams;
  readonly gate?: LoraLinearParams;
  readonly up: LoraLinearParams;
  readonly down: LoraLinearParams;
}

/** Keys and values of tokens, before heads share them: float [batch, numKeyValueHeads, seq, headDim] each. */
export type KeyValueCache<T = Tensor> = { readonly key: T; readonly value: T };

/** What all blocks share in one pass. */
export interface BlockContext {
  /** float [batch or 1, 1, seq, keySeq]: 0 where a position sees another, very negative where it does not; with a cache, the tokens in it. */
  readonly bias: Tensor;
  /** Cosines and sines of the positions, float [batch, 1, seq, headDim], where positions are angles. */
  readonly angles?: { readonly cos: Tensor; readonly sin: Tensor };
  /** float [batch, reads, seq]: one-hot rows of the places whose output is wanted; default all. Keys and values are of all places. */
  readonly wanted?: Tensor;
}

const activations = {
  relu: (x: Tensor) => relu(x),
  gelu: (x: Tensor) => applyGelu(x),
  "gelu-tanh": (x: Tensor) => applyGelu(x, "tanh"),
  silu: (x: Tensor) => applySilu(x),
};

/** A norm of `config`'s kind. */
export function normOf(config: LanguageModelConfig, dim = config.dim): Layer<NormParams> {
  const options = { epsilon: config.normEpsilon };
  return config.norm === "layer" ? layerNorm(dim, options) : rmsNorm(dim, options);
}

/**
 * Rows of the last but one axis by place: a product with one-hot rows, and so is its gradient.
 *
 * @param x - float [batch or 1, ..., seq, n]
 * @param places - one-hot, float [batch, reads, seq]; default all, in order
 * @returns float [batch, ..., reads, n]
 */
export function rowsAt(x: Tensor, places?: Tensor): Tensor {
  if (!places) return x;
  const [batch, reads, seq] = places.shape as [number, number, number];
  const between = x.shape.slice(1, -2).map(() => 1);
  return matmul(reshape(places, [batch, ...between, reads, seq]), x);
}

/** A block: whole sequences, or one position with what came before in a cache. */
export function languageModelBlock(config: LanguageModelConfig, lora: LoraSettings) {
  const {
    dim,
    headDim,
    numHeads,
    numKeyValueHeads,
    hiddenDim,
    queryBias,
    outBias,
    feedForwardBias,
    dropout = 0,
  } = config;
  const [queryDim, keyDim] = [numHeads * headDim, numKeyValueHeads * headDim];
  const norm = normOf(config);
  const headNorm = normOf({ ...config, norm: "rms" }, headDim);

  function project(params: Traced<LanguageModelBlockParams>, x: Tensor, mode: Mode): [Tensor, Tensor, Tensor] {
    const { qkv, query, key, value } = params;
    if (!qkv) return [query!, key!, value!].map((p) => applyLoraLinear(p, x, lora, mode)) as [Tensor, Tensor, Tensor];
    const all = applyLoraLinear(qkv, x, lora, mode);
    const part = (from: number, to: number) => slice(all, [...all.shape.slice(1).map(() => null), [from, to]]);
    return [part(0, queryDim), part(queryDim, queryDim + keyDim), part(queryDim + keyDim, queryDim + 2 * keyDim)];
  }

  return {
    init(random: Random): LanguageModelBlockParams {
      const map = (from: number, to: number, withBias: boolean) => linear(from, to, { bias: withBias }).init(random);
      const attention = config.fusedAttention
        ? { qkv: map(dim, queryDim + 2 * keyDim, queryBias) }
        : {
            query: map(dim, queryDim, queryBias),
            key: map(dim, keyDim, queryBias),
            value: map(dim, keyDim, queryBias),
          };
      return {
        attentionNorm: norm.init(random),
        ...attention,
        ...(config.queryKeyNorm && { queryNorm: headNorm.init(random), keyNorm: headNorm.init(random) }),
        out: map(queryDim, dim, outBias),
        feedForwardNorm: norm.init(random),
        ...(config.gated && { gate: map(dim, hiddenDim, feedForwardBias) }),
        up: map(dim, hiddenDim, feedForwardBias),
        down: map(hiddenDim, dim, feedForwardBias),
      };
    },

    /**
     * The block's output, and the keys and values of the tokens of `x`.
     *
     * @param x - float [batch, seq, dim]; with `past` one token of each text, which also sees those in it: [batch, dim]
     * @returns y as x; float [batch, reads, dim] where places are wanted
     */
    apply(
      params: Traced<LanguageModelBlockParams>,
      x: Tensor,
      { bias, angles, wanted }: BlockContext,
      mode: Mode,
      past?: KeyValueCache,
    ): { y: Tensor; own: KeyValueCache } {
      const drop = (y: Tensor) => applyDropout(y, dropout, mode);
      const read = norm.apply(params.attentionNorm, x, mode);
      const [q, k, v] = project(params, read, mode).map((y) => splitHeads(y, headDim)) as [Tensor, Tensor, Tensor];
      const turn = (y: Tensor, weight: Traced<NormParams> | undefined) => {
        const normed = weight ? headNorm.apply(weight, y, mode) : y;
        return angles ? applyRotary(normed, angles.cos, angles.sin) : normed;
      };
      const [query, key] = [turn(q, params.queryNorm), turn(k, params.keyNorm)];
      const own = { key, value: v };
      const heads = past
        ? continuedAttention(query, own, past, bias)
        : groupedAttention(rowsAt(query, wanted), key, v, rowsAt(bias, wanted), drop);
      const attended = add(rowsAt(x, wanted), drop(applyLoraLinear(params.out, heads, lora, mode)));
      const normed = norm.apply(params.feedForwardNorm, attended, mode);
      const up = applyLoraLinear(params.up, normed, lora, mode);
      const activate = activations[config.activation];
      const hidden = params.gate ? mul(activate(applyLoraLinear(params.gate, normed, lora, mode)), up) : activate(up);
      return { y: add(attended, drop(applyLoraLinear(params.down, hidden, lora, mode))), own };
    },
  };
}
