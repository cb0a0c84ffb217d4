/** What the averaging does with the mean of the workers' weights. @module */

/** The outer optimizer and its settings. */
export interface OuterOptions {
  /** `average` takes the mean as it is; `nesterov` takes a step of momentum towards it. */
  readonly outer: "average" | "nesterov";
  readonly outerRate: number;
  readonly outerMomentum: number;
}

/**
 * The next weights. With `nesterov`, the round's whole move x - mean counts as a gradient g:
 * v <- momentum v + g, x <- x - rate (g + momentum v).
 *
 * @param x - the weights before the round
 * @param mean - the mean of the workers' weights; changed in place for `nesterov`, and returned
 * @param velocity - v, of the weights' length; changed in place
 * @remarks Source: Douillard et al. (2023), DiLoCo, Algorithm 1, whose rate is 0.7 and momentum 0.9.
 */
export function outerStep<T extends Float32Array | Float64Array>(
  { outer, outerRate, outerMomentum }: OuterOptions,
  x: T,
  mean: T,
  velocity: T | undefined,
): T {
  if (outer === "average" || !velocity) return mean;
  for (let j = 0; j < x.length; j++) {
    const gradient = x[j]! - mean[j]!;
    velocity[j] = outerMomentum * velocity[j]! + gradient;
    mean[j] = x[j]! - outerRate * (gradient + outerMomentum * velocity[j]!);
  }
  return mean;
}
