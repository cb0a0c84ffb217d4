import { linearRegression, mean, quantile } from "simple-statistics";
import type { Random } from "../../core/index.ts";

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

/** A mean, and the interval that 95% of resampled means lie in. */
export interface Estimate {
  readonly value: number;
  readonly interval: readonly [low: number, high: number];
}

function resampled(runs: number, random: Random, statistic: (picked: number[]) => number): [number, number] {
  const values = Array.from({ length: 400 }, () => statistic(Array.from({ length: runs }, () => random.integer(runs))));
  const [low, high] = quantile(values, [0.025, 0.975]) as [number, number];
  return [low, high];
}

/** The mean of repeated measurements with a 95% bootstrap interval. */
export function meanOf(values: readonly number[], random: Random): Estimate {
  const interval = resampled(values.length, random, (picked) => mean(picked.map((run) => values[run]!)));
  return { value: mean([...values]), interval };
}

/**
 * The slope on log-log axes of the means, with a 95% interval: at every place the runs are drawn anew with replacement, and the line
 * is fitted again.
 *
 * @param x - the places
 * @param values - by place, by run; all positive
 */
export function slopeOfMeans(x: readonly number[], values: readonly (readonly number[])[], random: Random): Estimate {
  const slope = (means: readonly number[]) => fitPowerLaw(x, means).slope;
  const interval = resampled(values[0]!.length, random, (picked) =>
    slope(values.map((at) => mean(picked.map((run) => at[run]!)))),
  );
  return { value: slope(values.map((at) => mean([...at]))), interval };
}
