/** What the test of `tenfold/browser` runs in a page, and on Node for comparison. */

import type { data, train } from "../../src/browser/index.ts";
import { core, engine, fit, nn, optim, pickDevice } from "../../src/browser/index.ts";

/** A small classification that is learnt in a few epochs. */
export function trainingOf(device: engine.Device): train.LoopOptions<nn.Parameters> {
  const random = new core.Random(20261130, "page");
  const inputs = Float32Array.from({ length: 96 * 6 }, () => random.normal());
  const label = (row: number) => (inputs[row * 6]! > 0 ? 1 : 0) + (inputs[row * 6 + 1]! > 0 ? 2 : 0);
  const examples: data.Dataset = {
    name: "quadrants",
    inputs: core.hostTensor(inputs, [96, 6]),
    targets: core.hostTensor(
      Int32Array.from({ length: 96 }, (_, row) => label(row)),
      [96],
    ),
    classes: ["a", "b", "c", "d"],
    sha256: "",
  };
  return {
    model: nn.lowRank(nn.mlp(6, [12], 4), { groupLasso: 1e-3, shrink: 0.05 }),
    loss: nn.crossEntropy,
    optimizer: optim.adamW(),
    data: examples,
    validation: examples,
    epochs: 6,
    batchSize: 16,
    learningRate: 0.03,
    order: "ff-rr",
    seed: 4,
    compile: { device },
  };
}

/** What a run told: the kinds of events in order, and the losses. */
export interface Told {
  readonly kinds: readonly string[];
  readonly losses: readonly number[];
  readonly accuracy: number;
}

/** Reads the events of a run. */
export async function listen(events: AsyncIterable<train.FitEvent>): Promise<Told> {
  const kinds: string[] = [];
  const losses: number[] = [];
  let accuracy = 0;
  for await (const event of events) {
    kinds.push(event.type);
    if (event.type === "step") losses.push(event.loss);
    if (event.type === "evaluation") accuracy = event.accuracy!;
  }
  return { kinds, losses, accuracy };
}

const trainHere = (device: engine.Device) => listen(fit(trainingOf(device)));

/** A compiled function on the device that it takes by itself, and the one line that a native one gives. */
async function compileHere(device?: engine.Device): Promise<string> {
  const double = engine.compile((x: engine.Tensor) => engine.mul(x, 2), device ? { device } : {});
  try {
    const { data } = await double(core.hostTensor(Float32Array.of(1, 2), [2]));
    return `${double.device!.device} ${Array.from(data)}`;
  } catch (error) {
    return (error as Error).message;
  }
}

Object.assign(globalThis, { trainHere, compileHere, pickDevice });
