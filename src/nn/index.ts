/** Layers as pairs of init and apply over parameter trees, and losses. @module */

export { applyGelu, applySilu, flatten, gelu, relu, silu, tanh } from "./activation.ts";
export {
  type AdditionOptions,
  type AdditionParams,
  isAddition,
  linearMapPaths,
  type WithAdditions,
  withAdditions,
} from "./additions.ts";
export {
  type AttentionCache,
  type AttentionMemory,
  type AttentionOptions,
  attend,
  type CrossAttention,
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
export { freezeRest, type PartlyFrozen, type TrainedLeaves } from "./frozen.ts";
export type { KeyValueCache, LanguageModelBlockParams } from "./language-model/block.ts";
export {
  type CausalLanguageModel,
  causalLanguageModel,
  emptyKeyValueCache,
  type LanguageModelInput,
  type LanguageModelParams,
} from "./language-model/causal-language-model.ts";
export {
  choiceGrammar,
  type Grammar,
  greedyToken,
  type SamplingOptions,
  sampleToken,
  type TextGrammarOptions,
  textGrammar,
  tokenProbabilities,
} from "./language-model/choose.ts";
export { gpt2Config, type LanguageModelConfig, llamaConfig, type RotaryOptions } from "./language-model/config.ts";
export {
  createDecoder,
  type Decoder,
  type GenerateOptions,
  type TrainedLanguageModel,
} from "./language-model/decoder.ts";
export { type Continuation, createScorer, type Scorer } from "./language-model/scorer.ts";
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
export {
  addLora,
  addProduct,
  applyLoraLinear,
  initLora,
  isLora,
  type LoraFactors,
  type LoraLinearParams,
  type LoraSettings,
  linearPaths,
  mergeLora,
} from "./lora.ts";
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
  ranksInUse,
  ranksOf,
  sampleWidths,
  shrinkTo,
  tailPenalty,
  truncateRanks,
} from "./low-rank.ts";
export { type ImageSize, lenet, mlp, resnet8 } from "./models.ts";
export { normPaths } from "./norm-paths.ts";
export {
  type BatchNormOptions,
  type BatchNormParams,
  batchNorm,
  layerNorm,
  type NormParams,
  rmsNorm,
  type ScalingParams,
  scaling,
} from "./normalization.ts";
export { applyReluNetwork, type ReluLayer, type ReluNetwork } from "./relu-network.ts";
export {
  type BlockOptions,
  type BlockParams,
  type CrossBlock,
  type CrossBlockInput,
  type CrossBlockParams,
  type CrossStepInput,
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
