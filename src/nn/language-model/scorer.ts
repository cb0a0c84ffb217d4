/** How likely a model holds continuations of texts to be. @module */
import { max } from "simple-statistics";
import { ConfigError, hostTensor } from "../../core/index.ts";
import { type Compiled, compile, logSoftmax, mul, reshape, sum, type Tensor, takeAlong } from "../../engine/index.ts";
import { Mode } from "../layer.ts";
import { causalLanguageModel } from "./causal-language-model.ts";
import { constantParams, type TrainedLanguageModel } from "./decoder.ts";

/** A text and a continuation of it, as tokens. */
export interface Continuation {
  /** At least one token. */
  readonly prompt: readonly number[];
  /** At least one token. */
  readonly completion: readonly number[];
}

/** Scores continuations. */
export interface Scorer {
  /**
   * Log-likelihood of each completion after its prompt, in nats, summed over its tokens.
   *
   * @throws {ConfigError} where one is longer than the model's context
   */
  score(items: readonly Continuation[], signal?: AbortSignal): Promise<Float64Array>;
  /** Frees what was compiled. */
  dispose(): Promise<void>;
}

const roundUp = (value: number, multiple: number) => Math.ceil(value / multiple) * multiple;

/**
 * Prepares a model for scoring.
 *
 * @param options - `batchTokens`: tokens that are computed together, about; default 4096
 */
export function createScorer(
  { config, params, lora = {} }: TrainedLanguageModel,
  { batchTokens = 4096, threads }: { readonly batchTokens?: number; readonly threads?: number } = {},
): Scorer {
  const model = causalLanguageModel(config, lora);
  const run: Compiled<[Tensor, Tensor, Tensor, Tensor], Tensor> = compile(
    (tokens: Tensor, readAt: Tensor, targets: Tensor, weights: Tensor) => {
      const logits = model.apply(constantParams(params), { tokens, readAt }, new Mode(false));
      const [batch, reads] = targets.shape as [number, number];
      const picked = takeAlong(logSoftmax(logits), reshape(targets, [batch, reads, 1]));
      return sum(mul(reshape(picked, [batch, reads]), weights), -1);
    },
    threads === undefined ? {} : { threads },
  );

  return {
    async score(items, signal) {
      const longest = max([0, ...items.map(({ prompt, completion }) => prompt.length + completion.length)]);
      if (longest > config.contextLength) {
        const expected = `prompt and completion within the model's context of ${config.contextLength} tokens`;
        throw new ConfigError({ where: "score", expected, found: `${longest}` });
      }
      const seq = Math.min(config.contextLength, roundUp(longest, 8));
      const reads = roundUp(max([1, ...items.map(({ completion }) => completion.length)]), 2);
      const batch = Math.min(roundUp(items.length, 8), Math.max(8, Math.floor(batchTokens / seq)));
      const out = new Float64Array(items.length);
      for (let start = 0; start < items.length; start += batch) {
        signal?.throwIfAborted();
        const tokens = new Int32Array(batch * seq);
        const [readAt, targets] = [new Int32Array(batch * reads), new Int32Array(batch * reads)];
        const weights = new Float32Array(batch * reads);
        const some = items.slice(start, start + batch);
        some.forEach(({ prompt, completion }, row) => {
          tokens.set(prompt, row * seq);
          tokens.set(completion, row * seq + prompt.length);
          completion.forEach((token, i) => {
            readAt[row * reads + i] = prompt.length - 1 + i;
            targets[row * reads + i] = token;
            weights[row * reads + i] = 1;
          });
        });
        const shape = [batch, reads];
        const scores = await run(
          hostTensor(tokens, [batch, seq]),
          hostTensor(readAt, shape),
          hostTensor(targets, shape),
          hostTensor(weights, shape),
        );
        out.set(scores.data.subarray(0, some.length) as Float32Array, start);
      }
      return out;
    },
    dispose: () => run.dispose(),
  };
}
