/** Matrices whose rows are things: words, items, images. @module */
import { type HostTensor, hostTensor } from "../core/index.ts";

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

/** Rows of the given numbers, in that order; a copy. */
export function takeRows(rows: Rows, indices: ArrayLike<number>): Rows {
  const data = new Float32Array(indices.length * rows.dim);
  for (let i = 0; i < indices.length; i++) data.set(rowOf(rows, indices[i]!), i * rows.dim);
  return { data, count: indices.length, dim: rows.dim };
}

/** Scales every row to length 1, in place; rows of zeros stay. */
export function scaleToUnit(rows: Rows): void {
  for (let i = 0; i < rows.count; i++) {
    const row = rowOf(rows, i);
    let squares = 0;
    for (const value of row) squares += value * value;
    if (squares === 0) continue;
    const scale = 1 / Math.sqrt(squares);
    for (let j = 0; j < row.length; j++) row[j]! *= scale;
  }
}

/** Every row scaled to length 1, a copy; rows of zeros stay. */
export function unitRows(rows: Rows): Rows {
  const out = { ...rows, data: rows.data.slice() };
  scaleToUnit(out);
  return out;
}

/** The inner product. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
}

/** The same as a tensor, shared. */
export function rowsTensor({ data, count, dim }: Rows): HostTensor {
  return hostTensor(data, [count, dim]);
}
