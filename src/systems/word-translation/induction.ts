/** A dictionary read off two languages in one space. @module */
import type { Rows } from "../../linalg/index.ts";
import { cslsScoring, type Space } from "./csls.ts";
import { aboveQuantile, candidatePairs, mutualPairs, type Pairs } from "./pairs.ts";
import { selectBest, type Work } from "./similarity.ts";

/** How pairs are found while a map is refined. */
export const inductionRules = ["mutual", "paper"] as const;
export type InductionRule = (typeof inductionRules)[number];

/** The paper's schedule: candidates a word, and the quantile of CSLS that they are above, by iteration. */
function paperSchedule(iteration: number): { candidates: number; quantile: number } {
  if (iteration < 10) return { candidates: 10, quantile: 0.5 };
  if (iteration < 20) return { candidates: 5, quantile: 0.5 };
  if (iteration < 30) return { candidates: 3, quantile: 0.3 };
  return { candidates: 1, quantile: 0.1 };
}

/** A space of the first `cutoff` words of each language. */
function firstWords(space: Space, cutoff: number): Space {
  const firstRows = (rows: Rows, count: number): Rows => ({
    ...rows,
    data: rows.data.subarray(0, count * rows.dim),
    count,
  });
  const side = (name: "source" | "target") => {
    const words = space.words?.[name];
    const count = words ? words.filter((word) => word < cutoff).length : Math.min(space[name].count, cutoff);
    return {
      rows: firstRows(space[name], count),
      words: words?.subarray(0, count),
      density: space.densities[name].subarray(0, count),
    };
  };
  const [source, target] = [side("source"), side("target")];
  return {
    source: source.rows,
    target: target.rows,
    densities: { source: source.density, target: target.density },
    weight: space.weight,
    ...(source.words && target.words && { words: { source: source.words, target: target.words } }),
  };
}

/**
 * Pairs of words by CSLS over the spaces: those that are each other's best, or the paper's many candidates.
 *
 * @param spaces - the first knows all words
 * @param iteration - from 0: where in the paper's schedule
 * @param cutoff - words of each language that are looked at, the most frequent
 * @remarks Source: WALIP, section 3 and its configuration; the released code tests the wrong variable, so that its last two stages never
 * come: here they do. Mutual best: Lample et al. (2018); the cut-off: Artetxe, Labaka, Agirre (2018).
 */
export async function induce(
  spaces: readonly [Space, ...Space[]],
  rule: InductionRule,
  iteration: number,
  cutoff: number,
  work: Work,
): Promise<{ pairs: Pairs; meanCsls: number }> {
  const scoring = cslsScoring(spaces.map((space) => firstWords(space, cutoff)));
  const { candidates, quantile } = rule === "paper" ? paperSchedule(iteration) : { candidates: 1, quantile: 0 };
  const best = await selectBest(scoring, { sourceK: candidates, targetK: 1 }, work);
  const { k, scores } = best.source;
  let sum = 0;
  for (let word = 0; word < scores.length; word += k) sum += scores[word];
  return {
    pairs: rule === "paper" ? aboveQuantile(candidatePairs(best), quantile) : mutualPairs(best),
    meanCsls: (sum * k) / scores.length,
  };
}
