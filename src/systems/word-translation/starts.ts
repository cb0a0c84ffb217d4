/** The pairs of words that a map begins with. @module */
import { DataError, type Random } from "../../core/index.ts";
import type { WordPair } from "./dictionary-file.ts";
import type { Pairs } from "./pairs.ts";

/** Where the first pairs come from. */
export const startKinds = ["images", "dictionary", "identical", "numerals", "random"] as const;
export type StartKind = (typeof startKinds)[number];

/** Pairs of a random start, at most. */
const mostRandom = 1000;

const positionsOf = (words: readonly string[]) => new Map(words.map((word, i) => [word, i]));

/** The pairs of a dictionary of which both vocabularies know the word. */
export function pairsInVocabulary(
  dictionary: readonly WordPair[],
  source: readonly string[],
  target: readonly string[],
): Pairs {
  const [inSource, inTarget] = [positionsOf(source), positionsOf(target)];
  const found = dictionary.flatMap(([from, to]) => {
    const [i, j] = [inSource.get(from), inTarget.get(to)];
    return i === undefined || j === undefined ? [] : [[i, j] as const];
  });
  return { source: Int32Array.from(found, ([i]) => i), target: Int32Array.from(found, ([, j]) => j) };
}

/** Words that are written the same in both languages; `pattern` says which count. */
function sameWords(source: readonly string[], target: readonly string[], pattern: RegExp): Pairs {
  const same = source.filter((word) => pattern.test(word)).map((word): WordPair => [word, word]);
  return pairsInVocabulary(same, source, target);
}

/** Words written the same in both languages. */
export const identicalWords = (source: readonly string[], target: readonly string[]) =>
  sameWords(source, target, /\p{L}{2}|\d/u);

/** Numbers written the same in both languages. */
export const identicalNumerals = (source: readonly string[], target: readonly string[]) =>
  sameWords(source, target, /^[\d.,]*\d[\d.,]*$/);

/** Words of both languages paired at random: the control that nothing can be found from. */
export function randomPairs(source: readonly string[], target: readonly string[], random: Random): Pairs {
  const count = Math.min(source.length, target.length, mostRandom);
  return {
    source: random.permutation(source.length).slice(0, count),
    target: random.permutation(target.length).slice(0, count),
  };
}

/** Refuses a start without pairs. */
export function requirePairs(pairs: Pairs, start: StartKind): Pairs {
  if (pairs.source.length > 0) return pairs;
  const hints: Readonly<Record<StartKind, string>> = {
    images: "lower --pair-quantile, or look at the fingerprints",
    dictionary: "look whether its words are written as in the vector files, and in this order: source, then target",
    identical: "languages in different scripts share no words: give fingerprints or a --seed-dictionary",
    numerals: "these vectors know no numbers: give fingerprints or a --seed-dictionary",
    random: "give vectors of at least one word a language",
  };
  throw new DataError({
    where: `start from ${start}`,
    expected: "at least one pair of words that both vocabularies know",
    found: "none",
    hint: hints[start],
  });
}
