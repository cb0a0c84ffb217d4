/** A program on its machine, loop by loop. @module */
import { RunError } from "../../core/index.ts";
import { type CompiledFleq, type CompiledProgram, type CompiledSubleq, isSubleq } from "./compile.ts";
import { fastExecutor } from "./fast-executor.ts";
import { decodeFleq, decodeFleqCell, decodeFleqCounter, encodeFleq } from "./fleq-state.ts";
import { type Executor, fullExecutor } from "./full-executor.ts";
import type { State } from "./state.ts";
import { decodeSubleq, decodeSubleqCell, decodeSubleqCounter, encodeSubleq } from "./subleq-state.ts";
import { fleqValue, type NamedValue, subleqValue } from "./values.ts";

/** `fast` leaves out what cannot matter; `full` computes every score of every column. */
export type EngineName = "fast" | "full";

/** What one loop did. */
export interface LoopReport {
  /** From 1 on. */
  readonly loop: number;
  /** The instruction, by number. */
  readonly instruction: number;
  /** The instruction as text. */
  readonly text: string;
  /** The line it comes from. */
  readonly line: string;
  /** The memory that the instruction wrote to, and its value now. */
  readonly written: { readonly name: string; readonly value: NamedValue };
  /** The instruction that comes next. */
  readonly next: number;
  /** What the program printed in this loop. */
  readonly printed?: number;
}

/** A program under way. */
export interface RunningProgram {
  readonly loops: number;
  /** Whether the counter stands on the last instruction, which does nothing. */
  readonly halted: boolean;
  readonly state: State;
  readonly printed: readonly number[];
  /** One loop: the transformer once over all columns. */
  step(): void;
  /** The same, and what it did. */
  trace(): LoopReport;
  /** All data by name. */
  memory(): Record<string, NamedValue>;
}

/**
 * Starts a program.
 *
 * @throws {RunError} from `step` where a decoded bit is not close to +1 or -1, a number leaves its range, a function its domain, or an
 * index its array
 * @example
 * ```ts
 * const running = start(await compileSource(await findProgram("factorial"), diskFiles()));
 * while (!running.halted) running.step();
 * running.memory(); // { n: 1, product: 5040 }
 * ```
 */
export function start(compiled: CompiledProgram, engine: EngineName = "fast"): RunningProgram {
  const make = engine === "fast" ? fastExecutor : fullExecutor;
  const executor = make(compiled.machine.transformer);
  return isSubleq(compiled) ? new RunningSubleq(compiled, executor) : new RunningFleq(compiled, executor);
}

/** The name of a cell, with the index in its array; constants of an assembly program by their value. */
function cellName(compiled: CompiledProgram, cell: number): string {
  const datum = compiled.data.find((known) => cell >= known.cell && cell < known.cell + cellsOf(known.shape));
  if (!datum && isSubleq(compiled) && cell < reservedNames.length) return reservedNames[cell]!;
  if (!datum && isSubleq(compiled) && !compiled.output) return `#${compiled.program.memory[cell]}`;
  if (!datum) return `cell ${cell}`;
  return datum.shape.length === 1 ? `${datum.name}[${cell - datum.cell}]` : datum.name;
}

/** Cells that every SUBLEQ program has. */
const reservedNames = ["zero", "minusone"];

/** SUBLEQ arrays take a cell an element; everything else takes one. */
const cellsOf = (shape: readonly number[]) => (shape.length === 1 ? shape[0]! : 1);

class RunningSubleq implements RunningProgram {
  readonly #compiled: CompiledSubleq;
  readonly #executor: Executor;
  readonly printed: number[] = [];
  state: State;
  loops = 0;
  #counter = 0;
  #outputs = 0n;

  constructor(compiled: CompiledSubleq, executor: Executor) {
    this.#compiled = compiled;
    this.#executor = executor;
    this.state = encodeSubleq(compiled.machine, compiled.program);
  }

  get halted(): boolean {
    return this.#counter === this.#compiled.program.instructions.length - 1;
  }

