/** Layers as pairs of init and apply over parameter trees, and losses. @module */
export { applyGelu, applySilu, flatten, gelu, relu, silu, tanh } from "./activation.ts";
export {
  type AttentionCache,
  type AttentionOptions,
  attend,
  type CrossAttentionInput,
  type CrossAttentionParams,
  causalBias,
  crossAttention,
  emptyCache,
  paddingBias,
  type SelfAttention,
  type SelfAttentionInput,
  type SelfAttentionParams,
  selfAttention,
} from "./attention.ts";
export { averagePool2d, type Conv2dParams, conv2d, globalAveragePool2d, maxPool2d } from "./convolution.ts";
export { applyDropout, dropout } from "./dropout.ts";
export {
  type AnyLayer,
  type EmptyParams,
  filled,
  isBuffer,
  type Layer,
  lambda,
  Mode,
  normal,
  type Parameters,
  type ResidualParams,
  residual,
  type Shrink,
  sequential,
  type Traced,
  uniform,
} from "./layer.ts";
export { applyLinear, type EmbeddingParams, embedding, type LinearParams, linear } from "./linear.ts";
export { accuracy, binaryCrossEntropy, type CrossEntropyOptions, crossEntropy, meanSquaredError } from "./loss.ts";
export {
  columnImportance,
  type LowRank,
  type LowRankOptions,
  lowRank,
  mapWeights,
  maskTails,
  mergeUnprofitable,
  profitableRank,
  type RankSampler,
  type Ranks,
  ranksOf,
  sampleWidths,
  tailPenalty,
  truncateRanks,
} from "./low-rank.ts";
export { type ImageSize, lenet, mlp, resnet8 } from "./models.ts";
export {
  type BatchNormOptions,
  type BatchNormParams,
  batchNorm,
  layerNorm,
  type NormParams,
  rmsNorm,
  type ScalingParams,
  scaling,
  standardize,
} from "./normalization.ts";
export { applyReluNetwork, type ReluLayer, type ReluNetwork } from "./relu-network.ts";
export {
  type BlockOptions,
  type BlockParams,
  type CrossBlockInput,
  type CrossBlockParams,
  crossBlock,
  type FeedForwardParams,
  feedForward,
  type TransformerBlock,
  transformerBlock,
} from "./transformer.ts";
export {
  type Factors,
  factorize,
  isFactors,
  matrixSize,
  multiplyFactors,
  rankOf,
  type Weight,
} from "./weight.ts";
