/** What the browser test runs in its page: cases of the parity table and a small training run, by device. */
import { hostTensor, Random } from "../../src/core/index.ts";
import { compile, type Device } from "../../src/engine/index.ts";
import { crossEntropy, mlp } from "../../src/nn/index.ts";
import { adamW } from "../../src/optim/index.ts";
import { compileTrainStep, initialState } from "../../src/train/step.ts";
import { cases, Draw } from "../parity/cases.ts";

/** A tensor that survives the way out of the page. */
export interface Plain {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly data: readonly number[];
}

const seed = 20260904;

/** Result of the case `name` on `device`. */
export async function runCase(name: string, device: Device): Promise<Plain> {
  const { fn, inputs } = cases.find((one) => one.name === name)!;
  const result = await compile(fn, { device })(...inputs(new Draw(new Random(seed, name))));
  return { shape: result.shape, dtype: result.dtype, data: Array.from(result.data) };
}

/** Losses of 30 training steps of a small classifier on made-up data. */
export async function trainSmall(device: Device): Promise<number[]> {
  const random = new Random(seed);
  const model = mlp(8, [16], 3);
  const options = { model, loss: crossEntropy, optimizer: adamW(), compile: { device } };
  const step = compileTrainStep(options, initialState(options, model.init(random)));
  const inputs = new Draw(random).floats([60, 8]);
  const label = (row: number) => (inputs.data[row * 8]! > 0 ? 1 : inputs.data[row * 8 + 1]! > 0 ? 2 : 0);
  const targets = hostTensor(
    Int32Array.from({ length: 60 }, (_, row) => label(row)),
    [60],
  );
  const losses: number[] = [];
  for (let i = 0; i < 30; i++) {
    const { loss } = await step.run({ inputs, targets }, { learningRate: 0.02, step: i, seed: 0 });
    losses.push(loss.data[0]!);
  }
  await step.dispose();
  return losses;
}

Object.assign(globalThis, { runCase, trainSmall });
