/** A smaller first layer: hyperplanes chosen among random ones rather than taken as they come. @module */
import { setImmediate } from "node:timers/promises";
import type { Random, WorkHooks } from "../../core/index.ts";
import { drawHyperplanes, type Hyperplanes, type Points } from "./points.ts";

/** What {@link searchHyperplanes} found. */
export interface SearchedHyperplanes {
  readonly hyperplanes: Hyperplanes;
  /** Hyperplanes looked at. */
  readonly drawn: number;
}

/** Points that no hyperplane so far tells apart, class after class. */
interface Unresolved {
  readonly members: Int32Array;
  /** Where each class begins, and the end. */
  readonly starts: readonly number[];
}

/** By member of the unresolved classes: whether it lies on the positive side of a hyperplane. */
function sidesOf(points: Points, { members }: Unresolved, plane: Hyperplanes, at: number): Uint8Array {
  const { dimensions: d, data } = points;
  const { normals, offsets } = plane;
  const sides = new Uint8Array(members.length);
  for (let i = 0; i < members.length; i++) {
    let value = 0;
    const row = members[i]! * d;
    for (let j = 0; j < d; j++) value += data[row + j]! * normals[at * d + j]!;
    sides[i] = value + offsets[at]! >= 0 ? 1 : 0;
  }
  return sides;
}

/** Pairs that are still together when the classes are split by `sides`. */
function pairsLeft({ starts }: Unresolved, sides: Uint8Array): number {
  let pairs = 0;
  for (let group = 0; group + 1 < starts.length; group++) {
    let ones = 0;
    for (let i = starts[group]!; i < starts[group + 1]!; i++) ones += sides[i]!;
    const zeros = starts[group + 1]! - starts[group]! - ones;
    pairs += (ones * (ones - 1) + zeros * (zeros - 1)) / 2;
  }
  return pairs;
}

/** The classes after a split; those of one member are done with. */
function split({ members, starts }: Unresolved, sides: Uint8Array): Unresolved {
  const kept: number[] = [];
  const nextStarts = [0];
  for (let group = 0; group + 1 < starts.length; group++) {
    for (const side of [0, 1]) {
      const before = kept.length;
      for (let i = starts[group]!; i < starts[group + 1]!; i++) if (sides[i] === side) kept.push(members[i]!);
      if (kept.length - before < 2) kept.length = before;
      else nextStarts.push(kept.length);
    }
  }
  return { members: Int32Array.from(kept), starts: nextStarts };
}

/**
 * Hyperplanes that separate all points, each the best of `candidates` random ones: the one that leaves the fewest pairs together.
 *
 * @param options.limit - the most hyperplanes to look at
 * @param options.candidates - random hyperplanes that each is chosen from; 1 takes every one that separates a pair
 * @returns undefined where `limit` hyperplanes were not enough
 */
export async function searchHyperplanes(
  points: Points,
  options: { limit: number; candidates: number },
  random: Random,
  hooks: WorkHooks = {},
): Promise<SearchedHyperplanes | undefined> {
  const { count, dimensions: d } = points;
  let unresolved: Unresolved = { members: Int32Array.from({ length: count }, (_, i) => i), starts: [0, count] };
  const normals: number[] = [];
  const offsets: number[] = [];
  let drawn = 0;
  const allPairs = (count * (count - 1)) / 2;
  let left = allPairs;
  while (left > 0) {
    await setImmediate();
    hooks.signal?.throwIfAborted();
    if (drawn >= options.limit) return undefined;
    const planes = drawHyperplanes(Math.min(options.candidates, options.limit - drawn), points, random);
    drawn += planes.count;
    let best: { sides: Uint8Array; pairs: number; at: number } | undefined;
    for (let at = 0; at < planes.count; at++) {
      const sides = sidesOf(points, unresolved, planes, at);
      const pairs = pairsLeft(unresolved, sides);
      if (pairs < (best?.pairs ?? left)) best = { sides, pairs, at };
    }
    if (!best) continue;
    normals.push(...planes.normals.subarray(best.at * d, (best.at + 1) * d));
    offsets.push(planes.offsets[best.at]!);
    unresolved = split(unresolved, best.sides);
    left = best.pairs;
    hooks.progress?.(1 - Math.log1p(left) / Math.log1p(allPairs));
  }
  const found = { count: offsets.length, normals: Float64Array.from(normals), offsets: Float64Array.from(offsets) };
  return { hyperplanes: found, drawn };
}

/**
 * How many of the hyperplanes, in their order, it takes until no two points are on the same side of all of them.
 *
 * @returns undefined where all of them leave two points together
 */
export function separatingPrefix(points: Points, hyperplanes: Hyperplanes): number | undefined {
  let unresolved: Unresolved = {
    members: Int32Array.from({ length: points.count }, (_, i) => i),
    starts: [0, points.count],
  };
  for (let at = 0; at < hyperplanes.count; at++) {
    unresolved = split(unresolved, sidesOf(points, unresolved, hyperplanes, at));
    if (unresolved.members.length === 0) return at + 1;
  }
  return undefined;
}
