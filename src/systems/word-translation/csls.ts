/** Cross-domain similarity local scaling: similarity less how near a word is to everything. @module */
import type { Rows } from "../../linalg/index.ts";
import { type Evidence, type Scoring, selectBest, type Work } from "./similarity.ts";

/** Mean similarity of each word to its nearest neighbours in the other language. */
export interface Densities {
  /** float32[source rows] */
  readonly source: Float32Array;
  /** float32[target rows] */
  readonly target: Float32Array;
}

/** The mean of each group of `k` scores. */
function meansOf(scores: Float32Array, k: number): Float32Array {
  return Float32Array.from({ length: scores.length / k }, (_, word) => {
    let sum = 0;
    for (let i = word * k; i < (word + 1) * k; i++) sum += scores[i];
    return sum / k;
  });
}

/** r(x) and r(y) of CSLS: the mean similarity of each row to its `neighbours` nearest rows of the other side. */
export async function densities(
  source: Rows,
  target: Rows,
  neighbours: number,
  work: Work,
  onProgress?: (fraction: number) => void,
): Promise<Densities> {
  const scoring = {
    sourceCount: source.count,
    targetCount: target.count,
    evidence: [{ source, target, weight: 1 }],
  };
  const best = await selectBest(scoring, { sourceK: neighbours, targetK: neighbours }, work, onProgress);
  return { source: meansOf(best.source.scores, best.source.k), target: meansOf(best.target.scores, best.target.k) };
}

/** One kind of vectors for both languages, and the densities around them. */
export interface Space {
  readonly source: Rows;
  readonly target: Rows;
  readonly densities: Densities;
  readonly weight: number;
  /** Which words the rows belong to, where they are not all words. */
  readonly words?: Evidence["words"];
}

/**
 * The scoring whose score of (i, j) is the weighted sum of CSLS over the spaces, 2 cos(i, j) - r(i) - r(j) in each. A pair of
 * which a space does not know both words has cosine 0 there, and a word that it does not know density 0.
 *
 * @param spaces - the first knows all words
 * @remarks Source: Lample et al. (2018), "Word translation without parallel data", section 2.3.
 */
export function cslsScoring(spaces: readonly Space[]): Scoring {
  const [{ source, target }] = spaces;
  const penalties = { source: new Float32Array(source.count), target: new Float32Array(target.count) };
  for (const { densities: around, weight, words } of spaces) {
    for (const side of ["source", "target"] as const) {
      around[side].forEach((density, row) => {
        penalties[side][words ? words[side][row] : row] += weight * density;
      });
    }
  }
  return {
    sourceCount: source.count,
    targetCount: target.count,
    evidence: spaces.map(({ weight, densities: _, ...space }) => ({ ...space, weight: 2 * weight })),
    penalties,
  };
}

/** The scoring by cosine alone. */
export function cosineScoring(source: Rows, target: Rows): Scoring {
  return { sourceCount: source.count, targetCount: target.count, evidence: [{ source, target, weight: 1 }] };
}
