/** Predictions of a fine-tuned model: from probabilities of texts, or from the text it writes. @module */
import { max } from "simple-statistics";
import { Random } from "../../core/index.ts";
import {
  choiceGrammar,
  createDecoder,
  createScorer,
  type Grammar,
  greedyToken,
  sampleToken,
  type TrainedLanguageModel,
  textGrammar,
  tokenProbabilities,
} from "../../nn/index.ts";
import { answerTokens, promptTokens, type Writing } from "./examples.ts";
import { numberPattern } from "./number-format.ts";
import type { Row, Value } from "./schema.ts";
import { readAnswer } from "./template.ts";

/** A model that was fine-tuned on a table. */
export interface LiftModel extends TrainedLanguageModel, Writing {}

/** What is predicted of a row. */
export interface Prediction {
  /** A class or a number; undefined where the model wrote neither. */
  readonly value: Value;
  /** Whether the text is one of the answers that the target has. */
  readonly valid: boolean;
  /** The text that the prediction was read from. */
  readonly raw: string;
  /** Of each class, in the order of the schema's; they add up to 1. */
  readonly probabilities?: readonly number[];
  /** Of a number: the range that holds nine tenths of the probability. */
  readonly interval?: readonly [low: number, high: number];
}

/** How predictions are made. */
export interface PredictOptions {
  /**
   * `constrained`: classes by the likelihood of their texts, numbers by digits that make a number; always valid. `free`: whatever the
   * model writes, read as an answer. Default `constrained`.
   */
  readonly decode?: "constrained" | "free";
  /** Which number stands for a distribution: its median, or the text with the likeliest digits one by one. Default `median`. */
  readonly point?: "median" | "mode";
  /** Whether numbers come with an interval; default false. */
  readonly interval?: boolean;
  /** Threads inside an operator; default all cores. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly progress?: (fraction: number) => void;
}

/** Most tokens of a free answer. */
const freeTokens = 24;

/** Most tokens of an answer of the target. */
function longestAnswer(model: LiftModel): number {
  const { target } = model.schema;
  if (target.kind === "number") return target.format.kind === "plain" ? freeTokens : 24;
  return Math.max(...target.classes.map((name) => answerTokens(model, name).length));
}

/** The rows' prompts. */
const promptsOf = (model: LiftModel, rows: readonly Row[]) => rows.map((row) => promptTokens(model, row));

/** Tokens of which numbers are made, with their texts; a space before a number may be one of its tokens. */
function numberTokens({ tokenizer }: LiftModel): Map<number, string> {
  const all = Array.from({ length: tokenizer.vocabSize }, (_, token) => [token, tokenizer.tokenText(token)] as const);
  return new Map(all.filter(([, text]) => /^ ?[-+]?[0-9.]+$|^[ +-]$|^ [+-]$/.test(text)));
}

/** What may be written in answer: one of the classes, or a number. */
function answerGrammar(model: LiftModel): Grammar {
  const { schema, tokenizer, template } = model;
  const { target } = schema;
  if (target.kind === "classes") {
    return choiceGrammar(
      target.classes.map((name) => answerTokens(model, name).slice(0, -1)),
      tokenizer.endToken,
    );
  }
  const pattern = numberPattern(target.format);
  const { answerPrefix } = template;
  return textGrammar({
    tokens: numberTokens(model),
    endToken: tokenizer.endToken,
    isPrefix: (text) =>
      answerPrefix.startsWith(text) ||
      (text.startsWith(answerPrefix) && pattern.isPrefix(text.slice(answerPrefix.length))),
    isComplete: (text) => text.startsWith(answerPrefix) && pattern.isComplete(text.slice(answerPrefix.length)),
  });
}

/** Reads a generated text. */
function readGenerated({ schema, tokenizer }: LiftModel, tokens: readonly number[]): Prediction {
  const end = tokens.indexOf(tokenizer.endToken);
  const raw = tokenizer.decode(end < 0 ? tokens : tokens.slice(0, end));
  const value = readAnswer(schema.target, raw);
  return { value, valid: value !== undefined, raw: raw.trim() };
}

type Choose = (row: number, logits: Float32Array, generated: readonly number[]) => number | undefined;

/** Writes an answer to each prompt. */
async function generate(
  model: LiftModel,
  prompts: readonly (readonly number[])[],
  maxTokens: number,
  choose: Choose,
  { threads, signal }: PredictOptions,
): Promise<number[][]> {
  const { endToken } = model.tokenizer;
  const decoder = createDecoder(model, {
    batchSize: Math.min(64, Math.max(1, prompts.length)),
    ...(threads && { threads }),
  });
  try {
    return await decoder.generate(prompts, {
      maxTokens: Math.min(maxTokens, model.config.contextLength - max(prompts.map(({ length }) => length))),
      choose: (row, logits, own) => (own.at(-1) === endToken ? undefined : choose(row, logits, own)),
      ...(signal && { signal }),
    });
  } finally {
    await decoder.dispose();
  }
}

/** Classes by the likelihood of their whole texts, the end included: so `1` is told apart from `10`. */
async function classify(model: LiftModel, rows: readonly Row[], options: PredictOptions): Promise<Prediction[]> {
  const { target } = model.schema;
  const classes = target.kind === "classes" ? target.classes : [];
  const completions = classes.map((name) => answerTokens(model, name));
  const scorer = createScorer(model, options.threads ? { threads: options.threads } : {});
  try {
    const out: Prediction[] = [];
    const chunk = Math.max(1, Math.ceil(2048 / classes.length));
    for (let start = 0; start < rows.length; start += chunk) {
      const prompts = promptsOf(model, rows.slice(start, start + chunk));
      const items = prompts.flatMap((prompt) => completions.map((completion) => ({ prompt, completion })));
      const scores = await scorer.score(items, options.signal);
      prompts.forEach((_, i) => {
        const own = Array.from(scores.subarray(i * classes.length, (i + 1) * classes.length));
        const probabilities = Array.from(
          tokenProbabilities(
            own,
            own.map((_, k) => k),
          ),
        );
        const best = greedyToken(own);
        const raw = model.tokenizer.decode(completions[best]!).trim();
        out.push({ value: classes[best], valid: true, raw, probabilities });
      });
      options.progress?.(Math.min(1, (start + chunk) / rows.length));
    }
    return out;
  } finally {
    await scorer.dispose();
  }
}

/**
 * Chooses the digits of a quantile: at each place the digit at which the probability of all smaller numbers reaches it. It is exact
 * where a token is a character and all numbers are of one width.
 */
function quantileChooser(model: LiftModel, grammar: Grammar, shares: readonly number[]): Choose {
  const { tokenizer } = model;
  const state = shares.map(() => ({ below: 0, mass: 1, negative: false }));
  return (row, logits, generated) => {
    const allowed = grammar.allowed(generated);
    const own = state[row]!;
    const weight = (token: number) => {
      const text = tokenizer.tokenText(token);
      if (text === "-") return -1;
      const digit = /\d/.test(text) ? Number(text) : 0;
      return own.negative ? -digit : digit;
    };
    const sorted = [...allowed].sort((a, b) => weight(a) - weight(b) || a - b);
    const probabilities = tokenProbabilities(logits, sorted);
    let chosen = sorted.length - 1;
    for (let i = 0; i < sorted.length; i++) {
      const next = own.below + own.mass * probabilities[i]!;
      if (next >= shares[row]! || i === sorted.length - 1) {
        chosen = i;
        break;
      }
      own.below = next;
    }
    own.mass *= probabilities[chosen]!;
    const token = sorted[chosen]!;
    if (tokenizer.tokenText(token) === "-") own.negative = true;
    return token;
  };
}

const intervalShares = [0.05, 0.95] as const;

/** Whether quantiles can be read digit by digit: numbers of one width, a token a character. */
function hasDigitQuantiles({ schema, tokenizer }: LiftModel): boolean {
  const { target } = schema;
  return target.kind === "number" && target.format.kind === "fixed" && tokenizer.encode("0123456789").length === 10;
}

async function regress(model: LiftModel, rows: readonly Row[], options: PredictOptions): Promise<Prediction[]> {
  const { target } = model.schema;
  const grammar = answerGrammar(model);
  const prompts = promptsOf(model, rows);
  const exact = hasDigitQuantiles(model);
  const maxTokens = longestAnswer(model);
  const byQuantile = async (share: number) => {
    const chooser = quantileChooser(
      model,
      grammar,
      rows.map(() => share),
    );
    const texts = await generate(model, prompts, maxTokens, chooser, options);
    return texts.map((tokens) => readGenerated(model, tokens));
  };
  const useMedian = (options.point ?? "median") === "median" && exact;
  const points = useMedian
    ? await byQuantile(0.5)
    : (
        await generate(
          model,
          prompts,
          maxTokens,
          (_, logits, own) => greedyToken(logits, grammar.allowed(own)),
          options,
        )
      ).map((tokens) => readGenerated(model, tokens));
  if (!options.interval || !exact || target.kind !== "number") return points;
  const [low, high] = [await byQuantile(intervalShares[0]), await byQuantile(intervalShares[1])];
  return points.map((point, i) => ({ ...point, interval: [Number(low[i]!.value), Number(high[i]!.value)] as const }));
}

/**
 * What a model predicts of rows.
 *
 * @example
 * ```ts
 * const [first] = await predictRows(model, [[5.1, 3.5, 1.4, 0.2]]);
 * first.value; // "setosa"
 * ```
 */
export async function predictRows(
  model: LiftModel,
  rows: readonly Row[],
  options: PredictOptions = {},
): Promise<Prediction[]> {
  if (rows.length === 0) return [];
  if (options.decode === "free") {
    const choose: Choose = (_, logits) => greedyToken(logits);
    const texts = await generate(
      model,
      promptsOf(model, rows),
      Math.max(freeTokens, longestAnswer(model)),
      choose,
      options,
    );
    return texts.map((tokens) => readGenerated(model, tokens));
  }
  return model.schema.target.kind === "classes" ? classify(model, rows, options) : regress(model, rows, options);
}

/**
 * Answers drawn by the model's own probabilities, several a row: how sure it is.
 *
 * @param options.temperature - 1 draws by the model's probabilities
 * @returns for each row its `samples` answers
 * @remarks Source: Dinh et al. (2022), section on prediction confidence.
 */
export async function sampleAnswers(
  model: LiftModel,
  rows: readonly Row[],
  options: PredictOptions & { readonly samples: number; readonly temperature?: number; readonly seed: number },
): Promise<Value[][]> {
  const { samples, temperature = 1, seed } = options;
  const grammar = answerGrammar(model);
  const random = new Random(seed, "answers");
  const prompts = promptsOf(model, rows).flatMap((prompt) => Array.from({ length: samples }, () => prompt));
  const choose: Choose = (_, logits, own) => sampleToken(logits, { temperature }, random, grammar.allowed(own));
  const texts = await generate(model, prompts, longestAnswer(model), choose, options);
  return rows.map((_, i) =>
    texts.slice(i * samples, (i + 1) * samples).map((tokens) => readGenerated(model, tokens).value),
  );
}
