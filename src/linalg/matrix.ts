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
