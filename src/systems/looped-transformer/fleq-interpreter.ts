/** FLEQ by plain arithmetic: what the machines are compared with. @module */
import type { FleqProgram, FleqSnapshot } from "./fleq-state.ts";
import type { FunctionBlock } from "./function-block.ts";

/** Runs a program one instruction at a time. */
export class FleqInterpreter {
  readonly #program: FleqProgram;
  readonly #blocks: ReadonlyMap<string, FunctionBlock>;
  readonly #size: number;
  readonly #memory: Float64Array[];
  #counter: number;

  /** @param counter - the instruction to begin with */
  constructor(program: FleqProgram, blocks: readonly FunctionBlock[], size: number, counter = 0) {
    this.#program = program;
    this.#counter = counter;
    this.#blocks = new Map(blocks.map((block) => [block.name, block]));
    this.#size = size;
    this.#memory = program.memory.map((matrix) => matrix.slice());
  }

  /** mem[c] <- f(mem[a], mem[b]); if the first entry of mem[flag] <= 0 go to p. */
  step(): void {
    const { function: name, a, b, c, flag, target } = this.#program.instructions[this.#counter]!;
    this.#memory[c] = this.#blocks.get(name)!.compute(this.#memory[a]!, this.#memory[b]!, this.#size);
    this.#counter = this.#memory[flag]![0]! <= 0 ? target : this.#counter + 1;
  }

  /** Memory and counter as they are now. */
  snapshot(): FleqSnapshot {
    return { memory: this.#memory.map((matrix) => matrix.slice()), counter: this.#counter };
  }
}
