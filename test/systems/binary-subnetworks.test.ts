import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type HostTensor, hostTensor, Random } from "../../src/core/index.ts";
import { loadParts, readReluNetwork, takeRows } from "../../src/data/index.ts";
import { openOnnx, toOnnx } from "../../src/engine/index.ts";
import { Mode, mlp, type ReluNetwork } from "../../src/nn/index.ts";
import { readSafetensors, writeSafetensors } from "../../src/storage/index.ts";
import {
  approximate,
  benchApproximation,
  benchSchema,
  binarySubnetworks,
  type Certificate,
  type Domain,
  decodeSubnetwork,
  edgeSigns,
  RedundancyError,
  randomTarget,
  speckEncrypt,
  speckRoundKeys,
  subnetworkWeights,
} from "../../src/systems/binary-subnetworks/index.ts";
import { RunFolder } from "../../src/train/index.ts";
import { roomCommand } from "../room-command.ts";

const { printed, run: subnet, runJson: subnetJson } = roomCommand(binarySubnetworks);
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenfold-subnet-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

const place = (name: string) => join(folder, name);

async function save(name: string, { layers }: ReluNetwork): Promise<string> {
  const tensors: Record<string, HostTensor> = {};
  for (const [l, { weight, bias, outDim, inDim }] of layers.entries()) {
    tensors[`layers.${l}.weight`] = hostTensor(weight, [outDim, inDim]);
    if (bias.some((value) => value !== 0)) tensors[`layers.${l}.bias`] = hostTensor(bias, [outDim]);
  }
  await writeSafetensors(place(name), tensors);
  return place(name);
}

/** A target of every kind of awkwardness: zeros, exact ±1, repeated rows, biases, scales. */
function awkwardTarget(random: Random, depth: number, { scale = 1, biases = true } = {}): ReluNetwork {
  const widths = Array.from({ length: depth + 1 }, () => 1 + random.integer(5));
  return {
    layers: widths.slice(1).map((outDim, l) => {
      const inDim = widths[l]!;
      const weight = Float64Array.from({ length: outDim * inDim }, () => {
        const kind = random.integer(5);
        return scale * (kind === 0 ? 0 : kind === 1 ? 1 : kind === 2 ? -1 : random.normal());
      });
      if (outDim > 1) weight.copyWithin(inDim, 0, inDim);
      const bias = Float64Array.from({ length: outDim }, () => (biases ? scale * random.normal() : 0));
      return { outDim, inDim, weight, bias };
    }),
  };
}

/** The largest output that a target can have on the domain, from above: what eps is a share of. */
function reachOf({ layers }: ReluNetwork, radius: number): number {
  return layers.reduce((reach, { weight, bias }) => Math.hypot(...weight) * reach + Math.hypot(...bias), radius);
}

/** Reads a folder as the format's page says, and computes its outputs in whole numbers: nothing of the room but the sign. */
async function judge(dir: string) {
  const certificate = JSON.parse(await readFile(join(dir, "certificate.json"), "utf8")) as Certificate;
  const { tensors } = await readSafetensors(join(dir, "mask.safetensors"));
  const layers = certificate.layerWidths.slice(1).map((width, l) => ({
    width,
    offsets: tensors[`layers.${l}.rowOffsets`]!.data,
    columns: tensors[`layers.${l}.columns`]!.data,
  }));
  const run = (input: readonly bigint[], seed: number) => {
    let x = [...input];
    for (const [l, { width, offsets, columns }] of layers.entries()) {
      const sign = edgeSigns(seed, l);
      const y = Array<bigint>(width).fill(0n);
      for (let u = 0; u < width; u++) {
        for (let e = offsets[u]!; e < offsets[u + 1]!; e++) y[u]! += BigInt(sign(columns[e]!, u)) * x[columns[e]!]!;
        if (l + 1 < layers.length && y[u]! < 0n) y[u] = 0n;
      }
      x = y;
    }
    return x;
  };
  return { certificate, layers, run };
}

