/** Products of two numbers by softmax. @module */
import type { BlockLayer } from "../function-block.ts";
import type { Entry } from "../sparse-matrix.ts";

/**
 * The scale of scores: small, so that softmax is nearly linear; a power of two, so that scaling is exact. Truncation grows with its
 * fourth power, rounding with its inverse.
 */
export const productScale = 2 ** -12;

/** The largest absolute value that {@link addProductOf} adds for a weight of 1: softmax saturates. */
export const productBound = 7 / 3 / productScale;

/**
 * Adds `weight` left · right to row `to` of every scratch column, by two heads over the column itself and the constant one.
 *
 * With the score s = c l r against 0, twice the column's own weight less 1 is tanh(s / 2) = s / 2 - s³ / 24 + …; (4 f(c) - f(2c)) / 3
 * cancels the third power: the relative error is (c l r)⁴ / 120.
 *
 * @param left - terms of rows, linear
 * @param right - terms of rows, linear; 0 in the constant column
 */
export function addProductOf(
  { attend, rows, units }: BlockLayer,
  name: string,
  { left, right, to, weight = 1 }: { left: readonly Entry[]; right: readonly Entry[]; to: number; weight?: number },
): void {
  let offset = 0;
  for (const [scale, share] of [
    [productScale, 4 / 3],
    [2 * productScale, -1 / 3],
  ] as const) {
    const factor = (weight * share * 2) / scale;
    offset -= factor;
    attend({
      name: `${name}, scale 2^${Math.log2(scale)}`,
      own: true,
      scores: [{ reader: left.map(([row, value]): Entry => [row, value * scale]), read: right }],
      values: [[to, rows.indicator.offset, 2 * factor]],
    });
  }
  units.group(`${name}: weights less one half`, () => units.unit([[rows.indicator.offset, 1]], [[to, offset]]));
}
