/** SUBLEQ programs as states, and states as numbers again. @module */
import { assert } from "../../core/index.ts";
import { decodeBits } from "./decode.ts";
import { emptyState, type State, signBits, writeAddress } from "./state.ts";
import { type SubleqMachine, subleqScratch } from "./subleq-machine.ts";

/** One instruction: memory cells a and b by number, and the instruction to go to by number. */
export interface SubleqInstruction {
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** A program for any machine that it fits on. The last instruction is where it halts. */
export interface SubleqProgram {
  /** Initial numbers of the memory cells. */
  readonly memory: readonly bigint[];
  readonly instructions: readonly SubleqInstruction[];
}

/** What a SUBLEQ machine has in its columns, as numbers. */
export interface SubleqSnapshot {
  readonly memory: readonly bigint[];
  /** The instruction that comes next, by number. */
  readonly counter: number;
}

/** Columns that a program takes. */
export function subleqColumns({ memory, instructions }: SubleqProgram): number {
  return subleqScratch + memory.length + instructions.length;
}

/** The state from which a machine runs a program: scratch, memory, instructions. */
export function encodeSubleq({ spec, rows, transformer }: SubleqMachine, program: SubleqProgram): State {
  const { width, columns, addressBits: L } = transformer;
  const { memory, instructions } = program;
  assert(subleqColumns(program) <= columns, `a program of ${subleqColumns(program)} columns for ${columns}`);
  const state = emptyState(transformer);
  const firstCell = subleqScratch;
  const firstInstruction = firstCell + memory.length;
  state[rows.indicator.offset] = 1;
  writeAddress(state, rows.counter.offset, firstInstruction, L);
  for (let j = subleqScratch; j < columns; j++) writeAddress(state, j * width + rows.position.offset, j, L);
  for (const [i, value] of memory.entries()) {
    state.set(signBits(value, spec.bits), (firstCell + i) * width + rows.memory.offset);
  }
  for (const [i, { a, b, c }] of instructions.entries()) {
    const at = (firstInstruction + i) * width + rows.instruction.offset;
    for (const [field, column] of [firstCell + a, firstCell + b, firstInstruction + c].entries()) {
      writeAddress(state, at + field * L, column, L);
    }
  }
  return state;
}

/** The number in a memory cell of a state. */
export function decodeSubleqCell(machine: SubleqMachine, state: State, cell: number, loop: number): bigint {
  const { spec, rows, ranges, transformer } = machine;
  const { width } = transformer;
  const place = { column: subleqScratch + cell, width, row: rows.memory.offset, bits: spec.bits, ranges, loop };
  return BigInt.asIntN(spec.bits, decodeBits(state, place));
}

/** The counter of a state, as an instruction's number. */
export function decodeSubleqCounter(
  machine: SubleqMachine,
  program: SubleqProgram,
  state: State,
  loop: number,
): number {
  const { rows, ranges, transformer } = machine;
  const { width, addressBits: bits } = transformer;
  const column = Number(decodeBits(state, { column: 0, width, row: rows.counter.offset, bits, ranges, loop }));
  return column - subleqScratch - program.memory.length;
}

/**
 * Reads memory and counter of a state.
 *
 * @throws {RunError} where a bit is not close to +1 or -1, with loop, row and value
 */
export function decodeSubleq(
  machine: SubleqMachine,
  program: SubleqProgram,
  state: State,
  loop: number,
): SubleqSnapshot {
  return {
    memory: program.memory.map((_, cell) => decodeSubleqCell(machine, state, cell, loop)),
    counter: decodeSubleqCounter(machine, program, state, loop),
  };
}
