/** A small training run in its own process, for the tests that kill it. Arguments: run folder, order, optional --resume. */
import { loadDataset } from "../../src/data/index.ts";
import { batchNorm, crossEntropy, dropout, flatten, linear, relu, sequential } from "../../src/nn/index.ts";
import { adamW } from "../../src/optim/index.ts";
import { fit } from "../../src/train/index.ts";

const [run, order, ...flags] = process.argv.slice(2) as [string, string, ...string[]];
const data = await loadDataset("digits", { split: "train" });
const model = sequential([flatten(), linear(64, 24), batchNorm(24), relu(), dropout(0.2), linear(24, 10)]);
const events = fit({
  model,
  loss: crossEntropy,
  optimizer: adamW(),
  data,
  validation: await loadDataset("digits", { split: "test" }),
  epochs: 4,
  batchSize: 100,
  learningRate: 3e-3,
  order,
  seed: 7,
  run,
  resume: flags.includes("--resume"),
  checkpointEvery: 4,
  logEvery: 1,
});
for await (const event of events) {
  if (event.type === "start") process.stdout.write(`start ${event.step}\n`);
  if (event.type === "step") {
    process.stdout.write(`step ${event.step}\n`);
    // A breath between steps, so that the parent can kill the run where it means to.
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
process.stdout.write("done\n");
