import { describe, expect, it } from "vitest";
import { Random } from "../core/index.ts";
import { matrixProduct, randomOrthogonal, solve, svd, symmetricEigenvalues, transposed } from "./index.ts";

/** Q diag(values) Q^T. */
function withSpectrum(q: Float64Array, values: readonly number[]): Float64Array {
  const n = values.length;
  return Float64Array.from({ length: n * n }, (_, at) =>
    values.reduce((sum, value, k) => sum + q[Math.floor(at / n) * n + k]! * value * q[(at % n) * n + k]!, 0),
  );
}

describe("linalg", () => {
  it.each([1, 2, 5, 12])("randomOrthogonal has orthonormal rows (n = %i)", (n) => {
    const q = randomOrthogonal(new Random(1, "q", n), n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        let dot = 0;
        for (let k = 0; k < n; k++) dot += q[i * n + k]! * q[j * n + k]!;
        expect(dot).toBeCloseTo(i === j ? 1 : 0, 12);
      }
    }
  });

  it("randomOrthogonal is uniform: entries of either sign, determinants of either sign, variance 1/n", () => {
    const random = new Random(2, "q");
    const draws = Array.from({ length: 2000 }, () => randomOrthogonal(random, 2));
    const mean = draws.reduce((sum, q) => sum + q[0]!, 0) / draws.length;
    const square = draws.reduce((sum, q) => sum + q[0]! ** 2, 0) / draws.length;
    const rotations = draws.filter((q) => q[0]! * q[3]! - q[1]! * q[2]! > 0).length;
    expect(Math.abs(mean)).toBeLessThan(0.06);
    expect(Math.abs(square - 0.5)).toBeLessThan(0.03);
    expect(Math.abs(rotations - 1000)).toBeLessThan(90);
  });

  it("symmetricEigenvalues finds the spectrum a matrix was made from, ascending", () => {
    const values = [-2, 0.5, 3, 3, 7];
    const found = symmetricEigenvalues(withSpectrum(randomOrthogonal(new Random(3, "q"), 5), values), 5);
    found.forEach((value, i) => {
      expect(value).toBeCloseTo(values[i]!, 12);
    });
  });

  it("solve inverts a product", () => {
    const a = withSpectrum(randomOrthogonal(new Random(4, "q"), 4), [1, 2, 5, 9]);
    const x = Float64Array.of(1, -2, 3, 0.5);
    const b = x.map((_, i) => x.reduce((sum, value, j) => sum + a[i * 4 + j]! * value, 0));
    solve(a, b).forEach((value, i) => {
      expect(value).toBeCloseTo(x[i]!, 12);
    });
  });

  it.each([
    [5, 3],
    [3, 5],
    [4, 4],
    [1, 6],
  ])("svd of a %i x %i matrix: orthonormal vectors, descending values, and the matrix itself", (rows, columns) => {
    const random = new Random(6, "svd", rows, columns);
    const a = Float64Array.from({ length: rows * columns }, () => random.normal());
    const { u, s, v, rank } = svd(a, rows, columns);
    expect(rank).toBe(Math.min(rows, columns));
    expect([...s]).toEqual([...s].sort((x, y) => y - x));
    const scaled = u.map((value, i) => value * s[i % rank]!);
    expect(matrixProduct(scaled, v, rows, rank, columns)).toBeAllclose(a, { atol: 1e-12 });
    const identity = Float64Array.from({ length: rank * rank }, (_, i) => Number(i % (rank + 1) === 0));
    expect(matrixProduct(transposed(u, rows, rank), u, rank, rows, rank)).toBeAllclose(identity, { atol: 1e-12 });
    expect(matrixProduct(v, transposed(v, rank, columns), rank, columns, rank)).toBeAllclose(identity, { atol: 1e-12 });
  });

  it("svd of a matrix of lower rank is still the matrix", () => {
    const random = new Random(7, "svd");
    const [left, right] = [8, 6].map((n) => Float64Array.from({ length: 2 * n }, () => random.normal()));
    const a = matrixProduct(left!, right!, 8, 2, 6);
    const { u, s, v } = svd(a, 8, 6);
    expect(s[2]! / s[0]!).toBeLessThan(1e-7);
    const scaled = u.map((value, i) => value * s[i % 6]!);
    expect(matrixProduct(scaled, v, 8, 6, 6)).toBeAllclose(a, { atol: 1e-12 });
  });

  it("svd finds the singular values a matrix was made from", () => {
    const values = [5, 3, 1, 0.5];
    const a = withSpectrum(randomOrthogonal(new Random(8, "q"), 4), values);
    expect(svd(a, 4, 4).s).toBeAllclose(values, { rtol: 1e-10 });
  });
});