/** Outputs of the target with weights rounded as the format's page says, in whole numbers. */
function quantizedOutputs(target: ReluNetwork, { bits, layerScales, constantInput }: Certificate, input: bigint[]) {
  const levels = 2 ** bits;
  const round = (value: number) => BigInt(Math.sign(value) * Math.floor(Math.abs(value) + 0.5));
  let product = 1;
  let constant = constantInput === null ? 0n : input.at(-1)!;
  let x = constantInput === null ? input : input.slice(0, -1);
  for (const [l, { outDim, inDim, weight, bias }] of target.layers.entries()) {
    product *= layerScales[l]!;
    x = Array.from({ length: outDim }, (_, i) => {
      let sum = constantInput === null ? 0n : round((bias[i]! / (product * constantInput)) * levels) * constant;
      for (let j = 0; j < inDim; j++) sum += round((weight[i * inDim + j]! / layerScales[l]!) * levels) * x[j]!;
      return sum < 0n && l + 1 < target.layers.length ? 0n : sum;
    });
    constant *= BigInt(levels);
  }
  return x;
}

function outputsOf({ layers }: ReluNetwork, input: readonly number[]): number[] {
  return layers.reduce<number[]>(
    (x, { outDim, inDim, weight, bias }, l) =>
      Array.from({ length: outDim }, (_, i) => {
        const sum = x.reduce((total, value, j) => total + weight[i * inDim + j]! * value, bias[i]!);
        return l + 1 < layers.length ? Math.max(0, sum) : sum;
      }),
    [...input],
  );
}

