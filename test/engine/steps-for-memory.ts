/** Prints by how much the process grew over 10,000 training steps of the benchmark's MLP, as JSON. Run with --expose-gc. */
import { min } from "simple-statistics";
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
const residents: number[] = [];
for (let sample = 0; sample < 40; sample++) {
  await run(250);
  residents.push(residentMB());
}
// What waits to be freed comes and goes, up to 50 MB on a busy machine; what stays is the least of several samples. Those of the first
// and of the last quarter lie 7,500 steps apart.
const grownMB = ((min(residents.slice(-10)) - min(residents.slice(0, 10))) * 10_000) / 7500;
console.log(JSON.stringify({ steps: done - 1000, grownMB }));
