/** Matrices whose rows are words, and what is done to rows. @module */

/** float32[count, dim], row by row. */
export interface Rows {
  readonly data: Float32Array;
  readonly count: number;
  readonly dim: number;
}

/** Rows of the given numbers, in that order; a copy. */
export function takeRows({ data, dim }: Rows, indices: ArrayLike<number>): Rows {
  const out = new Float32Array(indices.length * dim);
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i] * dim;
    out.set(data.subarray(from, from + dim), i * dim);
  }
  return { data: out, count: indices.length, dim };
}

/** Scales every row to length 1, in place; rows of zeros stay. */
export function unitRows({ data, count, dim }: Rows): void {
  for (let i = 0; i < count; i++) {
    const row = data.subarray(i * dim, (i + 1) * dim);
    let squares = 0;
    for (const value of row) squares += value * value;
    if (squares === 0) continue;
    const scale = 1 / Math.sqrt(squares);
    for (let j = 0; j < dim; j++) row[j] = row[j] * scale;
  }
}

/** Subtracts the mean row from every row, in place. */
function centreRows({ data, count, dim }: Rows): void {
  const mean = new Float64Array(dim);
  for (let i = 0; i < data.length; i++) mean[i % dim] = mean[i % dim] + data[i] / count;
  for (let i = 0; i < data.length; i++) data[i] = data[i] - mean[i % dim];
}

/**
 * Rows of length 1, centred, and of length 1 again; a copy.
 *
 * @remarks Source: Artetxe, Labaka, Agirre (2018), "Generalizing and improving bilingual word embedding mappings", step 0.
 */
export function normalizeRows(rows: Rows): Rows {
  const out = { ...rows, data: rows.data.slice() };
  unitRows(out);
  centreRows(out);
  unitRows(out);
  return out;
}
