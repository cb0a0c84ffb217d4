/** Pairs of words as positions in two vocabularies, and how they are found among scores. @module */

import type { Random } from "../../core/index.ts";
import type { Rows } from "../../linalg/index.ts";
import type { VectorPairs } from "./procrustes.ts";
import type { Best } from "./similarity.ts";

/** source[i] and target[i] are taken for translations of each other. */
export interface Pairs {
  readonly source: Int32Array;
  readonly target: Int32Array;
  /** What each pair scored, where it was found by a score. */
  readonly scores?: Float32Array;
}

/** The pairs at the given positions. */
function takePairs({ source, target, scores }: Pairs, at: ArrayLike<number>): Pairs {
  const positions = Array.from(at);
  return {
    source: Int32Array.from(positions, (i) => source[i]),
    target: Int32Array.from(positions, (i) => target[i]),
    ...(scores && { scores: Float32Array.from(positions, (i) => scores[i]) }),
  };
}

/** The pairs for which `keep` holds. */
export function filterPairs(pairs: Pairs, keep: (i: number) => boolean): Pairs {
  return takePairs(
    pairs,
    Array.from(pairs.source.keys()).filter((i) => keep(i)),
  );
}

/** One list after the other. */
export function joinPairs(a: Pairs, b: Pairs): Pairs {
  return {
    source: Int32Array.from([...a.source, ...b.source]),
    target: Int32Array.from([...a.target, ...b.target]),
  };
}

/** Every source word with its best target. */
export function bestPairs({ source }: { readonly source: Best }): Pairs {
  const { k, indices, scores } = source;
  const count = indices.length / k;
  return {
    source: Int32Array.from({ length: count }, (_, i) => i),
    target: Int32Array.from({ length: count }, (_, i) => indices[i * k]),
    scores: Float32Array.from({ length: count }, (_, i) => scores[i * k]),
  };
}

/** Pairs of words that are each other's best. */
export function mutualPairs(best: { readonly source: Best; readonly target: Best }): Pairs {
  const { indices, k } = best.target;
  const pairs = bestPairs(best);
  return filterPairs(pairs, (i) => indices[pairs.target[i] * k] === i);
}

/** Every source word with each of its k best targets. */
export function candidatePairs({ source: { k, indices, scores } }: { readonly source: Best }): Pairs {
  return { source: Int32Array.from(indices, (_, i) => Math.floor(i / k)), target: indices, scores };
}

/**
 * The value below which a share of `values` lies, interpolated linearly between the two next to it, as `numpy.quantile` does.
 *
 * @param share - in [0, 1]
 */
export function quantile(values: ArrayLike<number>, share: number): number {
  const sorted = Float64Array.from(values).sort();
  const at = share * (sorted.length - 1);
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

/** The pairs whose score is above the quantile: the best 1 - `share` of them. All where they have no scores. */
export function aboveQuantile(pairs: Pairs, share: number): Pairs {
  const { scores } = pairs;
  if (!scores || scores.length === 0 || share === 0) return pairs;
  const least = quantile(scores, share);
  return filterPairs(pairs, (i) => scores[i] > least);
}

/** The vectors of pairs, in float64. */
export function vectorsOf({ source, target }: Pairs, x: Rows, y: Rows): VectorPairs {
  const { dim } = x;
  const gather = (rows: Rows, words: Int32Array) => {
    const out = new Float64Array(words.length * dim);
    words.forEach((word, i) => {
      out.set(rows.data.subarray(word * dim, (word + 1) * dim), i * dim);
    });
    return out;
  };
  return { x: gather(x, source), y: gather(y, target), count: source.length, dim };
}

/**
 * Splits pairs at random into a part to learn from and a part to judge by, so that no word is on both sides.
 *
 * @param share - of the source words that go to the part held out
 */
export function holdOut(pairs: Pairs, share: number, random: Random): { learned: Pairs; heldOut: Pairs } {
  const words = [...new Set(pairs.source)];
  const chosen = new Set(random.shuffle(words).slice(0, Math.round(share * words.length)));
  const heldOut = filterPairs(pairs, (i) => chosen.has(pairs.source[i]));
  return { learned: withoutWordsOf(pairs, heldOut), heldOut };
}

/** The pairs that have no word in common with `others`. */
export function withoutWordsOf(pairs: Pairs, others: Pairs): Pairs {
  const [sources, targets] = [new Set(others.source), new Set(others.target)];
  return filterPairs(pairs, (i) => !sources.has(pairs.source[i]) && !targets.has(pairs.target[i]));
}
