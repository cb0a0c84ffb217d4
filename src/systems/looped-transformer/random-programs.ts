/** Programs that nobody wrote: what machines are tried on. @module */
import { assert, type Random } from "../../core/index.ts";
import type { SubleqProgram } from "./subleq-state.ts";

/** Cells 0 and 1 are 0 and -1, for the halt. */
const reserved = 2;

/** Scratch, the two cells of the halt and one more, an instruction and the halt. */
export const fewestColumns = 6;

/**
 * A random SUBLEQ program that fits on `columns`: numbers of every size, jumps anywhere, instructions that jump to themselves, a = b,
 * differences that wrap around.
 */
export function randomSubleq(random: Random, columns: number, bits: number): SubleqProgram {
  const room = columns - 1;
  assert(columns >= fewestColumns, `a random program on ${columns} columns`);
  const cells = reserved + 1 + random.integer(Math.max(1, Math.floor(room / 2) - reserved));
  const count = 1 + random.integer(room - cells - 1);
  const memory = Array.from({ length: cells }, (_, i) => (i === 0 ? 0n : i === 1 ? -1n : randomNumber(random, bits)));
  const instructions = Array.from({ length: count }, () => ({
    a: random.integer(cells),
    b: reserved + random.integer(cells - reserved),
    c: random.integer(count + 1),
  }));
  return { memory, instructions: [...instructions, { a: 0, b: 1, c: count }] };
}

/** Small numbers, the lowest and the highest, and any at all. */
function randomNumber(random: Random, bits: number): bigint {
  const [low, high] = [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n];
  const kind = random.integer(4);
  if (kind === 0) return BigInt(random.integer(7) - 3);
  if (kind === 1) return random.integer(2) === 0 ? low : high;
  return BigInt.asIntN(bits, BigInt(Math.floor(random.uniform() * 2 ** bits)));
}
