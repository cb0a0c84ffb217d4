import { mean } from "simple-statistics";
import type { Random } from "../../core/index.ts";
import { bootstrapInterval, fitPowerLaw } from "../../linalg/index.ts";

/** A mean, and the interval that 95% of resampled means lie in. */
export interface Estimate {
  readonly value: number;
  readonly interval: readonly [low: number, high: number];
}

/** The mean of repeated measurements with a 95% bootstrap interval. */
export function meanOf(values: readonly number[], random: Random): Estimate {
  const interval = bootstrapInterval(values.length, random, (picked) => mean(picked.map((run) => values[run]!)));
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
  const interval = bootstrapInterval(values[0]!.length, random, (picked) =>
    slope(values.map((at) => mean(picked.map((run) => at[run]!)))),
  );
  return { value: slope(values.map((at) => mean([...at]))), interval };
}
