import { EigenvalueDecomposition, Matrix, QrDecomposition, solve as solveMatrix } from "ml-matrix";
import { assert, type Random } from "../core/index.ts";

/** `data`, row by row, as an ml-matrix matrix; a copy. */
function fromFlat(data: Float64Array, rows: number, columns: number): Matrix {
  assert(data.length === rows * columns, `${data.length} numbers for a ${rows} x ${columns} matrix`);
  return Matrix.from1DArray(rows, columns, data);
}

/**
 * Eigenvalues of a symmetric matrix, ascending.
 *
 * @param a - float64[n, n], row by row; only its symmetric part counts
 * @param n - rows of `a`
 */
export function symmetricEigenvalues(a: Float64Array, n: number): Float64Array {
  const { realEigenvalues } = new EigenvalueDecomposition(fromFlat(a, n, n), { assumeSymmetric: true });
  return Float64Array.from(realEigenvalues).sort();
}

/**
 * The x with `a x = b`; the least-squares solution where `a` is not square.
 *
 * @param a - float64[rows, columns], row by row
 * @param b - float64[rows]
 * @returns float64[columns]
 */
export function solve(a: Float64Array, b: Float64Array): Float64Array {
  return Float64Array.from(solveMatrix(fromFlat(a, b.length, a.length / b.length), Matrix.columnVector(b)).to1DArray());
}

/**
 * A random orthogonal matrix, uniform over all of them (Haar measure).
 *
 * @param random - the stream drawn from
 * @param n - rows and columns
 * @returns float64[n, n], row by row
 * @remarks Source: Mezzadri (2007), "How to generate random matrices from the classical compact groups": QR of a normal
 * matrix, with the signs of R's diagonal moved into Q.
 */
export function randomOrthogonal(random: Random, n: number): Float64Array {
  const normal = fromFlat(
    Float64Array.from({ length: n * n }, () => random.normal()),
    n,
    n,
  );
  const { orthogonalMatrix: q, upperTriangularMatrix: r } = new QrDecomposition(normal);
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) out[i * n + j] = q.get(i, j) * (r.get(j, j) < 0 ? -1 : 1);
  }
  return out;
}

/**
 * The product of two matrices.
 *
 * @param a - float64[rows, inner], row by row
 * @param b - float64[inner, columns], row by row
 * @returns float64[rows, columns], row by row
 */
export function matrixProduct(
  a: Float64Array,
  b: Float64Array,
  rows: number,
  inner: number,
  columns: number,
): Float64Array {
  assert(a.length === rows * inner && b.length === inner * columns, "the sizes of a matrix product");
  const out = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    const row = out.subarray(i * columns, (i + 1) * columns);
    for (let k = 0; k < inner; k++) {
      const factor = a[i * inner + k]!;
      if (factor === 0) continue;
      const from = k * columns;
      for (let j = 0; j < columns; j++) row[j]! += factor * b[from + j]!;
    }
  }
  return out;
}

/** The matrix with rows and columns exchanged. */
export function transposed(a: Float64Array, rows: number, columns: number): Float64Array {
  const out = new Float64Array(a.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = a[i * columns + j]!;
  return out;
}

/** What {@link svd} finds: a = u diag(s) v. */
export interface SingularValues {
  /** float64[rows, rank], row by row: left singular vectors in its columns. */
  readonly u: Float64Array;
  /** float64[rank], descending. */
  readonly s: Float64Array;
  /** float64[rank, columns], row by row: right singular vectors in its rows. */
  readonly v: Float64Array;
  /** min(rows, columns). */
  readonly rank: number;
}

/**
 * The thin singular value decomposition, by the eigenvectors of the smaller of a aᵀ and aᵀ a: quick, and exact in that u diag(s) v
 * is `a` to rounding. Singular values below 1e-8 of the largest are not resolved, and their vectors on the longer side are zeros
 * or not quite orthogonal.
 *
 * @param a - float64[rows, columns], row by row
 */
export function svd(a: Float64Array, rows: number, columns: number): SingularValues {
  const rank = Math.min(rows, columns);
  const wide = rows <= columns;
  const short = wide ? a : transposed(a, rows, columns);
  const long = wide ? columns : rows;
  const gram = matrixProduct(short, transposed(short, rank, long), rank, long, rank);
  const { eigenvectorMatrix } = new EigenvalueDecomposition(fromFlat(gram, rank, rank), { assumeSymmetric: true });
  // Eigenvalues come ascending.
  const basis = new Float64Array(rank * rank);
  for (let k = 0; k < rank; k++) {
    for (let i = 0; i < rank; i++) basis[k * rank + i] = eigenvectorMatrix.get(i, rank - 1 - k);
  }
  // Row k is s_k times the k-th singular vector of the longer side.
  const scaled = matrixProduct(basis, short, rank, rank, long);
  const norm = (row: Float64Array) => Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
  const s = Float64Array.from({ length: rank }, (_, k) => norm(scaled.subarray(k * long, (k + 1) * long)));
  const other = scaled.map((value, i) => (value === 0 ? 0 : value / s[Math.floor(i / long)]!));
  return wide
    ? { u: transposed(basis, rank, rank), s, v: other, rank }
    : { u: transposed(other, rank, long), s, v: basis, rank };
}
