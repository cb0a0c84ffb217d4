/** A program on its machine that can be stepped forwards and backwards. @module */
import { core, loopedTransformer as room } from "../../../browser/index.ts";

/** A program by the name of its file, and its text. */
export interface LoopProgram {
  readonly name: string;
  readonly text: string;
}

/** A memory cell, or an array or matrix, by name. */
export interface NamedCell {
  readonly name: string;
  readonly value: room.NamedValue;
}

/** Rows of the state that belong together, in one column. */
export interface Register {
  readonly name: string;
  /** The rows' numbers, first row first. */
  readonly values: readonly number[];
  /** The whole numbers that they spell, where each is +1 or -1: an instruction of SUBLEQ has three, its columns. */
  readonly numbers?: readonly number[];
}

/** One loop that has run: what it did, and what it changed. */
interface Loop {
  readonly report: room.LoopReport;
  readonly places: Uint32Array;
  readonly before: Float64Array;
  readonly after: Float64Array;
}

/** Loops that can be gone back over: one takes about a kilobyte. */
const longestHistory = 20_000;

/** The number of the line in `factorial.loop:3`, or in the place of a macro's use. */
export function lineNumber(place: string): number | undefined {
  const found = /^[^:]*:(\d+)/.exec(place);
  return found ? Number(found[1]) : undefined;
}

/** A compiled program under way: every loop that has run can be shown again. */
export class LoopSession {
  readonly compiled: room.CompiledProgram;
  readonly #running: room.RunningProgram;
  readonly #history: Loop[] = [];
  /** What went wrong in the loop after the last one of the history. */
  #failure: unknown;
  /** Loops that are no longer in the history. */
  #forgotten = 0;
  /** How many loops lie behind the state that is shown. */
  #at = 0;
  readonly #state: room.RunningProgram["state"];

  constructor(compiled: room.CompiledProgram) {
    this.compiled = compiled;
    this.#running = room.start(compiled);
    this.#state = this.#running.state.slice();
  }

  /**
   * Compiles a program.
   *
   * @param others - what it may include
   * @throws {TenfoldError} with the line where it is wrong
   */
  static async compile(program: LoopProgram, others: readonly LoopProgram[]): Promise<LoopSession> {
    const files: room.SourceFiles = {
      async read(path) {
        const found = path === program.name ? program : others.find(({ name }) => name === path);
        if (found) return found;
        throw new core.DataError({ where: program.name, expected: "an include of a program of the menu", found: path });
      },
    };
    return new LoopSession(await room.compileSource(program.name, files));
  }

  /** Loops behind the state that is shown. */
  get loops(): number {
    return this.#at;
  }

  get halted(): boolean {
    return this.#isAtFront && this.#running.halted && this.#failure === undefined;
  }

  get canGoBack(): boolean {
    return this.#at > this.#forgotten;
  }

  /** The state that is shown: [columns, width]. It changes with the next step. */
  get state(): room.RunningProgram["state"] {
    return this.#state;
  }

  /** What the last loop did; none before the first one. */
  get report(): room.LoopReport | undefined {
    return this.#history[this.#at - this.#forgotten - 1]?.report;
  }

  /** The instruction that comes next, by number. */
  get next(): number {
    return this.report?.next ?? 0;
  }

  /** The line of the instruction that comes next. */
  get nextLine(): number | undefined {
    return lineNumber(this.compiled.lines[this.next] ?? "");
  }

  /** What the program has printed so far. */
  get printed(): number[] {
    const shown = this.#history.slice(0, this.#at - this.#forgotten);
    return shown.flatMap(({ report }) => (report.printed === undefined ? [] : [report.printed]));
  }

  /**
   * One loop forwards: shown again where it ran before, run otherwise.
   *
   * @returns false where the program has halted
   * @throws {TenfoldError} where the program goes wrong: an index outside of its array, a number out of range
   */
  forward(): boolean {
    if (this.halted) return false;
    if (this.#isAtFront) this.#run();
    const { places, after } = this.#history[this.#at - this.#forgotten]!;
    places.forEach((place, i) => {
      this.#state[place] = after[i]!;
    });
    this.#at++;
    return true;
  }

  /** Whether no loop has run beyond the state that is shown. */
  get #isAtFront(): boolean {
    return this.#at === this.#forgotten + this.#history.length;
  }

