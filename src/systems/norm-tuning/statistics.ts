/** Scales and shifts as the parameters of batch norm with running statistics, and back. @module */
import type { Affine } from "./certify.ts";

/** What batch norm adds to the variance, as `batchNorm` and PyTorch do by default. */
export const epsilon = 1e-5;

/** Parameters of batch norm, float64[channels] each. */
export interface BatchNormNumbers {
  readonly weight: Float64Array;
  readonly bias: Float64Array;
  readonly runningMean: Float64Array;
  readonly runningVariance: Float64Array;
}

/** Mean and unbiased variance of each column. */
export function columnStatistics(
  x: Float64Array,
  columns: number,
): Pick<BatchNormNumbers, "runningMean" | "runningVariance"> {
  const count = x.length / columns;
  const runningMean = new Float64Array(columns);
  const runningVariance = new Float64Array(columns);
  for (let n = 0; n < count; n++) for (let j = 0; j < columns; j++) runningMean[j]! += x[n * columns + j]! / count;
  for (let n = 0; n < count; n++) {
    for (let j = 0; j < columns; j++) {
      runningVariance[j]! += (x[n * columns + j]! - runningMean[j]!) ** 2 / Math.max(1, count - 1);
    }
  }
  return { runningMean, runningVariance };
}

/** The batch norm that computes scale x + shift, up to rounding. */
export function toBatchNorm(
  { scale, shift }: Affine,
  { runningMean, runningVariance }: Pick<BatchNormNumbers, "runningMean" | "runningVariance">,
): BatchNormNumbers {
  const weight = scale.map((value, k) => value * Math.sqrt(runningVariance[k]! + epsilon));
  const bias = shift.map((value, k) => value + scale[k]! * runningMean[k]!);
  return { weight, bias, runningMean, runningVariance };
}

/** Scale and shift of a batch norm whose statistics are fixed. */
export function fromBatchNorm({ weight, bias, runningMean, runningVariance }: BatchNormNumbers): Affine {
  const scale = weight.map((value, k) => value / Math.sqrt(runningVariance[k]! + epsilon));
  return { scale, shift: bias.map((value, k) => value - runningMean[k]! * scale[k]!) };
}
