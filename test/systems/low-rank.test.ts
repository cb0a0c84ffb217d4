import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { flattenTree, type HostTensor, hostTensor, Random, type Tree } from "../../src/core/index.ts";
import { loadDataset } from "../../src/data/index.ts";
import { compile, openOnnx, scalar, type Tensor } from "../../src/engine/index.ts";
import {
  crossEntropy,
  type Factors,
  type Layer,
  lenet,
  lowRank,
  Mode,
  maskTails,
  mergeUnprofitable,
  mlp,
  multiplyFactors,
  type Parameters,
  type Ranks,
  ranksOf,
  resnet8,
  truncateRanks,
} from "../../src/nn/index.ts";
import { readSafetensors, writeSafetensors } from "../../src/storage/index.ts";
import {
  buildSubmodel,
  costModel,
  type Frontier,
  factoredShapes,
  factorizeByFisher,
  fisherInformation,
  greedyPath,
  loadParams,
  lowRankRoom,
  macsOf,
  openRecipe,
  parametersOf,
  randomMatrix,
  recoverPca,
  recoverReversed,
  recoverSvd,
  rungs,
  shareInterval,
  uniformRanks,
  withinBudget,
} from "../../src/systems/low-rank/index.ts";
import { describeWith, pythonOnnx } from "../programs.ts";
import { roomCommand } from "../room-command.ts";

const { printed, run: lowrank, runJson: json } = roomCommand(lowRankRoom);

const tree = (params: unknown) => params as Tree<HostTensor>;

async function run(model: Layer, params: unknown, x: HostTensor, ranks?: Ranks): Promise<HostTensor> {
  const apply = (p: never, input: Tensor) => {
    const masked = ranks
      ? maskTails(
          p,
          Object.values(ranks).map((rank) => scalar(rank)),
        )
      : p;
    return model.apply(masked as never, input, new Mode(false));
  };
  return (compile(apply as never) as unknown as (...args: unknown[]) => Promise<HostTensor>)(tree(params), x);
}

describe("linear maps", () => {
  it.each([11, 12, 13, 14])(
    "every truncation of a random map is that of its SVD (seed %i)",
    { timeout: 60_000 },
    async (seed) => {
      const random = new Random(seed, "test-svd");
      const [rows, columns] = [3 + random.integer(8), 3 + random.integer(8)];
      const rank = 1 + random.integer(Math.min(rows, columns));
      const spectrum = [random.uniform(0.5, 20)];
      while (spectrum.length < rank) spectrum.push(spectrum.at(-1)! * random.uniform(0.5, 0.9));
      const map = randomMatrix(random, rows, columns, spectrum);
      const found = await recoverSvd(map, { rows, columns, rank }, { steps: 25_000, seed, rate: 0.5 });
      for (const error of found.errors) expect(error).toBeLessThan(0.01);
      spectrum.forEach((value, b) => {
        expect(found.strengths[b]! / value).toBeCloseTo(1, 1);
      });
    },
  );

  it("without an order the truncations are not those of the SVD", async () => {
    const map = randomMatrix(new Random(5, "test"), 9, 6, [8, 7, 3]);
    const found = await recoverSvd(
      map,
      { rows: 9, columns: 6, rank: 3 },
      { steps: 4000, seed: 5, rate: 0.5, sampler: "none" },
    );
    expect(Math.min(...found.errors)).toBeGreaterThan(0.1);
  });

  it.each([21, 22])(
    "the data, not the map, set the order: reversed stress (seed %i)",
    { timeout: 60_000 },
    async (seed) => {
      const random = new Random(seed, "test-reversed");
      const map = randomMatrix(random, 7, 8, [6, 4, 2.5]);
      const stress = [1, 1.6, 2.8].map((value) => value * random.uniform(0.9, 1.1));
      const found = await recoverReversed(map, { rows: 7, columns: 8, stress }, { steps: 30_000, seed, rate: 0.5 });
      for (const cosine of found.cosines) expect(cosine).toBeGreaterThan(0.999);
      expect(found.cosinesOfSvd[0]).toBeLessThan(0.2);
    },
  );

  it("an autoencoder finds the principal components, the group lasso their number", { timeout: 60_000 }, async () => {
    const data = randomMatrix(new Random(31, "test-pca"), 80, 7, [27, 18, 9]);
    const size = { examples: 80, columns: 7, rank: 3 };
    const found = await recoverPca(data, size, { steps: 15_000, seed: 31, rate: 0.5, groupLasso: 1e-3 });
    for (const overlap of found.overlaps) expect(overlap).toBeGreaterThan(0.999);
    expect(found.strengths.filter((value) => value > 1e-3)).toHaveLength(3);
  });
});

