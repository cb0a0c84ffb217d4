/** How a rotary model turns positions into angles. */
export interface RotaryOptions {
  /** Base of the wavelengths; `rope_theta`. */
  readonly base: number;
  /** Longer contexts than the model was first trained on. */
  readonly scaling?:
    | { readonly kind: "linear"; readonly factor: number }
    | {
        readonly kind: "llama3";
        readonly factor: number;
        readonly lowFrequencyFactor: number;
        readonly highFrequencyFactor: number;
        readonly originalContextLength: number;
      };
}

/**
 * A decoder-only transformer: all that sets GPT-2, Llama, SmolLM, Qwen2 and Qwen3 apart from one another. {@link gpt2Config} and
 * {@link llamaConfig} fill in what a family has in common.
 */
export interface LanguageModelConfig {
  readonly vocabSize: number;
  /** Most tokens of a sequence. */
  readonly contextLength: number;
  readonly dim: number;
  readonly numLayers: number;
  readonly numHeads: number;
  /** Heads of keys and values, each shared by numHeads / numKeyValueHeads query heads; divides numHeads. */
  readonly numKeyValueHeads: number;
  readonly headDim: number;
  readonly hiddenDim: number;
  readonly norm: "layer" | "rms";
  /** Added to the variance or mean square. */
  readonly normEpsilon: number;
  /** Angles from positions; absent where each position has a vector of its own, added to the token's. */
  readonly rotary?: RotaryOptions;
  readonly activation: "relu" | "gelu" | "gelu-tanh" | "silu";
  /** Whether the feed-forward layer multiplies its activated half with a second one (SwiGLU). */
  readonly gated: boolean;
  /** Whether queries, keys and values come from one matrix. */
  readonly fusedAttention: boolean;
  /** Whether the projections to queries, keys and values have biases. */
  readonly queryBias: boolean;
  /** Whether the projection from the heads has a bias. */
  readonly outBias: boolean;
  /** Whether the linear maps of the feed-forward layer have biases. */
  readonly feedForwardBias: boolean;
  /** Whether queries and keys are normalised a head at a time (Qwen3). */
  readonly queryKeyNorm: boolean;
  /** Whether the output matrix is that of the token embeddings. */
  readonly tiedHead: boolean;
  /** Share dropped of the embeddings, the attention weights and what each layer adds; default 0. */
  readonly dropout?: number;
}

/** Sizes that every family needs. */
type Sizes = Pick<LanguageModelConfig, "vocabSize" | "contextLength" | "dim" | "numLayers" | "numHeads">;

/**
 * A model of the GPT-2 family: learned positions, layer norm, GELU by tanh, one matrix for queries, keys and values, tied head.
 *
 * @remarks Source: Radford et al. (2019), section 2.3.
 */
export function gpt2Config(sizes: Sizes & Partial<LanguageModelConfig>): LanguageModelConfig {
  return {
    numKeyValueHeads: sizes.numHeads,
    headDim: sizes.dim / sizes.numHeads,
    hiddenDim: 4 * sizes.dim,
    norm: "layer",
    normEpsilon: 1e-5,
    activation: "gelu-tanh",
    gated: false,
    fusedAttention: true,
    queryBias: true,
    outBias: true,
    feedForwardBias: true,
    queryKeyNorm: false,
    tiedHead: true,
    ...sizes,
  };
}

/**
 * A model of the Llama family: rotary positions, RMS norm, SwiGLU, no biases; with grouped queries where `numKeyValueHeads` says so.
 *
 * @remarks Source: Touvron et al. (2023), section 2.2; Ainslie et al. (2023) for grouped queries.
 */
export function llamaConfig(sizes: Sizes & Partial<LanguageModelConfig>): LanguageModelConfig {
  return {
    numKeyValueHeads: sizes.numHeads,
    headDim: sizes.dim / sizes.numHeads,
    hiddenDim: 4 * sizes.dim,
    norm: "rms",
    normEpsilon: 1e-5,
    rotary: { base: 10_000 },
    activation: "silu",
    gated: true,
    fusedAttention: false,
    queryBias: false,
    outBias: false,
    feedForwardBias: false,
    queryKeyNorm: false,
    tiedHead: false,
    ...sizes,
  };
}
