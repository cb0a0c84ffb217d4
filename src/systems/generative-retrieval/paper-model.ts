/** The paper's model: an encoder of the history, code by code, and a decoder of the next item's codes. @module */
import { type HostTensor, hostTensor } from "../../core/index.ts";
import {
  add,
  cast,
  concat,
  greater,
  greaterEqual,
  iota,
  matmul,
  maximum,
  mul,
  reshape,
  slice,
  type Tensor,
  take,
  transpose,
} from "../../engine/index.ts";
import {
  applyDropout,
  type BlockParams,
  type CrossBlock,
  type CrossBlockParams,
  crossBlock,
  type EmbeddingParams,
  embedding,
  filled,
  type Layer,
  layerNorm,
  type Mode,
  type NormParams,
  paddingBias,
  type Traced,
  transformerBlock,
  uniform,
} from "../../nn/index.ts";
import type { CodeTable, Examples } from "./packing.ts";

/** Sizes of a paper model. */
export interface PaperOptions {
  readonly levels: number;
  readonly codebookSize: number;
  /** Items of the history that are read. */
  readonly length: number;
  readonly dim: number;
  /** Layers of the encoder, and as many of the decoder. */
  readonly numLayers: number;
  readonly numHeads: number;
  readonly headDim: number;
  readonly hiddenDim: number;
  readonly dropout: number;
  /** Tokens that users are hashed to; 0 for none. */
  readonly userTokens: number;
}

/** Parameters of a paper model. */
export interface PaperParams {
  /** float32 [levels · codebookSize + userTokens, dim]: a vector for each code of each level and each user token. */
  readonly tokens: EmbeddingParams;
  /** float32 [1 + length · levels, dim] */
  readonly positions: EmbeddingParams;
  readonly encoder: readonly BlockParams[];
  readonly encoderNorm: NormParams;
  /** float32 [levels, dim]: what the decoder starts from, and adds to the code before at each level after the first. */
  readonly start: EmbeddingParams;
  readonly decoder: readonly CrossBlockParams[];
  readonly decoderNorm: NormParams;
  /** float32 [levels, dim, codebookSize] and [levels, 1, codebookSize] */
  readonly head: HostTensor;
  readonly headBias: HostTensor;
}

/** A paper model: int32 [rows, 1 + length · levels + levels] to logits float32 [levels, rows, codebookSize]. */
export interface PaperModel extends Layer<PaperParams> {
  readonly blocks: readonly CrossBlock[];
  /**
   * Reads histories.
   *
   * @param tokens - int32 [rows, 1 + length · levels]: the user's token and the codes of the items as rows of the table, -1 for none
   */
  encode(params: Traced<PaperParams>, tokens: Tensor, mode: Mode): { memory: Tensor; bias: Tensor };
  /** What the decoder reads at the first level, where codes do not count, and after a code at the others: float32 [..., dim]. */
  embed(params: Traced<PaperParams>, codes: Tensor, level: Tensor): Tensor;
  /** Logits at a level from states [rows, dim]: float32 [rows, codebookSize]. */
  logits(params: Traced<PaperParams>, states: Tensor, level: Tensor, mode: Mode): Tensor;
}

/** Tokens of a history. */
export const tokenCount = ({ length, levels }: Pick<PaperOptions, "length" | "levels">) => 1 + length * levels;

/**
 * Makes a paper model.
 *
 * @remarks Source: Rajput et al. (2023), section 3.2: T5's shape. Deviations: learned positions in place of T5's relative ones, layer norm
 * with bias, a head for each level in place of one over all tokens.
 */
