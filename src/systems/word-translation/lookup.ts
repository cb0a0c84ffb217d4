/** Single words looked up in a run, in either direction. @module */
import { DataError, nearest } from "../../core/index.ts";
import type { TranslationRun } from "./run-folder.ts";
import { normalizeWord } from "./vocabulary.ts";

export interface FoundTranslation {
  readonly word: string;
  readonly score: number;
}

/** What a word means in the other language, best first. */
export interface LookedUp {
  /** The word as the vocabulary has it. */
  readonly word: string;
  /** Its translations as a word of the source language; null where it is none. */
  readonly toTarget: readonly FoundTranslation[] | null;
  /** Its translations as a word of the target language; null where it is none. */
  readonly toSource: readonly FoundTranslation[] | null;
}

/** Words among which a likely misspelling is looked for. */
const mostCompared = 20_000;

/**
 * Looks a word up in both directions.
 *
 * @param k - translations to give, at most as many as the run keeps
 * @throws {DataError} where neither vocabulary knows the word, with a word that is written much like it
 */
export function lookUp({ source, target, best, record }: TranslationRun, text: string, k: number): LookedUp {
  const word = normalizeWord(text, record.config.keepCase);
  const from = (side: "source" | "target"): FoundTranslation[] | null => {
    const [words, others] = side === "source" ? [source, target] : [target, source];
    const i = words.indexOf(word);
    if (i < 0) return null;
    const { k: kept, indices, scores } = best[side];
    return Array.from({ length: Math.min(k, kept) }, (_, rank) => ({
      word: others[indices[i * kept + rank]],
      score: scores[i * kept + rank],
    }));
  };
  const [toTarget, toSource] = [from("source"), from("target")];
  if (!toTarget && !toSource) {
    const near = nearest(word, [...source.slice(0, mostCompared), ...target.slice(0, mostCompared)]);
    throw new DataError({
      where: `"${text}"`,
      expected: `a word of the ${source.length} source or ${target.length} target words`,
      found: "none of them",
      ...(near !== undefined && { hint: `did you mean ${near}?` }),
    });
  }
  return { word, toTarget, toSource };
}
