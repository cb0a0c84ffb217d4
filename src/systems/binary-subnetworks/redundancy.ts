/** How many copies of every value it takes for the signs to be there, but for a probability delta. @module */
import { ConfigError } from "../../core/index.ts";
import { type Blueprint, drawBlueprint, entryPool, powerPool, type Shape, termsOf } from "./blueprint.ts";

const logFactorials: number[] = [0];
function logFactorial(n: number): number {
  for (let i = logFactorials.length; i <= n; i++) logFactorials.push(logFactorials[i - 1]! + Math.log(i));
  return logFactorials[n]!;
}

/**
 * P(Binomial(trials, p) < wanted), where q = 1 - p is given for the sake of small ones.
 *
 * @param wanted - a whole number of at least 0
 */
export function tooFew(trials: number, q: number, wanted: number): number {
  if (wanted <= 0 || q <= 0) return wanted > trials ? 1 : 0;
  if (wanted > trials || q >= 1) return 1;
  const [logP, logQ] = [Math.log1p(-q), Math.log(q)];
  let sum = 0;
  for (let i = 0; i < wanted; i++) {
    const ways = logFactorial(trials) - logFactorial(i) - logFactorial(trials - i);
    sum += Math.exp(ways + i * logP + (trials - i) * logQ);
  }
  return Math.min(1, sum);
}

/** 1 - prod (1 - q), without cancellation. */
function anyOf(failures: Iterable<number>): number {
  let logSuccess = 0;
  for (const q of failures) logSuccess += Math.log1p(-q);
  return -Math.expm1(logSuccess);
}

/** The probability, for each row of a block, that a combining unit finds no sign of some term among the copies. */
function combineFailures({ gadget, blocks }: Blueprint, b: number): Float64Array {
  const { rows, columns, values, copies } = blocks[b]!;
  const known = new Map<number, number>();
  const ofCount = (count: number) => {
    if (!known.has(count)) known.set(count, tooFew(copies, 0.5, count));
    return known.get(count)!;
  };
  return Float64Array.from({ length: rows }, (_, i) =>
    anyOf(
      Array.from(values.subarray(i * columns, (i + 1) * columns)).flatMap((value) =>
        termsOf(gadget, value).map(([, count]) => ofCount(count)),
      ),
    ),
  );
}

/** What can go wrong, at most: in all blocks before the last, and from there on. */
export interface Risk {
  readonly early: number;
  readonly last: number;
}

/**
 * Upper bounds of the probability that some pool of units yields too few that can be used, over the signs: a union over pools,
 * each an exact binomial tail.
 */
export function riskOf(blueprint: Blueprint): Risk {
  const { blocks, doublings, inputs, split, hasBias } = blueprint;
  const risk = { early: 0, last: 0 };
  const add = (block: number, value: number) => {
    risk[block + 1 === blocks.length ? "last" : "early"] += value;
  };
  const first = blocks[0]!.copies;
  const pool = entryPool(blueprint, first);
  const plain = inputs - (hasBias ? 1 : 0);
  // A split input needs as many of either sign.
  add(0, split ? 2 * plain * tooFew(2 * pool, 0.5, first) : plain * tooFew(pool, 0.5, first));
  if (hasBias) add(0, tooFew(pool, 0.5, first));
  for (const [b, { columns, copies }] of blocks.entries()) {
    const carry = tooFew(powerPool(copies), tooFew(copies, 0.5, 1), copies);
    const double = tooFew(powerPool(copies), tooFew(copies, 0.5, 2), copies);
    for (let t = 1; t <= doublings; t++) add(b, columns * (t * carry + double));
    const next = blocks[b + 1];
    for (const failure of combineFailures(blueprint, b)) {
      if (next) add(b + 1, tooFew(entryPool(blueprint, next.copies), failure, next.copies));
      else add(b, failure);
    }
  }
  return risk;
}

/** More copies than any certificate needs: a unary network of 2^14 levels. */
const mostCopies = 60_000;

/** The smallest number in [low, mostCopies] for which `fits`, which stays true once it is. */
function smallest(low: number, fits: (copies: number) => boolean): number {
  let high = Math.max(1, low);
  while (!fits(high)) {
    low = high + 1;
    high *= 2;
    if (high > mostCopies) {
      throw new ConfigError({
        where: "--eps",
        expected: `a network of at most ${mostCopies} copies of every value`,
        found: "one that needs more",
        hint: "take a larger eps, or --gadget doubling",
      });
    }
  }
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (fits(middle)) high = middle;
    else low = middle + 1;
  }
  return high;
}

/**
 * The fewest copies for which a network is found with probability at least 1 - delta over the signs.
 *
 * @returns copies of every value in the blocks before the last, those in the last (whose outputs have no spare units), and the
 * bound on the probability of failing
 */
export function chooseCopies(shape: Shape, delta: number): { copies: number; lastCopies: number; risk: number } {
  const single = shape.quantized.layers.length === 1;
  const lastCopies = smallest(1, (count) => riskOf(drawBlueprint(shape, count, count)).last <= delta / 2);
  // Units that enter the last block choose among copies of the one before, so that both risks count.
  const riskWith = (count: number) => {
    const { early, last } = riskOf(drawBlueprint(shape, count, lastCopies));
    return early + last;
  };
  const copies = single ? lastCopies : smallest(1, (count) => riskWith(count) <= delta);
  return { copies, lastCopies, risk: riskWith(copies) };
}
