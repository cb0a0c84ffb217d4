/** Decoder-only language models of the GPT-2 and Llama families. @module */
import { ConfigError, type DType, type HostTensor, hostTensor, type Random, ShapeError } from "../../core/index.ts";
import {
  add,
  cast,
  constant,
  equal,
  iota,
  less,
  oneHot,
  reshape,
  type Tensor,
  take,
  where,
} from "../../engine/index.ts";
import { causalBias } from "../attention.ts";
import { applyDropout } from "../dropout.ts";
import { Mode, type Traced } from "../layer.ts";
import { applyLinear, type EmbeddingParams, embedding, linear } from "../linear.ts";
import { applyLoraLinear, type LoraLinearParams, type LoraSettings } from "../lora.ts";
import type { NormParams } from "../normalization.ts";
import { asLinearMap } from "../weight.ts";
import {
  type BlockContext,
  type KeyValueCache,
  type LanguageModelBlockParams,
  languageModelBlock,
  normOf,
  rowsAt,
} from "./block.ts";
import type { LanguageModelConfig } from "./config.ts";
import { rotaryTables } from "./rotary.ts";

/** Parameters of a language model. */
export interface LanguageModelParams {
  readonly embedding: EmbeddingParams;
  /** float32 [contextLength, dim], where positions are learned. */
  readonly positions?: EmbeddingParams;
  readonly blocks: readonly LanguageModelBlockParams[];
  readonly norm: NormParams;
  /** Where it is not the embedding's matrix. */
  readonly head?: LoraLinearParams;
}

/** What a language model reads: rows of tokens. */
export interface LanguageModelInput {
  /** int32 [batch, seq], each in [0, vocabSize) */
  readonly tokens: Tensor;
  /** int32 [batch, seq] in [0, contextLength); default 0, 1, … in each row */
  readonly positions?: Tensor;
  /** int32 [batch, seq]: tokens see those of their own segment only, so that several texts share a row; default one text a row */
  readonly segments?: Tensor;
  /** int32 [batch, reads]: columns whose logits are wanted; default all. The output matrix is the largest of small models. */
  readonly readAt?: Tensor;
}

/** A language model: whole rows at once, or a token at a time. */
export interface CausalLanguageModel {
  readonly config: LanguageModelConfig;
  /** Fresh parameters. */
  init(random: Random): LanguageModelParams;
  /** Logits of the next token: float [batch, seq or reads, vocabSize]. */
  apply(params: Traced<LanguageModelParams>, input: LanguageModelInput, mode: Mode): Tensor;
  /**
   * Reads the beginnings of texts.
   *
   * @param tokens - int32 [batch, seq], padded behind with any token
   * @param lengths - int32 [batch]: how many of a row's tokens are the text's
   * @returns logits float [batch, vocabSize] after the last token of each row, and the keys and values of each block
   */
  prefill(
    params: Traced<LanguageModelParams>,
    tokens: Tensor,
    lengths: Tensor,
  ): { logits: Tensor; own: readonly KeyValueCache[] };
  /**
   * Reads one token of each text.
   *
   * @param tokens - int32 [batch]
   * @param positions - int32 [batch]: the token's place in its text, in [0, maxSeq)
   * @param past - of each block, keys and values of the tokens before it: float [batch, numKeyValueHeads, maxSeq, headDim], of which
   *   those before `positions` are read
   * @returns logits float [batch, vocabSize] after it, and its own keys and values, for the next step's `past`
   */
  step(
    params: Traced<LanguageModelParams>,
    tokens: Tensor,
    positions: Tensor,
    past: readonly KeyValueCache[],
  ): { logits: Tensor; own: readonly KeyValueCache[] };
}

