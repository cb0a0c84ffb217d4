/** Power laws through points, and how sure a fitted number is. @module */
import { linearRegression, quantile } from "simple-statistics";
import type { Random } from "../core/index.ts";

/** A straight line through points on log-log axes: y = exp(intercept) x^slope. */
export interface PowerLaw {
  readonly slope: number;
  readonly intercept: number;
}

/** Least squares of log y on log x; every x and y positive, at least two different x. */
export function fitPowerLaw(x: readonly number[], y: readonly number[]): PowerLaw {
  const { m, b } = linearRegression(x.map((value, i) => [Math.log(value), Math.log(y[i]!)]));
  return { slope: m, intercept: b };
}

/** The law's values at `x`: the line to draw through the points. */
export function evaluatePowerLaw({ slope, intercept }: PowerLaw, x: readonly number[]): number[] {
  return x.map((value) => Math.exp(intercept + slope * Math.log(value)));
}

/**
 * A 95% interval by the bootstrap: samples are drawn anew with replacement, as many as there are, and the statistic is computed of
 * each draw.
 *
 * @param samples - how many there are
 * @param random - the stream drawn from
 * @param statistic - of the samples drawn, by their places
 * @param resamples - how often
 */
export function bootstrapInterval(
  samples: number,
  random: Random,
  statistic: (drawn: number[]) => number,
  resamples = 400,
): [low: number, high: number] {
  const values = Array.from({ length: resamples }, () =>
    statistic(Array.from({ length: samples }, () => random.integer(samples))),
  );
  const [low, high] = quantile(values, [0.025, 0.975]) as [number, number];
  return [low, high];
}
