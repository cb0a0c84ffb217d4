/** What Hugging Face's models call the parameters of a {@link LanguageModelConfig}. @module */
import type { LanguageModelConfig } from "../../nn/index.ts";

/** A parameter, here and there. */
export interface ParameterName {
  /** Its path in our tree, such as `blocks.0.query.weight`. */
  readonly path: string;
  /** Its name in the files, such as `model.layers.0.self_attn.q_proj.weight`. */
  readonly name: string;
  /** As we keep it; linear maps are [outDim, inDim]. */
  readonly shape: readonly number[];
  /** Whether the files hold its transpose: GPT-2's linear maps. */
  readonly transposed: boolean;
}

/** A linear map of a block, or a norm: its path, name and sizes. */
type Entry = readonly [path: string, name: string, shape: readonly number[], bias: boolean, transposed?: boolean];

function expand([path, name, shape, bias, transposed = false]: Entry): ParameterName[] {
  const weight = { path: `${path}.weight`, name: `${name}.weight`, shape, transposed };
  const offset = { path: `${path}.bias`, name: `${name}.bias`, shape: shape.slice(0, 1), transposed: false };
  return bias ? [weight, offset] : [weight];
}

function gpt2Entries({ vocabSize, contextLength, dim, hiddenDim, numLayers, tiedHead }: LanguageModelConfig): Entry[] {
  const blocks = Array.from({ length: numLayers }, (_, i): Entry[] => {
    const entry = (path: string, name: string, shape: readonly number[]): Entry => [
      `blocks.${i}.${path}`,
      `h.${i}.${name}`,
      shape,
      true,
      shape.length === 2,
    ];
    return [
      entry("attentionNorm", "ln_1", [dim]),
      entry("qkv", "attn.c_attn", [3 * dim, dim]),
      entry("out", "attn.c_proj", [dim, dim]),
      entry("feedForwardNorm", "ln_2", [dim]),
      entry("up", "mlp.c_fc", [hiddenDim, dim]),
      entry("down", "mlp.c_proj", [dim, hiddenDim]),
    ];
  });
  return [
    ["embedding", "wte", [vocabSize, dim], false],
    ["positions", "wpe", [contextLength, dim], false],
    ...blocks.flat(),
    ["norm", "ln_f", [dim], true],
    ...(tiedHead ? [] : [["head", "lm_head", [vocabSize, dim], false] as const]),
  ];
}

function llamaEntries(config: LanguageModelConfig): Entry[] {
  const { vocabSize, dim, hiddenDim, headDim, queryBias, outBias, feedForwardBias } = config;
  const [queryDim, keyDim] = [config.numHeads * headDim, config.numKeyValueHeads * headDim];
  const blocks = Array.from({ length: config.numLayers }, (_, i): Entry[] => {
    const entry = (path: string, name: string, shape: readonly number[], withBias = false): Entry => [
      `blocks.${i}.${path}`,
      `model.layers.${i}.${name}`,
      shape,
      withBias,
    ];
    return [
      entry("attentionNorm", "input_layernorm", [dim]),
      entry("query", "self_attn.q_proj", [queryDim, dim], queryBias),
      entry("key", "self_attn.k_proj", [keyDim, dim], queryBias),
      entry("value", "self_attn.v_proj", [keyDim, dim], queryBias),
      ...(config.queryKeyNorm
        ? [entry("queryNorm", "self_attn.q_norm", [headDim]), entry("keyNorm", "self_attn.k_norm", [headDim])]
        : []),
      entry("out", "self_attn.o_proj", [dim, queryDim], outBias),
      entry("feedForwardNorm", "post_attention_layernorm", [dim]),
      entry("gate", "mlp.gate_proj", [hiddenDim, dim], feedForwardBias),
      entry("up", "mlp.up_proj", [hiddenDim, dim], feedForwardBias),
      entry("down", "mlp.down_proj", [dim, hiddenDim], feedForwardBias),
    ];
  });
  return [
    ["embedding", "model.embed_tokens", [vocabSize, dim], false],
    ...blocks.flat(),
    ["norm", "model.norm", [dim], false],
    ...(config.tiedHead ? [] : [["head", "lm_head", [vocabSize, dim], false] as const]),
  ];
}

/** Every parameter of a model, in the order of our tree. */
export function huggingFaceNames(config: LanguageModelConfig): ParameterName[] {
  return (config.rotary ? llamaEntries(config) : gpt2Entries(config)).flatMap(expand);
}
