/** Straight lines through points on log-log axes. @module */
import { linearRegression, quantile } from "simple-statistics";
import type { Random } from "../../core/index.ts";

/** A power law y = exp(intercept) x^slope, with a 95% interval for the slope. */
export interface FittedSlope {
  readonly slope: number;
  readonly intercept: number;
  readonly interval: readonly [low: number, high: number];
}

function fit(x: readonly number[], y: readonly number[]): { m: number; b: number } {
  return linearRegression(x.map((value, i) => [Math.log(value), Math.log(y[i]!)]));
}

/**
 * The slope of log y in log x over repeated measurements, with a bootstrap interval over the repeats.
 *
 * @param x - the places
 * @param runs - by repeat, a value for every place
 */
export function fitSlope(
  x: readonly number[],
  runs: readonly (readonly number[])[],
  random: Random,
  resamples = 400,
): FittedSlope {
  const meanOf = (chosen: typeof runs) =>
    x.map((_, k) => chosen.reduce((sum, run) => sum + run[k]!, 0) / chosen.length);
  const { m, b } = fit(x, meanOf(runs));
  const slopes = Array.from({ length: resamples }, () => {
    const drawn = runs.map(() => runs[random.integer(runs.length)]!);
    return fit(x, meanOf(drawn)).m;
  });
  const [low, high] = quantile(slopes, [0.025, 0.975]) as [number, number];
  return { slope: m, intercept: b, interval: [low, high] };
}

/** The law at `x`: the line to draw. */
export function evaluateLaw({ slope, intercept }: FittedSlope, x: readonly number[]): number[] {
  return x.map((value) => Math.exp(intercept + slope * Math.log(value)));
}

/** `0.50 [0.49, 0.51]` */
export function formatSlope({ slope, interval }: FittedSlope): string {
  return `${slope.toFixed(2)} [${interval.map((edge) => edge.toFixed(2)).join(", ")}]`;
}
