/** FLEQ programs as states, and states as matrices again. @module */
import { assert, RunError } from "../../core/index.ts";
import { decodeBits } from "./decode.ts";
import { type FleqMachine, reservedCells } from "./fleq-machine.ts";
import { valueBound } from "./function-block.ts";
import { emptyState, type State, writeAddress } from "./state.ts";

/** One instruction: mem[c] <- f(mem[a], mem[b]); if the first entry of mem[flag] <= 0 go to instruction p. */
export interface FleqInstruction {
  /** Name of the function block. */
  readonly function: string;
  /** Memory cells by number. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly flag: number;
  /** Instruction by number. */
  readonly target: number;
}

/** A program for any FLEQ machine of its size. The last instruction is where it halts. */
export interface FleqProgram {
  /** float64[size, size], row by row: the initial matrices. */
  readonly memory: readonly Float64Array[];
  readonly instructions: readonly FleqInstruction[];
}

/** What a FLEQ machine has in its columns, as numbers. */
export interface FleqSnapshot {
  readonly memory: readonly Float64Array[];
  readonly counter: number;
}

/** Columns that a program takes. */
export function fleqColumns({ memory, instructions }: FleqProgram, size: number): number {
  return (reservedCells + memory.length) * size + instructions.length;
}

/** The state from which a machine runs a program: scratch, constant, memory, instructions. */
export function encodeFleq(machine: FleqMachine, program: FleqProgram): State {
  const { spec, rows, fields, blocks, transformer } = machine;
  const { width, columns, addressBits: L } = transformer;
  const { size } = spec;
  const needed = fleqColumns(program, size);
  assert(needed <= columns, `a program of ${needed} columns for ${columns}`);
  const state = emptyState(transformer);
  const firstInstruction = needed - program.instructions.length;
  for (let k = 0; k < size; k++) {
    const at = k * width;
    state[at + rows.indicator.offset] = 1;
    state[at + rows.unit.offset + k] = 1;
    writeAddress(state, at + rows.lane.offset, k, rows.lane.size);
    writeAddress(state, at + rows.counter.offset, firstInstruction, L);
  }
  for (let j = size; j < columns; j++) {
    writeAddress(state, j * width + rows.position.offset, j, L);
    if (j !== size) state[j * width + rows.elsewhere.offset] = 1;
  }
  for (const [cell, matrix] of program.memory.entries()) {
    for (let k = 0; k < size; k++) {
      const at = ((reservedCells + cell) * size + k) * width + rows.memory.offset;
      for (let r = 0; r < size; r++) state[at + r] = matrix[r * size + k]!;
    }
  }
  for (const [i, instruction] of program.instructions.entries()) {
    const at = (firstInstruction + i) * width + rows.instruction.offset;
    for (const name of ["a", "b", "c", "flag"] as const) {
      writeAddress(state, at + fields[name], reservedCells + instruction[name], fields.cellBits);
    }
    const named = blocks.findIndex(({ name }) => name === instruction.function);
    assert(named >= 0, `function ${instruction.function}`);
    for (let f = 0; f < blocks.length; f++) state[at + fields.function + f] = f === named ? 1 : -1;
    writeAddress(state, at + fields.target, firstInstruction + instruction.target, L);
  }
  return state;
}

/** The counter of a state, as an instruction's number; all scratch columns must agree on it. */
export function decodeFleqCounter(machine: FleqMachine, program: FleqProgram, state: State, loop: number): number {
  const { spec, rows, ranges, transformer } = machine;
  const { width, addressBits: bits } = transformer;
  const first = fleqColumns(program, spec.size) - program.instructions.length;
  const columns = Array.from({ length: spec.size }, (_, column) =>
    Number(decodeBits(state, { column, width, row: rows.counter.offset, bits, ranges, loop })),
  );
  const stray = columns.findIndex((column) => column !== columns[0]);
  if (stray > 0) {
    const found = `${columns[stray]! - first} in column ${stray}`;
    throw new RunError({
      where: `loop ${loop}`,
      expected: `counter ${columns[0]! - first} in all scratch columns`,
      found,
    });
  }
  return columns[0]! - first;
}

/** Matrix `cell` of a state, float64[size, size]. */
export function decodeFleqCell({ spec, rows, transformer }: FleqMachine, state: State, cell: number, loop: number) {
  const { size } = spec;
  const { width } = transformer;
  const matrix = new Float64Array(size * size);
  for (let k = 0; k < size; k++) {
    const column = (reservedCells + cell) * size + k;
    for (let r = 0; r < size; r++) {
      const value = state[column * width + rows.memory.offset + r]!;
      if (!(Math.abs(value) <= valueBound)) {
        throw new RunError({
          where: `loop ${loop}, column ${column}, row memory[${r}]`,
          expected: `a value of at most ${valueBound}`,
          found: `${value}`,
          hint: "scale the program's data",
        });
      }
      matrix[r * size + k] = value;
    }
  }
  return matrix;
}

/** All that `decodeFleqCounter` and `decodeFleqCell` read. */
export function decodeFleq(machine: FleqMachine, program: FleqProgram, state: State, loop: number): FleqSnapshot {
  return {
    memory: program.memory.map((_, cell) => decodeFleqCell(machine, state, cell, loop)),
    counter: decodeFleqCounter(machine, program, state, loop),
  };
}
