import { mean as meanOf, sampleStandardDeviation } from "simple-statistics";

/** 97.5% quantiles of Student's t, by degrees of freedom from 1 on; 1.96 and a little beyond. */
const studentQuantiles = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/**
 * The mean of repeated measurements, and half the width of its 95% interval by Student's t.
 *
 * @param values - at least one; of one alone the half width is 0
 * @example
 * ```ts
 * meanInterval([1, 2, 3]); // { mean: 2, half: 2.48 }
 * ```
 */
export function meanInterval(values: readonly number[]): { readonly mean: number; readonly half: number } {
  const [mean, count] = [meanOf([...values]), values.length];
  if (count < 2) return { mean, half: 0 };
  const half = ((studentQuantiles[count - 2] ?? 2) * sampleStandardDeviation([...values])) / Math.sqrt(count);
  return { mean, half };
}
