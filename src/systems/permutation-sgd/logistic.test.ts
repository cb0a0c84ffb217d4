import { describe, expect, it } from "vitest";
import { Random } from "../../core/index.ts";
import { createOrder } from "../../optim/index.ts";
import {
  type LogisticProblem,
  logisticEpoch,
  logisticError,
  logisticGradient,
  logisticObjective,
  logisticOptimum,
  logisticSmoothness,
} from "./logistic.ts";
import { runQuadratic } from "./quadratic.ts";
import { quadraticModel } from "./quadratic-model.ts";

const random = new Random(12, "logistic");
const size = 60;
const width = 5;

/** Rows of `width` features, four in ten of them zero, and the intercept. */
const rows = Array.from({ length: size }, () => [
  ...Array.from({ length: width }, () => (random.uniform() < 0.4 ? 0 : random.normal())),
  1,
]);
const labels = Float64Array.from(rows, (row) => (row[0]! + row[1]! + 0.3 * random.normal() > 0 ? 1 : -1));

function sparse(l2: number): LogisticProblem {
  const entries = rows.map((row) => row.flatMap((value, j) => (value === 0 ? [] : [[j, value] as const])));
  const rowStart = new Int32Array(size + 1);
  entries.forEach((row, i) => {
    rowStart[i + 1] = rowStart[i]! + row.length;
  });
  const columns = Int32Array.from(entries.flat(), ([j]) => j);
  const values = Float64Array.from(entries.flat(), ([, value]) => value);
  return { size, dim: width + 1, rowStart, columns, values, labels, l2 };
}

const problem = sparse(0.05);
const somewhere = Float64Array.from({ length: width + 1 }, () => random.normal());

/** The gradient of example i's loss and the regulariser, densely. */
function exampleGradient(i: number, x: Float64Array, l2: number): Float64Array {
  const margin = rows[i]!.reduce((sum, value, j) => sum + value * x[j]!, 0);
  const factor = -labels[i]! / (1 + Math.exp(labels[i]! * margin));
  return x.map((value, j) => l2 * value + factor * rows[i]![j]!);
}

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  const difference = Math.max(...Array.from(found, (value, j) => Math.abs(value - expected[j]!)));
  expect(difference).toBeLessThan(tolerance);
}

describe("logistic regression", () => {
  it("has the gradient of its objective", () => {
    const gradient = logisticGradient(problem, somewhere);
    const numeric = somewhere.map((_, j) => {
      const at = (h: number) => logisticObjective(problem, somewhere.with(j, somewhere[j]! + h));
      return (at(1e-5) - at(-1e-5)) / 2e-5;
    });
    expectClose(gradient, numeric, 1e-9);
  });

  it("stays finite at margins that overflow exp", () => {
    const far = somewhere.map((value) => 1e4 * value);
    expect(logisticObjective(problem, far)).toBeLessThan(1e9);
    expect([...logisticGradient(problem, far)].every(Number.isFinite)).toBe(true);
  });

  it("finds the optimum: no gradient, and higher everywhere around", () => {
    const { x, objective, gradientNorm } = logisticOptimum(problem);
    expect(gradientNorm).toBeLessThan(1e-11);
    expect(Math.hypot(...logisticGradient(problem, x))).toBeLessThan(1e-11);
    for (let trial = 0; trial < 20; trial++) {
      expect(
        logisticObjective(
          problem,
          x.map((value) => value + 1e-3 * random.normal()),
        ),
      ).toBeGreaterThan(objective);
    }
    expect(logisticError(problem, x)).toBeLessThan(0.3);
  });

  it("finds it with hardly any regularisation too", () => {
    expect(logisticOptimum(sparse(1e-7)).gradientNorm).toBeLessThan(1e-8);
  });

  it.each(["rr", "grab"])("takes the same steps in %s order as plain dense SGD", (name) => {
    const order = createOrder(name, { size, seed: 1 });
    const plain = createOrder(name, { size, seed: 1 });
    const x = new Float64Array(width + 1);
    let expected = new Float64Array(width + 1);
    for (let epoch = 0; epoch < 4; epoch++) {
      logisticEpoch(problem, order, x, 0.2);
      order.endEpoch();
      for (const [position, i] of plain.permutation().entries()) {
        const gradient = exampleGradient(i, expected, problem.l2);
        const loss = exampleGradient(i, expected, 0);
        if (plain.needsGradients) plain.observe(position, loss);
        expected = expected.map((value, j) => value - 0.2 * gradient[j]!);
      }
      plain.endEpoch();
      expect([...order.permutation()]).toEqual([...plain.permutation()]);
      expectClose(x, expected, 1e-13);
    }
  });

  it("takes the same steps where the order is not shown the gradients", () => {
    const order = createOrder("grab-pair", { size, seed: 3 });
    const [seen, unseen] = [new Float64Array(width + 1), new Float64Array(width + 1)];
    logisticEpoch(problem, order, unseen, 0.1, false);
    logisticEpoch(problem, order, seen, 0.1);
    expect([...seen]).toEqual([...unseen]);
  });

  it("names the epoch and order that overflow", () => {
    const order = createOrder("ss", { size, seed: 0 });
    expect(() => {
      for (let epoch = 0, x = new Float64Array(width + 1); epoch < 50; epoch++) {
        logisticEpoch(problem, order, x, 1e3);
        order.endEpoch();
      }
    }).toThrow(/order bench, epoch \d+ of ss: expected finite weights.*--learning-rates/);
  });

  it("counts the wrong side, and bounds the curvature", () => {
    expect(logisticError(problem, new Float64Array(width + 1))).toBe(1);
    const largest = Math.max(...rows.map((row) => row.reduce((sum, value) => sum + value ** 2, 0)));
    expect(logisticSmoothness(problem)).toBeCloseTo(largest / 4 + 0.05, 12);
  });
});

describe("quadraticModel", () => {
  const { x: optimum } = logisticOptimum(problem);
  const model = quadraticModel(problem, optimum);

  it("has the examples' gradients at the optimum and the Hessian's curvature", () => {
    const dim = width + 1;
    const direction = Float64Array.from({ length: dim }, () => random.normal());
    for (const i of [0, 17, 59]) {
      const product = (x: Float64Array, r: number) =>
        x.reduce((sum, value, c) => sum + model.matrices[(i * dim + r) * dim + c]! * value, 0);
      const gradient = optimum.map((_, r) => product(optimum, r) - model.offsets[i * dim + r]!);
      expectClose(gradient, exampleGradient(i, optimum, problem.l2), 1e-12);
      const ahead = (h: number) =>
        exampleGradient(
          i,
          optimum.map((value, j) => value + h * direction[j]!),
          problem.l2,
        );
      const [up, down] = [ahead(1e-5), ahead(-1e-5)];
      const numeric = up.map((value, r) => (value - down[r]!) / 2e-5);
      const curved = optimum.map((_, r) => product(direction, r));
      expectClose(curved, numeric, 1e-8);
    }
    expect(model.strongConvexity).toBeGreaterThanOrEqual(problem.l2);
  });

  it("goes where the regression goes, near the optimum", () => {
    const x = optimum.slice();
    logisticEpoch(problem, createOrder("igd", { size, seed: 0 }), x, 0.01);
    const order = createOrder("igd", { size, seed: 0 });
    const moved = runQuadratic({ ...model, start: optimum }, order, 1, 0.01);
    const distance = Math.hypot(...x.map((value, j) => value - optimum[j]!));
    expect(distance).toBeGreaterThan(1e-4);
    expectClose(x, moved, 0.05 * distance);
  });
});
