import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type HostTensor, hostTensor, Random, type Tree } from "../../src/core/index.ts";
import { openOnnx, toOnnx } from "../../src/engine/index.ts";
import { applyReluNetwork, layerNorm, linear, Mode, type ReluNetwork, relu, sequential } from "../../src/nn/index.ts";
import { readSafetensors, writeSafetensors } from "../../src/storage/index.ts";
import type { Finding } from "../../src/systems/claim.ts";
import {
  type Certificate,
  type Domain,
  freezeBlock,
  hashFrozen,
  measureError,
  normTuning,
  openTuned,
  parseDomain,
  type ReconstructOptions,
  readReconstruction,
  reconstruct,
  solveScales,
  type TuneRow,
  type Verification,
} from "../../src/systems/norm-tuning/index.ts";
import { describeWith, pythonTorch } from "../programs.ts";
import { roomCommand } from "../room-command.ts";

const { printed, run: norm, runJson: normJson } = roomCommand(normTuning);
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenfold-norm-"));
});
afterAll(() => rm(folder, { recursive: true }));

const at = (name: string) => join(folder, name);

/** A network of the given widths whose weight (j, i) of layer l is what `value` says. */
function networkOf(
  widths: readonly number[],
  value: (l: number, j: number, i: number) => number,
  bias: (l: number, j: number) => number = () => 0,
): ReluNetwork {
  const layers = widths.slice(1).map((outDim, l) => {
    const inDim = widths[l]!;
    return {
      outDim,
      inDim,
      weight: Float64Array.from({ length: outDim * inDim }, (_, k) => value(l, Math.floor(k / inDim), k % inDim)),
      bias: Float64Array.from({ length: outDim }, (_, j) => bias(l, j)),
    };
  });
  return { layers };
}

function randomNetwork(random: Random, widths: readonly number[], scale = 1): ReluNetwork {
  const weight = (l: number) => random.normal(0, scale / Math.sqrt(widths[l]!));
  return networkOf(widths, weight, () => random.normal(0, 0.2 * scale));
}

async function save(name: string, { layers }: ReluNetwork): Promise<string> {
  const tensors = layers.flatMap(({ weight, bias, outDim, inDim }, l) => [
    [`layers.${l}.weight`, hostTensor(weight, [outDim, inDim])],
    [`layers.${l}.bias`, hostTensor(bias, [outDim])],
  ]);
  await writeSafetensors(at(name), Object.fromEntries(tensors) as Record<string, HostTensor>);
  return at(name);
}

/** Error of a reconstruction, and what it may be at most. */
async function errorOf(target: ReluNetwork, domain: Domain, options: Partial<ReconstructOptions> = {}) {
  const { blocks, errorBound } = await reconstruct(target, { domain, seed: 11, ...options });
  const { error, scale } = measureError(target, blocks, { domain, samples: 2000, random: new Random(12, "measure") });
  return { error, scale, errorBound };
}

const box = parseDomain("box:-1,1");
const ball = parseDomain("ball:3");