/** What must be right of a config before anything is computed. */
function checkConfig(config: LanguageModelConfig): void {
  const { numHeads, numKeyValueHeads, headDim, rotary } = config;
  const fail = (where: string, expected: string, found: number) => {
    throw new ConfigError({ where: `language model: ${where}`, expected, found: `${found}` });
  };
  for (const key of [
    "vocabSize",
    "contextLength",
    "dim",
    "numLayers",
    "numHeads",
    "numKeyValueHeads",
    "headDim",
  ] as const) {
    if (!Number.isInteger(config[key]) || config[key] < 1) fail(key, "a positive whole number", config[key]);
  }
  if (numHeads % numKeyValueHeads !== 0)
    fail("numKeyValueHeads", `a divisor of the ${numHeads} heads`, numKeyValueHeads);
  if (rotary && headDim % 2 !== 0) fail("headDim", "an even number, for rotary positions", headDim);
}

/** Added to a score that must not count: softmax makes it 0. */
const masked = -1e9;

/**
 * A decoder-only language model.
 *
 * @param lora - how additions to its linear maps run, where its parameters have any; see `addLora`
 * @throws {ConfigError} where sizes do not fit together
 * @remarks Sources: Radford et al. (2019) and Touvron et al. (2023); see {@link LanguageModelConfig}. Parameters start as GPT-2's: normal
 * with standard deviation 0.02 for tables; linear maps as in `linear`, those into the residual stream smaller by
 * sqrt(2 · numLayers).
 * @example
 * ```ts
 * const model = causalLanguageModel(gpt2Config({ vocabSize: 257, contextLength: 64, dim: 64, numLayers: 2, numHeads: 4 }));
 * const params = model.init(new Random(0));
 * ```
 */
export function causalLanguageModel(config: LanguageModelConfig, lora: LoraSettings = {}): CausalLanguageModel {
  checkConfig(config);
  const { vocabSize, contextLength, dim, numLayers, headDim, rotary, dropout = 0 } = config;
  const block = languageModelBlock(config, lora);
  const norm = normOf(config);
  const tables = rotary && rotaryTables(contextLength, headDim, rotary);

  /** Embeddings of tokens, and the angles of their positions: int32 [batch, seq] each. */
  function embed(params: Traced<LanguageModelParams>, tokens: Tensor, positions: Tensor) {
    const x = take(params.embedding.weight, tokens);
    if (!tables) return { x: add(x, take(params.positions!.weight, positions)) };
    const [batch, seq] = positions.shape as [number, number];
    const rows = (table: HostTensor) => reshape(take(constant(table), positions), [batch, 1, seq, headDim]);
    return { x, angles: { cos: rows(tables.cos), sin: rows(tables.sin) } };
  }

  /** All blocks over whole rows. Of the last one only what is wanted is computed. */
  function stack(
    params: Traced<LanguageModelParams>,
    x: Tensor,
    context: BlockContext,
    mode: Mode,
    wanted?: Tensor,
  ): { y: Tensor; own: readonly KeyValueCache[] } {
    // Where almost all places are wanted, picking them three times would cost more than it saves.
    const early = wanted && wanted.shape[1]! * 2 <= wanted.shape[2]!;
    let y = x;
    const own = params.blocks.map((weights, i) => {
      const narrow = early && i === params.blocks.length - 1;
      const read = block.apply(
        weights as Traced<LanguageModelBlockParams>,
        y,
        narrow ? { ...context, wanted } : context,
        mode,
      );
      y = read.y;
      return read.own;
    });
    return { y: early ? y : rowsAt(y, wanted), own };
  }

  function readOut(params: Traced<LanguageModelParams>, x: Tensor, mode: Mode): Tensor {
    const normed = norm.apply(params.norm, x, mode);
    if (params.head) return applyLoraLinear(params.head, normed, lora, mode);
    return applyLinear(normed, params.embedding.weight);
  }

  function requireFits(seq: number): void {
    if (seq <= contextLength) return;
    throw new ShapeError({
      where: "language model",
      expected: `at most ${contextLength} tokens in a row, the model's context`,
      found: `${seq}`,
    });
  }

  return {
    config,
    init(random) {
      const shrink = 1 / Math.sqrt(2 * numLayers);
      const blocks = Array.from({ length: numLayers }, () => {
        const fresh = block.init(random);
        return { ...fresh, out: scaled(fresh.out, shrink), down: scaled(fresh.down, shrink) };
      });
      return {
        embedding: embedding(vocabSize, dim, 0.02).init(random),
        ...(!rotary && { positions: embedding(contextLength, dim, 0.02).init(random) }),
        blocks,
        norm: norm.init(random),
        ...(!config.tiedHead && { head: linear(dim, vocabSize, { bias: false }).init(random) }),
      };
    },

    apply(params, { tokens, positions, segments, readAt }, mode) {
      const [batch, seq] = tokens.shape as [number, number];
      requireFits(seq);
      const places = positions ?? reshape(iota(seq), [1, seq]);
      const { x, angles } = embed(params, tokens, places);
      const order = reshape(causalBias(seq), [1, 1, seq, seq]);
      const bias = segments ? add(order, segmentBias(segments, batch, seq)) : order;
      const context: BlockContext = { bias, ...(angles && { angles }) };
      const wanted = readAt && oneHotPlaces(readAt, seq, x.dtype);
      const { y } = stack(params, applyDropout(x, dropout, mode), context, mode, wanted);
      return readOut(params, y, mode);
    },

    prefill(params, tokens, lengths) {
      const [batch, seq] = tokens.shape as [number, number];
      requireFits(seq);
      const mode = new Mode(false);
      const { x, angles } = embed(params, tokens, reshape(iota(seq), [1, seq]));
      const context: BlockContext = { bias: reshape(causalBias(seq), [1, 1, seq, seq]), ...(angles && { angles }) };
      const last = oneHotPlaces(reshape(add(lengths, -1), [batch, 1]), seq, x.dtype);
      const { y, own } = stack(params, x, context, mode, last);
      return { logits: reshape(readOut(params, y, mode), [batch, vocabSize]), own };
    },

    step(params, tokens, positions, past) {
      const batch = tokens.shape[0]!;
      const maxSeq = past[0]!.key.shape[2]!;
      const mode = new Mode(false);
      const column = reshape(positions, [batch, 1]);
      const { x: embedded, angles } = embed(params, reshape(tokens, [batch, 1]), column);
      let x = reshape(embedded, [batch, dim]);
      const context: BlockContext = {
        bias: reshape(where(less(iota(maxSeq), column), 0, masked), [batch, 1, 1, maxSeq]),
        ...(angles && { angles }),
      };
      const own = params.blocks.map((weights, i) => {
        const read = block.apply(weights as Traced<LanguageModelBlockParams>, x, context, mode, past[i]!);
        x = read.y;
        return read.own;
      });
      return { logits: readOut(params, x, mode), own };
    },
  };
}