describe("costs", () => {
  const cases: { name: string; model: Layer; shape: number[] }[] = [
    { name: "mlp", model: mlp(20, [16, 8], 4), shape: [20] },
    { name: "lenet", model: lenet({ channels: 1, height: 28, width: 28 }, 10), shape: [1, 28, 28] },
    { name: "resnet8", model: resnet8({ channels: 3 }, 10), shape: [3, 16, 16] },
  ];
  it.each(cases)("by ranks are those of the submodel's own graph ($name)", ({ model, shape }) => {
    const dense = model.init(new Random(1));
    const params = lowRank(model).from(dense);
    const costs = costModel(model, params, shape);
    expect(costs.dense).toEqual({ macs: macsOf(model, dense, shape), parameters: parametersOf(dense) });
    expect(costModel(model, factoredShapes(dense, ranksOf(params)), shape).dense).toEqual(costs.dense);
    const random = new Random(2, "ranks");
    for (let repeat = 0; repeat < 5; repeat++) {
      const ranks = Object.fromEntries(
        Object.entries(ranksOf(params)).map(([path, r]) => [path, 1 + random.integer(r)]),
      );
      const submodel = mergeUnprofitable(truncateRanks(params, ranks));
      expect(costs.at(ranks)).toEqual({ macs: macsOf(model, submodel, shape), parameters: parametersOf(submodel) });
    }
  });

  it("dense counts are the published ones", () => {
    const lenetCost = costModel(cases[1]!.model, lowRank(cases[1]!.model).init(new Random(0)), [1, 28, 28]).dense;
    expect(lenetCost).toEqual({ macs: 416_520, parameters: 61_706 });
    const model = resnet8({ channels: 3 }, 10);
    expect(macsOf(model, model.init(new Random(0)), [3, 32, 32])).toBe(12_501_632);
  });

  it("rungs go down from below the profitable rank to 1", () => {
    expect(rungs(16, 14)).toEqual([14, 11, 9, 7, 6, 5, 4, 3, 2, 1]);
    expect(rungs(4, 14)).toEqual([3, 2, 1]);
    expect(rungs(1, 14)).toEqual([]);
    expect(rungs(8, 0)).toEqual([]);
  });
});

it("the mean's interval is Student's", () => {
  const { mean, interval } = shareInterval([0.5, 0.6, 0.7]);
  expect(mean).toBeCloseTo(0.6, 12);
  expect(interval[0]).toBeCloseTo(0.6 - (4.303 * 0.1) / Math.sqrt(3), 6);
  expect(shareInterval([1, 1, 0.9]).interval[1]).toBe(1);
});

