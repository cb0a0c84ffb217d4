/** config.json of Hugging Face's models, as a {@link LanguageModelConfig} and back. @module */
import { z } from "zod";
import { DataError } from "../../core/index.ts";
import { gpt2Config, type LanguageModelConfig, llamaConfig, type RotaryOptions } from "../../nn/index.ts";

const size = z.number().int().positive();

const gpt2Schema = z.object({
  model_type: z.literal("gpt2"),
  vocab_size: size,
  n_positions: size,
  n_embd: size,
  n_layer: size,
  n_head: size,
  n_inner: size.nullish(),
  activation_function: z.enum(["gelu_new", "gelu_pytorch_tanh", "gelu", "relu", "silu"]).default("gelu_new"),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  tie_word_embeddings: z.boolean().default(true),
});

const llamaSchema = z.object({
  model_type: z.enum(["llama", "mistral", "qwen2", "qwen3"]),
  vocab_size: size,
  max_position_embeddings: size,
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: size.nullish(),
  head_dim: size.nullish(),
  intermediate_size: size,
  hidden_act: z.literal("silu").default("silu"),
  rms_norm_eps: z.number().positive().default(1e-6),
  rope_theta: z.number().positive().default(10_000),
  rope_scaling: z.record(z.string(), z.unknown()).nullish(),
  rope_parameters: z.record(z.string(), z.unknown()).nullish(),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  sliding_window: z.number().nullish(),
  use_sliding_window: z.boolean().nullish(),
  tie_word_embeddings: z.boolean().default(false),
});

const activations = {
  gelu_new: "gelu-tanh",
  gelu_pytorch_tanh: "gelu-tanh",
  gelu: "gelu",
  relu: "relu",
  silu: "silu",
} as const;

/** What can be read. */
const families = ["gpt2", ...llamaSchema.shape.model_type.options];

function parse<T extends z.ZodType>(schema: T, config: Record<string, unknown>, where: string): z.output<T> {
  const result = schema.safeParse(config);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const key = issue.path.join(".");
  const value = JSON.stringify(config[String(issue.path[0])]) ?? "nothing";
  throw new DataError({ where: `${where}, "${key}"`, expected: issue.message.toLowerCase(), found: value });
}

function rotaryOf(config: z.output<typeof llamaSchema>, where: string): RotaryOptions {
  const scaling = config.rope_parameters ?? config.rope_scaling ?? {};
  const base = typeof scaling.rope_theta === "number" ? scaling.rope_theta : config.rope_theta;
  const kind = scaling.rope_type ?? scaling.type ?? "default";
  const number = (key: string): number => {
    const value = scaling[key];
    if (typeof value === "number") return value;
    const found = JSON.stringify(value) ?? "nothing";
    throw new DataError({ where: `${where}, rope scaling "${key}"`, expected: "a number", found });
  };
  if (kind === "default") return { base };
  if (kind === "linear") return { base, scaling: { kind, factor: number("factor") } };
  if (kind === "llama3") {
    return {
      base,
      scaling: {
        kind,
        factor: number("factor"),
        lowFrequencyFactor: number("low_freq_factor"),
        highFrequencyFactor: number("high_freq_factor"),
        originalContextLength: number("original_max_position_embeddings"),
      },
    };
  }
  const found = JSON.stringify(kind);
  throw new DataError({ where: `${where}, rope scaling`, expected: "default, linear or llama3", found });
}

/**
 * The model that a config.json describes: GPT-2, or one of the Llama family (Llama, SmolLM, TinyLlama, Mistral without a sliding
 * window, Qwen2, Qwen2.5, Qwen3).
 *
 * @param where - the file's path, for errors
 * @throws {DataError} where it is of another family, or lacks what the family needs
 */
