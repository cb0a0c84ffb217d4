/** Which token comes next: the likeliest, one drawn, or one that a grammar allows. @module */
import type { Random } from "../../core/index.ts";

/** What may follow. */
export interface Grammar {
  /** Tokens that may follow those generated so far; the end token is among them where the text may end. Never empty. */
  allowed(generated: readonly number[]): readonly number[];
}

/** How a token is drawn. */
export interface SamplingOptions {
  /** Divides the logits: above 0; 1 draws by the model's probabilities. */
  readonly temperature?: number;
  /** Only the k likeliest; default all. */
  readonly topK?: number;
  /** Only the likeliest that together have this probability, in (0, 1]; default 1. */
  readonly topP?: number;
}

/** The place of the largest; the first of equals. */
export function greedyToken(logits: ArrayLike<number>, allowed?: readonly number[]): number {
  let best = allowed ? allowed[0]! : 0;
  const consider = (token: number) => {
    if (logits[token]! > logits[best]!) best = token;
  };
  if (allowed) allowed.forEach(consider);
  else for (let token = 1; token < logits.length; token++) consider(token);
  return best;
}

/** Probabilities of tokens: softmax over those allowed, or all; in the order of `allowed`. */
export function tokenProbabilities(
  logits: ArrayLike<number>,
  allowed: readonly number[],
  temperature = 1,
): Float64Array {
  let largest = Number.NEGATIVE_INFINITY;
  for (const token of allowed) largest = Math.max(largest, logits[token]!);
  const weights = Float64Array.from(allowed, (token) => Math.exp((logits[token]! - largest) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}

/** A token drawn by its probability. */
export function sampleToken(
  logits: ArrayLike<number>,
  { temperature = 1, topK, topP = 1 }: SamplingOptions,
  random: Random,
  allowed: readonly number[] = Array.from({ length: logits.length }, (_, token) => token),
): number {
  let tokens = allowed;
  if (topK !== undefined || topP < 1) {
    const sorted = [...allowed].sort((a, b) => logits[b]! - logits[a]! || a - b).slice(0, topK);
    let mass = 0;
    const share = tokenProbabilities(logits, sorted, temperature);
    const end = share.findIndex((probability) => {
      mass += probability;
      return mass >= topP;
    });
    tokens = end < 0 ? sorted : sorted.slice(0, end + 1);
  }
  const probabilities = tokenProbabilities(logits, tokens, temperature);
  let left = random.uniform();
  for (const [i, token] of tokens.entries()) {
    left -= probabilities[i]!;
    if (left < 0) return token;
  }
  return tokens.at(-1)!;
}

/** One of some texts, given as their tokens, then the end. A choice may be the beginning of another. */
export function choiceGrammar(choices: readonly (readonly number[])[], endToken: number): Grammar {
  const following = new Map<string, number[]>();
  for (const choice of choices) {
    [...choice, endToken].forEach((token, i) => {
      const key = choice.slice(0, i).join();
      const tokens = following.get(key) ?? [];
      if (!tokens.includes(token)) following.set(key, [...tokens, token]);
    });
  }
  return { allowed: (generated) => following.get(generated.join()) ?? [endToken] };
}

/** What a {@link textGrammar} needs to know. */
export interface TextGrammarOptions {
  /** Tokens that may take part, and the text of each. */
  readonly tokens: ReadonlyMap<number, string>;
  readonly endToken: number;
  /** Whether a text can still become whole. */
  readonly isPrefix: (text: string) => boolean;
  /** Whether a text is whole. */
  readonly isComplete: (text: string) => boolean;
}

/** Texts of a regular kind, such as numbers, whatever tokens they are cut into. */
export function textGrammar({ tokens, endToken, isPrefix, isComplete }: TextGrammarOptions): Grammar {
  const known = new Map<string, readonly number[]>();
  return {
    allowed(generated) {
      const text = generated.map((token) => tokens.get(token) ?? "").join("");
      const before = known.get(text);
      if (before) return before;
      const following = [...tokens].flatMap(([token, own]) => (isPrefix(text + own) ? [token] : []));
      const all = isComplete(text) || following.length === 0 ? [...following, endToken] : following;
      known.set(text, all);
      return all;
    },
  };
}