describe("targets of all kinds", () => {
  const random = new Random(80_000, "kinds");
  const column = Array.from({ length: 9 }, () => random.normal());
  const row = Array.from({ length: 9 }, () => random.normal());
  const cases: [string, ReluNetwork][] = [
    ["wide", randomNetwork(random, [3, 17, 2])],
    ["narrow", randomNetwork(random, [17, 3, 11])],
    ["one input, one neuron, one output", randomNetwork(random, [1, 1, 1])],
    ["one-neuron layers between others", randomNetwork(random, [6, 1, 5, 1, 4])],
    ["rank one", networkOf([6, 7, 3], (_, j, i) => column[j]! * row[i]!)],
    ["repeated rows", networkOf([5, 6, 2], (_, j, i) => row[i]! * (j % 2 === 0 ? 1 : -1))],
    [
      "rows of zeros",
      networkOf(
        [5, 6, 3],
        (l, j, i) => (j === 1 ? 0 : column[j]! * (i + l + 1)),
        () => 0.5,
      ),
    ],
    ["columns of zeros", networkOf([5, 6, 3], (_, j, i) => (i === 2 ? 0 : column[j]! + row[i]!))],
    [
      "nothing but zeros",
      networkOf(
        [4, 3, 2],
        () => 0,
        (_, j) => j - 1,
      ),
    ],
    ["huge", randomNetwork(random, [5, 6, 3], 1e6)],
    ["tiny", randomNetwork(random, [5, 6, 3], 1e-6)],
    ["rows from 1e-6 to 1e6", networkOf([5, 6, 3], (_, j, i) => 10 ** (6 - 2 * (j % 7)) * (row[i]! + 0.1 * j))],
    ["without biases", networkOf([5, 6, 3], (_, j, i) => column[j]! - row[i]!)],
    ...[1, 2, 3, 4, 5, 6, 7, 8].map((depth): [string, ReluNetwork] => [
      `depth ${depth}`,
      randomNetwork(random, [6, ...Array<number>(depth - 1).fill(5), 3]),
    ]),
  ];

  it.each(cases)("%s", { timeout: 60_000 }, async (_, target) => {
    for (const domain of [box, ball]) {
      for (const options of [
        {},
        { widthFactor: 1 },
        { minimal: true },
        { batchNorm: true },
        { widthFactor: 2, sparsity: 1.5 },
      ]) {
        const { error, scale, errorBound } = await errorOf(target, domain, options);
        expect(error, JSON.stringify(options)).toBeLessThanOrEqual(errorBound);
        // Networks whose rows cancel have inner numbers much larger than their outputs.
        const inner = target.layers.reduce((product, layer) => product * Math.max(1, ...layer.weight.map(Math.abs)), 1);
        expect(error, JSON.stringify(options)).toBeLessThanOrEqual(1e-9 * Math.max(scale, inner));
      }
    }
  });

  it("20 of 20 random shapes and seeds are exact to 1e-9", { timeout: 60_000 }, async () => {
    for (let seed = 81_000; seed < 81_020; seed++) {
      const draw = new Random(seed, "shape");
      const widths = Array.from({ length: 2 + draw.integer(4) }, () => 1 + draw.integer(10));
      const options = { seed, widthFactor: 1 + draw.uniform(), minimal: draw.uniform() < 0.3 };
      const { error, errorBound } = await errorOf(randomNetwork(draw, widths), seed % 2 ? box : ball, options);
      expect(error, `seed ${seed}, widths ${widths}`).toBeLessThanOrEqual(Math.min(1e-9, errorBound));
    }
  });

  it("solves large layers without forming the system", { timeout: 120_000 }, async () => {
    const random = new Random(24, "solve");
    const { layers } = randomNetwork(random, [760, 2]);
    const frozen = freezeBlock(7, 0, { inDim: 760, outDim: 2, width: 3040 });
    const { residual, conditionNumber } = await solveScales(layers[0]!, frozen, { minimal: false });
    expect(residual).toBeLessThan(1e-12);
    expect(conditionNumber).toBeGreaterThan(1);
    expect(conditionNumber).toBeLessThan(100);
  });
});