  step(): void {
    const { machine, program } = this.#compiled;
    const { b } = program.instructions[this.#counter]!;
    this.state = this.#executor.step(this.state);
    this.loops++;
    decodeSubleqCell(machine, this.state, b, this.loops);
    const next = decodeSubleqCounter(machine, program, this.state, this.loops);
    if (!program.instructions[next]) {
      const expected = `an instruction from 0 to ${program.instructions.length - 1}`;
      throw new RunError({ where: `loop ${this.loops}, counter`, expected, found: `${next}` });
    }
    this.#counter = next;
    this.#listen();
  }

  /** Takes what the program printed, and stops where it reports a fault. */
  #listen(): void {
    const { machine, output, fault } = this.#compiled;
    const read = (cell: number) => decodeSubleqCell(machine, this.state, cell, this.loops);
    if (output) {
      const count = read(output.count);
      if (count !== this.#outputs) this.printed.push(Number(read(output.value)));
      this.#outputs = count;
    }
    if (!fault || !this.halted) return;
    const array = fault.arrays[Number(read(fault.cell)) - 1];
    if (!array) return;
    const { shape } = this.#compiled.data.find(({ name }) => name === array.name)!;
    const left = Number(read(array.index));
    throw new RunError({
      where: `loop ${this.loops}, array ${array.name}`,
      expected: `an index from 0 to ${shape[0]! - 1}`,
      found: `${left > 0 ? left + shape[0]! - 1 : left}`,
    });
  }

  trace(): LoopReport {
    const { machine, program, lines } = this.#compiled;
    const instruction = this.#counter;
    const { a, b, c } = program.instructions[instruction]!;
    const before = this.printed.length;
    this.step();
    const value = Number(decodeSubleqCell(machine, this.state, b, this.loops));
    const target = c === instruction + 1 ? "" : `, ${c}`;
    return {
      loop: this.loops,
      instruction,
      text: `subleq ${cellName(this.#compiled, a)}, ${cellName(this.#compiled, b)}${target}`,
      line: lines[instruction]!,
      written: { name: cellName(this.#compiled, b), value },
      next: this.#counter,
      ...(this.printed.length > before && { printed: this.printed.at(-1)! }),
    };
  }

  memory(): Record<string, NamedValue> {
    const { machine, program, data } = this.#compiled;
    const { memory } = decodeSubleq(machine, program, this.state, this.loops);
    return Object.fromEntries(data.map((datum) => [datum.name, subleqValue(datum, memory)]));
  }
}

class RunningFleq implements RunningProgram {
  readonly #compiled: CompiledFleq;
  readonly #executor: Executor;
  readonly printed: readonly number[] = [];
  state: State;
  loops = 0;
  #counter = 0;

  constructor(compiled: CompiledFleq, executor: Executor) {
    this.#compiled = compiled;
    this.#executor = executor;
    this.state = encodeFleq(compiled.machine, compiled.program);
  }

  get halted(): boolean {
    return this.#counter === this.#compiled.program.instructions.length - 1;
  }

  step(): void {
    const { machine, program } = this.#compiled;
    const { c } = program.instructions[this.#counter]!;
    this.#checkDomain();
    this.state = this.#executor.step(this.state);
    this.loops++;
    decodeFleqCell(machine, this.state, c, this.loops);
    const next = decodeFleqCounter(machine, program, this.state, this.loops);
    if (!program.instructions[next]) {
      const expected = `an instruction from 0 to ${program.instructions.length - 1}`;
      throw new RunError({ where: `loop ${this.loops}, counter`, expected, found: `${next}` });
    }
    this.#counter = next;
  }

  /** Stops before a function is asked for what it cannot compute. */
  #checkDomain(): void {
    const { machine, program, lines } = this.#compiled;
    const instruction = program.instructions[this.#counter]!;
    const block = machine.blocks.find(({ name }) => name === instruction.function)!;
    if (!block.domain) return;
    const read = (cell: number) => decodeFleqCell(machine, this.state, cell, this.loops);
    const found = block.domain(read(instruction.a), read(instruction.b));
    if (found === undefined) return;
    const where = `loop ${this.loops + 1}, ${lines[this.#counter]}`;
    throw new RunError({ where, expected: `${block.name}: ${block.description}`, found });
  }

  trace(): LoopReport {
    const { machine, program, lines, data } = this.#compiled;
    const instruction = this.#counter;
    const { function: name, a, b, c, flag, target } = program.instructions[instruction]!;
    const block = machine.blocks.find((known) => known.name === name)!;
    this.step();
    const named = (cell: number) => (cell < 3 ? ["zero", "one", "none"][cell]! : cellName(this.#compiled, cell));
    const datum = data.find((known) => known.cell === c) ?? { name: "none", cell: c, shape: [1, 1] };
    const operands = block.operands === 1 ? named(a) : `${named(a)}, ${named(b)}`;
    const branch = target === instruction + 1 ? "" : ` if ${named(flag)} <= 0 goto ${target}`;
    const matrix = decodeFleqCell(machine, this.state, c, this.loops);
    return {
      loop: this.loops,
      instruction,
      text: `${named(c)} = ${name}(${operands})${branch}`,
      line: lines[instruction]!,
      written: { name: named(c), value: fleqValue(datum, matrix, machine.spec.size) },
      next: this.#counter,
    };
  }

  memory(): Record<string, NamedValue> {
    const { machine, program, data } = this.#compiled;
    const { memory } = decodeFleq(machine, program, this.state, this.loops);
    const { size } = machine.spec;
    return Object.fromEntries(data.map((datum) => [datum.name, fleqValue(datum, memory[datum.cell]!, size)]));
  }
}
