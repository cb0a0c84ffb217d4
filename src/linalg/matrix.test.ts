import { describe, expect, it } from "vitest";
import { Random } from "../core/index.ts";
import { randomOrthogonal, solve, symmetricEigenvalues } from "./index.ts";

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
});