describe("networks factored after training", () => {
  it("Fisher-weighted SVD computes the same at full rank, and truncates better where it is weighted", async () => {
    const digits = await loadDataset("digits", { split: "train" });
    const model = mlp(64, [20], 10);
    const dense = model.init(new Random(3));
    const fisher = await fisherInformation(model, crossEntropy, dense, digits, 200);
    for (const [, leaf] of flattenTree(fisher)) expect(leaf.data.every((value) => value >= 0)).toBe(true);
    const weighted = factorizeByFisher(model, dense, fisher, []);
    const x = hostTensor(Float32Array.from(digits.inputs.data.slice(0, 640)), [10, 1, 8, 8]);
    expect(await run(model, weighted, x)).toBeAllclose(await run(model, dense, x), { rtol: 1e-3, atol: 1e-4 });
    // Weighted by the inputs' importances, the weighted error of its truncation is that of no other rank-3 matrix.
    const path = "1.weight";
    const importance = new Float64Array(64);
    Object.fromEntries(flattenTree(fisher))[path]!.data.forEach((value, i) => {
      importance[i % 64]! += value;
    });
    const error = (params: Parameters): number => {
      const cut = truncateRanks(params, { [path]: 3 }) as unknown as { weight: Factors }[];
      const product = multiplyFactors(cut[1]!.weight).data;
      const weight = Float64Array.from((dense as unknown as { weight: HostTensor }[])[1]!.weight.data);
      return weight.reduce((sum, value, i) => sum + (value - product[i]!) ** 2 * importance[i % 64]!, 0);
    };
    expect(error(weighted)).toBeLessThan(error(lowRank(model).from(dense)));
  });

  it("the Fisher information of a layer is the mean squared gradient, by hand", async () => {
    const digits = await loadDataset("digits", { split: "train" });
    const model = mlp(64, [], 10);
    const dense = model.init(new Random(4));
    const fisher = Object.fromEntries(flattenTree(await fisherInformation(model, crossEntropy, dense, digits, 5)));
    const { weight, bias } = (dense as unknown as { weight: HostTensor; bias: HostTensor }[])[1]!;
    const expected = new Float64Array(640);
    for (let n = 0; n < 5; n++) {
      const x = Float64Array.from(digits.inputs.data.slice(64 * n, 64 * (n + 1)));
      const logits = Array.from({ length: 10 }, (_, i) =>
        x.reduce((sum, value, j) => sum + value * weight.data[64 * i + j]!, bias.data[i]!),
      );
      const total = logits.reduce((sum, value) => sum + Math.exp(value), 0);
      logits.forEach((value, i) => {
        const delta = Math.exp(value) / total - Number(digits.targets.data[n] === i);
        for (let j = 0; j < 64; j++) expected[64 * i + j]! += (delta * x[j]!) ** 2 / 5;
      });
    }
    expect(fisher["1.weight"]!).toBeAllclose(hostTensor(Float32Array.from(expected), [10, 64]), {
      rtol: 1e-3,
      atol: 1e-7,
    });
  });
});

describe("batch norm", () => {
  it("submodels of a network with running statistics have them measured anew", async () => {
    const model = resnet8({ channels: 1 }, 10);
    const params = lowRank(model).init(new Random(6));
    const digits = await loadDataset("digits", { split: "train" });
    const submodel = await buildSubmodel(model, params, uniformRanks(params, 0.5), digits);
    const means = (p: Parameters) => flattenTree(tree(p)).filter(([path]) => path.endsWith("runningMean"));
    expect(means(params).every(([, leaf]) => leaf.data.every((value) => value === 0))).toBe(true);
    expect(means(submodel).every(([, leaf]) => leaf.data.some((value) => value !== 0))).toBe(true);
  });
});