describe("the construction, judged from the files alone", () => {
  const cases = [
    { depth: 1, scale: 1, domain: "ball:1" },
    { depth: 2, scale: 1, domain: "box:0,1" },
    { depth: 3, scale: 1e3, domain: "ball:2" },
    { depth: 4, scale: 1, domain: "box:-1,3" },
    { depth: 5, scale: 0.1, domain: "ball:1" },
    { depth: 8, scale: 1, domain: "ball:1" },
    { depth: 2, scale: 1e6, domain: "ball:0.5" },
    { depth: 2, scale: 1e-6, domain: "ball:1" },
    { depth: 3, scale: 1, domain: "ball:1000000" },
  ];

  it.each(cases)("depth $depth, scale $scale, $domain", async ({ depth, scale, domain }) => {
    for (const [at, biases] of [true, false].entries()) {
      const seed = 81_000 + 10 * depth + at;
      const random = new Random(seed, "awkward", domain, scale);
      const target = awkwardTarget(random, depth, { scale, biases });
      const inDim = target.layers[0]!.inDim;
      const largest = Number(/([\d.]+)$/.exec(domain)![1]);
      const radius = domain.startsWith("ball") ? largest : largest * Math.sqrt(inDim);
      const eps = 0.02 * reachOf(target, radius) + 1e-300;
      const file = await save("awkward.safetensors", target);
      const dir = place("awkward");
      const made = await subnetJson<Certificate>(
        ...["approximate", "--target", file, "--eps", `${eps}`, "--domain", domain],
        ...["--seed", `${seed}`, "--out", dir, "--force", "--samples", "50"],
      );
      expect(made.measuredError).toBeLessThanOrEqual(made.errorBound);
      expect(made.errorBound).toBeLessThanOrEqual(eps);
      expect(made.depth).toBe(depth * (made.bits + 1) + 1);

      const { certificate, layers, run } = await judge(dir);
      const recounted = layers.reduce((sum, { columns }) => sum + columns.length, 0);
      expect(certificate.keptEdges).toBe(recounted);
      const virtual = certificate.layerWidths.slice(1).reduce((sum, w, l) => sum + w * certificate.layerWidths[l]!, 0);
      expect(certificate.virtualEdges).toBe(virtual);
      expect(certificate.width).toBe(Math.max(...certificate.layerWidths.slice(1)));
      const unit = (certificate.constantInput ?? 1) * 2 ** -12;
      const onnx = place("awkward.onnx");
      await subnetJson("export", dir, "--onnx", onnx, "--force");
      const exported = await openOnnx(await readFile(onnx));
      for (let n = 0; n < 6; n++) {
        const direction = Array.from({ length: inDim }, () => random.normal());
        const norm = Math.hypot(...direction);
        const low = domain.startsWith("box") ? Number(/box:(.*),/.exec(domain)![1]) : 0;
        const whole = direction.map((value) =>
          domain.startsWith("ball")
            ? Math.trunc((value / norm) * (radius / unit))
            : Math.round((value > 0 ? largest : low) / unit),
        );
        const input = whole.map(BigInt);
        if (certificate.constantInput !== null) input.push(2n ** 12n);
        const actual = run(input, seed);
        expect(actual).toEqual(quantizedOutputs(target, certificate, input));
        const expected = outputsOf(
          target,
          whole.map((value) => value * unit),
        );
        const distance = Math.hypot(...actual.map((y, i) => Number(y) * certificate.scale * unit - expected[i]!));
        expect(distance).toBeLessThanOrEqual(certificate.errorBound);
        const input64 = Float64Array.from(whole, (value) => value * unit);
        const { output } = await exported.run({ input: hostTensor(input64, [1, inDim]) });
        const own = actual.map((y) => Number(y) * certificate.scale * unit);
        const apart = Math.max(...own.map((y, i) => Math.abs(y - output!.data[i]!)));
        expect(apart).toBeLessThanOrEqual(1e-12 * reachOf(target, radius));
      }
      await exported.release();
      const verified = await subnetJson<{ verified: boolean; unequal: number }>(
        ...["verify", dir, "--target", file, "--samples", "50"],
      );
      expect(verified).toMatchObject({ verified: true, proved: true, unequal: 0 });
    }
  });

  it("the signs of combining edges fall both ways, and another seed breaks the mask", async () => {
    const target = randomTarget([6, 6, 6, 6], new Random(81_500));
    const file = await save("plain.safetensors", target);
    const dir = place("plain");
    await subnetJson("approximate", "--target", file, "--eps", "0.1", "--seed", "81500", "--out", dir, "--force");
    const found = await subnetJson<{ otherSeed: { unequal: number; inputs: number }; positiveEdges: number }>(
      ...["verify", dir, "--target", file],
    );
    expect(found.otherSeed.unequal).toBeGreaterThan(0.5 * found.otherSeed.inputs);
    const { certificate, layers, run } = await judge(dir);
    const combining = layers[certificate.bits + 1]!;
    const sign = edgeSigns(81_500, certificate.bits + 1);
    let positive = 0;
    for (let u = 0; u < combining.width; u++) {
      for (let e = combining.offsets[u]!; e < combining.offsets[u + 1]!; e++) {
        positive += sign(combining.columns[e]!, u) === 1 ? 1 : 0;
      }
    }
    expect(positive / combining.columns.length).toBeGreaterThan(0.4);
    expect(positive / combining.columns.length).toBeLessThan(0.6);
    const input = [3n, -100n, 40n, 7n, 0n, 25n];
    expect(run(input, 81_501)).not.toEqual(run(input, 81_500));
    printed.out = "";
    await subnet("verify", dir, "--target", file, "--seed", "81501");
    expect(process.exitCode).toBe(2);
    expect(printed.errors).toContain("the mask belongs to seed 81500, this is seed 81501");
    expect(printed.errors.trim().split("\n")).toHaveLength(1);
  });

  it("takes as few copies as delta asks for, and names the unit where there are too few", async () => {
    const target = randomTarget([6, 6, 6, 6], new Random(81_600));
    const few = (copies: number, seed: number) => approximate(target, { eps: 0.1, seed, copies, samples: 1 });
    for (const seed of [0, 1, 2]) {
      await expect(few(3, seed)).rejects.toThrow(RedundancyError);
      await expect(few(3, seed)).rejects.toThrow(/^layer \d+, units? \d+/);
    }
    const rows = await benchApproximation(
      benchSchema.parse({ eps: [0.1], targets: 40, samples: 1, delta: 0.2 }),
      81_700,
    );
    expect(rows[0]!.found).toBeGreaterThanOrEqual(30);
    const safer = await approximate(target, { eps: 0.1, seed: 0, delta: 1e-6, samples: 1 });
    const bolder = await approximate(target, { eps: 0.1, seed: 0, delta: 0.1, samples: 1 });
    expect(safer.lastCopies).toBeGreaterThan(bolder.lastCopies);
    expect(safer.risk).toBeLessThanOrEqual(1e-6);
  });

  it("values beyond 2^53 are computed in BigInt, still without rounding", async () => {
    const target = awkwardTarget(new Random(81_800), 4, {});
    const domain: Domain = { kind: "ball", radius: 1 };
    const { measurement } = await approximate(target, { eps: 1e-4, seed: 3, domain, samples: 20 });
    expect(measurement.arithmetic).toBe("BigInt");
    expect(measurement.unequal).toBe(0);
  });

  it("takes targets from ONNX, and those that our own models were exported to", async () => {
    const model = mlp(5, [4], 3);
    const params = model.init(new Random(81_900));
    const bytes = toOnnx((tree: never, x: never) => model.apply(tree, x, new Mode(false)), params as never, [
      { dtype: "float32", shape: [1, 5] },
    ]);
    await writeFile(place("model.onnx"), bytes);
    const made = await subnetJson<Certificate>(
      ...["approximate", "--target", place("model.onnx"), "--eps", "0.05", "--out", place("onnx"), "--seed", "4"],
    );
    expect(made.targetShape).toEqual([
      [4, 5],
      [3, 4],
    ]);
    const target = await readReluNetwork(place("model.onnx"));
    const runtime = await openOnnx(bytes);
    const x = [0.5, -0.25, 0.125, 0.5, 0];
    const { output } = await runtime.run({ input: hostTensor(Float32Array.from(x), [1, 5]) });
    await runtime.release();
    const { certificate, run } = await judge(place("onnx"));
    const unit = certificate.constantInput! * 2 ** -12;
    const whole = [...x.map((value) => BigInt(value / unit)), 2n ** 12n];
    const found = run(whole, 4).map((y) => Number(y) * certificate.scale * unit);
    expect(found).toBeAllclose(outputsOf(target, x), { rtol: 0, atol: certificate.errorBound });
    expect(found).toBeAllclose(output!.data, { rtol: 0, atol: certificate.errorBound + 1e-5 });
  });
});