describe("reconstruct and verify", () => {
  const random = new Random(82_000, "files");
  const target = randomNetwork(random, [6, 7, 4, 3]);
  let path = "";
  beforeAll(async () => {
    path = await save("target.safetensors", target);
  });

  it.each([
    [[]],
    [["--minimal"]],
    [["--norm", "batch"]],
    [["--sparsity", "1.5", "--width-factor", "2"]],
    [["--domain", "ball:2"]],
    [["--domain", "box:0.5,2", "--norm", "batch", "--minimal"]],
  ])("a reconstruction with %j holds what it promises", { timeout: 60_000 }, async (words) => {
    const dir = at(`rebuilt-${words.join("").replace(/[^a-z0-9]/g, "")}`);
    const made = await normJson<Certificate>("reconstruct", "--target", path, "--out", dir, "--seed", "5", ...words);
    const minimal = words.includes("--minimal");
    const factor = words.includes("--width-factor") ? 2 : 1.2;
    const hidden = [
      [7, 6],
      [4, 7],
      [3, 4],
    ].map(([m, n]) => (minimal ? m! * n! - m! + 1 : Math.ceil(factor * m! * n! - 1e-9)));
    expect(made).toMatchObject({ depth: 6, widths: [6, hidden[0], 7, hidden[1], 4, hidden[2], 3], seed: 5 });
    expect(made.trainedParameters).toBe(2 * (hidden[0]! + 7 + hidden[1]! + 4 + hidden[2]! + 3));
    expect(made.frozenParameters).toBe(hidden[0]! * 13 + hidden[1]! * 11 + hidden[2]! * 7);
    expect(made.measuredError).toBeLessThanOrEqual(Math.min(1e-9, made.errorBound));
    expect(made.conditionNumbers).toHaveLength(3);
    if (words.includes("--sparsity")) expect(made.frozenNonZeros).toBeLessThan(made.frozenParameters);
    else expect(made.frozenNonZeros).toBe(made.frozenParameters);
    expect((await readdir(dir)).sort()).toEqual(["certificate.json", "errors.json", "model.onnx", "norms.safetensors"]);

    // Only what was found is stored: no weight among it.
    const { tensors } = await readSafetensors(join(dir, "norms.safetensors"));
    const stored = Object.entries(tensors).filter(([name]) => !name.includes("running"));
    expect(stored.reduce((total, [, { data }]) => total + data.length, 0)).toBe(made.trainedParameters);
    expect(Object.values(tensors).every(({ shape }) => shape.length === 1)).toBe(true);

    const found = await normJson<Verification>("verify", dir, "--target", path, "--samples", "1500", "--seed", "6");
    expect(found).toMatchObject({ verified: true, frozenSha256: made.frozenSha256, clipped: 0 });
    expect(found.measuredError).toBeLessThanOrEqual(Math.min(1e-9, made.errorBound));
    expect(found.onnxError).toBeLessThanOrEqual(Math.min(1e-9, made.errorBound));
    expect(found.smallestPreactivation).toBeGreaterThanOrEqual(0);
    // Every input from far outside is recognised, and nothing holds there.
    expect(found.outside.flagged).toBeGreaterThan(0.9 * found.outside.samples);
    expect(found.outside.error).toBeGreaterThan(1e-3 * found.outside.outputScale);
    expect(found.outside.clipped).toBeGreaterThan(0);
  });

  it("the frozen weights are those of the seed, and zeros stay zeros in the exported network", async () => {
    const dir = at("sparse");
    const words = ["--out", dir, "--seed", "9", "--sparsity", "1.5", "--width-factor", "2"];
    const made = await normJson<Certificate>("reconstruct", "--target", path, ...words);
    const { blocks, onnx } = await readReconstruction(dir);
    expect(hashFrozen(blocks.map(({ frozen }) => frozen))).toBe(made.frozenSha256);
    // The hidden values of the first block in ONNX are those of the masked maps: an input that no kept entry reads changes nothing.
    const model = await openOnnx(onnx);
    const { first } = blocks[0]!.frozen;
    const zeros = first.filter((value) => value === 0).length;
    expect(zeros).toBeGreaterThan(0);
    const inputs = Float64Array.from({ length: 6 * 20 }, (_, i) => Math.sin(i));
    const { output } = await model.run({ input: hostTensor(inputs, [20, 6]) });
    await model.release();
    expect(output!).toBeAllclose(hostTensor(applyReluNetwork(target, inputs), [20, 3]), { rtol: 0, atol: 1e-10 });
    expect(hashFrozen([freezeBlock(10, 0, blocks[0]!.frozen)])).not.toBe(
      hashFrozen([freezeBlock(9, 0, blocks[0]!.frozen)]),
    );
  });

  it("the same command gives the same files", async () => {
    for (const name of ["once", "twice"])
      await normJson("reconstruct", "--target", path, "--out", at(name), "--seed", "3");
    for (const file of ["norms.safetensors", "model.onnx", "certificate.json"]) {
      expect(await readFile(join(at("once"), file))).toEqual(await readFile(join(at("twice"), file)));
    }
  });

  it("an ONNX file of the same network is the same target", async () => {
    const params = target.layers.map(({ weight, bias, outDim, inDim }) => ({
      weight: hostTensor(weight, [outDim, inDim]),
      bias: hostTensor(bias, [outDim]),
    }));
    const model = sequential([linear(6, 7), relu(), linear(7, 4), relu(), linear(4, 3)]);
    const tree = [params[0], {}, params[1], {}, params[2]] as unknown as Tree<HostTensor>;
    const apply = (p: never, x: never) => model.apply(p, x, new Mode(false));
    await writeFile(at("target.onnx"), toOnnx(apply, tree, [{ shape: [1, 6], dtype: "float64" }]));
    const dir = at("from-onnx");
    await normJson("reconstruct", "--target", at("target.onnx"), "--out", dir);
    const found = await normJson<Verification>("verify", dir, "--target", path, "--samples", "100");
    expect(found.measuredError).toBeLessThan(1e-9);
  });

  it("names the rows of a file that lie outside the domain", async () => {
    const rows = [
      [0, 0, 0, 0, 0, 0],
      [0, 0, 1.01, 0, 0, 0],
      [1, -1, 1, -1, 1, -1],
      [0, 0, 0, 0, 0, -7],
    ];
    await writeFile(at("rows.csv"), ["a,b,c,d,e,f", ...rows.map((row) => row.join(","))].join("\n"));
    const dir = at("rows");
    await normJson("reconstruct", "--target", path, "--out", dir);
    const words = ["--target", path, "--samples", "10", "--inputs", at("rows.csv")];
    const found = await normJson<Verification>("verify", dir, ...words);
    expect(found.outsideRows).toEqual([2, 4]);
    expect(found.rowsError).toBeLessThan(1e-9);
  });

  it("refuses one neuron too few with the residual, and leaves no network behind", async () => {
    for (const words of [["--infeasible"], ["--infeasible", "--minimal"], ["--width-factor", "0.9"]]) {
      printed.out = "";
      printed.errors = "";
      await norm("reconstruct", "--target", path, "--out", at("refused"), "--json", ...words);
      const refusal = JSON.parse(printed.out) as {
        refused: string;
        residual: number;
        width: number;
        neededWidth: number;
      };
      expect(refusal.refused).toBe("infeasible");
      expect(refusal.residual).toBeGreaterThan(1e-6);
      expect(refusal.width).toBeLessThan(refusal.neededWidth);
      expect(printed.errors).toMatch(
        /^tenfold: layer 0: expected at least \d+ frozen neurons to reconstruct it, found \d+, which leave/,
      );
      expect(process.exitCode).toBe(2);
      expect(existsSync(at("refused"))).toBe(false);
      process.exitCode = undefined;
    }
  });
});

