/** Functions as sums of sigmoids, which softmax computes exactly. @module */
import { solve } from "../../../linalg/index.ts";

/** One term: weight · sigmoid(-rate x). */
export interface SigmoidTerm {
  readonly rate: number;
  readonly weight: number;
}

const pointsPerTerm = 12;
/** Keeps weights from growing without bound, where terms are nearly dependent. */
const ridge = 1e-9;

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/**
 * Sigmoids with rates spread evenly on a logarithmic scale, whose sum is `target` on [low, high] with an even relative error: weighted
 * least squares on as even a grid. As 1/x and x^(-1/2) are integrals of exponentials, their error falls geometrically with the
 * number of terms.
 *
 * @remarks The paper takes m sigmoids for any Barron function, with error m^(-1/2); the choice of rates is ours.
 */
export function fitSigmoids(target: (x: number) => number, low: number, high: number, terms: number): SigmoidTerm[] {
  const spread = (count: number, from: number, to: number) =>
    Array.from({ length: count }, (_, i) => from * (to / from) ** (i / (count - 1)));
  const rates = spread(terms, 0.25 / high, 8 / low);
  const grid = spread(terms * pointsPerTerm, low, high);
  const rows = grid.length + terms;
  const matrix = new Float64Array(rows * terms);
  const wanted = new Float64Array(rows).fill(1, 0, grid.length);
  // Columns are scaled by 1 / target(rate), about the density of the integral: then all unknowns are of one size.
  for (const [g, x] of grid.entries()) {
    for (const [t, rate] of rates.entries()) matrix[g * terms + t] = sigmoid(-rate * x) / target(rate) / target(x);
  }
  for (let t = 0; t < terms; t++) matrix[(grid.length + t) * terms + t] = ridge;
  const weights = solve(matrix, wanted);
  return rates.map((rate, t) => ({ rate, weight: weights[t]! / target(rate) }));
}

/** The sum of the terms at x. */
export function sumOfSigmoids(terms: readonly SigmoidTerm[], x: number): number {
  return terms.reduce((sum, { rate, weight }) => sum + weight * sigmoid(-rate * x), 0);
}
