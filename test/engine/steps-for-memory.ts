/** Prints by how much the process grew over 10,000 training steps of the benchmark's MLP, as JSON. Run with --expose-gc. */
import { loss, workloads } from "../../bench/workloads.ts";
import { Random } from "../../src/core/index.ts";
import { compileTrainStep, initialState } from "../../src/train/index.ts";

const { model, optimizer, learningRate, batch } = workloads.find(({ name }) => name === "mlp")!;
const random = new Random(0);
const options = { model, loss, optimizer };
const step = compileTrainStep(options, initialState(options, model.init(random)));
const data = batch(random);
const residentMB = () => {
  globalThis.gc?.();
  return process.memoryUsage().rss / 2 ** 20;
};

let done = 0;
const run = async (count: number) => {
  for (let i = 0; i < count; i++) await step.run(data, { learningRate, step: done++, seed: 0 });
};
// The allocator and the compiler of V8 settle within the first thousand.
await run(1000);
const before = residentMB();
await run(10_000);
console.log(JSON.stringify({ steps: done - 1000, grownMB: residentMB() - before }));
