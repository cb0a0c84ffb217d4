import { describe, expect, it } from "vitest";
import { Random } from "../core/index.ts";
import { matrixProduct, minimumNormByGradients, orthogonalize, randomOrthogonal, svd, transposed } from "./index.ts";

function normals(random: Random, size: number): Float64Array {
  return Float64Array.from({ length: size }, () => random.normal());
}

/** rows x columns with the given singular values. */
function withSingularValues(random: Random, rows: number, columns: number, values: readonly number[]): Float64Array {
  const left = randomOrthogonal(random, rows);
  const right = randomOrthogonal(random, columns);
  const scaled = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let k = 0; k < values.length; k++) scaled[i * columns + k] = left[i * rows + k]! * values[k]!;
  }
  return matrixProduct(scaled, right, rows, columns, columns);
}

const largest = (values: Float64Array) => values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

describe("orthogonalize", () => {
  it.each([
    [1, 1],
    [3, 7],
    [4, 4],
    [9, 20],
    [17, 18],
  ])("gives an orthogonal Q and R with Q R = V (%i vectors of %i)", async (count, length) => {
    const vectors = normals(new Random(1, count), count * length);
    const factors = await orthogonalize(vectors.slice(), count, length);
    for (let j = 0; j < count; j++) {
      const turned = factors.applyQTransposed(vectors.slice(j * length, (j + 1) * length));
      expect(largest(turned.subarray(j + 1))).toBeLessThan(1e-13);
      expect(turned[j]).toBeCloseTo(factors.diagonal[j]!, 12);
    }
    const x = normals(new Random(2, count), length);
    expect(factors.applyQ(factors.applyQTransposed(x))).toBeAllclose(x, { atol: 1e-13 });
  });

  it("solves for the smallest solution, which the singular values confirm", async () => {
    const [rows, columns] = [12, 31];
    const k = normals(new Random(3), rows * columns);
    const w = normals(new Random(4), rows);
    const factors = await orthogonalize(k.slice(), rows, columns);
    const padded = new Float64Array(columns);
    padded.set(factors.solveRTransposed(w));
    const x = factors.applyQ(padded);
    expect(matrixProduct(k, x, rows, columns, 1)).toBeAllclose(w, { atol: 1e-12 });
    const { u, s, v } = svd(k, rows, columns);
    const coordinates = matrixProduct(transposed(u, rows, rows), w, rows, rows, 1).map((value, i) => value / s[i]!);
    expect(x).toBeAllclose(matrixProduct(transposed(v, rows, columns), coordinates, columns, rows, 1), { atol: 1e-10 });
  });

  it("knows the condition number", async () => {
    const k = withSingularValues(new Random(5), 10, 25, [5e4, 9, 8, 7, 6, 5, 4, 3, 2, 0.5]);
    const found = (await orthogonalize(k, 10, 25)).conditionNumber();
    expect(found / 1e5).toBeGreaterThan(0.97);
    expect(found / 1e5).toBeLessThan(1.03);
  });

  it("names vectors that depend on those before, and leaves them out", async () => {
    const vectors = normals(new Random(6), 5 * 9);
    for (let i = 0; i < 9; i++) vectors[3 * 9 + i] = 2 * vectors[i]! - vectors[9 + i]!;
    const factors = await orthogonalize(vectors, 5, 9);
    expect(factors.dependent).toEqual([3]);
    expect(factors.conditionNumber()).toBe(Number.POSITIVE_INFINITY);
    expect(factors.solveR(new Float64Array(5).fill(1)).every(Number.isFinite)).toBe(true);
  });
});

describe("minimumNormByGradients", () => {
  const operatorOf = (k: Float64Array, rows: number, columns: number) => {
    const turned = transposed(k, rows, columns);
    return {
      apply: async (x: Float64Array) => matrixProduct(k, x, rows, columns, 1),
      applyTransposed: async (y: Float64Array) => matrixProduct(turned, y, columns, rows, 1),
    };
  };

  it("finds what the factors find, and the condition number", async () => {
    const [rows, columns] = [30, 50];
    const values = Array.from({ length: rows }, (_, i) => 1 + i);
    const k = withSingularValues(new Random(7), rows, columns, values);
    const w = normals(new Random(8), rows);
    const options = { columns, maxIterations: 2000 };
    const { x, conditionNumber, iterations } = await minimumNormByGradients(operatorOf(k, rows, columns), w, options);
    const factors = await orthogonalize(k.slice(), rows, columns);
    const padded = new Float64Array(columns);
    padded.set(factors.solveRTransposed(w));
    expect(x).toBeAllclose(factors.applyQ(padded), { atol: 1e-12 });
    expect(conditionNumber / 30).toBeGreaterThan(0.9);
    expect(conditionNumber / 30).toBeLessThan(1.1);
    expect(iterations).toBeLessThan(2000);
  });

  it("stops at the number of iterations it is given", async () => {
    const k = withSingularValues(new Random(9), 20, 21, [1e6, ...Array<number>(19).fill(1e-3)]);
    const options = { columns: 21, maxIterations: 7 };
    const { iterations } = await minimumNormByGradients(operatorOf(k, 20, 21), normals(new Random(10), 20), options);
    expect(iterations).toBe(7);
  });
});
