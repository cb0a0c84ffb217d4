/** A map fitted to pairs, pairs found by the map, and so on. @module */
import type { Rows } from "../../linalg/index.ts";
import { cslsScoring, densities, type Space } from "./csls.ts";
import { precisionOf, rankPairs } from "./evaluate.ts";
import { type InductionRule, induce } from "./induction.ts";
import { fitMapping, type Mapping, type MapRecipe, mapBoth } from "./mapping.ts";
import { joinPairs, type Pairs, vectorsOf, withoutWordsOf } from "./pairs.ts";
import type { Work } from "./similarity.ts";

/** What a map is refined with. */
export interface Refinement {
  /** Normalised vectors. */
  readonly x: Rows;
  readonly y: Rows;
  /** Fingerprints that count beside the vectors when pairs are found. */
  readonly images?: Space | undefined;
  /** Pairs that are right for certain: they stay, whatever is found. */
  readonly trusted: Pairs;
  /** Pairs to judge by. Of their words nothing is learned where they are held out; empty to judge nothing. */
  readonly judge: Pairs;
  readonly judgeIsHeldOut: boolean;
  readonly rule: InductionRule;
  readonly neighbours: number;
  readonly cutoff: number;
}

/** One step of the refinement, and what it is judged by. */
export interface Iteration {
  readonly iteration: number;
  readonly recipe: MapRecipe;
  /** Pairs that its map was fitted to. */
  readonly pairs: number;
  /** Mean CSLS of every source word with its best target: what cannot choose between starts. */
  readonly meanCsls: number;
  /** Share of the words to judge by whose partner comes first, by vectors alone. */
  readonly agreement: number;
  /** Mean reciprocal rank of the partners, by vectors alone. */
  readonly agreementMrr: number;
}

/** A map, and the languages under it. */
export interface Fitted {
  readonly recipe: MapRecipe;
  readonly mapping: Mapping;
  readonly space: Space;
  readonly pairs: Pairs;
  readonly agreement: number;
  readonly agreementMrr: number;
}

/** How well spaces agree with pairs, as share of partners that come first and mean reciprocal rank. */
export async function agreementOf(spaces: readonly Space[], judge: Pairs, work: Work) {
  if (judge.source.length === 0) return { agreement: 0, agreementMrr: 0 };
  const found = precisionOf(await rankPairs(cslsScoring(spaces), judge, work));
  return { agreement: found?.["p@1"] ?? 0, agreementMrr: found?.mrr ?? 0 };
}

/** Fits a recipe to pairs and judges it. */
async function fitOne(setting: Refinement, pairs: Pairs, recipe: MapRecipe, work: Work): Promise<Fitted> {
  const { x, y, neighbours, judge } = setting;
  const mapping = await fitMapping(vectorsOf(pairs, x, y), recipe, work.products, work.signal);
  const { source, target } = await mapBoth(x, y, mapping, work.products);
  const space = { source, target, densities: await densities(source, target, neighbours, work), weight: 1 };
  return { recipe, mapping, space, pairs, ...(await agreementOf([space], judge, work)) };
}

/** Fits each recipe to pairs; the one that agrees best. */
async function fitBest(setting: Refinement, pairs: Pairs, recipes: readonly MapRecipe[], work: Work) {
  let best: Fitted | undefined;
  for (const recipe of recipes) {
    const fitted = await fitOne(setting, pairs, recipe, work);
    if (!best || fitted.agreementMrr > best.agreementMrr) best = fitted;
  }
  if (!best) throw new Error("internal: no recipe to fit");
  return best;
}

export interface Refined {
  /** The map of each iteration told of last. */
  readonly history: readonly Iteration[];
  /** The iteration that agrees best, or the last where there is nothing to judge by. */
  readonly best: Fitted & { readonly iteration: number };
}

/**
 * Refines a map.
 *
 * @param start - pairs to begin with
 * @param recipesOf - the recipes to choose from at an iteration, from 0
 * @param iterations - times that pairs are found anew
 */
export async function refine(
  setting: Refinement,
  start: Pairs,
  recipesOf: (iteration: number, before: MapRecipe | undefined) => readonly MapRecipe[],
  iterations: number,
  work: Work,
  onIteration?: (iteration: number) => void,
): Promise<Refined> {
  const { images, judge, judgeIsHeldOut, trusted, rule, cutoff } = setting;
  const history: Iteration[] = [];
  let current = await fitBest(setting, start, recipesOf(0, undefined), work);
  let best = { ...current, iteration: 0 };
  for (let iteration = 0; ; iteration++) {
    const spaces: [Space, ...Space[]] = images ? [current.space, images] : [current.space];
    const induced = await induce(spaces, rule, iteration, cutoff, work);
    const { recipe, pairs, agreement, agreementMrr } = current;
    const told = { iteration, recipe, pairs: pairs.source.length, meanCsls: induced.meanCsls };
    history.push({ ...told, agreement, agreementMrr });
    onIteration?.(iteration);
    if (iteration === iterations) break;
    const found = judgeIsHeldOut ? withoutWordsOf(induced.pairs, judge) : induced.pairs;
    const next = joinPairs(trusted, withoutWordsOf(found, trusted));
    if (next.source.length === 0) break;
    current = await fitBest(setting, next, recipesOf(iteration + 1, recipe), work);
    const isBetter = judge.source.length === 0 || current.agreementMrr > best.agreementMrr;
    if (isBetter) best = { ...current, iteration: iteration + 1 };
  }
  return { history, best };
}
