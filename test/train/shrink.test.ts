/** Models that lose parameters while they train: shapes, optimizer memory, checkpoints. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { flattenTree, type HostTensor, Random, type Tree } from "../../src/core/index.ts";
import { loadDataset, takeRows } from "../../src/data/index.ts";
import { mul, scalar, sum, type Tensor } from "../../src/engine/index.ts";
import { crossEntropy, type Layer, linear, lowRank, mlp, type Parameters, ranksOf } from "../../src/nn/index.ts";
import { adamW, sgd } from "../../src/optim/index.ts";
import { compileTrainStep, type FitEvent, type FitOptions, fit, initialState } from "../../src/train/index.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "shrink-"));
});
afterEach(() => rm(folder, { recursive: true }));

const digits = takeRows(
  await loadDataset("digits", { split: "train" }),
  Int32Array.from({ length: 320 }, (_, i) => i),
);

function options(more: Partial<FitOptions<Parameters>> = {}): FitOptions<Parameters> {
  return {
    model: lowRank(mlp(64, [24], 10), { groupLasso: 3e-3, shrink: 0.05 }),
    loss: crossEntropy,
    optimizer: sgd({ momentum: 0.9 }),
    data: digits,
    epochs: 12,
    batchSize: 32,
    learningRate: 0.1,
    clipNorm: 1,
    seed: 4,
    ...more,
  };
}

async function collect(run: AsyncIterable<FitEvent>): Promise<FitEvent[]> {
  const events: FitEvent[] = [];
  for await (const event of run) events.push(event);
  return events;
}

const endOf = (events: readonly FitEvent[]) =>
  events.find((event) => event.type === "end")! as FitEvent & { type: "end" };
const bytesOf = (params: Tree<HostTensor>) =>
  flattenTree(params).map(([path, { shape, data }]) => [
    path,
    shape.join(),
    Buffer.from(data.buffer).toString("base64"),
  ]);

describe("shrinking", () => {
  it("takes ranks away between epochs, never gives them back, and training goes on", async () => {
    const events = await collect(fit(options()));
    const shrinks = events.filter((event) => event.type === "shrink");
    expect(shrinks.length).toBeGreaterThan(1);
    const totals = shrinks.map(({ params }) => Object.values(ranksOf(params)).reduce((sum, rank) => sum + rank, 0));
    expect([...totals].sort((a, b) => b - a)).toEqual(totals);
    expect(totals.at(-1)!).toBeLessThan(34);
    const losses = events.flatMap((event) => (event.type === "step" ? [event.loss] : []));
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
    expect(ranksOf(endOf(events).params)).toEqual(ranksOf(shrinks.at(-1)!.params));
  });

  it.each([
    ["sgd", sgd({ momentum: 0.9 })],
    ["adamw", adamW()],
  ])("a run stopped between two shrinks and gone on with ends with the same bytes (%s)", async (_, optimizer) => {
    const more = { optimizer, ...(optimizer.name === "adamw" && { learningRate: 0.01 }), checkpointEvery: 3 };
    const whole = await collect(fit(options({ ...more, run: join(folder, "whole") })));
    expect(whole.some((event) => event.type === "shrink")).toBe(true);
    const stop = new AbortController();
    let shrinks = 0;
    for await (const event of fit(options({ ...more, run: join(folder, "cut"), signal: stop.signal }))) {
      if (event.type === "shrink") shrinks++;
      if (event.type === "step" && shrinks > 0 && event.step % 10 === 4) stop.abort();
    }
    const rest = await collect(fit(options({ ...more, run: join(folder, "cut"), resume: true })));
    expect(rest[0]!.type).toBe("start");
    expect(bytesOf(endOf(rest).params)).toEqual(bytesOf(endOf(whole).params));
    const metrics = (name: string) => readFile(join(folder, name, "metrics.jsonl"), "utf8");
    expect(await metrics("cut")).toBe(await metrics("whole"));
    expect(await metrics("cut")).toContain('"kind":"shrink"');
  });

  it("a group lasso that kills a layer stops the run and names the layer", async () => {
    const model = lowRank(mlp(64, [24], 10), { groupLasso: 3 });
    await expect(collect(fit(options({ model })))).rejects.toThrow(
      /weight: expected a layer that the group lasso leaves/,
    );
  });

  it("orders that compare gradients are refused", async () => {
    await expect(collect(fit(options({ order: "grab" })))).rejects.toThrow(/order: .*found "grab"/);
  });
});

describe("penalties and the step number", () => {
  const step = async (model: Layer, index: number) => {
    const settings = { model, loss: (y: Tensor) => mul(sum(y), 0), optimizer: sgd() };
    const params = model.init(new Random(0));
    const compiled = compileTrainStep(settings, initialState(settings, params));
    const batch = {
      inputs: { shape: [1, 2], dtype: "float32", data: Float32Array.of(1, 1) },
      targets: digits.targets,
    } as const;
    const report = await compiled.run(batch, { learningRate: 0.1, step: index, seed: 0 });
    await compiled.dispose();
    return report.loss.data[0]!;
  };
  const base = linear(2, 2) as unknown as Layer;

  it("what layers ask to add to the loss is added", async () => {
    const model: Layer = {
      ...base,
      apply(params, x, mode) {
        mode.penalize(scalar(2));
        mode.penalize(scalar(0.5));
        return base.apply(params, x, mode);
      },
    };
    expect(await step(model, 0)).toBeCloseTo(2.5, 6);
    expect(await step(base, 0)).toBeCloseTo(0, 6);
  });

  it("the group lasso rises over its warm-up", async () => {
    const lasso = (index: number, warmupSteps: number) => step(lowRank(base, { groupLasso: 1, warmupSteps }), index);
    const full = await lasso(0, 0);
    expect(full).toBeGreaterThan(0.1);
    expect(await lasso(0, 10)).toBeCloseTo(full / 10, 5);
    expect(await lasso(4, 10)).toBeCloseTo(full / 2, 5);
    expect(await lasso(50, 10)).toBeCloseTo(full, 5);
  });
});
