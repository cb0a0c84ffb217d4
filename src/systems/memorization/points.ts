/** Points as rows of one float64 array, and the bits that hyperplanes give them. @module */

import { hostTensor, type Random, type WorkHooks } from "../../core/index.ts";
import { compile, matmul, type Tensor } from "../../engine/index.ts";
import type { Geometry } from "./sizes.ts";

/** Points in the unit ball. */
export interface Points {
  readonly count: number;
  readonly dimensions: number;
  /** float64 [count, dimensions], row after row. */
  readonly data: Float64Array;
  readonly geometry: Geometry;
}

/** The smallest and the largest norm of the points. */
export function normRange({ count, dimensions, data }: Points): [smallest: number, largest: number] {
  let smallest = Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < count; i++) {
    let square = 0;
    for (let j = i * dimensions; j < (i + 1) * dimensions; j++) square += data[j]! * data[j]!;
    smallest = Math.min(smallest, square);
    largest = Math.max(largest, square);
  }
  return [Math.sqrt(smallest), Math.sqrt(largest)];
}

/** The distance of two points. */
export function distanceOf({ dimensions, data }: Points, first: number, second: number): number {
  let square = 0;
  for (let j = 0; j < dimensions; j++) square += (data[first * dimensions + j]! - data[second * dimensions + j]!) ** 2;
  return Math.sqrt(square);
}

/** The rows `rows` of the points. */
export function takePoints(points: Points, rows: ArrayLike<number>): Points {
  const { dimensions } = points;
  const data = new Float64Array(rows.length * dimensions);
  for (let i = 0; i < rows.length; i++) {
    data.set(points.data.subarray(rows[i]! * dimensions, (rows[i]! + 1) * dimensions), i * dimensions);
  }
  return { ...points, count: rows.length, data };
}

/** Hyperplanes w x + b = 0: normals float64 [count, dimensions] and offsets float64 [count]. */
export interface Hyperplanes {
  readonly count: number;
  readonly normals: Float64Array;
  readonly offsets: Float64Array;
}

/** Normals from the standard normal distribution, and on a sphere no offsets, else such offsets times `offset`. */
export function drawHyperplanes(
  count: number,
  { dimensions, geometry }: Pick<Points, "dimensions" | "geometry">,
  random: Random,
  offset = 1,
): Hyperplanes {
  const offsets = new Float64Array(count);
  const normals = new Float64Array(count * dimensions);
  for (let k = 0; k < count; k++) {
    for (let j = 0; j < dimensions; j++) normals[k * dimensions + j] = random.normal();
    if (geometry === "ball") offsets[k] = offset * random.normal();
  }
  return { count, normals, offsets };
}

/** On which side of each hyperplane each point lies. */
export interface Sides {
  /** By hyperplane: bit i % 32 of word i / 32 tells whether w x_i + b >= 0. */
  readonly planes: readonly Uint32Array[];
  /** The smallest |w x + b| of all points and hyperplanes. */
  readonly smallestMargin: number;
  /** Whether every margin is so large that float64 gives the same side in whatever order it adds. */
  readonly safe: boolean;
}

/** The most that |fl(w x + b) - (w x + b)| can come to for any order of summation, relative to |w| |x| + |b|. */
export function roundingFactor(dimensions: number, unit = 2 ** -53): number {
  return 1.01 * (dimensions + 2) * unit;
}

const blockRows = 4096;
const enginePays = 20_000_000;

/** The side of each hyperplane that each point lies on. */
export async function findSides(points: Points, hyperplanes: Hyperplanes, hooks: WorkHooks = {}): Promise<Sides> {
  const { count: n, dimensions: d, data } = points;
  const { count: m, normals, offsets } = hyperplanes;
  const planes = Array.from({ length: m }, () => new Uint32Array(Math.ceil(n / 32)));
  const [, largestNorm] = normRange(points);
  const unsafeBelow = Float64Array.from({ length: m }, (_, k) => {
    let square = 0;
    for (let j = k * d; j < (k + 1) * d; j++) square += normals[j]! ** 2;
    return 2 * roundingFactor(d) * (Math.sqrt(square) * largestNorm + Math.abs(offsets[k]!));
  });
  const nearest = new Float64Array(m).fill(Number.POSITIVE_INFINITY);
  const words = new Uint32Array(m);
  const useEngine = n * m * d >= enginePays;
  const rows = Math.min(blockRows, Math.ceil(n / 32) * 32);
  const products = useEngine ? compile((x: Tensor, w: Tensor) => matmul(x, w)) : undefined;
  const transposed = new Float64Array(useEngine ? m * d : 0);
  if (useEngine) for (let k = 0; k < m; k++) for (let j = 0; j < d; j++) transposed[j * m + k] = normals[k * d + j]!;
  const plain = new Float64Array(useEngine ? 0 : rows * m);
  try {
    for (let start = 0; start < n; start += rows) {
      hooks.signal?.throwIfAborted();
      const height = Math.min(rows, n - start);
      let block: Float64Array = plain;
      if (products) {
        const part = new Float64Array(rows * d);
        part.set(data.subarray(start * d, (start + height) * d));
        block = (await products(hostTensor(part, [rows, d]), hostTensor(transposed, [d, m]))).data as Float64Array;
      } else {
        for (let i = 0; i < height; i++) {
          for (let k = 0; k < m; k++) {
            let sum = 0;
            for (let j = 0; j < d; j++) sum += data[(start + i) * d + j]! * normals[k * d + j]!;
            block[i * m + k] = sum;
          }
        }
      }
      for (let top = 0; top < height; top += 32) {
        words.fill(0);
        for (let i = top; i < Math.min(top + 32, height); i++) {
          for (let k = 0; k < m; k++) {
            const value = block[i * m + k]! + offsets[k]!;
            // No branch: signs are as good as random, and a processor guesses half of them wrong.
            words[k]! |= Number(value >= 0) << (i - top);
            const margin = Math.abs(value);
            if (margin < nearest[k]!) nearest[k] = margin;
          }
        }
        for (let k = 0; k < m; k++) planes[k]![(start + top) >>> 5] = words[k]!;
      }
      hooks.progress?.((start + height) / n);
    }
  } finally {
    await products?.dispose();
  }
  return {
    planes,
    smallestMargin: nearest.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
    safe: nearest.every((margin, k) => margin > unsafeBelow[k]!),
  };
}

/** Whether point `i` has a 1 in the plane. */
export function bitOf(plane: Uint32Array, i: number): number {
  return (plane[i >>> 5]! >>> (i & 31)) & 1;
}
