/** Machines against plain interpreters, state by state. @module */
import { type HostTensor, hostTensor, Random, TenfoldError } from "../../core/index.ts";
import { openOnnx } from "../../engine/index.ts";
import { fastExecutor } from "./fast-executor.ts";
import { FleqInterpreter } from "./fleq-interpreter.ts";
import { buildFleq } from "./fleq-machine.ts";
import { decodeFleq, encodeFleq, type FleqSnapshot } from "./fleq-state.ts";
import { fleqMismatch, randomFleq } from "./fleq-trial.ts";
import { fullExecutor } from "./full-executor.ts";
import { exportStep } from "./onnx-step.ts";
import { pacer } from "./pace.ts";
import { randomSubleq } from "./random-programs.ts";
import type { State } from "./state.ts";
import { SubleqInterpreter } from "./subleq-interpreter.ts";
import { buildSubleq, type SubleqMode } from "./subleq-machine.ts";
import { decodeSubleq, encodeSubleq } from "./subleq-state.ts";
import type { LoopedTransformer, Precision } from "./transformer.ts";
import { weightsSha256 } from "./weights-sha256.ts";

/** How the transformer is executed: by the two executors of this package, or as dense ONNX by ONNX Runtime. */
export type VerifyEngine = "fast" | "full" | "onnx";

/** What to verify. */
export interface VerifyOptions {
  readonly machine: "subleq" | "fleq";
  readonly columns: number;
  /** SUBLEQ */
  readonly bits: number;
  readonly precision: Precision;
  readonly mode: SubleqMode;
  readonly temperature?: number;
  /** FLEQ */
  readonly size: number;
  readonly programs: number;
  /** Loops a program. */
  readonly steps: number;
  readonly seed: number;
  readonly engine: VerifyEngine;
  /** Changes the machine before it runs, such as by leaving out a layer. */
  readonly alter?: (transformer: LoopedTransformer) => LoopedTransformer;
  readonly progress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

/** What {@link verifyMachine} found. */
export interface Verification {
  readonly programs: number;
  /** Loops compared, over all programs. */
  readonly steps: number;
  /** Programs in which some state was not the interpreter's; they are not followed further. */
  readonly mismatches: number;
  readonly precision: Precision;
  /** The first mismatch, in words. */
  readonly first?: string;
  /** FLEQ: the largest distance from the interpreter's numbers. */
  readonly largestError?: number;
  /** The same for all programs, as there is one machine. */
  readonly weights: string;
  readonly temperature: number;
}

/** Applies a transformer to a state. */
type Stepper = (state: State) => State | Promise<State>;

async function openStepper(
  transformer: LoopedTransformer,
  engine: VerifyEngine,
): Promise<{ fresh: () => Stepper; close: () => Promise<void> }> {
  const close = async () => {};
  if (engine === "fast") return { fresh: () => stepWith(fastExecutor(transformer)), close };
  if (engine === "full") return { fresh: () => stepWith(fullExecutor(transformer)), close };
  const model = await openOnnx(exportStep(transformer));
  const shape = [1, transformer.columns, transformer.width];
  const step = async (state: State) => {
    const { next } = await model.run({ state: hostTensor(state, shape) as HostTensor });
    return next!.data as State;
  };
  return { fresh: () => step, close: () => model.release() };
}

const stepWith = (executor: { step(state: State): State }) => (state: State) => executor.step(state);

/** One program on a machine, beside its interpreter. */
interface Trial {
  readonly initial: State;
  /** Moves the interpreter on and says what is wrong with the state, if anything. */
  compare(state: State, loop: number): string | undefined;
}

/**
 * Runs random programs on a machine and on a plain interpreter, and compares all memory and the counter after every loop. SUBLEQ must be
 * equal bit by bit; FLEQ must take the same branches and stay within 1e-6 of the interpreter's numbers, which start from the machine's in
 * every loop.
 */
export async function verifyMachine(options: VerifyOptions): Promise<Verification> {
  const { machine, programs, steps, seed, engine, signal, progress } = options;
  const random = new Random(seed, "verify", machine);
  const { transformer, draw } = machine === "subleq" ? subleqTrials(options) : fleqTrials(options);
  const altered = options.alter?.(transformer) ?? transformer;
  const { fresh, close } = await openStepper(altered, engine);
  let [compared, mismatches] = [0, 0];
  let first: string | undefined;
  const errors = { largest: 0 };
  const pause = pacer(signal);
  for (let p = 0; p < programs; p++) {
    const trial = draw(random, errors);
    const step = fresh();
    let state = trial.initial;
    let wrong: string | undefined;
    for (let loop = 1; loop <= steps && wrong === undefined; loop++) {
      await pause();
      state = await step(state);
      compared++;
      wrong = trial.compare(state, loop);
    }
    if (wrong !== undefined) {
      mismatches++;
      first ??= `program ${p}: ${wrong}`;
    }
    progress?.((p + 1) / programs);
    signal?.throwIfAborted();
  }
  await close();
  return {
    programs,
    steps: compared,
    mismatches,
    precision: transformer.precision,
    ...(first !== undefined && { first }),
    ...(machine === "fleq" && { largestError: errors.largest }),
    weights: weightsSha256(altered),
    temperature: altered.temperature,
  };
}

interface Trials {
  readonly transformer: LoopedTransformer;
  draw(random: Random, errors: { largest: number }): Trial;
}

function subleqTrials({ columns, bits, precision, mode, temperature }: VerifyOptions): Trials {
  const machine = buildSubleq({
    kind: "subleq",
    columns,
    bits,
    precision,
    mode,
    ...(temperature !== undefined && { temperature }),
  });
  return {
    transformer: machine.transformer,
    draw(random) {
      const program = randomSubleq(random, columns, bits);
      const interpreter = new SubleqInterpreter(program, bits);
      return {
        initial: encodeSubleq(machine, program),
        compare: (state, loop) =>
          explainFailure(() => {
            interpreter.step();
            const [found, expected] = [decodeSubleq(machine, program, state, loop), interpreter.snapshot()];
            if (found.counter !== expected.counter)
              return `loop ${loop}: counter ${found.counter}, not ${expected.counter}`;
            const cell = found.memory.findIndex((value, i) => value !== expected.memory[i]);
            return cell < 0
              ? undefined
              : `loop ${loop}: cell ${cell} is ${found.memory[cell]}, not ${expected.memory[cell]}`;
          }),
      };
    },
  };
}

function fleqTrials({ columns, size }: VerifyOptions): Trials {
  const machine = buildFleq({ kind: "fleq", columns, size });
  return {
    transformer: machine.transformer,
    draw(random, errors) {
      const program = randomFleq(random, machine);
      let before: FleqSnapshot = { memory: program.memory, counter: 0 };
      return {
        initial: encodeFleq(machine, program),
        compare: (state, loop) =>
          explainFailure(() => {
            const interpreter = new FleqInterpreter(
              { ...program, memory: before.memory },
              machine.blocks,
              size,
              before.counter,
            );
            interpreter.step();
            const [found, expected] = [decodeFleq(machine, program, state, loop), interpreter.snapshot()];
            before = found;
            const { error, text } = fleqMismatch(found, expected, loop);
            errors.largest = Math.max(errors.largest, error);
            return text;
          }),
      };
    },
  };
}

/** What a decoder that refuses a state says is a mismatch like any other. */
function explainFailure(compare: () => string | undefined): string | undefined {
  try {
    return compare();
  } catch (error) {
    if (error instanceof TenfoldError) return error.message;
    throw error;
  }
}
