/** How often the right translation is found. @module */
import { takeRows } from "../../linalg/index.ts";
import type { Pairs } from "./pairs.ts";
import { type Best, type Evidence, type Scoring, selectBest, type Work } from "./similarity.ts";

/** Ranks that are looked at. */
const mostRanks = 10;

/** Precision over source words, any of a word's right targets counting. */
export interface Precision {
  /** Source words that were looked up. */
  readonly words: number;
  /** Share of them whose best target is right. */
  readonly "p@1": number;
  readonly "p@5": number;
  readonly "p@10": number;
  /** Mean of 1 / rank of the first right target, 0 beyond rank 10. */
  readonly mrr: number;
}

/** Rank of the first right target of each word, from 1; 0 where it is not among the first. */
export interface Ranks {
  /** Ascending. */
  readonly words: Int32Array;
  readonly ranks: Uint8Array;
}

/** The precision of the words for which `keep` holds; null where there are none. */
export function precisionOf({ words, ranks }: Ranks, keep: (word: number) => boolean = () => true): Precision | null {
  const chosen = Array.from(ranks).filter((_, i) => keep(words[i]));
  if (chosen.length === 0) return null;
  const share = (most: number) => chosen.filter((rank) => rank > 0 && rank <= most).length / chosen.length;
  return {
    words: chosen.length,
    "p@1": share(1),
    "p@5": share(5),
    "p@10": share(10),
    mrr: chosen.reduce((sum, rank) => sum + (rank > 0 ? 1 / rank : 0), 0) / chosen.length,
  };
}

function restrictEvidence(evidence: Evidence, chosen: Int32Array): Evidence {
  if (!evidence.words) return { ...evidence, source: takeRows(evidence.source, chosen) };
  const rowOf = new Map(Array.from(evidence.words.source, (word, row) => [word, row]));
  const known = Array.from(chosen.keys()).filter((i) => rowOf.has(chosen[i]));
  return {
    ...evidence,
    source: takeRows(
      evidence.source,
      known.map((i) => rowOf.get(chosen[i]) ?? 0),
    ),
    words: { ...evidence.words, source: Int32Array.from(known) },
  };
}

/** The scoring of some source words only. @param chosen - ascending */
function restrictSource(scoring: Scoring, chosen: Int32Array): Scoring {
  const { penalties } = scoring;
  return {
    ...scoring,
    sourceCount: chosen.length,
    evidence: scoring.evidence.map((evidence) => restrictEvidence(evidence, chosen)),
    ...(penalties && { penalties: { ...penalties, source: Float32Array.from(chosen, (i) => penalties.source[i]) } }),
  };
}

/**
 * The k best targets of some source words.
 *
 * @param chosen - positions of the words, ascending
 */
async function bestOf(scoring: Scoring, chosen: Int32Array, k: number, work: Work): Promise<Best> {
  return (await selectBest(restrictSource(scoring, chosen), { sourceK: k, targetK: 0 }, work)).source;
}

/** The right targets of each source word of some pairs. */
function targetsOf({ source, target }: Pairs): Map<number, Set<number>> {
  const right = new Map<number, Set<number>>();
  source.forEach((word, i) => {
    const targets = right.get(word) ?? new Set();
    right.set(word, targets.add(target[i]));
  });
  return right;
}

/** Ranks of right targets in lists of the best; `rowOf` says where a word's list is. */
function ranksIn({ k, indices }: Best, right: Map<number, Set<number>>, rowOf: (word: number, i: number) => number) {
  const words = Int32Array.from(right.keys()).sort();
  const ranks = Uint8Array.from(words, (word, i) => {
    const first = rowOf(word, i) * k;
    const list = indices.subarray(first, first + Math.min(k, mostRanks));
    return list.findIndex((target) => right.get(word)?.has(target) === true) + 1;
  });
  return { words, ranks };
}

/** The rank of the first right target of every source word of `gold`, by a scoring. */
export async function rankPairs(scoring: Scoring, gold: Pairs, work: Work): Promise<Ranks> {
  const right = targetsOf(gold);
  const best = await bestOf(scoring, Int32Array.from(right.keys()).sort(), mostRanks, work);
  return ranksIn(best, right, (_, i) => i);
}

/** The same in lists of the best that are there for all source words. */
export function rankInLists(best: Best, gold: Pairs): Ranks {
  return ranksIn(best, targetsOf(gold), (word) => word);
}

/** Frequency bins: bounds on the position in the vocabulary. */
const binEdges = [0, 500, 1000, 2000, 5000, 10_000, 50_000, Number.POSITIVE_INFINITY];

/** A dictionary held against a right one. */
export interface Evaluation extends Precision {
  /** Words of the gold dictionary's source side. */
  readonly goldWords: number;
  /** Share of them that the vocabulary knows, with at least one right target: those that are looked up. */
  readonly coverage: number;
  /** p@1 where words that are not covered count as wrong. */
  readonly "p@1OfAll": number;
  /** Target words that compete for each source word. */
  readonly candidates: number;
  /** By position in the source vocabulary, the most frequent first. */
  readonly byFrequency: readonly (Precision & { readonly from: number; readonly to: number })[];
  /** Of the words that images tell much of, and of the others; null without images. */
  readonly visual: Precision | null;
  readonly nonVisual: Precision | null;
}

/** Everything that is told of ranks. */
export function summarizeRanks(
  ranks: Ranks,
  goldWords: number,
  vocabulary: { readonly source: number; readonly target: number; readonly visual?: Int32Array | undefined },
): Evaluation {
  const all = precisionOf(ranks) ?? { words: 0, "p@1": 0, "p@5": 0, "p@10": 0, mrr: 0 };
  const visual = vocabulary.visual && new Set(vocabulary.visual);
  const bins = binEdges.slice(0, -1).flatMap((from, i) => {
    const to = Math.min(binEdges[i + 1], vocabulary.source);
    const found = precisionOf(ranks, (word) => word >= from && word < to);
    return found ? [{ from, to, ...found }] : [];
  });
  const coverage = all.words / goldWords;
  return {
    goldWords,
    coverage,
    ...all,
    "p@1OfAll": all["p@1"] * coverage,
    candidates: vocabulary.target,
    byFrequency: bins,
    visual: visual ? precisionOf(ranks, (word) => visual.has(word)) : null,
    nonVisual: visual ? precisionOf(ranks, (word) => !visual.has(word)) : null,
  };
}
