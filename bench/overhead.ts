/** What a call costs beside its arithmetic. */
import { median } from "simple-statistics";
import { hostTensor, Random } from "../src/core/index.ts";
import { add, compile, type Tensor } from "../src/engine/index.ts";
import { compileTrainStep, initialState } from "../src/train/index.ts";
import { loss, workloads } from "./workloads.ts";

export interface OverheadResult {
  /** Median microseconds of a call that adds two scalars. */
  readonly callUs: number;
  /** Milliseconds from nothing to the end of the transformer's first step: trace, lower, load, run. */
  readonly transformerFirstStepMs: number;
  /** The same without the step itself. */
  readonly transformerCompileMs: number;
}

export async function measureOverhead(): Promise<OverheadResult> {
  const tiny = compile((x: Tensor, y: Tensor) => add(x, y));
  const one = hostTensor(Float32Array.of(1), []);
  const times: number[] = [];
  for (let i = 0; i < 2000; i++) {
    const start = performance.now();
    await tiny(one, one);
    times.push((performance.now() - start) * 1000);
  }
  const { model, optimizer, batch, learningRate } = workloads.find(({ name }) => name === "transformer")!;
  const random = new Random(0);
  const options = { model, loss, optimizer };
  const step = compileTrainStep(options, initialState(options, model.init(random)));
  const data = batch(random);
  const run = async (index: number) => {
    const start = performance.now();
    await step.run(data, { learningRate, step: index, seed: 0 });
    return performance.now() - start;
  };
  const first = await run(0);
  const later = [await run(1), await run(2), await run(3)];
  await step.dispose();
  const round = (value: number) => Math.round(value * 10) / 10;
  return {
    callUs: round(median(times.slice(100))),
    transformerFirstStepMs: round(first),
    transformerCompileMs: round(first - median(later)),
  };
}
