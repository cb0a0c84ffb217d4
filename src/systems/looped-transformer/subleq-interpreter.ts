/** SUBLEQ by plain arithmetic: what the machines are compared with. @module */
import type { SubleqProgram, SubleqSnapshot } from "./subleq-state.ts";

/** Runs a program one instruction at a time. */
export class SubleqInterpreter {
  readonly #program: SubleqProgram;
  readonly #bits: number;
  readonly #memory: bigint[];
  #counter = 0;

  /** @param bits - of a number: results wrap around beyond them */
  constructor(program: SubleqProgram, bits: number) {
    this.#program = program;
    this.#bits = bits;
    this.#memory = program.memory.map((value) => BigInt.asIntN(bits, value));
  }

  /** mem[b] <- mem[b] - mem[a]; if mem[b] <= 0 go to c. */
  step(): void {
    const { a, b, c } = this.#program.instructions[this.#counter]!;
    const difference = BigInt.asIntN(this.#bits, this.#memory[b]! - this.#memory[a]!);
    this.#memory[b] = difference;
    this.#counter = difference <= 0n ? c : this.#counter + 1;
  }

  /** Memory and counter as they are now. */
  snapshot(): SubleqSnapshot {
    return { memory: [...this.#memory], counter: this.#counter };
  }
}
