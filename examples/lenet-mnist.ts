/**
 * LeNet on MNIST, from the idx files to a checked test accuracy and an ONNX file.
 *
 *   node --import tsx examples/lenet-mnist.ts --data FOLDER [--out runs/lenet] [--epochs 3] [--seed 0] [--resume]
 *
 * FOLDER holds MNIST's four idx files; `tenfold data get mnist` fetches them.
 */
import { parseArgs } from "node:util";
import { loadDataset } from "../src/data/index.ts";
import { crossEntropy, lenet } from "../src/nn/index.ts";
import { cosineSchedule, sgd } from "../src/optim/index.ts";
import { fit } from "../src/train/index.ts";

const { values } = parseArgs({
  options: {
    data: { type: "string", default: "mnist" },
    out: { type: "string" },
    epochs: { type: "string", default: "3" },
    seed: { type: "string", default: "0" },
    resume: { type: "boolean", default: false },
  },
});

const data = await loadDataset(values.data, { split: "train" });
const validation = await loadDataset(values.data, { split: "test" });
const [epochs, batchSize] = [Number(values.epochs), 128];
const totalSteps = epochs * Math.ceil(data.inputs.shape[0]! / batchSize);
const started = performance.now();

const run = fit({
  model: lenet({ channels: 1, height: 28, width: 28 }, 10),
  loss: crossEntropy,
  optimizer: sgd({ momentum: 0.9 }),
  data,
  validation,
  epochs,
  batchSize,
  learningRate: cosineSchedule({ peak: 0.05, totalSteps, warmupSteps: 100 }),
  learningRateName: "cosine from 0.05, 100 warm-up steps",
  seed: Number(values.seed),
  resume: values.resume,
  ...(values.out !== undefined && { run: values.out, checkpointEvery: 200 }),
});

for await (const event of run) {
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (event.type === "start") console.log(`${event.parameters} parameters, ${event.totalSteps} steps`);
  if (event.type === "evaluation") {
    console.log(`epoch ${event.epoch + 1}: test accuracy ${(100 * event.accuracy!).toFixed(2)}%, ${seconds} s`);
  }
}
