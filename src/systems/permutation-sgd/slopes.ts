import { quantile } from "simple-statistics";
import type { Random } from "../../core/index.ts";
import { bootstrapInterval, fitPowerLaw } from "../../linalg/index.ts";

/** Median and quartiles of repeated measurements. */
export function summarize(values: readonly number[]): { median: number; quartiles: [number, number] } {
  const [low, median, high] = quantile([...values], [0.25, 0.5, 0.75]) as [number, number, number];
  return { median, quartiles: [low, high] };
}

/**
 * A 95% interval for the slope of the medians: the groups are drawn anew with replacement, a whole group at a time as its
 * samples share a problem, and the line is fitted again.
 *
 * @param x - the points' places
 * @param groups - by problem, by run: a value for every place in `x`
 * @param random - the stream drawn from
 * @param resamples - how often
 */
export function bootstrapSlope(
  x: readonly number[],
  groups: readonly (readonly (readonly number[])[])[],
  random: Random,
  resamples = 1000,
): [low: number, high: number] {
  const slope = (drawn: readonly number[]) => {
    const samples = drawn.flatMap((group) => groups[group]!);
    const medians = x.map((_, k) =>
      quantile(
        samples.map((sample) => sample[k]!),
        0.5,
      ),
    );
    return fitPowerLaw(x, medians).slope;
  };
  return bootstrapInterval(groups.length, random, slope, resamples);
}

/** The windows in which slopes must lie; for the claims A1 and A2. */
export const slopeWindows = {
  rr: [-3.6, -2.5],
  ss: [-2.3, -1.7],
  igd: [-2.2, -1.7],
  "ff-rr": [Number.NEGATIVE_INFINITY, -3.9],
  "ff-ss": [-4.3, -3.3],
  "ff-igd": [Number.NEGATIVE_INFINITY, -2.8],
} as const satisfies Record<string, readonly [number, number]>;