  #run(): void {
    if (this.#failure !== undefined) throw this.#failure;
    let report: room.LoopReport;
    try {
      report = this.#running.trace();
    } catch (error) {
      this.#failure = error;
      throw error;
    }
    const now = this.#running.state;
    const places: number[] = [];
    for (let i = 0; i < now.length; i++) if (now[i] !== this.#state[i]) places.push(i);
    this.#history.push({
      report,
      places: Uint32Array.from(places),
      before: Float64Array.from(places, (place) => this.#state[place]!),
      after: Float64Array.from(places, (place) => now[place]!),
    });
    if (this.#history.length <= longestHistory) return;
    this.#history.shift();
    this.#forgotten++;
  }

  /** One loop backwards. */
  back(): boolean {
    if (!this.canGoBack) return false;
    const { places, before } = this.#history[this.#at - this.#forgotten - 1]!;
    places.forEach((place, i) => {
      this.#state[place] = before[i]!;
    });
    this.#at--;
    return true;
  }

  /** All data by name, as the state that is shown has it. */
  memory(): NamedCell[] {
    const { compiled } = this;
    if (room.isSubleq(compiled)) {
      const { memory } = room.decodeSubleq(compiled.machine, compiled.program, this.#state, this.#at);
      return compiled.data.map((datum) => ({ name: datum.name, value: room.subleqValue(datum, memory) }));
    }
    const { memory } = room.decodeFleq(compiled.machine, compiled.program, this.#state, this.#at);
    const { size } = compiled.machine.spec;
    return compiled.data.map((datum) => ({
      name: datum.name,
      value: room.fleqValue(datum, memory[datum.cell]!, size),
    }));
  }

  /** The rows of a column of a state by name: those of the scratch column are the machine's registers. */
  registers(state: room.RunningProgram["state"] = this.#state, column = 0): Register[] {
    const { compiled } = this;
    const { ranges, transformer } = compiled.machine;
    return ranges.map(({ name, offset, size }) => {
      const start = column * transformer.width + offset;
      const values = Array.from(state.subarray(start, start + size));
      const isInstruction = name === "current" || name === "instruction";
      const isSpelled = size > 1 && values.every((value) => Math.abs(Math.abs(value) - 1) < 0.1);
      if (!isSpelled || (isInstruction && !room.isSubleq(compiled))) return { name, values };
      const bits = isInstruction ? transformer.addressBits : size;
      const isSigned = name === "a" || name === "b" || name === "memory";
      const numbers = Array.from({ length: size / bits }, (_, at) => {
        const number = values
          .slice(at * bits, (at + 1) * bits)
          .reduce((sum, value) => 2 * sum + (value > 0 ? 1 : 0), 0);
        return isSigned && number >= 2 ** (bits - 1) ? number - 2 ** bits : number;
      });
      return { name, values, numbers };
    });
  }

  /** What a column of the state is for. */
  columnName(column: number): string {
    const { compiled } = this;
    const { scratchColumns } = compiled.machine.transformer;
    if (column < scratchColumns) return "scratch";
    const instructions = compiled.program.instructions.length;
    const cells = compiled.program.memory.length;
    const size = room.isSubleq(compiled) ? 1 : compiled.machine.spec.size;
    // FLEQ has a constant cell after the scratch columns.
    const first = room.isSubleq(compiled) ? scratchColumns : scratchColumns + size;
    if (column < first) return "constant";
    if (column < first + cells * size) {
      const cell = Math.floor((column - first) / size);
      const datum = compiled.data.find(
        ({ cell: from, shape }) => cell >= from && cell < from + (shape.length === 1 ? shape[0]! : 1),
      );
      if (!datum) return `cell ${cell}`;
      return datum.shape.length === 1 ? `${datum.name}[${cell - datum.cell}]` : datum.name;
    }
    const instruction = column - first - cells * size;
    if (instruction >= instructions) return "unused";
    const line = lineNumber(compiled.lines[instruction] ?? "");
    return `instruction ${instruction}${line === undefined ? "" : ` of line ${line}`}`;
  }

  /** What a layer of the loop after the state that is shown looks at and leaves: every score of every head. */
  lookInside(layer: number): { readonly state: room.RunningProgram["state"]; readonly maps: room.AttentionMap[] } {
    const { transformer } = this.compiled.machine;
    const shown = { ...transformer, layers: transformer.layers.slice(0, layer) };
    const wanted = shown.layers.at(-1)!.name;
    const maps: room.AttentionMap[] = [];
    const executor = room.fullExecutor(shown, {
      onAttention: (map) => {
        if (map.layer === wanted) maps.push(map);
      },
    });
    return { state: executor.step(this.#state), maps };
  }
}
