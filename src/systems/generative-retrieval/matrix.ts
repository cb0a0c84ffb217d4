/** Matrices whose rows are items. @module */
import { type HostTensor, hostTensor } from "../../core/index.ts";

/** float32[count, dim], row by row. */
export interface Rows {
  readonly data: Float32Array;
  readonly count: number;
  readonly dim: number;
}

/** A row, shared. */
export function rowOf({ data, dim }: Rows, row: number): Float32Array {
  return data.subarray(row * dim, (row + 1) * dim);
}

/** The same as a tensor, shared. */
export function toTensor({ data, count, dim }: Rows): HostTensor {
  return hostTensor(data, [count, dim]);
}

/** Some rows, copied. */
export function takeRows(rows: Rows, indices: ArrayLike<number>): Rows {
  const data = new Float32Array(indices.length * rows.dim);
  for (let i = 0; i < indices.length; i++) data.set(rowOf(rows, indices[i]), i * rows.dim);
  return { data, count: indices.length, dim: rows.dim };
}

/** Each row divided by its length; rows of zeros stay. */
export function unitRows(rows: Rows): Rows {
  const data = rows.data.slice();
  for (let row = 0; row < rows.count; row++) {
    const values = data.subarray(row * rows.dim, (row + 1) * rows.dim);
    const length = Math.hypot(...values);
    if (length > 0) for (let j = 0; j < values.length; j++) values[j] /= length;
  }
  return { ...rows, data };
}

/** The places of the k largest scores, largest first, of equals the first. */
export function largest(scores: ArrayLike<number>, k: number): Int32Array {
  const kept = Math.min(k, scores.length);
  const places = new Int32Array(kept);
  const values = new Float64Array(kept);
  let count = 0;
  for (let i = 0; i < scores.length; i++) {
    const score = scores[i];
    if (score === Number.NEGATIVE_INFINITY || (count === kept && score <= values[count - 1])) continue;
    let at = count < kept ? count++ : count - 1;
    while (at > 0 && score > values[at - 1]) {
      values[at] = values[at - 1];
      places[at] = places[at - 1];
      at--;
    }
    values[at] = score;
    places[at] = i;
  }
  return places.subarray(0, count);
}

/** The inner product. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j] * b[j];
  return sum;
}
