/** The whole construction: from points and labels to a network that gives every point its label. @module */
import { ConfigError, DataError, Random, RunError, type WorkHooks } from "../../core/index.ts";
import { buildParityTree, codesFrom, drawSubsets, type ParityTree, parityPlanes } from "./compress.ts";
import { buildDecoder, type SortedCodes, sortCodes } from "./decode.ts";
import { denseLayer, type Network } from "./network.ts";
import { bitOf, drawHyperplanes, findSides, type Hyperplanes, type Points, type Sides } from "./points.ts";
import { searchHyperplanes } from "./search-hyperplanes.ts";
import {
  type Bounds,
  boundSizes,
  codeSize,
  firstLayerSize,
  groupSizes,
  maxCodeBits,
  planWidths,
  type Widths,
} from "./sizes.ts";
import { type ClosestPair, findClosestPair } from "./smallest-distance.ts";

/** Options of {@link memorize}. */
export interface MemorizeOptions extends WorkHooks {
  readonly seed: number;
  /** Probability that the first layer has to be drawn again, by the bound; default 0.01. */
  readonly eta?: number;
  /** Whether to search for a smaller first layer; default false. */
  readonly tight?: boolean;
  /** Bits of a label; default what the largest label needs. */
  readonly labelBits?: number;
  /** The closest pair where it is known; else it is searched for. */
  readonly closest?: ClosestPair;
}

/** A network that knows the points, and how it came about. */
export interface Memorized {
  readonly network: Network;
  readonly closest: ClosestPair;
  readonly widths: Widths;
  /** What the construction of these widths has at most. */
  readonly bounds: Bounds;
  /** The first layer's size by the formula; more than was needed where it was searched for. */
  readonly firstLayerFormula: number;
  /** First layers and codes that were drawn. */
  readonly draws: { readonly firstLayer: number; readonly code: number };
  /** The smallest |w x + b| of the first layer over all points. */
  readonly smallestMargin: number;
}

/** The most numbers that a first layer may have. */
const maxFirstLayer = 200_000;
const maxFirstLayerDraws = 6;

/**
 * Builds a network of threshold neurons that gives every point its label: random hyperplanes separate the points (the only real
 * weights), parities compress them to short codes, two layers find a code's rank, two more look its label up in their weights.
 *
 * @param points - no two the same, in the unit ball
 * @param labels - whole numbers below 2^labelBits, one a point
 * @throws {DataError} where two points are the same, or there is one point only
 * @throws {ConfigError} where the first layer or the codes would be too large
 * @throws {RunError} where no draw separates the points
 * @remarks Source: Rajput, Sreenivasan, Papailiopoulos and Karbasi (2021): the stages and their order. Deviation: the third stage
 * is our own, thermometer codes of the rank within a group, with its sizes in `docs/memorization-bounds.md`.
 * @example
 * ```ts
 * const { network } = await memorize(points, labels, { seed: 0 });
 * const { labels: same } = await forward(network, points);
 * ```
 */
export async function memorize(points: Points, labels: Uint32Array, options: MemorizeOptions): Promise<Memorized> {
  const { seed, eta = 0.01, tight = false, signal, progress } = options;
  if (points.count < 2) {
    throw new DataError({ where: "memorize", expected: "at least two different points", found: `${points.count}` });
  }
  const largestLabel = labels.reduce((a, b) => Math.max(a, b), 0);
  const labelBits = options.labelBits ?? Math.max(1, Math.ceil(Math.log2(largestLabel + 1)));
  const stage = (from: number, to: number): WorkHooks => ({
    ...(signal && { signal }),
    progress: (fraction) => progress?.(from + (to - from) * fraction),
  });
  const closest =
    options.closest ?? (await findClosestPair(points, new Random(seed, "memorize", "distance"), stage(0, 0.5)));
  const { distance: delta } = closest;
  if (delta === 0) {
    throw new DataError({
      where: "memorize",
      expected: "points at a distance of more than 0",
      found: `points ${closest.first} and ${closest.second} in the same place`,
    });
  }
  const { geometry, dimensions } = points;
  const question = { points: points.count, dimensions, delta, labelBits, eta, geometry };
  const planned = planWidths(question);
  const firstLayerFormula = firstLayerSize(question);
  if (!tight && (firstLayerFormula > maxFirstLayer || firstLayerFormula * dimensions > 2e8)) {
    throw new ConfigError({
      where: "memorize",
      expected: `a first layer of at most ${Math.min(maxFirstLayer, Math.floor(2e8 / dimensions))} neurons`,
      found: `${firstLayerFormula} for the smallest distance ${delta.toExponential(2)}`,
      hint: "search for a smaller one (--tight), or encode numbers by their bits (--encode bits)",
    });
  }

  for (let draw = 0; draw < maxFirstLayerDraws; draw++) {
    const random = new Random(seed, "memorize", "hyperplanes", draw);
    const hyperplanes = tight
      ? (
          await searchHyperplanes(
            points,
            { limit: searchLimit(firstLayerFormula), candidates: 16 },
            random,
            stage(0.5, 0.7),
          )
        )?.hyperplanes
      : drawHyperplanes(firstLayerFormula, points, random);
    if (!hyperplanes) continue;
    const sides = await findSides(points, hyperplanes, stage(0.7, 0.8));
    if (!sides.safe) continue;
    const code = findCode(sides, labels, points.count, planned, hyperplanes, tight, seed);
    if (!code) continue;
    const { groupSize, groups } = groupSizes(points.count, labelBits);
    const widths = {
      firstLayer: hyperplanes.count,
      codeBits: code.codeBits,
      fan: code.fan,
      groupSize,
      groups,
      labelBits,
      dimensions,
    };
    const first = denseLayer("separate", dimensions, hyperplanes.normals, hyperplanes.offsets);
    const last = buildDecoder(code.sorted, code.tree.bits, code.tree.outputs, widths);
    progress?.(1);
    return {
      network: { layers: [first, ...code.tree.layers, ...last] },
      closest,
      widths,
      bounds: boundSizes(widths),
      firstLayerFormula,
      draws: { firstLayer: draw + 1, code: code.draws },
      smallestMargin: sides.smallestMargin,
    };
  }
  throw new RunError({
    where: "memorize",
    expected: `a first layer that separates ${points.count} points in ${maxFirstLayerDraws} draws`,
    found: `none; the smallest distance is ${delta.toExponential(2)} (${closest.kind})`,
    hint: "encode numbers by their bits (--encode bits), lower --eta, or try another --seed",
  });
}

