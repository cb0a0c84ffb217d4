/** Semantic IDs: codes from coarse to fine, and a last one that tells apart items whose codes agree. @module */

import { max } from "simple-statistics";
import { DataError } from "../../core/index.ts";
import { type Rows, rowOf, unitRows } from "../../linalg/index.ts";

/** An ID for every item. */
export interface SemanticIds {
  /** int32[count, levels]: `levels - 1` codes of the quantiser, then the number within a group of items of the same codes. */
  readonly codes: Int32Array;
  readonly count: number;
  readonly levels: number;
  /** Different codes a level has, the last one included. */
  readonly codebookSize: number;
}

/** An item's ID, shared. */
export function idOf({ codes, levels }: SemanticIds, item: number): Int32Array {
  return codes.subarray(item * levels, (item + 1) * levels);
}

const keyOf = (codes: ArrayLike<number>) => Array.from(codes).join();

/**
 * IDs from the codes of a quantiser: items of the same codes are numbered in their order.
 *
 * @param quantised - int32[count, depth]
 * @throws {DataError} where more items share all codes than a level has numbers
 * @remarks Source: Rajput et al. (2023), section 3.1, handling collisions.
 */
export function assignIds(quantised: Int32Array, depth: number, codebookSize: number): SemanticIds {
  const none: SemanticIds = { codes: new Int32Array(0), count: 0, levels: depth + 1, codebookSize };
  return appendIds(none, quantised);
}

/** IDs of more items beside those there are, which keep theirs. */
export function appendIds(ids: SemanticIds, quantised: Int32Array): SemanticIds {
  const { levels, codebookSize } = ids;
  const depth = levels - 1;
  const added = quantised.length / depth;
  const codes = new Int32Array((ids.count + added) * levels);
  codes.set(ids.codes);
  const groups = new Map<string, number>();
  for (let item = 0; item < ids.count; item++) {
    const key = keyOf(idOf(ids, item).subarray(0, depth));
    groups.set(key, Math.max(groups.get(key) ?? 0, codes[item * levels + depth] + 1));
  }
  for (let i = 0; i < added; i++) {
    const own = quantised.subarray(i * depth, (i + 1) * depth);
    const number = groups.get(keyOf(own)) ?? 0;
    if (number >= codebookSize) {
      throw new DataError({
        where: `semantic ID ${own.join("-")}`,
        expected: `at most ${codebookSize} items of the same codes`,
        found: "more",
        hint: "give items more text, or raise --codebook-size or --levels",
      });
    }
    groups.set(keyOf(own), number + 1);
    codes.set(own, (ids.count + i) * levels);
    codes[(ids.count + i) * levels + depth] = number;
  }
  return { codes, count: ids.count + added, levels, codebookSize };
}

/** What IDs are like. */
export interface IdStatistics {
  /** Of each level of the quantiser: the share of its codes in use. */
  readonly usage: readonly number[];
  /** Of each level: exp(entropy) of its codes. */
  readonly perplexity: readonly number[];
  /** Of each level: exp(entropy given the codes before), the branching that a decoder meets. */
  readonly branching: readonly number[];
  /** Different codes of the quantiser as a whole, as a share of the items. */
  readonly uniquePrefixes: number;
  /** Share of the items whose last number is not 0. */
  readonly collisions: number;
  readonly largestGroup: number;
  /** Mean cosine of the content of pairs of items that share exactly 0, 1, … codes; null where no pair does. */
  readonly cosineBySharedCodes: readonly (number | null)[];
}

/** Measures IDs against the content of their items. */
export function describeIds(ids: SemanticIds, content: Rows): IdStatistics {
  const { codes, count, levels, codebookSize } = ids;
  const depth = levels - 1;
  const entropies = Array.from({ length: depth + 1 }, (_, length) => {
    const groups = new Map<string, number>();
    for (let item = 0; item < count; item++) {
      const key = keyOf(idOf(ids, item).subarray(0, length));
      groups.set(key, (groups.get(key) ?? 0) + 1);
    }
    return { groups, entropy: entropyOf(groups.values(), count) };
  });
  const level = Array.from({ length: depth }, (_, l) => {
    const counts = new Int32Array(codebookSize);
    for (let item = 0; item < count; item++) counts[codes[item * levels + l]]++;
    return { used: counts.filter((n) => n > 0).length, entropy: entropyOf(counts, count) };
  });
  const whole = entropies[depth].groups;
  return {
    usage: level.map(({ used }) => used / codebookSize),
    perplexity: level.map(({ entropy }) => Math.exp(entropy)),
    branching: level.map((_, l) => Math.exp(entropies[l + 1].entropy - entropies[l].entropy)),
    uniquePrefixes: whole.size / count,
    collisions: 1 - whole.size / count,
    largestGroup: max([...whole.values()]),
    cosineBySharedCodes: cosineBySharedCodes(ids, content),
  };
}

function entropyOf(counts: Iterable<number>, total: number): number {
  let entropy = 0;
  for (const n of counts) if (n > 0) entropy -= (n / total) * Math.log(n / total);
  return entropy;
}

/** Pairs looked at for each number of shared codes: neighbours in the order of IDs, at distances of powers of 2. */
function cosineBySharedCodes(ids: SemanticIds, content: Rows): (number | null)[] {
  const { count, levels } = ids;
  const depth = levels - 1;
  const unit = unitRows(content);
  const order = Int32Array.from({ length: count }, (_, item) => item).sort((a, b) => {
    const [first, second] = [idOf(ids, a), idOf(ids, b)];
    const at = first.findIndex((code, level) => code !== second[level]);
    return at < 0 ? 0 : first[at] - second[at];
  });
  const sums = new Float64Array(depth + 1);
  const pairs = new Int32Array(depth + 1);
  for (let distance = 1; distance < count; distance *= 2) {
    for (let i = 0; i + distance < count; i++) {
      const [a, b] = [order[i], order[i + distance]];
      const at = idOf(ids, a).findIndex((code, level) => level === depth || code !== idOf(ids, b)[level]);
      const [x, y] = [rowOf(unit, a), rowOf(unit, b)];
      sums[at] += x.reduce((sum, value, j) => sum + value * y[j], 0);
      pairs[at]++;
    }
  }
  return Array.from(sums, (sum, shared) => (pairs[shared] > 0 ? sum / pairs[shared] : null));
}
