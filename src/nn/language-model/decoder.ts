/** Texts continued token by token, many at a time. @module */
import { max } from "simple-statistics";
import { ConfigError, type HostTensor, hostTensor, inTurn, mapTree, type Tree } from "../../core/index.ts";
import { type Compiled, compile, constant, type Tensor } from "../../engine/index.ts";
import type { Traced } from "../layer.ts";
import type { LoraSettings } from "../lora.ts";
import type { KeyValueCache } from "./block.ts";
import { causalLanguageModel, emptyKeyValueCache, type LanguageModelParams } from "./causal-language-model.ts";
import type { LanguageModelConfig } from "./config.ts";

/** A model ready to be run: what {@link createDecoder} and {@link createScorer} take. */
export interface TrainedLanguageModel {
  readonly config: LanguageModelConfig;
  readonly params: LanguageModelParams;
  /** How additions are run, where there are any. */
  readonly lora?: LoraSettings;
}

/** How {@link Decoder.generate} goes. */
export interface GenerateOptions {
  /** Most tokens a text. */
  readonly maxTokens: number;
  /** The next token of text `row`, given the logits, float32 [vocabSize], and what it has so far; undefined ends it. */
  readonly choose: (row: number, logits: Float32Array, generated: readonly number[]) => number | undefined;
  readonly signal?: AbortSignal;
}

/** Continues texts. */
export interface Decoder {
  /**
   * Continues each of `prompts`, which have at least one token each.
   *
   * @returns the tokens chosen, a list a prompt
   * @throws {ConfigError} where a prompt and its continuation are longer than the model's context
   */
  generate(prompts: readonly (readonly number[])[], options: GenerateOptions): Promise<number[][]>;
  /** Frees what was compiled. */
  dispose(): Promise<void>;
}

const roundUp = (value: number, multiple: number) => Math.ceil(value / multiple) * multiple;

/** Parameters as constants of a traced function: ONNX Runtime lays them out once, when the function is compiled. */
export function constantParams(params: LanguageModelParams): Traced<LanguageModelParams> {
  return mapTree(params as unknown as Tree<HostTensor>, (leaf) =>
    constant(leaf),
  ) as unknown as Traced<LanguageModelParams>;
}

/** Writes the keys and values of tokens, float32 [batch, numKeyValueHeads, seq, headDim], into a cache: those of text `row` from `positions[row]` on. */
function store(
  past: readonly KeyValueCache<HostTensor>[],
  own: readonly KeyValueCache<HostTensor>[],
  positions: Int32Array,
): void {
  const [batch, heads, maxSeq, headDim] = past[0]!.key.shape as [number, number, number, number];
  const seq = own[0]!.key.shape[2]!;
  for (const [i, layer] of own.entries()) {
    for (const part of ["key", "value"] as const) {
      const [from, to] = [layer[part].data as Float32Array, past[i]![part].data as Float32Array];
      for (let head = 0; head < batch * heads; head++) {
        const offset = (head * maxSeq + positions[Math.floor(head / heads)]!) * headDim;
        for (let j = 0; j < seq * headDim; j++) to[offset + j] = from[head * seq * headDim + j]!;
      }
    }
  }
}

/**
 * Prepares a model for decoding with cached keys and values.
 *
 * @param options - `batchSize`: texts that are continued together, at most; default 16; `threads`: inside an
 *   operator; default all cores
 * @example
 * ```ts
 * const decoder = createDecoder({ config, params }, { batchSize: 1 });
 * const [tokens] = await decoder.generate([[1]], { maxTokens: 50, choose: (_, logits) => greedyToken(logits) });
 * ```
 */
export function createDecoder(
  { config, params, lora = {} }: TrainedLanguageModel,
  { batchSize = 16, threads }: { readonly batchSize?: number; readonly threads?: number } = {},
): Decoder {
  const model = causalLanguageModel(config, lora);
  const options = threads === undefined ? {} : { threads };
  type Read = { logits: Tensor; own: KeyValueCache[] };
  const prefill: Compiled<[Tensor, Tensor], Read> = compile((tokens, lengths) => {
    const { logits, own } = model.prefill(constantParams(params), tokens, lengths);
    return { logits, own: [...own] };
  }, options);
  const step: Compiled<[Tensor, Tensor, KeyValueCache[]], Read> = compile((tokens, positions, past) => {
    const { logits, own } = model.step(constantParams(params), tokens, positions, past);
    return { logits, own: [...own] };
  }, options);
  const caches = new Map<string, KeyValueCache<HostTensor>[]>();
  /** Room for keys and values. What earlier texts left is hidden by the positions of later ones. */
  const cacheFor = (batch: number, maxSeq: number) => {
    const key = `${batch} ${maxSeq}`;
    const known = caches.get(key);
    if (known) return known;
    const made = emptyKeyValueCache(config, batch, maxSeq);
    caches.set(key, made);
    return made;
  };

  async function continueBatch(
    prompts: readonly (readonly number[])[],
    first: number,
    maxSeq: number,
    { maxTokens, choose, signal }: GenerateOptions,
  ): Promise<number[][]> {
    const batch = prompts.length;
    const seq = Math.min(maxSeq, roundUp(Math.max(...prompts.map((prompt) => prompt.length)), 8));
    const tokens = new Int32Array(batch * seq);
    prompts.forEach((prompt, row) => {
      tokens.set(prompt, row * seq);
    });
    const lengths = Int32Array.from(prompts, (prompt) => prompt.length);
    const filled = await prefill(hostTensor(tokens, [batch, seq]), hostTensor(lengths, [batch]));
    const past = cacheFor(batch, maxSeq);
    store(past, filled.own, new Int32Array(batch));
    const generated = prompts.map((): number[] => []);
    const open = prompts.map(() => true);
    const vocabSize = config.vocabSize;
    let logits = filled.logits.data as Float32Array;
    for (let count = 0; count < maxTokens; count++) {
      signal?.throwIfAborted();
      const next = new Int32Array(batch);
      prompts.forEach((_, row) => {
        if (!open[row]) return;
        const own = generated[row]!;
        const chosen = choose(first + row, logits.subarray(row * vocabSize, (row + 1) * vocabSize), own);
        if (chosen === undefined) open[row] = false;
        else {
          own.push(chosen);
          next[row] = chosen;
        }
      });
      if (count + 1 === maxTokens || !open.includes(true)) break;
      // A text that has ended writes behind its end, where nobody reads any more.
      const positions = Int32Array.from(
        prompts,
        (prompt, row) => prompt.length + Math.max(0, generated[row]!.length - 1),
      );
      const read = await step(hostTensor(next, [batch]), hostTensor(positions, [batch]), past);
      store(past, read.own, positions);
      logits = read.logits.data as Float32Array;
    }
    return generated;
  }

  // All texts of one shape share a cache.
  const after = inTurn();

  return {
    generate: (prompts, generation) =>
      after(async () => {
        const longest = max([0, ...prompts.map((prompt) => prompt.length)]) + generation.maxTokens;
        if (longest > config.contextLength) {
          throw new ConfigError({
            where: "generate",
            expected: `prompt and continuation within the model's context of ${config.contextLength} tokens`,
            found: `${longest}`,
          });
        }
        const maxSeq = Math.min(config.contextLength, roundUp(longest, 32));
        const out: number[][] = [];
        for (let start = 0; start < prompts.length; start += batchSize) {
          const some = prompts.slice(start, start + batchSize);
          out.push(...(await continueBatch(some, start, maxSeq, generation)));
        }
        return out;
      }),
    async dispose() {
      await prefill.dispose();
      await step.dispose();
      caches.clear();
    },
  };
}
