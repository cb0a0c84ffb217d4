/** The smallest distance of two points: exactly where that can be afforded, else with a known probability of error. @module */
import { setImmediate } from "node:timers/promises";
import { assert, hostTensor, type Random, type WorkHooks } from "../../core/index.ts";
import { compile, matmul, max, type Tensor } from "../../engine/index.ts";
import { bitOf, distanceOf, drawHyperplanes, findSides, normRange, type Points } from "./points.ts";

/** Two points and how far they are apart. */
export interface ClosestPair {
  readonly distance: number;
  readonly first: number;
  readonly second: number;
  /** `exact`, or `probable`: no pair is closer but with probability `missProbability`. */
  readonly kind: "exact" | "probable";
  /** Probability that a closer pair was overlooked, at most; 0 where the distance is exact. */
  readonly missProbability: number;
}

/** Work that may be spent on each way to search. Changed in tests only. */
export interface SearchLimits {
  /** Pairs of points compared one by one in sorted order. */
  readonly sweepPairs: number;
  /** Multiplications for comparing all pairs by matrix products. */
  readonly productWork: number;
  /** Tables of hashed points. */
  readonly tables: number;
}

const defaultLimits: SearchLimits = { sweepPairs: 2e8, productWork: 6e11, tables: 240 };

/** Hashing ends once a closer pair would have been overlooked with no more than this probability. */
const mostMissed = 0.01;

/** The best pair so far. */
class Best {
  square = Number.POSITIVE_INFINITY;
  first = 0;
  second = 1;
  readonly #points: Points;

  constructor(points: Points) {
    this.#points = points;
  }

  /** Compares two points, and stops adding once they are too far apart. */
  offer(i: number, j: number): void {
    const { data, dimensions: d } = this.#points;
    let square = 0;
    let a = i * d;
    let b = j * d;
    const end = a + d;
    while (a < end) {
      const difference = data[a++]! - data[b++]!;
      square += difference * difference;
      if (square >= this.square) return;
    }
    this.square = square;
    this.first = Math.min(i, j);
    this.second = Math.max(i, j);
  }

  get distance(): number {
    return Math.sqrt(this.square);
  }
}

/**
 * The closest two of the points.
 *
 * Points are sorted along the direction in which they spread most, and pairs within the best distance so far are compared
 * (exact). Where those are too many, hashing by random hyperplanes finds close pairs, with which the sweep is tried again; then
 * all pairs are compared by float32 matrix products, whose candidates are looked at again in float64 (exact, to n = 150,000 at 32
 * features); beyond that, hashing goes on until a closer pair would have been overlooked with a probability of at most 1%.
 *
 * @param points - at least two
 */
export async function findClosestPair(
  points: Points,
  random: Random,
  hooks: WorkHooks = {},
  limits: SearchLimits = defaultLimits,
): Promise<ClosestPair> {
  assert(points.count >= 2, "the closest pair of one point");
  const best = new Best(points);
  const exact = () => ({
    distance: distanceOf(points, best.first, best.second),
    first: best.first,
    second: best.second,
    kind: "exact" as const,
    missProbability: 0,
  });
  const order = sortAlong(points, widestDirection(points, random));
  for (let i = 0; i < points.count; i++) {
    for (let k = i + 1; k < Math.min(points.count, i + 5); k++) best.offer(order.rows[i]!, order.rows[k]!);
  }
  if (await sweep(order, best, limits.sweepPairs, hooks)) return exact();
  const hashing = new Hashing(points, random);
  await hashing.run(best, 8, hooks);
  if (await sweep(order, best, limits.sweepPairs, hooks)) return exact();
  if (0.5 * points.count ** 2 * (points.dimensions + 8) <= limits.productWork) {
    await compareAll(points, best, hooks);
    return exact();
  }
  let missProbability = hashing.missProbability(best.distance);
  while (missProbability > mostMissed && hashing.tables < limits.tables) {
    await hashing.run(best, 8, hooks);
    missProbability = hashing.missProbability(best.distance);
    hooks.progress?.(Math.min(1, Math.log(missProbability) / Math.log(mostMissed)));
  }
  return { ...exact(), kind: "probable", missProbability };
}

