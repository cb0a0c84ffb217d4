/** Milliseconds of exported models, measured side by side. @module */
import { setTimeout } from "node:timers/promises";
import { type HostTensor, hostTensor, Random, type Tree } from "../../core/index.ts";
import { openOnnx, toOnnx } from "../../engine/index.ts";
import { type Layer, Mode, type Parameters } from "../../nn/index.ts";

/** A model as ONNX bytes, for batches of any size: input `input`, output `output`. */
export function exportOnnx(model: Layer, params: Parameters, exampleShape: readonly number[]): Uint8Array {
  const apply = (tree: never, x: never) => model.apply(tree, x, new Mode(false));
  return toOnnx(apply, params as Tree<HostTensor>, [{ dtype: "float32", shape: [1, ...exampleShape] }]);
}

/** Options of {@link measureLatencies}. */
export interface LatencyOptions {
  /** Examples a call. */
  readonly batch: number;
  /** Rounds, in each of which every model has its turn; default 5. */
  readonly rounds?: number;
  readonly signal?: AbortSignal;
}

/** Calls of a turn: the first ones bring the model back into the caches, the others count. */
const warmCalls = 2;
const countedCalls = 7;
/** Pause before a turn, in milliseconds: the threads of the model before wait for work on the same cores for a while. */
const pause = 20;

/**
 * Median milliseconds of a call in ONNX Runtime, for each of several models. The models take turns, so that what else the machine
 * does falls on all alike.
 *
 * @param models - ONNX bytes as {@link exportOnnx} gives them
 */
export async function measureLatencies(
  models: readonly Uint8Array[],
  exampleShape: readonly number[],
  { batch, rounds = 5, signal }: LatencyOptions,
): Promise<number[]> {
  const random = new Random(0, "latency");
  const size = exampleShape.reduce((product, axis) => product * axis, batch);
  const input = hostTensor(
    Float32Array.from({ length: size }, () => random.uniform()),
    [batch, ...exampleShape],
  );
  const sessions = [];
  for (const bytes of models) sessions.push(await openOnnx(bytes));
  const times: number[][] = sessions.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, session] of sessions.entries()) {
      await setTimeout(pause, undefined, signal ? { signal } : {});
      for (let call = 0; call < warmCalls; call++) await session.run({ input });
      for (let call = 0; call < countedCalls; call++) {
        const begin = performance.now();
        await session.run({ input });
        times[i]!.push(performance.now() - begin);
      }
    }
  }
  for (const session of sessions) await session.release();
  return times.map((list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)]!);
}
