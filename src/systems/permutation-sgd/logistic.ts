import { DivergenceError } from "../../core/index.ts";
import type { Order } from "../../optim/index.ts";

/**
 * L2-regularised logistic regression: F(x) = mean_i log(1 + exp(-y_i a_i'x)) + l2 |x|^2 / 2. Rows a_i are kept sparse (CSR),
 * with a last entry of 1 for the intercept, which is regularised like every weight: so F is strongly convex with mu = l2.
 */
export interface LogisticProblem {
  /** Number of examples, n. */
  readonly size: number;
  /** Number of weights, the intercept included. */
  readonly dim: number;
  /** Row i is entries rowStart[i] … rowStart[i + 1] - 1 of `columns` and `values`. */
  readonly rowStart: Int32Array;
  readonly columns: Int32Array;
  readonly values: Float64Array;
  /** y_i, -1 or 1. */
  readonly labels: Float64Array;
  readonly l2: number;
}

/** a_i'x */
function margin(problem: LogisticProblem, i: number, x: Float64Array): number {
  const { columns, values, rowStart } = problem;
  let sum = 0;
  for (let at = rowStart[i]!; at < rowStart[i + 1]!; at++) sum += values[at]! * x[columns[at]!]!;
  return sum;
}

/** 1 / (1 + exp(z)), for any z. */
function sigmoidOfMinus(z: number): number {
  return z > 0 ? Math.exp(-z) / (1 + Math.exp(-z)) : 1 / (1 + Math.exp(z));
}

/** F(x) */
export function logisticObjective(problem: LogisticProblem, x: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < problem.size; i++) {
    const z = problem.labels[i]! * margin(problem, i, x);
    sum += z > 0 ? Math.log1p(Math.exp(-z)) : Math.log1p(Math.exp(z)) - z;
  }
  return sum / problem.size + (problem.l2 / 2) * dot(x, x);
}

/** grad F(x) */
export function logisticGradient(problem: LogisticProblem, x: Float64Array): Float64Array {
  const { size, rowStart, columns, values, labels, l2 } = problem;
  const gradient = x.map((value) => l2 * value);
  for (let i = 0; i < size; i++) {
    const factor = (-labels[i]! * sigmoidOfMinus(labels[i]! * margin(problem, i, x))) / size;
    for (let at = rowStart[i]!; at < rowStart[i + 1]!; at++) gradient[columns[at]!]! += factor * values[at]!;
  }
  return gradient;
}

/** The second derivatives sigma(z)(1 - sigma(z)) of the examples' losses at x, which {@link hessianTimes} takes. */
function lossCurvatures(problem: LogisticProblem, x: Float64Array): Float64Array {
  return problem.labels.map((_, i) => {
    const p = sigmoidOfMinus(margin(problem, i, x));
    return p * (1 - p);
  });
}

/** Hessian of F times v. */
function hessianTimes(problem: LogisticProblem, curvatures: Float64Array, v: Float64Array): Float64Array {
  const { size, rowStart, columns, values, l2 } = problem;
  const product = v.map((value) => l2 * value);
  for (let i = 0; i < size; i++) {
    const factor = (curvatures[i]! * margin(problem, i, v)) / size;
    for (let at = rowStart[i]!; at < rowStart[i + 1]!; at++) product[columns[at]!]! += factor * values[at]!;
  }
  return product;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += a[j]! * b[j]!;
  return sum;
}

/** p with H p = -gradient up to `tolerance` times |gradient|, by conjugate gradients from 0. */
function newtonDirection(
  problem: LogisticProblem,
  curvatures: Float64Array,
  gradient: Float64Array,
  tolerance: number,
): Float64Array {
  const step = new Float64Array(gradient.length);
  const residual = gradient.map((value) => -value);
  const direction = residual.slice();
  let square = dot(residual, residual);
  const stop = tolerance ** 2 * square;
  for (let iteration = 0; iteration < 10 * gradient.length && square > stop; iteration++) {
    const curved = hessianTimes(problem, curvatures, direction);
    const length = square / dot(direction, curved);
    for (let j = 0; j < step.length; j++) {
      step[j]! += length * direction[j]!;
      residual[j]! -= length * curved[j]!;
    }
    const next = dot(residual, residual);
    for (let j = 0; j < step.length; j++) direction[j] = residual[j]! + (next / square) * direction[j]!;
    square = next;
  }
  return step;
}

/** The minimum of F. */
export interface LogisticOptimum {
  readonly x: Float64Array;
  readonly objective: number;
  /** |grad F| there; the objective is exact to gradientNorm^2 / (2 l2). */
  readonly gradientNorm: number;
}

/**
 * Minimises F in float64 by Newton's method with conjugate gradients and step halving, until the gradient is as small as
 * rounding lets it be.
 *
 * @throws {DivergenceError} where it does not come below 1e-8
 */