/** The first principal direction of (a sample of) the points, by power iteration. */
function widestDirection(points: Points, random: Random): Float64Array {
  const { count, dimensions: d, data } = points;
  const rows = Int32Array.from({ length: Math.min(count, 2000) }, (_, i) =>
    count <= 2000 ? i : random.integer(count),
  );
  const mean = new Float64Array(d);
  for (const row of rows) for (let j = 0; j < d; j++) mean[j]! += data[row * d + j]! / rows.length;
  let direction = Float64Array.from({ length: d }, () => random.normal());
  for (let round = 0; round < 12; round++) {
    const next = new Float64Array(d);
    for (const row of rows) {
      let along = 0;
      for (let j = 0; j < d; j++) along += (data[row * d + j]! - mean[j]!) * direction[j]!;
      for (let j = 0; j < d; j++) next[j]! += along * (data[row * d + j]! - mean[j]!);
    }
    const norm = Math.sqrt(next.reduce((total, value) => total + value * value, 0));
    if (norm === 0) break;
    direction = next.map((value) => value / norm);
  }
  const norm = Math.sqrt(direction.reduce((total, value) => total + value * value, 0));
  return direction.map((value) => value / norm);
}

/** Points sorted by their place along a direction of length 1. */
interface SortedRows {
  readonly rows: Uint32Array;
  readonly places: Float64Array;
}

function sortAlong({ count, dimensions: d, data }: Points, direction: Float64Array): SortedRows {
  const places = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let place = 0;
    for (let j = 0; j < d; j++) place += data[i * d + j]! * direction[j]!;
    places[i] = place;
  }
  const rows = Uint32Array.from({ length: count }, (_, i) => i).sort((a, b) => places[a]! - places[b]!);
  return { rows, places: Float64Array.from(rows, (row) => places[row]!) };
}

/** Compares all pairs that are close enough along the direction; false where there are more than `budget` of them. */
async function sweep({ rows, places }: SortedRows, best: Best, budget: number, hooks: WorkHooks): Promise<boolean> {
  // Places are rounded: what is a little farther apart is compared too.
  const reach = () => best.distance * (1 + 1e-9) + 1e-12;
  let pairs = 0;
  for (let i = 0, end = 0; i < rows.length; i++) {
    while (end < rows.length && places[end]! - places[i]! <= reach()) end++;
    pairs += end - i - 1;
  }
  if (pairs > budget) return false;
  for (let i = 0; i < rows.length; i++) {
    if (i % 4096 === 0) {
      await setImmediate();
      hooks.signal?.throwIfAborted();
    }
    const limit = places[i]! + reach();
    for (let k = i + 1; k < rows.length && places[k]! <= limit; k++) best.offer(rows[i]!, rows[k]!);
  }
  return true;
}

/**
 * Points in buckets by the sides of `bits` random hyperplanes, a new draw for every table. Two points at an angle of theta as seen
 * from the hyperplanes' common point share a bucket with probability (1 - theta / pi)^bits.
 */
class Hashing {
  tables = 0;
  readonly #points: Points;
  readonly #random: Random;
  /** The hyperplanes are those through the origin of the points with this as a further coordinate. */
  readonly #lift: number;
  readonly #smallestNorm: number;
  #bits: number;

  constructor(points: Points, random: Random) {
    this.#points = points;
    this.#random = random;
    const [smallest, largest] = normRange(points);
    this.#lift = points.geometry === "sphere" ? 0 : 0.3 * largest;
    this.#smallestNorm = Math.hypot(smallest, this.#lift);
    this.#bits = Math.max(1, Math.floor(Math.log2(points.count)));
  }