export function fromHuggingFaceConfig(config: Record<string, unknown>, where: string): LanguageModelConfig {
  if (config.model_type === "gpt2") {
    const c = parse(gpt2Schema, config, where);
    return gpt2Config({
      vocabSize: c.vocab_size,
      contextLength: c.n_positions,
      dim: c.n_embd,
      numLayers: c.n_layer,
      numHeads: c.n_head,
      hiddenDim: c.n_inner ?? 4 * c.n_embd,
      activation: activations[c.activation_function],
      normEpsilon: c.layer_norm_epsilon,
      tiedHead: c.tie_word_embeddings,
    });
  }
  if (!families.includes(String(config.model_type))) {
    const found = JSON.stringify(config.model_type) ?? "nothing";
    throw new DataError({ where: `${where}, "model_type"`, expected: `one of ${families.join(", ")}`, found });
  }
  const c = parse(llamaSchema, config, where);
  const slides = c.model_type === "mistral" ? c.sliding_window : c.use_sliding_window && c.sliding_window;
  if (slides && slides < c.max_position_embeddings) {
    const found = `a window of ${slides} tokens`;
    throw new DataError({ where: `${where}, "sliding_window"`, expected: "attention to the whole context", found });
  }
  return llamaConfig({
    vocabSize: c.vocab_size,
    contextLength: c.max_position_embeddings,
    dim: c.hidden_size,
    numLayers: c.num_hidden_layers,
    numHeads: c.num_attention_heads,
    numKeyValueHeads: c.num_key_value_heads ?? c.num_attention_heads,
    headDim: c.head_dim ?? c.hidden_size / c.num_attention_heads,
    hiddenDim: c.intermediate_size,
    normEpsilon: c.rms_norm_eps,
    rotary: rotaryOf(c, where),
    queryBias: c.model_type === "qwen2" || c.attention_bias,
    outBias: c.model_type !== "qwen2" && c.attention_bias,
    feedForwardBias: c.mlp_bias,
    queryKeyNorm: c.model_type === "qwen3",
    tiedHead: c.tie_word_embeddings,
  });
}

/** config.json of a model, for other tools; the reverse of `fromHuggingFaceConfig`. */
export function toHuggingFaceConfig(config: LanguageModelConfig): Record<string, unknown> {
  const { vocabSize, contextLength, dim, numLayers, numHeads, hiddenDim, normEpsilon, rotary, tiedHead } = config;
  const shared = { vocab_size: vocabSize, tie_word_embeddings: tiedHead, torch_dtype: "float32" };
  if (!rotary) {
    return {
      architectures: ["GPT2LMHeadModel"],
      model_type: "gpt2",
      ...shared,
      n_positions: contextLength,
      n_embd: dim,
      n_layer: numLayers,
      n_head: numHeads,
      n_inner: hiddenDim,
      activation_function: { "gelu-tanh": "gelu_new", gelu: "gelu", relu: "relu", silu: "silu" }[config.activation],
      layer_norm_epsilon: normEpsilon,
    };
  }
  const family = config.queryKeyNorm ? "qwen3" : config.queryBias && !config.outBias ? "qwen2" : "llama";
  const architecture = { qwen3: "Qwen3ForCausalLM", qwen2: "Qwen2ForCausalLM", llama: "LlamaForCausalLM" }[family];
  return {
    architectures: [architecture],
    model_type: family,
    ...shared,
    max_position_embeddings: contextLength,
    hidden_size: dim,
    num_hidden_layers: numLayers,
    num_attention_heads: numHeads,
    num_key_value_heads: config.numKeyValueHeads,
    head_dim: config.headDim,
    intermediate_size: hiddenDim,
    hidden_act: "silu",
    rms_norm_eps: normEpsilon,
    attention_bias: config.outBias,
    mlp_bias: config.feedForwardBias,
    rope_theta: rotary.base,
    ...(rotary.scaling && { rope_scaling: scalingToJson(rotary.scaling) }),
  };
}

function scalingToJson(scaling: NonNullable<RotaryOptions["scaling"]>): Record<string, unknown> {
  if (scaling.kind === "linear") return { rope_type: "linear", factor: scaling.factor };
  return {
    rope_type: "llama3",
    factor: scaling.factor,
    low_freq_factor: scaling.lowFrequencyFactor,
    high_freq_factor: scaling.highFrequencyFactor,
    original_max_position_embeddings: scaling.originalContextLength,
  };
}