describeWith(pythonTorch, "PyTorch", () => {
  it("BatchNorm1d in eval mode computes the same from the stored numbers", { timeout: 60_000 }, async () => {
    const target = randomNetwork(new Random(83_000, "torch"), [5, 6, 3]);
    const path = await save("torch.safetensors", target);
    const dir = at("torch");
    await normJson("reconstruct", "--target", path, "--out", dir, "--norm", "batch");
    const { tensors } = await readSafetensors(join(dir, "norms.safetensors"));
    const { blocks } = await readReconstruction(dir);
    const inputs = Array.from({ length: 50 }, (_, n) => Array.from({ length: 5 }, (_unused, i) => Math.sin(7 * n + i)));
    const rows = (values: Float64Array, columns: number) =>
      Array.from({ length: values.length / columns }, (_, j) => [...values.slice(j * columns, (j + 1) * columns)]);
    const document = {
      inputs,
      norms: Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, [...data]])),
      frozen: blocks.map(({ frozen }) => [rows(frozen.first, frozen.inDim), rows(frozen.second, frozen.width)]),
    };
    const script = `
import json, sys, torch
d = json.load(sys.stdin)
layers = []
for l, maps in enumerate(d["frozen"]):
    for where, weight in zip(("first", "second"), maps):
        w = torch.tensor(weight, dtype=torch.float64)
        linear = torch.nn.Linear(w.shape[1], w.shape[0], bias=False, dtype=torch.float64)
        norm = torch.nn.BatchNorm1d(w.shape[0], dtype=torch.float64)
        get = lambda name: torch.tensor(d["norms"]["blocks.%d.%s.%s" % (l, where, name)], dtype=torch.float64)
        linear.load_state_dict({"weight": w})
        norm.load_state_dict({"weight": get("weight"), "bias": get("bias"), "running_mean": get("runningMean"),
            "running_var": get("runningVariance"), "num_batches_tracked": torch.tensor(1)})
        layers += [linear, norm, torch.nn.ReLU()]
model = torch.nn.Sequential(*layers[:-1]).eval()
with torch.no_grad():
    print(json.dumps(model(torch.tensor(d["inputs"], dtype=torch.float64)).flatten().tolist()))
`;
    const { stdout, status } = spawnSync("/usr/bin/python3", ["-c", script], {
      input: JSON.stringify(document),
      encoding: "utf8",
    });
    expect(status).toBe(0);
    const wanted = applyReluNetwork(target, Float64Array.from(inputs.flat()));
    expect(JSON.parse(stdout)).toBeAllclose(wanted, { rtol: 0, atol: 1e-9 });
  });
});

