import type { LogisticProblem } from "./logistic.ts";
import { type QuadraticProblem, quadraticFromOptimum } from "./quadratic.ts";

/**
 * The second-order model of a logistic regression around its optimum, example by example: the same gradients and curvatures
 * at x*, nothing beyond. What SGD does on the two differs only by the loss not being quadratic. Runs start at 0.
 *
 * @param optimum - x* of the regression
 */
export function quadraticModel(problem: LogisticProblem, optimum: Float64Array): QuadraticProblem {
  const { size, dim, rowStart, columns, values, labels, l2 } = problem;
  const matrices = new Float64Array(size * dim * dim);
  const gradients = new Float64Array(size * dim);
  let smoothness = 0;
  for (let i = 0; i < size; i++) {
    const row = new Float64Array(dim);
    for (let at = rowStart[i]!; at < rowStart[i + 1]!; at++) row[columns[at]!] = values[at]!;
    const margin = row.reduce((sum, value, j) => sum + value * optimum[j]!, 0);
    const wrong = 1 / (1 + Math.exp(labels[i]! * margin));
    const curvature = wrong * (1 - wrong);
    for (let r = 0; r < dim; r++) {
      gradients[i * dim + r] = l2 * optimum[r]! - labels[i]! * wrong * row[r]!;
      for (let c = 0; c < dim; c++) {
        matrices[(i * dim + r) * dim + c] = curvature * row[r]! * row[c]! + (r === c ? l2 : 0);
      }
    }
    smoothness = Math.max(smoothness, curvature * row.reduce((sum, value) => sum + value ** 2, 0) + l2);
  }
  return quadraticFromOptimum({ size, dim, matrices, gradients, optimum, start: new Float64Array(dim), smoothness });
}