describe("tenfold lowrank on digits", () => {
  let folder: string;
  let runFolder: string;
  interface Trained {
    readonly ranks: Ranks;
    readonly macs: number;
    readonly parameters: number;
    readonly dense: { readonly macs: number; readonly parameters: number };
    readonly accuracy: number;
    readonly collapsed: string | null;
  }
  const settings = ["--data", "digits", "--epochs", "25", "--batch-size", "32", "--seed", "3"];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "low-rank-"));
    runFolder = join(folder, "run");
    const silent = [vi.spyOn(process.stdout, "write"), vi.spyOn(process.stderr, "write")];
    for (const spy of silent) spy.mockImplementation(() => true);
    await lowrank("train", ...settings, "--out", runFolder);
    vi.restoreAllMocks();
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  const report = (): Trained => JSON.parse(readFileSync(join(runFolder, "report.json"), "utf8")) as Trained;

  it("learns ranks and digits", () => {
    const { ranks, macs, dense, accuracy, collapsed } = report();
    expect(collapsed).toBeNull();
    expect(accuracy).toBeGreaterThan(0.9);
    expect(macs).toBeLessThan(dense.macs);
    expect(Object.values(ranks).reduce((sum, rank) => sum + rank, 0)).toBeLessThan(120);
  });

  it("frontier: nested points of falling cost, each method where it belongs", { timeout: 120_000 }, async () => {
    const frontier = await json<Frontier>("frontier", runFolder, "--batch", "16");
    expect([...new Set(frontier.points.map(({ method }) => method))]).toEqual([
      "ordered",
      "unordered",
      "svd-of-dense",
      "dense",
    ]);
    const ordered = frontier.points.filter(({ method }) => method === "ordered");
    expect(ordered.length).toBeGreaterThanOrEqual(5);
    for (const [i, point] of ordered.entries()) {
      expect(point.latencyMsP50).toBeGreaterThan(0);
      if (i === 0) continue;
      expect(point.macs).toBeLessThan(ordered[i - 1]!.macs);
      for (const [path, rank] of Object.entries(point.ranks))
        expect(rank).toBeLessThanOrEqual(ordered[i - 1]!.ranks[path]!);
    }
    const whole = frontier.points.find(({ method }) => method === "dense")!;
    expect({ macs: whole.macs, parameters: whole.parameters }).toEqual(frontier.dense);
    // At full rank SVD is the dense network itself.
    const same = frontier.points.find(({ method }) => method === "svd-of-dense")!;
    expect(same.loss).toBeCloseTo(whole.loss, 3);
    // What was trained once is read the second time, and nothing else changes.
    const again = await json<Frontier>("frontier", runFolder, "--batch", "16");
    const timeless = (all: Frontier) => all.points.map(({ latencyMsP50: _, ...point }) => point);
    expect(timeless(again)).toEqual(timeless(frontier));
  });

  it.each([["--max-macs"], ["--max-parameters"], ["--uniform"], ["--max-ms"]])(
    "export %s: outputs are those of the masked network, and submodels share columns",
    { timeout: 60_000 },
    async (budget) => {
      const [onnx, tensors] = [join(folder, `${budget}.onnx`), join(folder, `${budget}.safetensors`)];
      const value = { "--max-macs": "0.3", "--max-parameters": "0.2", "--uniform": "0.5", "--max-ms": "1000" }[budget]!;
      const words = ["export", runFolder, budget, value, "--onnx", onnx, "--safetensors", tensors];
      const exported = await json<Trained & { files: string[] }>(...words);
      if (budget === "--max-macs") expect(exported.macs).toBeLessThanOrEqual(0.3 * exported.dense.macs);
      if (budget === "--max-parameters")
        expect(exported.parameters).toBeLessThanOrEqual(0.2 * exported.dense.parameters);
      const recipe = await openRecipe(runFolder);
      const params = await loadParams(recipe, "ordered", runFolder);
      if (budget === "--uniform") expect(exported.ranks).toEqual(uniformRanks(params, 0.5));
      if (budget === "--max-ms") expect(exported.ranks).toEqual(ranksOf(params));
      const input = hostTensor(Float32Array.from(recipe.test.inputs.data.slice(0, 64 * 50)), [50, 1, 8, 8]);
      const model = await openOnnx(readFileSync(onnx));
      const { output } = await model.run({ input });
      await model.release();
      expect(output!).toBeAllclose(await run(recipe.task.model, params, input, exported.ranks), {
        rtol: 1e-5,
        atol: 1e-5,
      });
      const whole = Object.fromEntries(flattenTree(tree(params)));
      const { tensors: saved } = await readSafetensors(tensors);
      for (const [path, rank] of Object.entries(exported.ranks)) {
        const v = saved[`${path}.v`];
        if (!v) continue; // multiplied out
        expect(v.shape[0]).toBe(rank);
        expect([...v.data]).toEqual([...whole[`${path}.v`]!.data.slice(0, v.data.length)]);
      }
    },
  );

  describeWith(pythonOnnx, "the exported graph", () => {
    it("costs what is reported, counted by ONNX's own shape inference", async () => {
      const onnx = join(folder, "counted.onnx");
      const exported = await json<Trained>("export", runFolder, "--max-macs", "0.4", "--onnx", onnx);
      const script = fileURLToPath(new URL("count-onnx.py", import.meta.url));
      const counted = spawnSync("/usr/bin/python3", [script, onnx], { encoding: "utf8" });
      expect(counted.stderr).toBe("");
      expect(JSON.parse(counted.stdout)).toEqual({ macs: exported.macs, parameters: exported.parameters });
    });
  });

  it("the same seed gives the same bytes", { timeout: 60_000 }, async () => {
    const twin = join(folder, "twin");
    await lowrank("train", ...settings, "--out", twin);
    const bytes = (name: string) => readFileSync(join(folder, name, "metrics.jsonl"), "utf8");
    expect(bytes("twin")).toBe(bytes("run"));
    expect(readFileSync(join(twin, "model.onnx")).equals(readFileSync(join(runFolder, "model.onnx")))).toBe(true);
  });

  it("starts from trained weights: at full rank and no step they compute the same", { timeout: 60_000 }, async () => {
    const recipe = await openRecipe(runFolder);
    const dense = recipe.task.model.init(new Random(9));
    const file = join(folder, "start.safetensors");
    await writeSafetensors(file, Object.fromEntries(flattenTree(tree(dense))));
    const from = join(folder, "from");
    await lowrank(
      "train",
      ...settings.slice(0, 2),
      "--from",
      file,
      "--epochs",
      "1",
      "--learning-rate",
      "1e-9",
      "--group-lasso",
      "0",
      "--out",
      from,
    );
    const warm = await openRecipe(from);
    const x = hostTensor(Float32Array.from(recipe.test.inputs.data.slice(0, 640)), [10, 1, 8, 8]);
    const found = await run(warm.task.model, await loadParams(warm, "ordered", from), x);
    expect(found).toBeAllclose(await run(recipe.task.model, dense, x), { rtol: 1e-3, atol: 1e-4 });
    await lowrank("train", "--from", file, "--model", "mlp", "--out", join(folder, "other"));
    expect(printed.errors).toMatch(/start.safetensors at 1.weight: expected .*, as the model has it, found/);
  });

  describe("bad input: one line, exit 2", () => {
    const fails = async (pattern: RegExp, ...words: string[]) => {
      await lowrank(...words);
      expect(printed.errors).toMatch(pattern);
      expect(printed.errors.trim().split("\n")).toHaveLength(1);
      expect(process.exitCode).toBe(2);
    };
    it("a budget below the smallest submodel", () =>
      fails(
        /--max-macs: expected at least \d+ \(0\.\d+ of the dense model\), the smallest submodel, found 0.001/,
        ...["export", runFolder, "--max-macs", "0.001", "--onnx", join(folder, "x.onnx")],
      ));
    it("fewer milliseconds than the smallest takes", () =>
      fails(/--max-ms: expected at least/, "export", runFolder, "--max-ms", "1e-6", "--onnx", join(folder, "x.onnx")));
    it("no budget file, or two budgets", async () => {
      await fails(/expected --onnx FILE or --safetensors FILE/, "export", runFolder);
      await fails(
        /expected one budget, found --max-macs and --uniform/,
        ...["export", runFolder, "--max-macs", "0.5", "--uniform", "0.5", "--onnx", join(folder, "x.onnx")],
      );
    });
    it("a file that is there", async () => {
      const path = join(folder, "there.onnx");
      writeFileSync(path, "mine");
      await fails(/there.onnx: expected a new file/, "export", runFolder, "--onnx", path);
      expect(readFileSync(path, "utf8")).toBe("mine");
    });
    it("no run, or a run of another command", async () => {
      await fails(/expected a run folder/, "frontier", join(folder, "nowhere"));
      const other = join(folder, "other-run");
      rmSync(other, { recursive: true, force: true });
      mkdirSync(other);
      writeFileSync(join(other, "run.json"), JSON.stringify({ model: "mlp" }));
      await fails(
        /expected a run of tenfold lowrank train, found a run of another command \(model mlp\)/,
        "frontier",
        other,
      );
    });
    it("a learning rate that is too high names the step and suggests", () =>
      fails(
        /step \d+ \(epoch \d+\).*Hint: train with a smaller learning rate/,
        ...["train", "--learning-rate", "1e12", "--clip-norm", "1e30", "--epochs", "3", "--out", join(folder, "nan")],
      ));
    it("a layer to skip that is not there", () =>
      fails(
        /lowRank skip: expected layers among .*, found "99"/,
        "train",
        "--skip",
        "99",
        "--out",
        join(folder, "skip"),
      ));
    it("images asked of a table", () =>
      fails(/--model lenet/, "train", "--data", "iris", "--model", "lenet", "--out", join(folder, "iris")));
  });

  it("a group lasso that kills every rank says so and keeps the last useful epoch", { timeout: 60_000 }, async () => {
    const killed = join(folder, "killed");
    await lowrank("train", "--epochs", "60", "--batch-size", "32", "--group-lasso", "0.02", "--out", killed, "--json");
    const found = JSON.parse(printed.out) as Trained;
    expect(found.collapsed).toMatch(/weight: a norm of .*: every rank has gone to zero/);
    expect(Object.values(found.ranks).every((rank) => rank >= 1)).toBe(true);
  });

  it("a table's columns are a model's inputs too", { timeout: 60_000 }, async () => {
    const table = join(folder, "iris-run");
    await lowrank(
      "train",
      "--data",
      "iris",
      "--epochs",
      "40",
      "--batch-size",
      "16",
      "--hidden",
      "24,16",
      "--out",
      table,
    );
    const found = JSON.parse(readFileSync(join(table, "report.json"), "utf8")) as Trained;
    expect(found.accuracy).toBeGreaterThan(0.85);
  });
});

