import { describe, expect, it } from "vitest";
import { Random } from "../../core/index.ts";
import {
  findOptimum,
  type OneDimensionalProblem,
  oneDimensionalProblem,
  runOptimalPermutations,
  runRandomReshuffling,
} from "./one-dimensional.ts";

describe("one dimension", () => {
  it("finds the minimum to the last bit", () => {
    const parabolas: OneDimensionalProblem = {
      size: 2,
      derivative: (i, x) => (i + 1) * (x - 30 * i),
      strongConvexity: 1.5,
      start: 0,
    };
    expect(findOptimum(parabolas)).toBeCloseTo(20, 13);
    const far = { ...parabolas, start: -1e6 };
    expect(findOptimum(far)).toBeCloseTo(20, 13);
  });

  it("takes steps that anyone can repeat from the permutations and learning rates", () => {
    const problem = oneDimensionalProblem(12, new Random(4, "p"));
    const { optimum, chosen } = runOptimalPermutations(problem, { epochs: 10 });
    let x = problem.start;
    for (const { learningRate, permutation, error } of chosen) {
      expect([...permutation].sort((a, b) => a - b)).toEqual(Array.from({ length: 12 }, (_, i) => i));
      for (const i of permutation) x -= learningRate * problem.derivative(i, x);
      expect(Math.abs(x - optimum)).toBe(error);
    }
    expect(Math.abs(x - optimum)).toBeLessThan(1e-12);
  });

  it.each([2, 3, 50])("converges with %i components", (size) => {
    const { chosen } = runOptimalPermutations(oneDimensionalProblem(size, new Random(2, "p")), { epochs: 12 });
    expect(Math.min(...chosen.map(({ error }) => error))).toBeLessThan(1e-12);
  });

  it("stalls where the learning rate is kept constant", () => {
    const problem = oneDimensionalProblem(20, new Random(6, "p"));
    const { chosen } = runOptimalPermutations(problem, { epochs: 40, learningRate: 0.02 });
    const later = chosen.slice(20).map(({ error }) => error);
    expect(Math.min(...later)).toBeGreaterThan(1e-9);
    expect(Math.max(...later)).toBeLessThan(1e-2);
  });

  it("says so where components do not differ", () => {
    const same: OneDimensionalProblem = { size: 5, derivative: (_, x) => x, strongConvexity: 1, start: 1 };
    expect(() => runOptimalPermutations(same, { epochs: 1 })).toThrow(
      "order optimal: expected components whose derivatives at the optimum differ",
    );
  });

  it("gives a median of random runs that does not converge at a constant rate", () => {
    const problem = oneDimensionalProblem(20, new Random(1, "p"));
    const { errors, learningRate } = runRandomReshuffling(problem, { epochs: 10, seed: 3, repeats: 21 });
    expect(errors).toHaveLength(10);
    expect(learningRate).toBeCloseTo((2 * Math.log(200)) / (problem.strongConvexity * 200), 12);
    expect(Math.min(...errors)).toBeGreaterThan(1e-3);
  });
});
