/** Random FLEQ programs, and how near a machine has to come to the interpreter. @module */
import { ConfigError, type Random } from "../../core/index.ts";
import type { FleqMachine } from "./fleq-machine.ts";
import { type FleqInstruction, type FleqProgram, type FleqSnapshot, fleqColumns } from "./fleq-state.ts";

/** The largest difference of a number after one loop, relative to 1 or the number itself. */
const tolerance = 1e-6;

/** Numbers that grow beyond this would leave the machine's range after a product. */
const tame = 4;

/**
 * A random program on a machine: each instruction any function of any cells. Results go to cells that are not read, so that numbers
 * stay within the functions' domains however long it runs; jumps go anywhere.
 */
export function randomFleq(random: Random, { spec, blocks, transformer }: FleqMachine): FleqProgram {
  const { size } = spec;
  const matrix = (draw: () => number) => Float64Array.from({ length: size * size }, draw);
  const operands = 4;
  const results = 2;
  // Half of the operands are positive, for divisors and roots.
  const memory = [
    ...Array.from({ length: operands }, (_, i) =>
      i % 2 === 0 ? matrix(() => tame * (2 * random.uniform() - 1)) : matrix(() => 0.05 + tame * random.uniform()),
    ),
    ...Array.from({ length: results }, () => matrix(() => 0)),
  ];
  const needed = fleqColumns({ memory, instructions: [] }, size) + 2;
  const { columns } = transformer;
  if (columns < needed) {
    const expected = `${needed} at least, for random programs on ${size} x ${size} matrices`;
    throw new ConfigError({ where: "--columns", expected, found: `${columns}` });
  }
  const count = 1 + random.integer(Math.min(12, columns - needed + 1));
  const instructions = Array.from({ length: count }, (): FleqInstruction => {
    const { name } = blocks[random.integer(blocks.length)]!;
    const any = () => random.integer(operands);
    const positive = () => 1 + 2 * random.integer(operands / 2);
    return {
      function: name,
      a: name === "sqrt" ? positive() : any(),
      b: name === "div" ? positive() : any(),
      c: operands + random.integer(results),
      flag: random.integer(operands),
      target: random.integer(count + 1),
    };
  });
  const halt = { function: "add", a: operands, b: operands, c: operands, flag: operands, target: count };
  return { memory, instructions: [...instructions, { ...halt, function: "sub" }] };
}

/** The largest error of a snapshot, and what is wrong with it, if anything. */
export function fleqMismatch(
  found: FleqSnapshot,
  expected: FleqSnapshot,
  loop: number,
): { error: number; text?: string } {
  if (found.counter !== expected.counter) {
    return { error: 0, text: `loop ${loop}: counter ${found.counter}, not ${expected.counter}` };
  }
  let error = 0;
  for (const [cell, matrix] of found.memory.entries()) {
    for (const [i, value] of matrix.entries()) {
      const wanted = expected.memory[cell]![i]!;
      error = Math.max(error, Math.abs(value - wanted) / Math.max(1, Math.abs(wanted)));
    }
  }
  return error <= tolerance ? { error } : { error, text: `loop ${loop}: off by ${error.toExponential(1)}` };
}
