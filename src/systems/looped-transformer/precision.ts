/** How many bits a precision carries, and how hard attention has to be. @module */
import type { Precision } from "./transformer.ts";

/**
 * The widest numbers. An adder's sums stay below 2^(bits + 1), in steps of one half while they are added up: bits + 2 binary digits,
 * where a significand has 24 or 53. Measured, one bit more than that still runs without a mismatch (23 and 52), and two do not; for
 * float32 the limit is the bound, for float64 what was measured.
 */
export const mostBits: Readonly<Record<Precision, number>> = { float32: 22, float64: 52 };

/** What {@link chooseTemperature} adds to the least that works: errors are e^(-2 margin) of what they may be. */
const margin = 4;

/**
 * The temperature by which attention is as good as exact.
 *
 * Scores of wrong columns are lower by 2 at least, so that all of them together weigh n e^(-2 t) against the right one. Without
 * the extra snap two chained adders multiply that by 2^(2 bits): t >= (ln n) / 2 + bits ln 2.
 *
 * @param size - `bits`: those of the adders that a read error passes through before it is snapped, 0 where it is snapped at once
 */
export function chooseTemperature({ columns, bits }: { readonly columns: number; readonly bits: number }): number {
  return Math.ceil(Math.log(columns) / 2 + bits * Math.LN2 + margin);
}
