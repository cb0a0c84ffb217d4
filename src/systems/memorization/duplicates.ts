/** Rows that are the same point. @module */
import type { Points } from "./points.ts";

/** The different points among rows. */
export interface DistinctRows {
  /** The first row of each different point. */
  readonly firsts: Uint32Array;
  /** By row, the place of its point in `firsts`. */
  readonly pointOf: Uint32Array;
}

/** Finds rows that are the same point, coordinate by coordinate. */
export function findDistinct({ count, dimensions: d, data }: Points): DistinctRows {
  const words = new Uint32Array(data.buffer, data.byteOffset, 2 * data.length);
  // Open addressing: a place holds a row's point number + 1.
  const size = 2 ** Math.ceil(Math.log2(2 * count + 1));
  const table = new Uint32Array(size);
  const firsts: number[] = [];
  const pointOf = new Uint32Array(count);
  for (let row = 0; row < count; row++) {
    let hash = 0x811c9dc5;
    for (let at = 2 * d * row; at < 2 * d * (row + 1); at++) {
      hash = Math.imul(hash ^ words[at]!, 0x85ebca6b);
      hash = ((hash << 13) | (hash >>> 19)) ^ (hash >>> 5);
    }
    let place = Math.imul(hash, 0x9e3779b1) & (size - 1);
    while (table[place] !== 0 && !same(data, d, firsts[table[place]! - 1]!, row)) place = (place + 1) & (size - 1);
    if (table[place] === 0) table[place] = firsts.push(row);
    pointOf[row] = table[place]! - 1;
  }
  return { firsts: Uint32Array.from(firsts), pointOf };
}

function same(data: Float64Array, d: number, first: number, second: number): boolean {
  for (let j = 0; j < d; j++) if (data[first * d + j] !== data[second * d + j]) return false;
  return true;
}

/** Labels of the points, and where rows of the same point differ. */
export interface ResolvedLabels {
  /** By point, the most frequent label of its rows; of equally frequent ones the smallest. */
  readonly labels: Uint32Array;
  /** Rows of each point whose rows have different labels. */
  readonly conflicts: readonly { readonly rows: readonly number[] }[];
  /** Rows whose own label is not their point's. */
  readonly overruled: number;
}

/** The label of each point by majority, and the conflicts. */
export function resolveLabels({ firsts, pointOf }: DistinctRows, labels: Int32Array): ResolvedLabels {
  const resolved = Uint32Array.from(firsts, (row) => labels[row]!);
  const contested = new Map<number, number[]>();
  for (let row = 0; row < pointOf.length; row++) {
    if (labels[row] !== resolved[pointOf[row]!]) contested.set(pointOf[row]!, []);
  }
  if (contested.size > 0) {
    for (let row = 0; row < pointOf.length; row++) contested.get(pointOf[row]!)?.push(row);
  }
  let overruled = 0;
  for (const [point, rows] of contested) {
    const votes = new Map<number, number>();
    for (const row of rows) votes.set(labels[row]!, (votes.get(labels[row]!) ?? 0) + 1);
    const [winner, count] = [...votes].reduce((a, b) => (b[1] > a[1] || (b[1] === a[1] && b[0] < a[0]) ? b : a));
    resolved[point] = winner;
    overruled += rows.length - count;
  }
  const conflicts = [...contested.values()].map((rows) => ({ rows })).sort((a, b) => a.rows[0]! - b.rows[0]!);
  return { labels: resolved, conflicts, overruled };
}