/** Hyperplanes that a search may look at: several times what the formula says is enough. */
function searchLimit(formula: number): number {
  return Math.min(4_000_000, Math.max(1000, 4 * formula));
}

/** A code of every point's own and the layers that compute it. */
interface Code {
  readonly sorted: SortedCodes;
  readonly tree: ParityTree;
  readonly codeBits: number;
  readonly fan: number;
  readonly draws: number;
}

/** How wide a code to try, and how often, one after the other. */
function attemptsFor(
  { codeBits, fan }: Pick<Widths, "codeBits" | "fan">,
  firstLayer: number,
  tight: boolean,
): { codeBits: number; fan: number }[] {
  const widest = 2 ** Math.floor(Math.log2(firstLayer));
  const attempts: { codeBits: number; fan: number }[] = [];
  // A search begins with the smallest trees; the plan's own size is enough for most draws.
  for (let at = tight ? 4 : Math.min(fan, widest); at <= widest; at *= 2) {
    for (let more = 0; more < 4; more++)
      attempts.push({ codeBits: Math.min(maxCodeBits, codeBits + (at > fan ? more : 0)), fan: at });
  }
  return attempts;
}

/** A code in which no two points are the same; undefined where the first layer gives two points the same bits. */
function findCode(
  sides: Sides,
  labels: Uint32Array,
  count: number,
  planned: Widths,
  hyperplanes: Hyperplanes,
  tight: boolean,
  seed: number,
): Code | undefined {
  const { planes } = sides;
  if (hyperplanes.count <= planned.codeBits || (tight && hyperplanes.count <= maxCodeBits)) {
    const sorted = sortCodes(codesFrom(planes, count), labels);
    const subsets = planes.map((_, neuron) => [neuron]);
    const tree = buildParityTree(subsets, hyperplanes.count);
    return sorted && { sorted, tree, codeBits: hyperplanes.count, fan: 1, draws: 0 };
  }
  const wanted = { codeBits: codeSize(count), fan: planned.fan };
  for (const [draw, attempt] of attemptsFor(wanted, hyperplanes.count, tight).entries()) {
    const random = new Random(seed, "memorize", "code", draw);
    const subsets = drawSubsets(attempt.codeBits, attempt.fan, hyperplanes.count, random);
    const codes = codesFrom(parityPlanes(planes, subsets), count);
    const sorted = sortCodes(codes, labels);
    if (sorted) return { sorted, tree: buildParityTree(subsets, hyperplanes.count), ...attempt, draws: draw + 1 };
    if (draw === 0 && sharesAllBits(planes, codes)) return undefined;
  }
  return undefined;
}

/** Whether two points with the same code have the same bits in the first layer, so that no code can tell them apart. */
function sharesAllBits(planes: readonly Uint32Array[], codes: Float64Array): boolean {
  const byCode = new Map<number, number[]>();
  const order = Uint32Array.from(codes, (_, i) => i).sort((a, b) => codes[a]! - codes[b]!);
  for (let i = 1; i < order.length; i++) {
    const [a, b] = [order[i - 1]!, order[i]!];
    if (codes[a] !== codes[b]) continue;
    const members = byCode.get(codes[a]!) ?? [a];
    members.push(b);
    byCode.set(codes[a]!, members);
  }
  for (const members of byCode.values()) {
    for (const [at, a] of members.entries()) {
      for (const b of members.slice(at + 1))
        if (planes.every((plane) => bitOf(plane, a) === bitOf(plane, b))) return true;
    }
  }
  return false;
}