describe("greedy extraction", () => {
  it("is nested, ends at rank 1 everywhere, and takes cheap losses first", async () => {
    const digits = await loadDataset("digits", { split: "train" });
    const model = mlp(64, [16, 12], 10);
    const params = lowRank(model).init(new Random(1));
    const costs = costModel(model, params, [1, 8, 8]);
    const path = await greedyPath({ model, loss: crossEntropy, params, selection: digits, costs }, "macs");
    expect(new Set(Object.values(path.at(-1)!.ranks))).toEqual(new Set([1]));
    for (const [i, step] of path.entries()) {
      if (i === 0) continue;
      const lower = Object.keys(step.ranks).filter((layer) => step.ranks[layer]! < path[i - 1]!.ranks[layer]!);
      expect(lower).toHaveLength(1);
      expect(step.macs).toBeLessThan(path[i - 1]!.macs);
      expect(costs.at(step.ranks)).toEqual({ macs: step.macs, parameters: step.parameters });
    }
    expect(() => withinBudget(path, "parameters", 1e-6, costs.dense)).toThrow("--max-parameters");
    expect(withinBudget(path, "macs", 1, costs.dense)).toBe(path[0]);
  });
});

describe("tenfold lowrank recover and compare", () => {
  it("recover prints what was learned beside what it should be", async () => {
    const found = await json<{ errors: number[]; strengths: number[] }>(
      "recover",
      "--steps",
      "8000",
      "--spectrum",
      "5,2",
    );
    expect(found.errors).toHaveLength(2);
    expect(found.strengths[0]).toBeCloseTo(5, 1);
    await lowrank("recover", "--spectrum", "3,3");
    expect(printed.errors).toMatch(/spectrum.*each lower than the one before/);
  });

  it("compare puts every method in one table", { timeout: 120_000 }, async () => {
    const words = [
      "--model",
      "mlp",
      "--hidden",
      "24",
      "--epochs",
      "6",
      "--batch-size",
      "32",
      "--seeds",
      "2",
      "--budgets",
      "0.5",
    ];
    const { rows, seeds } = await json<{ rows: { method: string; used: number[]; mean: number }[]; seeds: number[] }>(
      "compare",
      ...words,
    );
    expect(seeds).toEqual([0, 1]);
    expect(rows.map(({ method }) => method)).toEqual([
      "dense",
      "ordered",
      "ordered + svd",
      "unordered",
      "svd",
      "fisher svd",
    ]);
    for (const { used, mean } of rows.slice(1)) {
      for (const share of used) expect(share).toBeLessThanOrEqual(0.5);
      expect(mean).toBeGreaterThanOrEqual(0);
    }
  });
});
