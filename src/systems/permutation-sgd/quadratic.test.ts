import { describe, expect, it } from "vitest";
import { Random } from "../../core/index.ts";
import { symmetricEigenvalues } from "../../linalg/index.ts";
import { createOrder } from "../../optim/index.ts";
import { quadraticError, quadraticProblem, runQuadratic } from "./quadratic.ts";

const family = { size: 40, dim: 5, condition: 3, spread: 0.5 };
const problem = quadraticProblem(family, new Random(3, "problem"));

/** The gradient of component i at x, from the problem's arrays. */
function gradientAt(i: number, x: Float64Array): number[] {
  const { dim, matrices, offsets } = problem;
  return Array.from({ length: dim }, (_, r) =>
    x.reduce((sum, value, c) => sum + matrices[(i * dim + r) * dim + c]! * value, -offsets[i * dim + r]!),
  );
}

describe("quadraticProblem", () => {
  it("has symmetric components with eigenvalues between its bounds", () => {
    const { size, dim, matrices, smoothness } = problem;
    for (let i = 0; i < size; i++) {
      const matrix = matrices.slice(i * dim * dim, (i + 1) * dim * dim);
      for (let r = 0; r < dim; r++) {
        for (let c = 0; c < r; c++) expect(matrix[r * dim + c]).toBeCloseTo(matrix[c * dim + r]!, 12);
      }
      const eigenvalues = symmetricEigenvalues(matrix, dim);
      expect(eigenvalues[0]).toBeGreaterThanOrEqual(1 - family.spread - 1e-12);
      expect(eigenvalues[dim - 1]).toBeLessThanOrEqual(smoothness + 1e-12);
    }
  });

  it("has its minimum at the optimum, and gradients there sorted by their first coordinate", () => {
    const gradients = Array.from({ length: problem.size }, (_, i) => gradientAt(i, problem.optimum));
    for (let j = 0; j < problem.dim; j++) {
      expect(gradients.reduce((sum, gradient) => sum + gradient[j]!, 0)).toBeCloseTo(0, 10);
    }
    const first = gradients.map((gradient) => gradient[0]!);
    expect(first).toEqual(first.toSorted((a, b) => a - b));
    expect(first.at(-1)! - first[0]!).toBeGreaterThan(2);
  });

  it("starts at distance 1", () => {
    expect(Math.hypot(...problem.start.map((value, j) => value - problem.optimum[j]!))).toBeCloseTo(1, 12);
  });

  it("has a mean with the curvature it states", () => {
    expect(problem.strongConvexity).toBeGreaterThan(0.8);
    expect(problem.meanSmoothness).toBeLessThan(4);
    expect(problem.meanSmoothness / problem.strongConvexity).toBeGreaterThan(2);
  });

  it.each([1, 2])("exists in %i dimensions", (dim) => {
    const small = quadraticProblem({ ...family, dim }, new Random(1, "problem"));
    expect(quadraticError(small, createOrder("rr", { size: 40, seed: 0 }), 100, 14 / (40 * 100))).toBeLessThan(1e-3);
  });
});

describe("runQuadratic", () => {
  it("takes the steps x - alpha (A_i x - b_i) in the order's order", () => {
    const order = createOrder("rr", { size: problem.size, seed: 9 });
    const permutation = order.permutation().slice();
    let x: Float64Array = problem.start.slice();
    for (const i of permutation) {
      const gradient = gradientAt(i, x);
      x = x.map((value, j) => value - 0.01 * gradient[j]!);
    }
    runQuadratic(problem, order, 1, 0.01).forEach((value, j) => {
      expect(value).toBeCloseTo(x[j]!, 13);
    });
    expect(order.epoch).toBe(1);
  });

  it("ends at the floor where epochs are many and components few, whatever the order", () => {
    const few = quadraticProblem({ ...family, size: 4 }, new Random(5, "problem"));
    const learningRate = 14 / (few.strongConvexity * 4 * 4096);
    const floor = few.selfTerm * learningRate ** 2;
    for (const name of ["rr", "ff-rr", "ff-ss"]) {
      const error = quadraticError(few, createOrder(name, { size: 4, seed: 2 }), 4096, learningRate);
      expect(error / floor).toBeGreaterThan(0.4);
      expect(error / floor).toBeLessThan(2.5);
    }
  });

  it("names the epoch in which it diverges", () => {
    const order = () => createOrder("igd", { size: problem.size, seed: 0 });
    expect(() => runQuadratic(problem, order(), 10, 3)).toThrow(
      /order bench, epoch 1: expected iterates .*stable below 2/,
    );
    expect(() => runQuadratic(problem, order(), 1000, 0.9)).toThrow(/order bench, epoch \d+: .*--contraction/);
  });
});