  /** The probability that a pair at this distance shared no bucket, at most. */
  missProbability(distance: number): number {
    const angle = 2 * Math.asin(Math.min(1, distance / (2 * this.#smallestNorm)));
    return (1 - (1 - angle / Math.PI) ** this.#bits) ** this.tables;
  }

  /** Compares the points that share a bucket, in `count` more tables. */
  async run(best: Best, count: number, hooks: WorkHooks): Promise<void> {
    const bits = this.#bits;
    const sides = await findSides(this.#points, drawHyperplanes(count * bits, this.#points, this.#random, this.#lift), {
      ...(hooks.signal && { signal: hooks.signal }),
    });
    for (let table = 0; table < count; table++) {
      await setImmediate();
      hooks.signal?.throwIfAborted();
      if (!this.#compareBuckets(sides.planes.slice(table * bits, (table + 1) * bits), best)) break;
    }
  }

  /** False where the buckets are too full: then the tables are begun anew with more hyperplanes each. */
  #compareBuckets(planes: readonly Uint32Array[], best: Best): boolean {
    const { count } = this.#points;
    const starts = new Uint32Array(2 ** planes.length + 1);
    const keys = new Uint32Array(count);
    for (const [bit, plane] of planes.entries()) {
      for (let i = 0; i < count; i++) keys[i]! |= bitOf(plane, i) << bit;
    }
    for (let i = 0; i < count; i++) starts[keys[i]! + 1]!++;
    let pairs = 0;
    for (let key = 0; key < starts.length - 1; key++) {
      pairs += (starts[key + 1]! * (starts[key + 1]! - 1)) / 2;
      starts[key + 1]! += starts[key]!;
    }
    if (pairs > 20 * count && this.#bits < Math.log2(count) + 4) {
      this.#bits++;
      this.tables = 0;
      return false;
    }
    const members = new Uint32Array(count);
    const next = starts.slice();
    for (let i = 0; i < count; i++) members[next[keys[i]!]!++] = i;
    for (let key = 0; key < starts.length - 1; key++) {
      const end = starts[key + 1]!;
      for (let a = starts[key]!; a < end; a++) for (let b = a + 1; b < end; b++) best.offer(members[a]!, members[b]!);
    }
    this.tables++;
    return true;
  }
}

const blockSize = 2048;

/**
 * Compares every pair. A block of rows times a block of columns in float32 gives x y - |y|^2 / 2, whose largest value along a row
 * belongs to its nearest neighbour; rows whose nearest could be the closest pair, by the bound on float32's rounding, are gone
 * through again in float64.
 */
async function compareAll(points: Points, best: Best, hooks: WorkHooks): Promise<void> {
  const { count: n, dimensions: d, data } = points;
  const nearest = compile((x: Tensor, y: Tensor) => max(matmul(x, y), 1));
  const [, largestNorm] = normRange(points);
  const largest = largestNorm ** 2;
  // Entries rounded to float32, products and sums of d + 1 terms rounded too; twice, since the product counts twice in a square.
  const error = 2 * 2 * (d + 5) * 2 ** -24 * 1.5 * largest;
  const blocks = Math.ceil(n / blockSize);
  const squares = new Float64Array(n);
  const columns = Array.from({ length: blocks }, (_, block) => {
    const start = block * blockSize;
    const values = new Float32Array((d + 1) * blockSize);
    // No row is near what is beyond the last point.
    values.fill(-4 * largest, d * blockSize);
    for (let k = 0; k < Math.min(blockSize, n - start); k++) {
      let square = 0;
      for (let j = 0; j < d; j++) {
        const value = data[(start + k) * d + j]!;
        square += value * value;
        values[j * blockSize + k] = value;
      }
      squares[start + k] = square;
      values[d * blockSize + k] = -square / 2;
    }
    return hostTensor(values, [d + 1, blockSize]);
  });
  try {
    for (let block = 0; block < blocks; block++) {
      const start = block * blockSize;
      const height = Math.min(blockSize, n - start);
      const rows = new Float32Array(blockSize * (d + 1));
      for (let i = 0; i < height; i++) {
        for (let j = 0; j < d; j++) rows[i * (d + 1) + j] = data[(start + i) * d + j]!;
        rows[i * (d + 1) + d] = 1;
      }
      const tall = hostTensor(rows, [blockSize, d + 1]);
      const highest = new Float32Array(blockSize).fill(Number.NEGATIVE_INFINITY);
      // Within the block each row is nearest to itself: those pairs are compared one by one.
      for (let i = start; i < start + height; i++) for (let k = i + 1; k < start + height; k++) best.offer(i, k);
      for (const wide of columns.slice(block + 1)) {
        await setImmediate();
        hooks.signal?.throwIfAborted();
        const { data: found } = await nearest(tall, wide);
        for (let i = 0; i < height; i++) highest[i] = Math.max(highest[i]!, found[i] as number);
      }
      for (let i = 0; i < height; i++) {
        if (squares[start + i]! - 2 * highest[i]! > best.square + error) continue;
        for (let k = start + height; k < n; k++) best.offer(start + i, k);
      }
      hooks.progress?.(1 - (1 - (block + 1) / blocks) ** 2);
    }
  } finally {
    await nearest.dispose();
  }
}