/** Places as one-hot rows: int32 [batch, reads] -> float [batch, reads, seq]. */
function oneHotPlaces(places: Tensor, seq: number, dtype: DType): Tensor {
  return cast(oneHot(places, seq), dtype);
}

/** 0 between tokens of one segment, very negative elsewhere: float [batch, 1, seq, seq]. */
function segmentBias(segments: Tensor, batch: number, seq: number): Tensor {
  const same = equal(reshape(segments, [batch, 1, seq, 1]), reshape(segments, [batch, 1, 1, seq]));
  return where(same, 0, masked);
}

function scaled(params: LoraLinearParams, factor: number): LoraLinearParams {
  const { shape, data } = params.weight as HostTensor;
  return {
    ...params,
    weight: asLinearMap(
      hostTensor(
        Float32Array.from(data, (value) => value * factor),
        shape,
      ),
    ),
  };
}

/** Caches with room for `maxSeq` tokens of `batch` texts, all zero. */
export function emptyKeyValueCache(
  { numLayers, numKeyValueHeads, headDim }: LanguageModelConfig,
  batch: number,
  maxSeq: number,
): KeyValueCache<HostTensor>[] {
  const shape = [batch, numKeyValueHeads, maxSeq, headDim];
  const zeros = () => hostTensor(new Float32Array(batch * numKeyValueHeads * maxSeq * headDim), shape);
  return Array.from({ length: numLayers }, () => ({ key: zeros(), value: zeros() }));
}