describe("tune and merge", () => {
  const quick = ["--data", "digits", "--hidden", "32,32", "--epochs", "12"];

  it("trains each choice alone, keeps kilobytes, swaps, merges and goes on", { timeout: 120_000 }, async () => {
    const run = at("tuned");
    const words = ["tune", ...quick, "--out", run, "--seed", "4"];
    type Result = { rows: TuneRow[]; untrainedAccuracy: number };
    const { rows, untrainedAccuracy } = await normJson<Result>(...words, "--train", "norm,bias,head,lora:1,all");
    expect(rows.map(({ choice, trained }) => [choice, trained])).toEqual([
      ["norm", 4 * 32],
      ["bias", 2 * 32 + 10],
      ["head", 32 * 10 + 10],
      ["lora:1", 64 + 32 + (32 + 32) + (32 + 10)],
      ["all", 64 * 32 + 32 * 32 + 4 * 32 + 330],
    ]);
    expect(untrainedAccuracy).toBeLessThan(0.4);
    const accuracy = Object.fromEntries(rows.map((row) => [row.choice, row.accuracy]));
    for (const row of rows) {
      expect(row.frozenSha256After).toBe(row.frozenSha256);
      expect(row.accuracy).toBeGreaterThan(untrainedAccuracy);
      const { size } = await stat(join(run, row.choice.replace(":", "-"), "diff.safetensors"));
      expect(size).toBe(row.differenceBytes);
    }
    expect(accuracy.all).toBeGreaterThan(0.92);
    expect(accuracy.all).toBeGreaterThan(accuracy.norm!);
    expect(rows[0]!.differenceBytes).toBeLessThan(4000);
    // Nothing but the difference holds numbers of the network.
    expect((await readdir(join(run, "norm"))).filter((name) => /checkpoints|onnx/.test(name))).toEqual([]);

    // Nothing is trained twice, and another choice joins.
    const before = (await stat(join(run, "norm", "diff.safetensors"))).mtimeMs;
    const again = await normJson<Result>(...words, "--train", "norm,lora:2", "--resume");
    expect((await stat(join(run, "norm", "diff.safetensors"))).mtimeMs).toBe(before);
    expect(again.rows[0]).toEqual(rows[0]);
    expect(again.rows[1]!.choice).toBe("lora:2");

    // Merged, the network is one plain file with the accuracy of the run; folded, it has no norms left.
    for (const { choice, accuracy: wanted } of rows) {
      const files = ["--onnx", at("merged.onnx"), "--safetensors", at("merged.safetensors"), "--force"];
      const merged = await normJson<{ accuracy: number }>(
        "merge",
        join(run, choice.replace(":", "-")),
        "--fold",
        ...files,
      );
      expect(Math.abs(merged.accuracy - wanted)).toBeLessThan(0.01);
    }
    const { base, params } = await openTuned(join(run, "all"));
    const { inputs } = base.test;
    const model = await openOnnx(await readFile(at("merged.onnx")));
    const { output } = await model.run({ input: inputs });
    await model.release();
    const apply = (tree: never, x: never) => base.model.apply(tree, x, new Mode(false));
    const own = await openOnnx(
      toOnnx(apply, params as Tree<HostTensor>, [{ shape: [1, ...inputs.shape.slice(1)], dtype: "float32" }]),
    );
    expect(output!).toBeAllclose((await own.run({ input: inputs })).output!, { rtol: 1e-3, atol: 1e-4 });
    await own.release();
    const { tensors } = await readSafetensors(at("merged.safetensors"));
    expect(Object.keys(tensors).sort()).toEqual(["1.bias", "1.weight", "4.bias", "4.weight", "7.bias", "7.weight"]);
  });

  it("starts from a trained run, whose weights stay", { timeout: 120_000 }, async () => {
    type Result = { rows: TuneRow[]; untrainedAccuracy: number };
    await normJson(..."tune --hidden 24 --epochs 15 --train all --out".split(" "), at("first"));
    const second = await normJson<Result>(
      ..."tune --epochs 2 --train norm --seed 0 --model".split(" "),
      join(at("first"), "all"),
      "--out",
      at("second"),
    );
    expect(second.untrainedAccuracy).toBeGreaterThan(0.9);
    expect(second.rows[0]!.frozenSha256After).toBe(second.rows[0]!.frozenSha256);
    const { base } = await openTuned(join(at("second"), "norm"));
    const { params } = await openTuned(join(at("first"), "all"));
    expect(base.params).toEqual(params);
  });

  it("trains the norms of a residual network", { timeout: 120_000 }, async () => {
    const words = ["tune", "--model", "resnet8", "--epochs", "1", "--batch-size", "256", "--train", "norm"];
    const { rows } = await normJson<{ rows: TuneRow[] }>(...words);
    // Nine norms of 16, 16, 16, 32, 32, 32 and 64, 64, 64 channels.
    expect(rows[0]!.trained).toBe(2 * 3 * (16 + 32 + 64));
    expect(rows[0]!.frozenSha256After).toBe(rows[0]!.frozenSha256);
  });
});