export function logisticOptimum(problem: LogisticProblem): LogisticOptimum {
  let x: Float64Array = new Float64Array(problem.dim);
  let objective = logisticObjective(problem, x);
  let gradient = logisticGradient(problem, x);
  let norm = Math.sqrt(dot(gradient, gradient));
  for (let iteration = 0; iteration < 100 && norm > 1e-11; iteration++) {
    const direction = newtonDirection(problem, lossCurvatures(problem, x), gradient, Math.min(0.1, norm));
    const descent = dot(gradient, direction);
    let length = 1;
    let next = x.map((value, j) => value + direction[j]!);
    // Near the optimum the decrease is below the objective's rounding, which the allowance covers.
    const allowance = 1e-14 * Math.max(1, objective);
    while (logisticObjective(problem, next) > objective + 1e-4 * length * descent + allowance && length > 1e-10) {
      length /= 2;
      next = x.map((value, j) => value + length * direction[j]!);
    }
    const nextGradient = logisticGradient(problem, next);
    const nextNorm = Math.sqrt(dot(nextGradient, nextGradient));
    if (norm < 1e-10 && nextNorm >= norm) break;
    [x, gradient, norm] = [next, nextGradient, nextNorm];
    objective = logisticObjective(problem, x);
  }
  if (!(norm < 1e-8)) {
    throw new DivergenceError({
      where: "order bench, optimum of the logistic regression",
      expected: "a gradient below 1e-8 after 100 Newton steps",
      found: norm.toPrecision(3),
      hint: "scale the features (--scale standard) or raise --l2",
    });
  }
  return { x, objective, gradientNorm: norm };
}

/** The share of examples on the wrong side, in [0, 1]; a margin of 0 counts as wrong. */
export function logisticError(problem: LogisticProblem, x: Float64Array): number {
  let wrong = 0;
  for (let i = 0; i < problem.size; i++) if (!(problem.labels[i]! * margin(problem, i, x) > 0)) wrong++;
  return wrong / problem.size;
}

/** A bound of the curvature of every example's loss: max_i |a_i|^2 / 4 + l2. */
export function logisticSmoothness(problem: LogisticProblem): number {
  let most = 0;
  for (let i = 0; i < problem.size; i++) {
    let square = 0;
    for (let at = problem.rowStart[i]!; at < problem.rowStart[i + 1]!; at++) square += problem.values[at]! ** 2;
    most = Math.max(most, square);
  }
  return most / 4 + problem.l2;
}

/**
 * One epoch of SGD, one example a step, in the order's permutation; `x` is changed in place. The order is not moved on.
 *
 * An order that needs gradients gets those of the losses alone: the gradient l2 x of the regulariser is the same for every
 * example at a given x, so that it says nothing about their order, and without it a sparse row's gradient stays sparse.
 *
 * @param observe - false to leave the order's `observe` out, for timing
 * @throws {DivergenceError} where an iterate is no longer finite
 * @remarks The iterate is kept as scale times w, so that a step costs only the nonzeros of its row: shrinking all weights by
 * 1 - alpha l2 shrinks the scale.
 */
export function logisticEpoch(
  problem: LogisticProblem,
  order: Order,
  x: Float64Array,
  learningRate: number,
  observe = order.needsGradients,
): void {
  const { size, rowStart, columns, values, labels } = problem;
  const permutation = order.permutation();
  const shrink = 1 - learningRate * problem.l2;
  const gradient = new Float64Array(observe ? problem.dim : 0);
  let scale = 1;
  for (let t = 0; t < size; t++) {
    const i = permutation[t]!;
    const from = rowStart[i]!;
    const to = rowStart[i + 1]!;
    let sum = 0;
    for (let at = from; at < to; at++) sum += values[at]! * x[columns[at]!]!;
    const label = labels[i]!;
    const factor = label * sigmoidOfMinus(label * scale * sum);
    if (observe) {
      for (let at = from; at < to; at++) gradient[columns[at]!] = -factor * values[at]!;
      order.observe(t, gradient);
      for (let at = from; at < to; at++) gradient[columns[at]!] = 0;
    }
    scale *= shrink;
    const move = (learningRate * factor) / scale;
    for (let at = from; at < to; at++) x[columns[at]!]! += move * values[at]!;
  }
  for (let j = 0; j < x.length; j++) x[j]! *= scale;
  if (!Number.isFinite(dot(x, x))) {
    throw new DivergenceError({
      where: `order bench, epoch ${order.epoch + 1} of ${order.name}`,
      expected: "finite weights",
      found: "an overflow",
      hint: `lower the learning rate ${learningRate} (--learning-rates)`,
    });
  }
}
