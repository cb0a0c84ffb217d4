import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type HostTensor, hostTensor, mapTree, Random } from "../../src/core/index.ts";
import { type Dataset, loadDataset } from "../../src/data/index.ts";
import { add, mean } from "../../src/engine/index.ts";
import {
  batchNorm,
  crossEntropy,
  flatten,
  type Layer,
  linear,
  meanSquaredError,
  mlp,
  relu,
  sequential,
} from "../../src/nn/index.ts";
import { adamW, cosineSchedule, orderNames, sgd } from "../../src/optim/index.ts";
import { createEvaluator, type FitEvent, type FitOptions, fit, recalibrate } from "../../src/train/index.ts";

const folder = mkdtempSync(join(tmpdir(), "tenfold-fit-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let train: Dataset;
let test: Dataset;
beforeAll(async () => {
  [train, test] = [await loadDataset("digits", { split: "train" }), await loadDataset("digits", { split: "test" })];
});

const model = mlp(64, [32], 10);

async function run(options: Partial<FitOptions<never>> = {}): Promise<FitEvent[]> {
  const events: FitEvent[] = [];
  const defaults = {
    model,
    loss: crossEntropy,
    optimizer: adamW(),
    data: train,
    epochs: 3,
    batchSize: 64,
    learningRate: 0.01,
  };
  for await (const event of fit({ ...defaults, ...options } as FitOptions<never>)) events.push(event);
  return events;
}

const last = (events: FitEvent[]) => events.at(-1)! as Extract<FitEvent, { type: "end" }>;

describe("fit", () => {
  it.each(orderNames)("learns digits in the order %s", async (order) => {
    const events = await run({ order, epochs: 6, validation: test });
    expect(last(events).evaluation?.accuracy).toBeGreaterThan(0.9);
  });

  it("gives the same bytes for the same seed, others for another", async () => {
    const bytes = async (seed: number) => {
      const { params } = last(await run({ seed, epochs: 1 }));
      return Buffer.concat(
        (params as never as { weight?: { data: Float32Array } }[]).flatMap(({ weight }) =>
          weight ? [Buffer.from(weight.data.buffer)] : [],
        ),
      );
    };
    const [a, b, c] = [await bytes(1), await bytes(1), await bytes(2)];
    expect(a.equals(b)).toBe(true);
    expect(a.equals(c)).toBe(false);
  });

  it("tells its steps, epochs and end in order", async () => {
    const events = await run({ validation: test, epochs: 2, batchSize: 500 });
    const count = Math.ceil(train.inputs.shape[0]! / 500);
    const epoch = [...Array(count).fill("step"), "epoch", "evaluation"];
    expect(events.map(({ type }) => type)).toEqual(["start", ...epoch, ...epoch, "end"]);
  });

  it("follows its schedule", async () => {
    const schedule = cosineSchedule({ peak: 0.01, totalSteps: 9, warmupSteps: 3 });
    const rates = (await run({ learningRate: schedule, epochs: 3, batchSize: 500 })).flatMap((event) =>
      event.type === "step" ? [event.learningRate] : [],
    );
    expect(rates).toEqual(Array.from({ length: 9 }, (_, step) => schedule(step)));
    expect(rates[2]).toBe(0.01);
  });

  it("exports a model that computes the same in ONNX Runtime, for any batch size", async () => {
    const path = join(folder, "exported");
    const { params } = last(await run({ run: path, epochs: 1 }));
    const session = await InferenceSession.create(join(path, "model.onnx"));
    const apply = createEvaluator(model, crossEntropy);
    const rows = 7;
    const inputs = new OrtTensor("float32", train.inputs.data.slice(0, rows * 64) as Float32Array, [rows, 1, 8, 8]);
    const { output } = await session.run({ input: inputs });
    expect(output!.dims).toEqual([rows, 10]);
    const logits = hostTensor(output!.data as Float32Array, [rows, 10]);
    const losses = Array.from({ length: rows }, (_, i) => {
      const row = Array.from(logits.data.slice(i * 10, i * 10 + 10));
      return Math.log(row.reduce((total, z) => total + Math.exp(z), 0)) - row[train.targets.data[i]!]!;
    });
    const part = {
      ...train,
      inputs: hostTensor(train.inputs.data.slice(0, rows * 64), [rows, 1, 8, 8]),
      targets: hostTensor(train.targets.data.slice(0, rows), [rows]),
    };
    const { loss } = await apply.evaluate(params, part);
    expect(losses.reduce((total, value) => total + value, 0) / rows).toBeCloseTo(loss, 5);
    await apply.dispose();
  });

  it("leaves what is not trainable as it was", async () => {
    const layers = sequential([flatten(), linear(64, 16), relu(), linear(16, 10)]);
    const given = layers.init(new Random(5));
    const before = JSON.stringify(mapTree(given as never, ({ data }: { data: Float32Array }) => Array.from(data)));
    const { params } = last(
      await run({
        model: layers as never,
        params: given as never,
        trainable: (path) => path.startsWith("3."),
        epochs: 1,
      }),
    );
    const [, first, , second] = params as never as { weight: { data: Float32Array } }[];
    const [, firstBefore, , secondBefore] = given as never as { weight: { data: Float32Array } }[];
    expect(first!.weight.data).toEqual(firstBefore!.weight.data);
    expect(second!.weight.data).not.toEqual(secondBefore!.weight.data);
    expect(JSON.stringify(mapTree(given as never, ({ data }: { data: Float32Array }) => Array.from(data)))).toBe(
      before,
    );
  });
});

describe("bad input", () => {
  it("stops where the loss leaves its range, names the step, and keeps the last checkpoint", async () => {
    const path = join(folder, "diverging");
    const diverging = run({ run: path, optimizer: sgd(), learningRate: (step) => (step < 30 ? 0.01 : 1e9) });
    await expect(diverging).rejects.toThrow(
      /^step 3[2-9] \(epoch 2\): expected a loss that stays near where it began, and a finite gradient, found a loss of .* at learning rate 1000000000; the checkpoint of step 23 is kept\. Hint: train with a smaller learning rate, such as 0\.1$/,
    );
    expect(JSON.parse(readFileSync(join(path, "checkpoints/index.json"), "utf8")).at(-1).step).toBe(23);
  });

  it.each([
    [{ epochs: 0 }, "epochs: expected a positive whole number, found 0"],
    [{ batchSize: 1.5 }, "batchSize: expected a positive whole number, found 1.5"],
    [{ learningRate: Number.NaN }, "learningRate: expected a positive number, found NaN"],
    [{ order: "random" }, /order: expected one of rr, ss/],
  ])("%o", async (options, message) => {
    await expect(run(options)).rejects.toThrow(message);
  });

  it("names the row that has no number, and the label outside the classes", async () => {
    const data = train.inputs.data.slice();
    data[64 * 10 + 3] = Number.NaN;
    await expect(run({ data: { ...train, inputs: { ...train.inputs, data } } })).rejects.toThrow(
      "digits, row 11: expected finite inputs, found NaN",
    );
    const targets = Int32Array.from(train.targets.data);
    targets[4] = 10;
    await expect(run({ data: { ...train, targets: { ...train.targets, data: targets } } })).rejects.toThrow(
      "digits, row 5: expected a class number in [0, 10), found 10",
    );
  });

  it("checks the validation data too", async () => {
    const targets = Int32Array.from(test.targets.data).fill(-1, 3, 4);
    const validation = { ...test, targets: { ...test.targets, data: targets } };
    await expect(run({ validation })).rejects.toThrow(
      "digits (validation), row 4: expected a class number in [0, 10), found -1",
    );
  });

  it("does not take a start far from the mean for divergence", async () => {
    // The first batches have small targets, all others large ones.
    const targets = hostTensor(
      Float32Array.from({ length: 100 }, (_, i) => (i < 10 ? 0 : 1000)),
      [100, 1],
    );
    const data: Dataset = {
      name: "steps",
      sha256: "",
      inputs: hostTensor(new Float32Array(100).fill(1), [100, 1]),
      targets,
    };
    const options = {
      model: linear(1, 1),
      loss: meanSquaredError,
      data,
      order: "igd",
      batchSize: 5,
      optimizer: sgd(),
      learningRate: 1e-9,
    };
    expect(last(await run(options as never)).type).toBe("end");
  });

  it("refuses to go on with other settings of the optimizer", async () => {
    const path = join(folder, "settings");
    await run({ run: path, epochs: 1, optimizer: sgd({ momentum: 0.9 }) });
    await expect(run({ run: path, epochs: 1, resume: true, optimizer: sgd({ momentum: 0.1 }) })).rejects.toThrow(
      /"optimizer": expected \{"name":"sgd","momentum":0.9,.*as the run in this folder has it, found \{"name":"sgd","momentum":0.1/,
    );
  });

  it("exports for single examples where the graph fixes the batch", async () => {
    const path = join(folder, "fixed");
    const head = mlp(64, [], 10);
    // The mean over the batch makes the graph depend on its size.
    const model: Layer = {
      init: (random) => head.init(random),
      apply: (params, x, mode) => add(head.apply(params, x, mode), mean(x)),
    };
    await run({ run: path, epochs: 1, model: model as never });
    expect(JSON.parse(readFileSync(join(path, "report.json"), "utf8")).modelBatch).toBe(1);
    const session = await InferenceSession.create(join(path, "model.onnx"));
    expect(
      (await session.run({ input: new OrtTensor("float32", new Float32Array(64), [1, 1, 8, 8]) })).output!.dims,
    ).toEqual([1, 10]);
  });

  it("refuses a folder of another layout, and one that is no run", async () => {
    const path = join(folder, "other-layout");
    await run({ run: path, epochs: 1 });
    const file = join(path, "run.json");
    writeFileSync(file, readFileSync(file, "utf8").replace('"layoutVersion": 1', '"layoutVersion": 0'));
    await expect(run({ run: path, epochs: 1, resume: true })).rejects.toThrow(
      /"layoutVersion": expected 0, as the run in this folder has it, found 1/,
    );
    await expect(run({ run: join(folder, "nothing"), resume: true })).rejects.toThrow(
      /expected a run folder with a run\.json, found none/,
    );
  });
});

describe("recalibrate", () => {
  it("measures running statistics as means over batches, and touches nothing else", async () => {
    const layers = sequential([flatten(), batchNorm(64), linear(64, 10)]);
    const params = layers.init(new Random(1)) as {
      weight?: HostTensor;
      runningMean?: HostTensor;
      runningVariance?: HostTensor;
    }[];
    const batchSize = 100;
    const renewed = (await recalibrate(layers, params as never, train, {
      batchSize,
      batches: 3,
    })) as never as typeof params;
    const column = (batch: number, pixel: number) =>
      Array.from({ length: batchSize }, (_, i) => train.inputs.data[(batch * batchSize + i) * 64 + pixel]!);
    const mean = (values: number[]) => values.reduce((total, value) => total + value, 0) / values.length;
    const variance = (values: number[]) =>
      values.reduce((total, value) => total + (value - mean(values)) ** 2, 0) / (values.length - 1);
    const expected = (measure: (values: number[]) => number) =>
      Array.from({ length: 64 }, (_, pixel) => mean([0, 1, 2].map((batch) => measure(column(batch, pixel)))));
    expect(renewed[1]!.runningMean!.data).toBeAllclose(expected(mean), { rtol: 1e-4, atol: 1e-6 });
    expect(renewed[1]!.runningVariance!.data).toBeAllclose(expected(variance), { rtol: 1e-4, atol: 1e-6 });
    expect(renewed[2]!.weight!.data).toEqual(params[2]!.weight!.data);
  });
});
