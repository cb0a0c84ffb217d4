/** Loops a second, by size of machine and by engine. @module */
import { hostTensor, Random } from "../../core/index.ts";
import { openOnnx } from "../../engine/index.ts";
import { fastExecutor } from "./fast-executor.ts";
import { exportStep } from "./onnx-step.ts";
import { pacer } from "./pace.ts";
import { randomSubleq } from "./random-programs.ts";
import type { State } from "./state.ts";
import { buildSubleq } from "./subleq-machine.ts";
import { decodeSubleq, encodeSubleq } from "./subleq-state.ts";
import { countTransformer, type Precision } from "./transformer.ts";

/** One size of machine. */
export interface BenchRow {
  readonly columns: number;
  readonly width: number;
  readonly parameters: number;
  readonly nonzero: number;
  /** Loops a second of the fast engine, after the first loop. */
  readonly fast: number;
  /** Loops a second of dense weights in ONNX Runtime. */
  readonly onnx: number;
  /** fast / onnx */
  readonly ratio: number;
  /** Whether both had the same decoded state after the loops of ONNX Runtime. */
  readonly equal: boolean;
}

/** What to time. */
export interface BenchOptions {
  readonly columns: readonly number[];
  readonly bits: number;
  readonly precision: Precision;
  /** Loops of the fast engine. */
  readonly loops: number;
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly progress?: (fraction: number) => void;
}

/** Time that ONNX Runtime gets at each size, and the fewest loops. */
const onnxMilliseconds = 1500;
const onnxLoops = 10;
/** Loops of the fast engine between two looks at the clock. */
const loopsBetweenPauses = 256;
/** What ONNX Runtime runs before it is timed. */
const warmup = 3;

/** Times both engines on a random program that fills the machine. */
export async function benchMachines(options: BenchOptions): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const [i, columns] of options.columns.entries()) {
    rows.push(await benchSize(columns, options));
    options.progress?.((i + 1) / options.columns.length);
    options.signal?.throwIfAborted();
  }
  return rows;
}

async function benchSize(columns: number, { bits, precision, loops, seed, signal }: BenchOptions): Promise<BenchRow> {
  const machine = buildSubleq({ kind: "subleq", columns, bits, precision, mode: "hardened" });
  const { transformer } = machine;
  const program = busyProgram(new Random(seed, "bench", columns), columns, bits);
  const shape = [1, columns, transformer.width];
  const model = await openOnnx(exportStep(transformer));
  const step = async (from: State) => (await model.run({ state: hostTensor(from, shape) })).next!.data as State;
  const pause = pacer(signal);
  let state = encodeSubleq(machine, program);
  for (let i = 0; i < warmup; i++) await step(state);
  let counted = 0;
  const onnxStart = performance.now();
  while (counted < onnxLoops || performance.now() - onnxStart < onnxMilliseconds) {
    state = await step(state);
    counted++;
    await pause();
  }
  const onnx = counted / ((performance.now() - onnxStart) / 1000);
  await model.release();

  const executor = fastExecutor(transformer);
  let own: State = encodeSubleq(machine, program);
  for (let i = 0; i < counted; i++) own = executor.step(own);
  const decode = (of: State) =>
    JSON.stringify(decodeSubleq(machine, program, of, counted), (_, value) => String(value));
  const equal = decode(own) === decode(state);
  const fastStart = performance.now();
  for (let i = 0; i < loops; i++) {
    own = executor.step(own);
    if (i % loopsBetweenPauses === 0) await pause();
  }
  const fast = loops / ((performance.now() - fastStart) / 1000);
  const { parameters, nonzero } = countTransformer(transformer);
  return { columns, width: transformer.width, parameters, nonzero, fast, onnx, ratio: fast / onnx, equal };
}

/** A random program that never comes to its halt: all branches stay among the other instructions. */
function busyProgram(random: Random, columns: number, bits: number) {
  const { memory, instructions } = randomSubleq(random, columns, bits);
  const halt = instructions.length - 1;
  const inside = instructions.slice(0, halt).map((instruction, i) => {
    const last = i === halt - 1;
    // The last one goes back to the first whatever it computes: it takes a number from itself.
    return last ? { a: instruction.b, b: instruction.b, c: 0 } : { ...instruction, c: instruction.c % halt };
  });
  return { memory, instructions: [...inside, instructions[halt]!] };
}