it("signs are those of the test vectors in the format's page", async () => {
  const page = await readFile(new URL("../../docs/binary-subnetworks-format.md", import.meta.url), "utf8");
  const rows = [...page.matchAll(/^\| (-?\d+) +\| (\d+) +\| (\d+) +\| (\d+) +\| (\w{8}) (\w{8}) \| ([+-])1 +\|$/gm)];
  expect(rows).toHaveLength(5);
  for (const [, seed, layer, from, to, x, y, sign] of rows) {
    const key = [Number(seed) % 2 ** 32, Math.floor(Number(seed) / 2 ** 32), Number(layer), 0x7369676e] as const;
    expect(speckEncrypt(speckRoundKeys(key), Number(from), Number(to))).toEqual([
      Number.parseInt(x!, 16),
      Number.parseInt(y!, 16),
    ]);
    expect(edgeSigns(Number(seed), Number(layer))(Number(from), Number(to))).toBe(sign === "+" ? 1 : -1);
  }
  const row = /`([+-](?: [+-]){20,})`/.exec(page)![1]!.split(" ");
  expect(row.map((_, from) => (edgeSigns(42, 1)(from, 0) === 1 ? "+" : "-"))).toEqual(row);
});

describe("masks found on data", () => {
  const search = ["search", "--data", "digits", "--hidden", "32", "--epochs", "20"];
  interface Found {
    readonly accuracy: number;
    readonly frozenUnchanged: boolean;
    readonly layers: { readonly weights: number; readonly kept: number }[];
    readonly sanity: { readonly chance: number; readonly shuffled: number[]; readonly reinitialized: number[] };
    readonly sizes: { readonly fileBytes: number; readonly maskBytes: number; readonly denseBytes: number };
  }
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

  it.each([
    ["edge-popup", "binary", 0.5],
    ["biprop", "normal", 0.5],
    ["gem-miner", "signed-constant", 0.5],
    ["edge-popup", "normal", 0.1],
  ])(
    "%s over %s weights learns digits, and the mask carries it (keep %s)",
    { timeout: 60_000 },
    async (method, weights, keep) => {
      const run = place(`${method}-${weights}-${keep}`);
      const options = ["--method", method, "--weights", weights, "--keep", `${keep}`, "--seed", "82000"];
      const found = await subnetJson<Found>(...search, ...options, "--out", run);
      expect(found.accuracy).toBeGreaterThan(0.6);
      expect(found.frozenUnchanged).toBe(true);
      expect(mean(found.sanity.shuffled)).toBeLessThan(found.sanity.chance + 0.15);
      expect(mean(found.sanity.reinitialized)).toBeLessThan(found.sanity.chance + 0.15);
      for (const { weights: size, kept } of found.layers) {
        if (method === "gem-miner") expect(kept).toBeLessThanOrEqual(Math.round(keep * size));
        else expect(kept).toBe(Math.round(keep * size));
      }
      expect(found.sizes.maskBytes).toBe(found.layers.reduce((sum, { weights: n }) => sum + Math.ceil(n / 8), 0));
      const bytes = await readFile(join(run, "subnetwork.safetensors"));
      expect(bytes.length).toBe(found.sizes.fileBytes);
      expect(found.sizes.denseBytes / found.sizes.fileBytes).toBeGreaterThan(10);

      // The file alone gives the exported network: same weights, same outputs.
      const subnetwork = decodeSubnetwork(bytes, run);
      const [first, second] = subnetworkWeights(subnetwork).map(({ data }) => data);
      const gains = subnetwork.layers.reduce((product, { gain }) => product * gain, 1);
      const scale = weights === "binary" ? gains : 1;
      if (weights === "binary") expect(new Set([...first!, ...second!])).toEqual(new Set([0, 1, -1]));
      const { test } = await loadParts("digits");
      const some = takeRows(test, [0, 1, 2, 3, 4]);
      const runtime = await openOnnx(await readFile(join(run, "model.onnx")));
      const { output } = await runtime.run({ input: some.inputs });
      await runtime.release();
      const expected = Array.from({ length: 5 }, (_, n) => {
        const x = Array.from(some.inputs.data.subarray(64 * n, 64 * (n + 1)));
        const hidden = Array.from({ length: 32 }, (_, i) =>
          Math.max(
            0,
            x.reduce((sum, value, j) => sum + value * first![64 * i + j]!, 0),
          ),
        );
        return Array.from(
          { length: 10 },
          (_, i) => scale * hidden.reduce((sum, value, j) => sum + value * second![32 * i + j]!, 0),
        );
      }).flat();
      expect([...output!.data]).toBeAllclose(expected, { rtol: 1e-4, atol: 1e-4 });

      // biprop: every kept weight is the mean amplitude of those kept.
      if (method === "biprop") {
        const amplitudes = new Set([...first!].filter((value) => value !== 0).map(Math.abs));
        expect(amplitudes.size).toBe(1);
        const raw = new Random(82_000, "frozen", 0);
        const own = Array.from({ length: first!.length }, () => Math.abs(raw.normal(0, subnetwork.layers[0]!.gain)));
        const kept = own.filter((_, i) => subnetwork.masks[0]![i] === 1);
        expect([...amplitudes][0]).toBeCloseTo(mean(kept), 5);
      }
    },
  );

  it("a run stopped on the way and resumed ends with the same mask", { timeout: 60_000 }, async () => {
    const options = [...search, "--method", "gem-miner", "--seed", "82100"];
    const whole = await subnetJson<Found>(...options, "--out", place("whole"));
    const hash = async (run: string) =>
      createHash("sha256")
        .update(await readFile(join(run, "subnetwork.safetensors")))
        .digest("hex");
    // Drop the last checkpoint: the run goes on from the one before.
    const { folder: saved } = RunFolder.inspect(place("whole"));
    const index = join(saved.path, "checkpoints", "index.json");
    const entries = JSON.parse(await readFile(index, "utf8")) as { step: number }[];
    const before = await hash(place("whole"));
    await writeFile(index, JSON.stringify(entries.slice(0, -1)));
    await rm(join(place("whole"), "subnetwork.safetensors"));
    const resumed = await subnetJson<Found>(...options, "--out", place("whole"), "--resume");
    expect(entries).toHaveLength(3);
    expect(resumed.accuracy).toBe(whole.accuracy);
    expect(await hash(place("whole"))).toBe(before);
    printed.out = "";
    await subnet(...options, "--keep", "0.3", "--out", place("whole"), "--resume");
    expect(process.exitCode).toBe(2);
    expect(printed.errors).toContain('"keep"');
  });

  it("a lenet on images", { timeout: 60_000 }, async () => {
    const words = ["search", "--data", "digits", "--model", "lenet", "--epochs", "2", "--out", place("lenet")];
    const found = await subnetJson<Found>(...words, "--seed", "3");
    expect(found.layers.map(({ weights }) => weights)).toEqual([150, 2400, 7680, 10_080, 840]);
    expect(found.frozenUnchanged).toBe(true);
  });
});

