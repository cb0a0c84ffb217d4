/** From +1 and -1 back to numbers, without guessing. @module */
import { RunError } from "../../core/index.ts";
import { snapMargin } from "./feed-forward.ts";
import { type RowRange, rowName } from "./rows.ts";
import type { State } from "./state.ts";

/** Where bits stand in a state. */
export interface BitPlace {
  readonly column: number;
  /** Rows of the state. */
  readonly width: number;
  readonly row: number;
  readonly bits: number;
  /** Names of rows, for errors. */
  readonly ranges: readonly RowRange[];
  readonly loop: number;
}

/**
 * The whole number, unsigned, whose bits stand in a column, highest first.
 *
 * @throws {RunError} where one of them is further than 0.1 from both +1 and -1
 */
export function decodeBits(state: State, { column, width, row, bits, ranges, loop }: BitPlace): bigint {
  let number = 0n;
  for (let i = 0; i < bits; i++) {
    const value = state[column * width + row + i]!;
    if (!(Math.abs(Math.abs(value) - 1) <= snapMargin)) {
      throw new RunError({
        where: `loop ${loop}, column ${column}, row ${rowName(ranges, row + i)}`,
        expected: `a bit within ${snapMargin} of +1 or -1`,
        found: `${value}`,
        hint: "the temperature is too low for this machine, or the program jumped to a column without an instruction",
      });
    }
    number = 2n * number + (value > 0 ? 1n : 0n);
  }
  return number;
}