describe("bad input", () => {
  let target = "";
  let made = "";
  beforeAll(async () => {
    target = await save("small.safetensors", randomNetwork(new Random(84_000, "small"), [3, 4, 2]));
    await save("other.safetensors", randomNetwork(new Random(84_001, "small"), [3, 4, 2]));
    made = at("made");
    const silent = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    await norm("reconstruct", "--target", target, "--out", made);
    silent.mockRestore();
    const bytes = await readFile(target);
    await writeFile(at("truncated.safetensors"), bytes.subarray(0, bytes.length - 9));
    const vector = (size: number) => hostTensor(new Float32Array(size).fill(1), [size]);
    const matrix = hostTensor(new Float32Array(12).fill(1), [4, 3]);
    await writeSafetensors(at("layer-norm.safetensors"), {
      "0.weight": matrix,
      "1.weight": vector(4),
      "1.bias": vector(4),
    });
    await writeSafetensors(at("batch-norm.safetensors"), {
      "0.weight": matrix,
      "1.weight": vector(4),
      "1.running_var": vector(4),
    });
    const model = sequential([linear(3, 4), layerNorm(4), relu(), linear(4, 2)]);
    const apply = (p: never, x: never) => model.apply(p, x, new Mode(false));
    const params = model.init(new Random(1)) as Tree<HostTensor>;
    await writeFile(at("layer-norm.onnx"), toOnnx(apply, params, [{ shape: [1, 3], dtype: "float32" }]));
    await save(
      "nan.safetensors",
      networkOf([2, 2], (_, j) => (j === 1 ? Number.NaN : 1)),
    );
    await save(
      "large.safetensors",
      networkOf([300, 100], () => 1),
    );
    await writeFile(at("words.csv"), "a,b,c\n1,2,x\n");
    const values = Array.from({ length: 40 }, (_, n) => `${Math.sin(n)},${Math.cos(2 * n)}`);
    await writeFile(at("values.csv"), ["x,y", ...values].join("\n"));
    await writeFile(at("two.csv"), "a,b\n1,2\n");
  });

  it.each<[string, string, string]>([
    [
      "a missing target",
      "reconstruct --target nowhere.safetensors --out X",
      "nowhere.safetensors: expected a readable file",
    ],
    ["a truncated target", "reconstruct --target @truncated.safetensors --out X", "truncated.safetensors"],
    ["NaN in the target", "reconstruct --target @nan.safetensors --out X", "expected a finite number, found NaN"],
    [
      "layer norm in safetensors",
      "reconstruct --target @layer-norm.safetensors --out X",
      "layer normalisation of 4 channels. Hint: layer normalisation divides by statistics of each sample",
    ],
    [
      "layer norm in ONNX",
      "reconstruct --target @layer-norm.onnx --out X",
      "Hint: layer normalisation divides by statistics of each sample",
    ],
    [
      "batch norm in the target",
      "reconstruct --target @batch-norm.safetensors --out X",
      "Hint: fold it into the linear layer before it",
    ],
    [
      "layer norm for the result",
      "reconstruct --target @small.safetensors --norm layer --out X",
      '--norm: expected affine or batch, found "layer". Hint: layer normalisation divides by statistics of each sample',
    ],
    [
      "a layer too large",
      "reconstruct --target @large.safetensors --out X",
      "layer 0: expected at most 20000 weights a layer, found 100 x 300",
    ],
    [
      "a domain without inside",
      "reconstruct --target @small.safetensors --domain box:1,1 --out X",
      '--domain: expected box:LO,HI with LO below HI, or ball:R with R above 0, found "box:1,1"',
    ],
    [
      "a domain beyond float64",
      "reconstruct --target @small.safetensors --domain ball:1e308 --out X",
      "expected numbers that float64 can hold",
    ],
    [
      "both widths",
      "reconstruct --target @small.safetensors --minimal --width-factor 2 --out X",
      "expected either --width-factor or --minimal",
    ],
    [
      "masks too sparse",
      "reconstruct --target @small.safetensors --sparsity 0.1 --out X",
      "expected frozen weights that can reach every weight of it",
    ],
    [
      "no folder",
      "reconstruct --target @small.safetensors",
      "--out: expected a folder for the reconstruction, found none",
    ],
    ["a folder in use", "reconstruct --target @small.safetensors --out @made", "expected a new or empty folder"],
    ["no target", "reconstruct --out X", "--target: expected a text, found nothing"],
    ["another target", "verify @made --target @other.safetensors", "another network"],
    ["no reconstruction", "verify @nothing --target @small.safetensors", "certificate.json: expected a readable file"],
    [
      "text among inputs",
      "verify @made --target @small.safetensors --inputs @words.csv",
      'words.csv: expected rows of 3 numbers, found text in column "c"',
    ],
    [
      "inputs of another size",
      "verify @made --target @small.safetensors --inputs @two.csv",
      "two.csv: expected rows of 3 numbers, found 2 columns",
    ],
    ["an unknown choice", "tune --train norm,body", "--train: expected"],
    ["a rank of 0", "tune --train lora:0", "--train: expected"],
    [
      "an unknown model",
      "tune --model vgg",
      '--model: expected one of mlp, lenet, resnet8, or the folder of a trained run, found "vgg"',
    ],
    ["images asked of a table", "tune --data wine --model lenet", "--model lenet: expected images"],
    ["values instead of classes", "tune --data @values.csv --label y", "--data: expected classes to tell apart"],
    ["no run to go on with", "tune --resume", "--resume: expected the run's folder, found no --out"],
    ["a merge into nothing", "merge @made", "norm merge: expected --onnx FILE or --safetensors FILE, found neither"],
    ["a merge of no run", "merge @nothing --onnx Y", "expected a run folder with a run.json, found none"],
  ])("%s: one line, exit 2", async (_, line, message) => {
    const words = line
      .split(" ")
      .map((word) => (word.startsWith("@") ? at(word.slice(1)) : word === "X" ? at("X") : word));
    await norm(...words);
    expect(printed.errors).toContain(message);
    expect(printed.errors.trim().split("\n")).toHaveLength(1);
    expect(printed.errors).toMatch(/^tenfold: /);
    expect(printed.errors).not.toContain("internal");
    expect(printed.out).toBe("");
    expect(process.exitCode).toBe(2);
    expect(existsSync(at("X"))).toBe(false);
  });

  it.each<[string, string, (text: Buffer) => Buffer | string, string]>([
    [
      "another error bound",
      "certificate.json",
      (text) => String(text).replace(/"errorBound": [^,]+/, '"errorBound": 1e-20'),
      "it was edited",
    ],
    ["another seed", "certificate.json", (text) => String(text).replace(/"seed": \d+/, '"seed": 77'), "it was edited"],
    ["no JSON", "certificate.json", (text) => String(text).slice(3), "expected JSON as it was written"],
    [
      "a field less",
      "certificate.json",
      (text) => String(text).replace(/ {2}"depth".*\n/, ""),
      '"depth": expected a certificate as it was written',
    ],
    [
      "other norms",
      "norms.safetensors",
      (bytes) => {
        bytes[bytes.length - 3]! ^= 1;
        return bytes;
      },
      "it was changed",
    ],
    [
      "another network",
      "model.onnx",
      (bytes) => {
        bytes[bytes.length - 200]! ^= 1;
        return bytes;
      },
      "it was changed",
    ],
  ])("a folder edited by hand (%s): one line, exit 2", async (_, file, edit, message) => {
    const path = join(made, file);
    const before = await readFile(path);
    try {
      await writeFile(path, edit(Buffer.from(before)));
      await norm("verify", made, "--target", target, "--samples", "10");
      expect(printed.errors).toContain(message);
      expect(printed.errors.trim().split("\n")).toHaveLength(1);
      expect(process.exitCode).toBe(2);
      expect(printed.out).toBe("");
    } finally {
      await writeFile(path, before);
    }
  });
});

describe("claims", () => {
  it("each is whole, and those that take seconds hold on a seed of their own", { timeout: 180_000 }, async () => {
    const progress: number[] = [];
    const context = {
      scale: "quick",
      seed: 85_000,
      progress: (fraction: number) => progress.push(fraction),
      signal: new AbortController().signal,
    } as const;
    const findings = new Map<string, Finding>();
    for (const claim of normTuning.claims) {
      expect(claim.command).toMatch(/^tenfold norm /);
      if (claim.id !== "N6") findings.set(claim.id, await claim.measure(context));
    }
    expect([...findings].filter(([, { holds }]) => !holds)).toEqual([]);
    for (const [id, { figures }] of findings) expect(figures, id).toHaveLength(1);
    expect(Math.max(...progress)).toBeCloseTo(1, 9);
  });

  it("stop when asked", async () => {
    const signal = AbortSignal.abort();
    for (const claim of normTuning.claims) {
      await expect(claim.measure({ scale: "quick", seed: 0, progress() {}, signal }), claim.id).rejects.toThrow(
        /abort/i,
      );
    }
  });
});
