/** The state of a machine: one row of numbers a column. @module */
import { type Numbers, zeros } from "./kernel.ts";
import type { LoopedTransformer } from "./transformer.ts";

/** A state: [columns, width], row-major, so that a column of the paper's X lies together. */
export type State = Numbers;

/** A state of zeros. */
export function emptyState({ precision, columns, width }: LoopedTransformer): State {
  return zeros(precision, columns * width);
}

/** The bits of a whole number in two's complement as +1 and -1, highest first. */
export function signBits(value: bigint, bits: number): number[] {
  const wrapped = BigInt.asUintN(bits, value);
  return Array.from({ length: bits }, (_, i) => ((wrapped >> BigInt(bits - 1 - i)) & 1n ? 1 : -1));
}

/** Writes the address of column `column` into a state's rows from `at` on. */
export function writeAddress(state: State, at: number, column: number, bits: number): void {
  state.set(signBits(BigInt(column), bits), at);
}