describe("bad input: one line, exit 2", () => {
  let file = "";
  const dir = () => place("edited");

  beforeAll(async () => {
    file = await save("edited.safetensors", randomTarget([3, 3, 2], new Random(83_000)));
  });

  async function refuses(message: string | RegExp, ...words: string[]): Promise<void> {
    printed.out = "";
    printed.errors = "";
    process.exitCode = undefined;
    await subnet(...words);
    expect(printed.errors).toMatch(message);
    expect(printed.errors.trim().split("\n")).toHaveLength(1);
    expect(printed.errors).toMatch(/^tenfold: /);
    expect(printed.out).toBe("");
    expect(process.exitCode).toBe(2);
    process.exitCode = undefined;
  }

  it("options", async () => {
    const target = ["approximate", "--target", file, "--out", place("never")];
    await refuses("--eps", ...target);
    await refuses("--eps: expected a number above 0", ...target, "--eps", "0");
    await refuses("--delta", ...target, "--eps", "0.1", "--delta", "1");
    await refuses("--domain: expected ball:RADIUS", ...target, "--eps", "0.1", "--domain", "ball:-1");
    await refuses("--domain", ...target, "--eps", "0.1", "--domain", "box:1,0");
    await refuses("--domain", ...target, "--eps", "0.1", "--domain", "cube:1");
    await refuses(/--eps: expected at least .* what 50 bits/, ...target, "--eps", "1e-17");
    await refuses("layer ", ...target, "--eps", "0.1", "--copies", "1");
    await refuses("--out", "approximate", "--target", file, "--eps", "0.1");
    await refuses("--keep", "search", "--keep", "0", "--out", place("never"));
    await refuses("did you mean --method biprop", "search", "--method", "bipop", "--out", place("never"));
    await refuses("--out: expected a folder for the run", "search");
  });

  it("targets", async () => {
    const words = ["--eps", "0.1", "--out", place("never")];
    await refuses("nowhere.safetensors", "approximate", "--target", place("nowhere.safetensors"), ...words);
    await writeFile(place("cut.safetensors"), (await readFile(file)).subarray(0, 100));
    await refuses("cut.safetensors", "approximate", "--target", place("cut.safetensors"), ...words);
    const infinite = randomTarget([2, 2], new Random(1));
    infinite.layers[0]!.weight[1] = Number.NaN;
    await refuses(
      "weight 1: expected a finite number",
      "approximate",
      "--target",
      await save("nan.safetensors", infinite),
      ...words,
    );
    const huge = randomTarget([2, 2, 2], new Random(1));
    for (const { weight } of huge.layers) weight.set(weight.map((value) => 1e200 * value));
    await refuses(
      "largest weights from 1e-290 to 1e290",
      "approximate",
      "--target",
      await save("huge.safetensors", huge),
      ...words,
    );
  });

  it("a folder edited by hand", async () => {
    const write = () => subnetJson("approximate", "--target", file, "--eps", "0.1", "--out", dir(), "--force");
    const verify = ["verify", dir(), "--target", file];
    await write();
    await refuses("a folder with 3 entries", "approximate", "--target", file, "--eps", "0.1", "--out", dir());
    const certificatePath = join(dir(), "certificate.json");
    const certificate = JSON.parse(await readFile(certificatePath, "utf8")) as Record<string, unknown>;
    await writeFile(certificatePath, JSON.stringify({ ...certificate, errorBound: 1e-9 }));
    await refuses("it was changed after it was written", ...verify);
    await writeFile(certificatePath, JSON.stringify({ ...certificate, bits: "ten" }));
    await refuses('"bits"', ...verify);
    await writeFile(certificatePath, "{");
    await refuses("certificate.json: expected JSON", ...verify);
    await write();
    const maskPath = join(dir(), "mask.safetensors");
    const mask = await readFile(maskPath);
    mask[mask.length - 4]! ^= 1;
    await writeFile(maskPath, mask);
    await refuses("mask.safetensors: expected sha256", ...verify);
    await write();
    const other = await save("other.safetensors", randomTarget([3, 3, 2], new Random(83_001)));
    await refuses("other.safetensors: expected sha256", "verify", dir(), "--target", other);
    await refuses("certificate.json", "verify", place("nowhere"), "--target", file);
  });

  it("a forged mask with matching hashes still fails, at a named unit", async () => {
    await subnetJson("approximate", "--target", file, "--eps", "0.1", "--out", dir(), "--force");
    const { tensors, metadata } = await readSafetensors(join(dir(), "mask.safetensors"));
    const { certificate } = await judge(dir());
    const last = `layers.${certificate.depth - 1}`;
    const columns = Int32Array.from(tensors[`${last}.columns`]!.data);
    // One edge moved by one unit: a copy of the same value, or nothing at all.
    columns[columns.length - 1]!++;
    await writeSafetensors(
      join(dir(), "mask.safetensors"),
      { ...tensors, [`${last}.columns`]: hostTensor(columns, [columns.length]) },
      metadata,
    );
    const hash = (bytes: Uint8Array | string) => createHash("sha256").update(bytes).digest("hex");
    const { sha256: _, ...fields } = certificate;
    const forged = { ...fields, maskSha256: hash(await readFile(join(dir(), "mask.safetensors"))) };
    await writeFile(
      join(dir(), "certificate.json"),
      JSON.stringify({ ...forged, sha256: hash(JSON.stringify(forged)) }),
    );
    await refuses(/mask, layer \d+, unit \d+: expected/, "verify", dir(), "--target", file);
  });
});

describe("claims", () => {
  it("those about the construction hold on a seed of their own", { timeout: 120_000 }, async () => {
    const progress: number[] = [];
    const context = {
      scale: "quick",
      seed: 84_000,
      progress: (fraction: number) => progress.push(fraction),
      signal: new AbortController().signal,
    } as const;
    for (const claim of binarySubnetworks.claims) {
      expect(claim.command).toMatch(/^tenfold subnet /);
      if (!["B1", "B2", "B3", "B4"].includes(claim.id)) continue;
      const finding = await claim.measure(context);
      expect(finding.holds, `${claim.id}: ${finding.found}`).toBe(true);
    }
    expect(Math.max(...progress)).toBe(1);
  });

  it("stop when asked", async () => {
    const signal = AbortSignal.abort();
    for (const claim of binarySubnetworks.claims) {
      await expect(claim.measure({ scale: "quick", seed: 0, progress() {}, signal }), claim.id).rejects.toThrow(
        /abort/i,
      );
    }
  });
});
