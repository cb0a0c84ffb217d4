/** Slopes over repeated measurements. @module */
import type { Random } from "../../core/index.ts";
import { bootstrapInterval, fitPowerLaw, type PowerLaw } from "../../linalg/index.ts";

/** A power law with a 95% interval for the slope. */
export interface FittedSlope extends PowerLaw {
  readonly interval: readonly [low: number, high: number];
}

/**
 * The slope of log y in log x over repeated measurements, with a bootstrap interval over the repeats.
 *
 * @param x - the places
 * @param runs - by repeat, a value for every place
 */
export function fitSlope(x: readonly number[], runs: readonly (readonly number[])[], random: Random): FittedSlope {
  const lawOf = (chosen: typeof runs) =>
    fitPowerLaw(
      x,
      x.map((_, k) => chosen.reduce((sum, run) => sum + run[k]!, 0) / chosen.length),
    );
  const slopeOf = (drawn: readonly number[]) => lawOf(drawn.map((run) => runs[run]!)).slope;
  return { ...lawOf(runs), interval: bootstrapInterval(runs.length, random, slopeOf) };
}

/** `0.50 [0.49, 0.51]` */
export function formatSlope({ slope, interval }: FittedSlope): string {
  return `${slope.toFixed(2)} [${interval.map((edge) => edge.toFixed(2)).join(", ")}]`;
}
