/** Vectors as sums of code vectors, a level at a time: what residual k-means and the RQ-VAE share. @module */

import { type HostTensor, hostTensor, type Random } from "../../core/index.ts";
import { argmax, compile, matmul, mul, square, sub, sum, type Tensor, transpose } from "../../engine/index.ts";
import { type Rows, rowOf, rowsTensor, takeRows } from "../../linalg/index.ts";

/** Rows looked at together: batches of one size, so that one graph is loaded. */
const block = 4096;

/** The code vector nearest to each row: int32 [rows]. */
export function nearest(x: Tensor, codebook: Tensor): Tensor {
  return argmax(sub(mul(matmul(x, transpose(codebook)), 2), sum(square(codebook), -1)));
}

/** Codes of rows at every level: int32[count, levels]; of equally near codes the first. */
export class ResidualCoder {
  readonly #nearest = compile((x: Tensor, codebook: Tensor) => nearest(x, codebook));

  /** The nearest code of each row. */
  async assign(rows: Rows, codebook: Rows): Promise<Int32Array> {
    const codes = new Int32Array(rows.count);
    const size = Math.min(block, rows.count);
    for (let start = 0; start < rows.count; start += size) {
      // The last block reaches back, so that it is as large as the others.
      const from = Math.min(start, rows.count - size);
      const data = rows.data.subarray(from * rows.dim, (from + size) * rows.dim);
      const found = await this.#nearest(hostTensor(data, [size, rows.dim]), rowsTensor(codebook));
      codes.set(found.data as Int32Array, from);
    }
    return codes;
  }

  /** The codes of rows level by level, each of what the levels before left over; and what is left at the end. */
  async encode(rows: Rows, codebooks: readonly Rows[]): Promise<{ codes: Int32Array; residual: Rows }> {
    const codes = new Int32Array(rows.count * codebooks.length);
    const residual = { ...rows, data: rows.data.slice() };
    for (const [level, codebook] of codebooks.entries()) {
      const found = await this.assign(residual, codebook);
      subtract(residual, codebook, found);
      for (let row = 0; row < rows.count; row++) codes[row * codebooks.length + level] = found[row];
    }
    return { codes, residual };
  }

  /**
   * Lloyd's algorithm from random rows. A code that no row is nearest to moves to the row that is worst off.
   *
   * @returns float32[size, dim]; where there are fewer different rows than codes, some codes stay unused
   */
  async kMeans(rows: Rows, size: number, iterations: number, random: Random): Promise<Rows> {
    const start = random.permutation(rows.count);
    let centers = takeRows(
      rows,
      Int32Array.from({ length: size }, (_, i) => start[i % rows.count]),
    );
    for (let iteration = 0; iteration < iterations; iteration++) {
      centers = moveCenters(rows, await this.assign(rows, centers), centers);
    }
    return centers;
  }

  /** Code vectors by k-means of what the levels before left over. */
  async fitCodebooks(rows: Rows, levels: number, size: number, iterations: number, random: Random): Promise<Rows[]> {
    const codebooks: Rows[] = [];
    const residual = { ...rows, data: rows.data.slice() };
    for (let level = 0; level < levels; level++) {
      const codebook = await this.kMeans(residual, size, iterations, random);
      subtract(residual, codebook, await this.assign(residual, codebook));
      codebooks.push(codebook);
    }
    return codebooks;
  }

  dispose(): Promise<void> {
    return this.#nearest.dispose();
  }
}

function subtract(rows: Rows, codebook: Rows, codes: Int32Array): void {
  for (let row = 0; row < rows.count; row++) {
    const [values, code] = [rowOf(rows, row), rowOf(codebook, codes[row])];
    for (let j = 0; j < values.length; j++) values[j] -= code[j];
  }
}

function moveCenters(rows: Rows, codes: Int32Array, centers: Rows): Rows {
  const { dim } = rows;
  const sums = new Float64Array(centers.data.length);
  const counts = new Int32Array(centers.count);
  const distances = new Float64Array(rows.count);
  for (let row = 0; row < rows.count; row++) {
    const code = codes[row];
    counts[code]++;
    for (let j = 0; j < dim; j++) {
      const value = rows.data[row * dim + j];
      sums[code * dim + j] += value;
      distances[row] += (value - centers.data[code * dim + j]) ** 2;
    }
  }
  const empty = Array.from(counts.keys()).filter((code) => counts[code] === 0);
  const worst = empty.length > 0 ? Array.from(distances.keys()).sort((a, b) => distances[b] - distances[a]) : [];
  const data = Float32Array.from(sums, (sum, i) => sum / Math.max(1, counts[Math.floor(i / dim)]));
  for (const [i, code] of empty.entries()) data.set(rowOf(rows, worst[i % rows.count]), code * dim);
  return { data, count: centers.count, dim };
}

/** Code vectors as one tensor: float32[levels, size, dim]. */
export function stackCodebooks(codebooks: readonly Rows[]): HostTensor {
  const [{ count, dim }] = codebooks;
  const data = new Float32Array(codebooks.length * count * dim);
  for (const [level, codebook] of codebooks.entries()) data.set(codebook.data, level * count * dim);
  return hostTensor(data, [codebooks.length, count, dim]);
}

/** The levels of {@link stackCodebooks}, shared. */
export function unstackCodebooks({ data, shape }: HostTensor): Rows[] {
  const [levels, count, dim] = shape;
  const size = count * dim;
  return Array.from({ length: levels }, (_, level) => ({
    data: data.subarray(level * size, (level + 1) * size) as Float32Array,
    count,
    dim,
  }));
}
