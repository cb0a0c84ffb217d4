/** The first hour: what the README shows, by the public entry only. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { data, engine, nn, optim, storage, train } from "../src/index.ts";

it("loads data, trains, measures, saves and reads back", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tenfold-tiny-"));
  try {
    const digits = await data.loadDataset("digits", { split: "train" });
    const validation = await data.loadDataset("digits", { split: "test" });
    const model = nn.sequential([nn.flatten(), nn.linear(64, 32), nn.relu(), nn.linear(32, 10)]);
    const run = train.fit({
      model,
      loss: nn.crossEntropy,
      optimizer: optim.adamW(),
      data: digits,
      validation,
      epochs: 5,
      batchSize: 32,
      learningRate: 1e-2,
      order: "ff-rr",
    });
    const losses: number[] = [];
    for await (const event of run) {
      if (event.type === "epoch") losses.push(event.loss);
      if (event.type !== "end") continue;
      expect(event.evaluation!.accuracy!).toBeGreaterThan(0.93);
      const file = join(folder, "model.safetensors");
      await storage.writeSafetensors(file, { weight: (event.params as never as { weight: never }[])[1]!.weight });
      const { tensors } = await storage.readSafetensors(file);
      expect(tensors.weight!.shape).toEqual([32, 64]);
    }
    expect(losses).toHaveLength(5);
    expect(losses[4]!).toBeLessThan(losses[0]! / 3);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

it("compiles a function and its gradient", async () => {
  const { compile, grad, mul, sum } = engine;
  const cube = (x: engine.Tensor) => sum(mul(x, mul(x, x)));
  const slope = compile(grad(cube));
  const { data: values } = await slope({ shape: [3], dtype: "float32", data: Float32Array.of(1, 2, 3) });
  expect(values).toEqual(Float32Array.of(3, 12, 27));
});