export function paperModel(options: PaperOptions): PaperModel {
  const { levels, codebookSize, dim, numLayers, numHeads, headDim, hiddenDim, dropout, userTokens } = options;
  const block = { dim, numHeads, headDim, hiddenDim, dropout, activation: "relu" } as const;
  const tokens = embedding(levels * codebookSize + userTokens, dim, 0.05);
  const positions = embedding(tokenCount(options), dim, 0.05);
  const start = embedding(levels, dim, 0.05);
  const encoder = Array.from({ length: numLayers }, () => transformerBlock(block));
  const decoder = Array.from({ length: numLayers }, () => crossBlock(block));
  const norm = layerNorm(dim);
  const model: PaperModel = {
    blocks: decoder,
    init: (random) => ({
      tokens: tokens.init(random),
      positions: positions.init(random),
      encoder: encoder.map((layer) => layer.init(random)),
      encoderNorm: norm.init(random),
      start: start.init(random),
      decoder: decoder.map((layer) => layer.init(random)),
      decoderNorm: norm.init(random),
      head: uniform(random, [levels, dim, codebookSize], dim ** -0.5),
      headBias: filled([levels, 1, codebookSize], 0),
    }),
    encode(params, rows, mode) {
      const bias = paddingBias(greaterEqual(rows, 0));
      const vectors = add(take(params.tokens.weight as Tensor, maximum(rows, 0)), params.positions.weight as Tensor);
      const states = encoder.reduce(
        (x, layer, i) => layer.apply((params.encoder as readonly Traced<BlockParams>[])[i], { x, bias }, mode),
        applyDropout(vectors, dropout, mode),
      );
      return { memory: norm.apply(params.encoderNorm as Traced<NormParams>, states, mode), bias };
    },
    embed(params, codes, level) {
      const before = mul(take(params.tokens.weight as Tensor, codes), cast(greater(level, 0), "float32"));
      return add(before, take(params.start.weight as Tensor, level));
    },
    logits(params, states, level, mode) {
      const normed = norm.apply(params.decoderNorm as Traced<NormParams>, states, mode);
      return add(matmul(normed, take(params.head as Tensor, level)), take(params.headBias as Tensor, level));
    },
    apply(params, inputs, mode) {
      const [rows] = inputs.shape;
      const read = tokenCount(options);
      const { memory, bias } = model.encode(params, slice(inputs, [null, [0, read]]), mode);
      const decided = slice(inputs, [null, [read, read + levels - 1]]);
      const table = add(decided, mul(iota(levels - 1), codebookSize));
      const first = take(params.start.weight as Tensor, mul(iota(rows), 0));
      const later = add(
        take(params.tokens.weight as Tensor, table),
        slice(params.start.weight as Tensor, [[1, levels]]),
      );
      const x = concat([reshape(first, [rows, 1, dim]), later], 1);
      const states = decoder.reduce(
        (y, layer, i) =>
          layer.apply(
            (params.decoder as readonly Traced<CrossBlockParams>[])[i],
            { x: y, memory, memoryBias: bias },
            mode,
          ),
        applyDropout(x, dropout, mode),
      );
      const normed = norm.apply(params.decoderNorm as Traced<NormParams>, states, mode);
      return add(matmul(transpose(normed, [1, 0, 2]), params.head as Tensor), params.headBias as Tensor);
    },
  };
  return model;
}

/** The tokens of a history: its user's, if there are user tokens, and the codes of its latest items. */
export function writeTokens(
  target: Int32Array,
  history: Int32Array,
  user: number | undefined,
  { codes }: CodeTable,
  { length, levels, codebookSize, userTokens }: PaperOptions,
): void {
  target.fill(-1);
  if (userTokens > 0 && user !== undefined) target[0] = levels * codebookSize + (user % userTokens);
  for (const [i, item] of history.subarray(-length).entries()) {
    for (let level = 0; level < levels; level++) {
      target[1 + i * levels + level] = level * codebookSize + codes[item * levels + level];
    }
  }
}

/** Training examples of a paper model: a row for every item that has one before it. */
export function slidingExamples(sequences: readonly Int32Array[], table: CodeTable, options: PaperOptions): Examples {
  const { levels } = options;
  const read = tokenCount(options);
  const features = read + levels;
  const count = sequences.reduce((sum, { length }) => sum + Math.max(0, length - 1), 0);
  const inputs = new Int32Array(count * features);
  const targets = new Int32Array(count * levels);
  let row = 0;
  for (const [user, sequence] of sequences.entries()) {
    for (let end = 1; end < sequence.length; end++) {
      const next = table.codes.subarray(sequence[end] * levels, (sequence[end] + 1) * levels);
      const own = inputs.subarray(row * features, (row + 1) * features);
      writeTokens(own.subarray(0, read), sequence.subarray(0, end), user, table, options);
      own.set(next, read);
      targets.set(next, row * levels);
      row++;
    }
  }
  return { inputs: hostTensor(inputs, [count, features]), targets: hostTensor(targets, [count, levels]), count };
}
