/** What can be said of a dictionary without knowing a right one, and what to try where it looks bad. @module */
import { sampleSkewness } from "simple-statistics";
import type { Alignment } from "./align.ts";
import { mutualPairs } from "./pairs.ts";
import type { Best } from "./similarity.ts";

export interface Diagnosis {
  /** Share of the source words whose best target has them as its best: where it is high, precision is. */
  readonly mutualRate: number;
  /** Skewness of how often target words are among the best of source words: 0 where all are alike, large where hubs are. */
  readonly hubness: number;
  /** The target word that is best most often, and how often. */
  readonly largestHub: { readonly word: string; readonly count: number };
  readonly startPairs: number;
  readonly finalPairs: number;
  readonly dim: number;
  /** Share of what was held out that vectors find; null where nothing was. */
  readonly agreement: number | null;
  readonly warnings: readonly string[];
}

/** Agreement below which nothing was learned, and below which little was. */
const noAgreement = 0.02;
const lowAgreement = 0.2;
const lowMutualRate = 0.2;
const highHubness = 8;
/** Share of the source words that one target word may be the best of. */
const largestShare = 0.2;

function warningsOf(
  { chosen, startPairs }: Alignment,
  found: Omit<Diagnosis, "warnings">,
  sourceWords: number,
): string[] {
  const { dim, agreement, mutualRate, hubness, largestHub } = found;
  const warnings: string[] = [];
  const pairs = startPairs.source.length;
  if (pairs < 2 * dim) {
    warnings.push(
      `${pairs} pairs to start from are few for ${dim} dimensions (fewer than ${2 * dim}): lower --pair-quantile, give more images or a --seed-dictionary`,
    );
  }
  if (agreement !== null && agreement < noAgreement) {
    warnings.push(
      `of ${chosen.judged} words held out nearly none (${(100 * agreement).toFixed(1)}%) is found: the languages are not aligned; try another start`,
    );
  } else if (agreement !== null && agreement < lowAgreement) {
    warnings.push(
      `of ${chosen.judged} words held out only ${(100 * agreement).toFixed(0)}% are found: expect many wrong translations; export with --mutual`,
    );
  }
  if (mutualRate < lowMutualRate) {
    warnings.push(`only ${(100 * mutualRate).toFixed(0)}% of the best translations are mutual: export with --mutual`);
  }
  if (hubness > highHubness || (sourceWords > 20 && largestHub.count > largestShare * sourceWords)) {
    warnings.push(
      `a few words are the answer to everything ("${largestHub.word}" to ${largestHub.count} words): use --retrieval csls, or read fewer words with --max-words`,
    );
  }
  return warnings;
}

/** A word that is the best of others. */
export interface Hub {
  /** Its position. */
  readonly word: number;
  /** Positions of the words of the other language whose best it is. */
  readonly bestOf: readonly number[];
}

/** The words that are the best of most others, first those that are most often; of equals the more frequent word. */
export function largestHubs({ k, indices }: Best, count: number): Hub[] {
  const bestOf = new Map<number, number[]>();
  for (let word = 0; word * k < indices.length; word++) {
    const best = indices[word * k];
    const others = bestOf.get(best);
    if (others) others.push(word);
    else bestOf.set(best, [word]);
  }
  return [...bestOf]
    .map(([word, others]) => ({ word, bestOf: others }))
    .sort((a, b) => b.bestOf.length - a.bestOf.length || a.word - b.word)
    .slice(0, count);
}

/** What the best lists of both directions, and how they came about, say of the dictionary. */
export function diagnose(
  alignment: Alignment,
  best: { readonly source: Best; readonly target: Best },
  targetWords: readonly string[],
): Diagnosis {
  const { k, indices } = best.source;
  const among = new Float64Array(targetWords.length);
  for (const target of indices) among[target]++;
  const [hub] = largestHubs(best.source, 1);
  const spread = among.some((times) => times !== among[0]);
  const found = {
    mutualRate: mutualPairs(best).source.length / (indices.length / k),
    hubness: spread && among.length > 2 ? sampleSkewness([...among]) : 0,
    largestHub: { word: targetWords[hub.word], count: hub.bestOf.length },
    startPairs: alignment.startPairs.source.length,
    finalPairs: alignment.finalPairs.source.length,
    dim: alignment.mapping.dim,
    agreement:
      alignment.chosen.heldOut === "nothing" || alignment.chosen.judged === 0 ? null : alignment.chosen.agreement,
  };
  return { ...found, warnings: warningsOf(alignment, found, indices.length / k) };
}
