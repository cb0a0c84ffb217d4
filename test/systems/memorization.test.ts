import { execFile } from "node:child_process";
import { access, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Command } from "commander";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { hostTensor, Random } from "../../src/core/index.ts";
import { loadDataset, readTable } from "../../src/data/index.ts";
import { openOnnx } from "../../src/engine/index.ts";
import type { Finding } from "../../src/systems/claim.ts";
import {
  boundSizes,
  countNetwork,
  drawHyperplanes,
  type FitReport,
  firstLayerSize,
  forward,
  type Layer,
  memorization,
  memorize,
  type Network,
  type OtherConstruction,
  pairsTask,
  planWidths,
  randomTask,
  separatingPrefix,
  type Verification,
} from "../../src/systems/memorization/index.ts";
import { cCompiler, describeWith } from "../programs.ts";
import { roomCommand } from "../room-command.ts";
import { describeWithShared } from "../shared.ts";

const { printed, run, runJson } = roomCommand(memorization);
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tenfold-memorize-"));
});

afterAll(() => rm(folder, { recursive: true }));

const path = (name: string) => join(folder, name);

async function csv(name: string, ...lines: string[]): Promise<string> {
  await writeFile(path(name), `${lines.join("\n")}\n`);
  return path(name);
}

// ------------------------------------------------------------------------------ a reader of net.json of its own

interface Stored {
  dtype: "uint8" | "int8" | "uint16" | "int16" | "uint32" | "int32" | "float64";
  base64: string;
}

function numbers({ dtype, base64 }: Stored): number[] {
  const bytes = Buffer.from(base64, "base64");
  const size = { uint8: 1, int8: 1, uint16: 2, int16: 2, uint32: 4, int32: 4, float64: 8 }[dtype];
  return Array.from({ length: bytes.length / size }, (_, i) => {
    if (dtype === "float64") return bytes.readDoubleLE(8 * i);
    return dtype.startsWith("u") ? bytes.readUIntLE(i * size, size) : bytes.readIntLE(i * size, size);
  });
}

interface StoredNet {
  encoding: { columns: Record<string, unknown>[]; centre: Stored; scale: Stored };
  labels: { classes?: string[]; low?: number; step?: number };
  layers: {
    role: string;
    inputs: number;
    outputs: number;
    rowStarts: Stored;
    columns: Stored;
    weights: Stored;
    bias: Stored;
  }[];
}

/** The label number for features that are not scaled yet: multiply, add, compare with 0. */
function answer({ encoding, layers }: StoredNet): (features: readonly number[]) => number {
  const [centre, scale] = [numbers(encoding.centre), numbers(encoding.scale)];
  const loaded = layers.map((layer) => ({
    starts: numbers(layer.rowStarts),
    columns: numbers(layer.columns),
    weights: numbers(layer.weights),
    bias: numbers(layer.bias),
  }));
  return (features) => {
    let values = features.map((feature, j) => (feature - centre[j]!) * scale[j]!);
    for (const { starts, columns, weights, bias } of loaded) {
      values = bias.map((sum, row) => {
        let total = sum;
        for (let at = starts[row]!; at < starts[row + 1]!; at++) total += weights[at]! * values[columns[at]!]!;
        return total >= 0 ? 1 : 0;
      });
    }
    return values.reduce((label, bit, place) => label + bit * 2 ** place, 0);
  };
}

async function readNet(file: string): Promise<StoredNet> {
  return JSON.parse(await readFile(file, "utf8")) as StoredNet;
}

/** A CSV of random numbers and texts with random labels. */
async function randomCsv(name: string, rows: number, classes: number, seed: number): Promise<string> {
  const random = new Random(seed, "csv");
  const lines = Array.from({ length: rows }, (_, row) => {
    const values = [random.normal(), random.integer(50), `t${random.integer(4)}`, `name ${row}`];
    return [...values, `class ${random.integer(classes)}`].join(",");
  });
  return csv(name, "a,b,c,d,y", ...lines);
}

const labelsOf = async (file: string) => {
  const label = (await readTable(file)).columns.at(-1)!;
  return label.type === "text"
    ? Array.from(label.codes, (code) => label.categories[code]!)
    : Array.from(label.values, String);
};

// ---------------------------------------------------------------------------------------- held-out checks

describe("every label, from the written weights alone", () => {
  it.each(["digits", "iris", "wine"])("%s", { timeout: 60_000 }, async (name) => {
    const dataset = await loadDataset(name);
    const width = dataset.inputs.data.length / dataset.inputs.shape[0]!;
    for (const seed of ["81001", "81002"]) {
      const file = path(`${name}-${seed}.json`);
      const words = ["fit", name, "--constant", "drop", "--tight", "--out", file, "--seed", seed];
      const report = await runJson<FitReport & { seconds: number }>(...words);
      expect(report).toMatchObject({ n: dataset.targets.data.length, accuracy: 1, integerWeights: true });
      expect(report).toMatchObject({ decodeTernary: true, deltaKind: "exact", encoding: "scaled" });
      const net = await readNet(file);
      const forwardOne = answer(net);
      const names = dataset.features ?? Array.from({ length: width }, (_, at) => `x${at}`);
      const kept = net.encoding.columns.map((column) => names.indexOf(column.name as string));
      const wrong = Array.from(dataset.targets.data, Number).filter((label, row) => {
        const features = kept.map((at) => dataset.inputs.data[row * width + at] as number);
        return net.labels.classes![forwardOne(features)] !== dataset.classes![label];
      });
      expect(wrong).toEqual([]);
    }
  });

  it("random tables of numbers, texts and names", { timeout: 60_000 }, async () => {
    const sizes: [rows: number, classes: number][] = [
      [2, 2],
      [3, 3],
      [40, 7],
      [300, 2],
      [300, 100],
    ];
    for (const [at, [rows, classes]] of sizes.entries()) {
      const file = await randomCsv(`random-${at}.csv`, rows, classes, 82_000 + at);
      if (new Set(await labelsOf(file)).size < 2) continue;
      for (const tight of [[], ["--tight"]]) {
        const net = path(`random-${at}-${tight.length}.json`);
        const report = await runJson<FitReport>("fit", file, "--label", "y", "--out", net, ...tight);
        expect(report).toMatchObject({ n: rows, accuracy: 1, integerWeights: true, decodeTernary: true });
        const found = await runJson<Verification>("verify", net, file);
        expect(found).toMatchObject({ accuracy: 1, wrong: 0, exact: true, sameTable: true, float64Safe: true });
      }
    }
  });

  it("regression to a number of bits", async () => {
    const random = new Random(82_100, "regression");
    const values = Array.from({ length: 200 }, () => random.normal(50, 20));
    const file = await csv("regression.csv", "x,y", ...values.map((value, row) => `${row},${value}`));
    const report = await runJson<FitReport>(
      "fit",
      file,
      "--label",
      "y",
      "--bits",
      "8",
      "--tight",
      "--encode",
      "scaled",
      "--out",
      path("r.json"),
    );
    expect(report).toMatchObject({ accuracy: 1, labelBits: 8 });
    const net = await readNet(path("r.json"));
    const forwardOne = answer(net);
    const { low, step } = net.labels as { low: number; step: number };
    expect(report.labelError).toBeLessThanOrEqual(step / 2 + 1e-9);
    for (const [row, value] of values.entries()) {
      expect(Math.abs(low + step * forwardOne([row]) - value)).toBeLessThanOrEqual(step / 2 + 1e-9);
    }
  });

  it("any points and labels (fast-check)", { timeout: 60_000 }, async () => {
    const point = fc.tuple(fc.integer({ min: -1000, max: 1000 }), fc.double({ min: -1, max: 1, noNaN: true }));
    const rows = fc.uniqueArray(fc.record({ point, label: fc.integer({ min: 0, max: 9 }) }), {
      minLength: 2,
      maxLength: 40,
      selector: ({ point: [a, b] }) => `${a},${b + 0}`,
    });
    await fc.assert(
      fc.asyncProperty(rows, async (table) => {
        const distinct = (key: (row: (typeof table)[number]) => unknown) => new Set(table.map(key)).size > 1;
        fc.pre(distinct(({ label }) => label) && distinct(({ point: [a] }) => a) && distinct(({ point: [, b] }) => b));
        const lines = table.map(({ point: [a, b], label }) => `${a},${b},${label}`);
        const file = await csv("any.csv", "a,b,y", ...lines);
        const words = ["fit", file, "--label", "y", "--tight", "--out", path("any.json"), "--force"];
        expect(await runJson<FitReport>(...words)).toMatchObject({ n: table.length, accuracy: 1 });
        expect(await runJson<Verification>("verify", path("any.json"), file)).toMatchObject({ accuracy: 1 });
      }),
      { numRuns: 25, seed: 82_200 },
    );
  });
});

/** The weights of a layer as lines, to be compared. */
function lines({ rowStarts, columns, weights, bias }: Layer): string[] {
  return Array.from(bias, (threshold, row) => {
    const terms: string[] = [];
    for (let at = rowStarts[row]!; at < rowStarts[row + 1]!; at++) terms.push(`${columns[at]}:${weights[at]}`);
    return `${threshold} ${terms.join(" ")}`;
  });
}

async function right(network: Network, task: ReturnType<typeof randomTask>): Promise<boolean> {
  const { labels } = await forward(network, task.points);
  return labels.every((label, i) => label === task.labels[i]);
}

describe("the construction", () => {
  it("flipping a label changes one row of the decode layer and nothing else", async () => {
    const task = randomTask({ n: 250, d: 10, classes: 2 }, 83_000);
    const before = await memorize(task.points, task.labels, { seed: 5 });
    for (const point of [0, 17, 101, 249]) {
      const labels = task.labels.slice();
      labels[point] = 1 - labels[point]!;
      const after = await memorize(task.points, labels, { seed: 5 });
      for (const [at, layer] of after.network.layers.entries()) {
        const [old, changed] = [lines(before.network.layers[at]!), lines(layer)];
        const different = changed.filter((line, row) => line !== old[row]).length;
        expect(different, layer.role).toBe(layer.role === "decode" ? 1 : 0);
      }
      expect(await right(after.network, { ...task, labels })).toBe(true);
    }
  });

  it("weights after the first layer are whole numbers, those of the decode layer -1, 0 or 1", async () => {
    for (const [seed, classes] of [
      [83_100, 2],
      [83_101, 10],
    ] as const) {
      const task = randomTask({ n: 600, d: 12, classes }, seed);
      const { network } = await memorize(task.points, task.labels, { seed });
      expect(
        network.layers
          .slice(1)
          .flatMap(({ weights, bias }) => [...weights, ...bias])
          .every(Number.isInteger),
      ).toBe(true);
      const decode = network.layers.filter(({ role }) => role === "decode" || role === "output");
      expect(decode).toHaveLength(2);
      expect(new Set(decode.flatMap(({ weights }) => [...weights]))).toEqual(new Set([-1, 1]));
      expect(await right(network, task)).toBe(true);
    }
  });

  it("neurons and weights stay within the formulas, tight or not", async () => {
    for (const [n, d, classes] of [
      [100, 20, 2],
      [400, 20, 2],
      [1600, 20, 2],
      [1000, 20, 10],
      [37, 3, 5],
    ] as const) {
      for (const tight of [false, true]) {
        const task = randomTask({ n, d, classes }, 83_200 + n);
        const { network, bounds, closest, widths } = await memorize(task.points, task.labels, { seed: n, tight });
        const census = countNetwork(network);
        expect(census.neurons).toBeLessThanOrEqual(bounds.neurons);
        expect(census.weights).toBeLessThanOrEqual(bounds.weights);
        expect(census.depth).toBeLessThanOrEqual(bounds.depth);
        expect(await right(network, task)).toBe(true);
        if (tight) continue;
        const question = { points: n, dimensions: d, delta: closest.distance, eta: 0.01, geometry: "sphere" } as const;
        const planned = planWidths({ ...question, labelBits: widths.labelBits });
        expect(widths.firstLayer).toBe(firstLayerSize(question));
        expect(boundSizes(planned).neurons).toBeLessThanOrEqual(bounds.neurons);
        // The published sketch of the last stages: s + G + b G + b neurons, and r + G copies.
        const { groupSize: s, groups: g, labelBits: b, codeBits: r } = widths;
        expect(census.decodeNeurons).toBe(s + g + b * g + b + r + g);
      }
    }
  });

  it("points in another order take as many neurons", async () => {
    const { points, labels } = randomTask({ n: 300, d: 8, classes: 4 }, 83_300);
    const order = new Random(83_301, "order").permutation(300);
    const data = new Float64Array(points.data.length);
    order.forEach((from, to) => {
      data.set(points.data.subarray(from * 8, from * 8 + 8), to * 8);
    });
    const shuffled = { points: { ...points, data }, labels: Uint32Array.from(order, (from) => labels[from]!) };
    const first = await memorize(points, labels, { seed: 1 });
    const second = await memorize(shuffled.points, shuffled.labels, { seed: 1 });
    expect(second.widths).toEqual(first.widths);
    expect(second.bounds).toEqual(first.bounds);
    expect(await right(second.network, shuffled)).toBe(true);
  });

  it("a tenth of the distance takes ten times the first layer, by the formula and in fact", async () => {
    const sizes: number[] = [];
    for (const delta of [0.3, 0.03]) {
      const task = pairsTask({ n: 100, d: 8, delta }, 83_400);
      const { widths, network, closest } = await memorize(task.points, task.labels, { seed: 2 });
      expect(closest.distance).toBeCloseTo(delta, 9);
      expect(await right(network, task)).toBe(true);
      sizes.push(widths.firstLayer);
    }
    expect(sizes[1]! / sizes[0]!).toBeGreaterThan(8);
    expect(sizes[1]! / sizes[0]!).toBeLessThan(12);
    const needed = [0.3, 0.03].map((delta) => {
      let total = 0;
      for (let seed = 0; seed < 20; seed++) {
        const { points } = pairsTask({ n: 100, d: 8, delta }, 83_500 + seed);
        total += separatingPrefix(points, drawHyperplanes(20_000, points, new Random(seed, "needed")))!;
      }
      return total;
    });
    expect(needed[1]! / needed[0]!).toBeGreaterThan(8);
    expect(needed[1]! / needed[0]!).toBeLessThan(12);
  });

  it("a search makes the first layer smaller than half the formula", async () => {
    const task = randomTask({ n: 1000, d: 20, classes: 2 }, 83_600);
    const { widths, firstLayerFormula, network } = await memorize(task.points, task.labels, { seed: 3, tight: true });
    expect(widths.firstLayer).toBeLessThan(firstLayerFormula / 2);
    expect(await right(network, task)).toBe(true);
  });

  it("the same seed gives the same file", async () => {
    const file = await randomCsv("same.csv", 60, 3, 83_700);
    for (const name of ["same-1.json", "same-2.json"]) await run("fit", file, "--label", "y", "--out", path(name));
    expect(await readFile(path("same-1.json"), "utf8")).toBe(await readFile(path("same-2.json"), "utf8"));
  });
});

describe("off the training set", () => {
  it("answers cannot be relied on, and it says so", async () => {
    const file = await randomCsv("known.csv", 200, 2, 84_000);
    const other = await randomCsv("other.csv", 200, 2, 84_001);
    const report = await runJson<FitReport & { warning: string }>(
      "fit",
      file,
      "--label",
      "y",
      "--out",
      path("known.json"),
    );
    expect(report.warning).toContain("can be relied on");
    const found = await runJson<Verification & { warning: string }>("verify", path("known.json"), other);
    expect(found).toMatchObject({ sameTable: false, exact: false });
    expect(found.accuracy).toBeGreaterThan(0.3);
    expect(found.accuracy).toBeLessThan(0.7);
    expect(found.warning).toContain("can be relied on");
    printed.out = "";
    const program = new Command("tenfold").exitOverride();
    memorization.register(program);
    await program.parseAsync(["memorize", "verify", path("known.json"), other], { from: "user" });
    expect(printed.errors).toContain("this is not the table that was memorized");
    expect(printed.out).toContain("NOT exact");
  });
});

// ------------------------------------------------------------------------------------------------- exports

/** Features as the exports take them, made from the encoding by hand. */
function rawFeatures(net: StoredNet, row: Readonly<Record<string, number | string>>): number[] {
  return net.encoding.columns.flatMap((column): number[] => {
    const value = row[column.name as string]!;
    if (column.as === "number") return [Number(value)];
    if (column.as === "one-hot") return (column.categories as string[]).map((text) => (text === value ? 1 : 0));
    if (column.as === "bits") {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(Number(value));
      return (column.positions as number[]).map((bit) => Number((bytes.readBigUInt64LE() >> BigInt(bit)) & 1n));
    }
    let hash = 0xcbf29ce484222325n;
    for (const byte of Buffer.from(String(value))) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
    for (const factor of [0xff51afd7ed558ccdn, 0xc4ceb9fe1a85ec53n]) {
      hash = BigInt.asUintN(64, (hash ^ (hash >> 33n)) * factor);
    }
    hash ^= hash >> 33n;
    return Array.from({ length: column.bits as number }, (_, bit) => Number((hash >> BigInt(bit)) & 1n));
  });
}

describe.each([
  ["scaled", "3"],
  ["bits", "2"],
])("exports of a table encoded %s", (encode, classes) => {
  let net: StoredNet;
  let rows: Record<string, number | string>[];
  let expected: number[];
  const stem = `export-${encode}`;

  beforeAll(async () => {
    // 100 names, so that they are hashed.
    const file = await randomCsv(`${stem}.csv`, 100, Number(classes), 85_000);
    const names = ["json", "onnx", "h", "v"].map((ending) => path(`${stem}.${ending}`));
    const [json, onnx, header, verilog] = names as [string, string, string, string];
    const files = ["--out", json, "--onnx", onnx, "--c", header, "--verilog", verilog];
    const program = new Command("tenfold").exitOverride();
    memorization.register(program);
    const words = [
      "memorize",
      "fit",
      file,
      "--label",
      "y",
      "--encode",
      encode,
      "--tight",
      "--quiet",
      "--json",
      ...files,
    ];
    const silence = vi.spyOn(process.stdout, "write").mockImplementation(() => true);
    await program.parseAsync(words, { from: "user" });
    silence.mockRestore();
    net = await readNet(json);
    rows = (await readFile(file, "utf8"))
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => {
        const [a, b, c, d, y] = line.split(",");
        return { a: Number(a), b: Number(b), c: c!, d: d!, y: y! };
      });
    expected = rows.map(({ y }) => net.labels.classes!.indexOf(String(y)));
  });

  it("features as documented, through the weights, are the labels", () => {
    const forwardOne = answer(net);
    expect(rows.map((row) => forwardOne(rawFeatures(net, row)))).toEqual(expected);
  });

  it("ONNX Runtime gives the same labels, for any batch", async () => {
    const model = await openOnnx(await readFile(path(`${stem}.onnx`)));
    expect([model.inputNames, model.outputNames]).toEqual([["features"], ["label"]]);
    const all = rows.map((row) => rawFeatures(net, row));
    for (const batch of [all, all.slice(0, 1), all.slice(3, 10)]) {
      const features = hostTensor(Float64Array.from(batch.flat()), [batch.length, all[0]!.length]);
      const { label } = await model.run({ features });
      const from = all.indexOf(batch[0]!);
      expect(label).toMatchObject({ dtype: "int32", shape: [batch.length] });
      expect([...label!.data]).toEqual(expected.slice(from, from + batch.length));
    }
    // Rows that it does not know: both are arbitrary, and the same.
    const random = new Random(85_100, "unknown");
    const unknown = Array.from({ length: 200 }, () => all[0]!.map(() => random.integer(2)));
    const { label } = await model.run({
      features: hostTensor(Float64Array.from(unknown.flat()), [200, all[0]!.length]),
    });
    expect([...label!.data]).toEqual(unknown.map(answer(net)));
    await model.release();
  });

  describeWith(cCompiler, "the C header", () => {
    it("compiles and gives the same labels", { timeout: 60_000 }, async () => {
      const execute = promisify(execFile);
      const literal = ({ a, b, c, d }: (typeof rows)[number]) =>
        `{${Number(a).toPrecision(17)}, ${Number(b).toPrecision(17)}, "${c}", "${d}"}`;
      await writeFile(
        path(`${stem}.c`),
        `#include <stdio.h>
#include "${stem}.h"
static const memorized_row rows[] = {\n${rows.map(literal).join(",\n")}\n};
int main(void) {
  size_t i;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) printf("%s\\n", memorized_classes[memorized_row_label(&rows[i])]);
  return 0;
}
`,
      );
      const flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1"];
      await execute("cc", [...flags, "-o", path(`${stem}.bin`), path(`${stem}.c`)]);
      const { stdout } = await execute(path(`${stem}.bin`), []);
      expect(stdout.trim().split("\n")).toEqual(rows.map(({ y }) => y));
    });
  });

  it("the Verilog module computes the same labels from the first layer's bits", async () => {
    const text = await readFile(path(`${stem}.v`), "utf8");
    const forwardBits = verilog(text);
    const separate = answer({ ...net, layers: net.layers.slice(0, 1) });
    const first = net.layers[0]!.outputs;
    // A network of the first layer alone gives its bits as a whole number, exact up to 53 of them.
    expect(first).toBeLessThanOrEqual(53);
    const found = rows.map((row) => {
      const bits = separate(rawFeatures(net, row));
      return forwardBits(Array.from({ length: first }, (_, k) => Math.floor(bits / 2 ** k) % 2));
    });
    expect(found).toEqual(expected);
  });
});

/** Runs the text of a module: its assignments in their order, each a sum of choices compared with 0. */
function verilog(text: string): (separated: number[]) => number {
  expect(text).toMatch(/^module memorized \(/m);
  expect(text.trim()).toMatch(/endmodule$/);
  const constant = (literal: string) => {
    const [, sign, bits, value] = /^(-?)(\d+)'sd(\d+)$/.exec(literal)!;
    // A constant fits into its width.
    expect(Number(value)).toBeLessThan(2 ** (Number(bits) - 1));
    return Number(`${sign}${value}`);
  };
  const neurons = [...text.matchAll(/^ {2}assign layer(\d+)\[(\d+)\] = \((.*)\) >= \d+'sd0;$/gm)].map(
    ([, layer, row, sum]) => {
      const terms = sum!.split(" + ").map((term) => {
        const choice = /^\(layer(\d+)\[(\d+)\] \? (\S+) : \d+'sd0\)$/.exec(term);
        return choice
          ? { layer: Number(choice[1]), row: Number(choice[2]), value: constant(choice[3]!) }
          : { layer: -1, row: -1, value: constant(term) };
      });
      return { layer: Number(layer), row: Number(row), terms };
    },
  );
  const outputs = Number(/output wire \[(\d+):0\] label/.exec(text)![1]) + 1;
  const last = Number(/assign label = layer(\d+);/.exec(text)![1]);
  return (separated) => {
    const wires = [separated];
    for (const { layer, row, terms } of neurons) {
      let sum = 0;
      for (const term of terms) {
        if (term.layer < 0) sum += term.value;
        else {
          const bit = wires[term.layer]![term.row];
          if (bit === undefined) throw new Error(`layer ${term.layer} has no wire ${term.row}`);
          sum += bit * term.value;
        }
      }
      wires[layer] ??= [];
      wires[layer]![row] = sum >= 0 ? 1 : 0;
    }
    expect(wires[last]).toHaveLength(outputs);
    return wires[last]!.reduce((label, bit, place) => label + bit * 2 ** place, 0);
  };
}

// ------------------------------------------------------------------------------------------ the command line

describe("plan", () => {
  it("sizes the network beside others", async () => {
    const plan = await runJson<{
      widths: { firstLayer: number };
      bounds: { neurons: number; weights: number };
      others: OtherConstruction[];
    }>("plan", "--n", "100000", "--d", "20", "--delta", "0.1", "--bits", "1");
    const p = 0.1 / (2 * Math.PI);
    expect(plan.widths.firstLayer).toBe(Math.ceil((2 * Math.log(1e5) + Math.log(100)) / p));
    expect(plan.others.map(({ name }) => name)).toEqual(["Baum 1988", "Vershynin 2020", "ReLU, Yun et al. 2019"]);
    expect(plan.others[0]).toMatchObject({ neurons: 5000, kind: "exact" });
    expect(plan.others[1]!.log10Neurons).toBeCloseTo(100 / Math.LN10, 6);
    expect(plan.others[1]!.kind).toBe("order");
    printed.out = "";
    await run("plan", "--n", "1000", "--d", "20", "--delta", "0.01");
    expect(printed.out).toContain("order of magnitude: exp(1 / delta^2)");
    expect(printed.out).toMatch(/Vershynin 2020 +~1e4343/);
  });
});

describe("bench", () => {
  it("memorizes random points and says what it took", async () => {
    const found = await runJson<Record<string, number>>("bench", "--n", "500", "--d", "16", "--classes", "3");
    expect(found).toMatchObject({ n: 500, d: 16, classes: 3, accuracy: 1, integerWeights: true, deltaKind: "exact" });
    expect(found.seconds).toBeGreaterThan(0);
    expect(found.peakMegabytes).toBeGreaterThan(10);
  });
});

describe("conflicts", () => {
  const rows = ["a,b,y", "1,x,no", "2,x,yes", "1,x,no", "1,x,yes", "3,z,no", "2,x,no"];

  it("are listed by row and line, and refused", async () => {
    const file = await csv("conflicts.csv", ...rows);
    await run("fit", file, "--label", "y", "--out", path("conflicts.json"));
    expect(printed.errors).toContain(
      "found 2 conflicts: row 1 (line 2) says no, row 3 (line 4) says no, row 4 (line 5) says yes;",
    );
    expect(printed.errors).toContain("row 2 (line 3) says yes, row 6 (line 7) says no");
    expect(printed.errors.trim().split("\n")).toHaveLength(1);
    expect(process.exitCode).toBe(2);
    await expect(access(path("conflicts.json"))).rejects.toThrow();
  });

  it("are resolved by majority where asked", async () => {
    const file = await csv("conflicts.csv", ...rows);
    const words = ["--label", "y", "--on-conflict", "majority", "--out", path("majority.json"), "--tight"];
    const report = await runJson<FitReport>("fit", file, ...words);
    expect(report).toMatchObject({ n: 6, points: 3, accuracy: 1, overruled: 2 });
    expect(report.conflicts).toEqual([
      { rows: [1, 3, 4], labels: ["no", "no", "yes"] },
      { rows: [2, 6], labels: ["yes", "no"] },
    ]);
    const found = await runJson<Verification>("verify", path("majority.json"), file);
    expect(found).toMatchObject({ wrong: 2, wrongInConflicts: 2, wrongRows: [2, 4], exact: true });
  });
});

describe("missing cells", () => {
  const rows = ["a,b,y", "1,x,no", ",x,yes", "1,?,yes", "2,z,yes"];

  it("are refused, dropped or kept, and verify does the same", async () => {
    const file = await csv("missing.csv", ...rows);
    await run("fit", file, "--label", "y", "--out", path("missing.json"));
    expect(printed.errors).toContain(
      "missing.csv: row 2 (line 3), column a: expected a value, found a missing value or NaN",
    );
    printed.errors = "";
    process.exitCode = undefined;
    for (const [missing, n] of [
      ["drop", 2],
      ["keep", 4],
    ] as const) {
      const words = ["--label", "y", "--missing", missing, "--out", path(`missing-${missing}.json`), "--tight"];
      expect(await runJson<FitReport>("fit", file, ...words)).toMatchObject({ n, points: n, accuracy: 1 });
      const found = await runJson<Verification>("verify", path(`missing-${missing}.json`), file);
      expect(found).toMatchObject({ n, accuracy: 1, unknownCells: 0 });
    }
  });
});

describe("numbers that are far apart, or close", () => {
  it.each([1e6, 1e-6, 1e300, 1e-300])("scale %j", async (scale) => {
    const random = new Random(86_000, "scale");
    const lines = Array.from(
      { length: 80 },
      () => `${scale * random.normal()},${random.normal()},${random.integer(2)}`,
    );
    const file = await csv("scale.csv", "a,b,y", ...lines);
    const words = ["--label", "y", "--out", path("scale.json"), "--force"];
    expect(await runJson<FitReport>("fit", file, ...words)).toMatchObject({ accuracy: 1 });
    expect(await runJson<Verification>("verify", path("scale.json"), file)).toMatchObject({ accuracy: 1 });
  });

  it("that are a millionth apart take their bits", async () => {
    const lines = Array.from({ length: 60 }, (_, row) => `${row % 2 ? 1e6 : row},${row + 1e-7 * (row % 3)},${row % 2}`);
    const file = await csv("close.csv", "a,b,y", ...lines, "0,1e-9,1");
    const report = await runJson<FitReport>("fit", file, "--label", "y", "--out", path("close.json"));
    expect(report).toMatchObject({ encoding: "bits", accuracy: 1 });
  });
});

describe("bad input", () => {
  beforeAll(async () => {
    await csv("good.csv", "age,color,y", "1,red,no", "2,red,yes", "3,blue,no");
    await csv("constant.csv", "a,b,y", "1,7,no", "2,7,yes");
    await csv("only-constant.csv", "a,y", "1,no", "1,no");
    await csv("empty-column.csv", "a,b,y", "1,,no", "2,,yes");
    await csv("one-class.csv", "a,y", "1,no", "2,no");
    await csv("one-row.csv", "a,y", "1,no");
    await csv("fractions.csv", "a,y", "1,0.5", "2,1.5");
    await csv("same-number.csv", "a,y", "1,0.5", "2,0.5");
    await csv("zero.csv", "a,b,y", "0,0,no", "1e-30,0,yes", "1,1,yes", "2,2,no");
    await csv("nan.csv", "a,y", "1,no", "NaN,yes");
    await writeFile(path("empty.csv"), "");
    await writeFile(path("no-json.json"), "weights");
    await writeFile(path("other.json"), '{"format": "something else"}');
    await writeFile(path("there.json"), "{}");
    await run("fit", path("good.csv"), "--label", "y", "--out", path("good.json"));
    const text = await readFile(path("good.json"), "utf8");
    await writeFile(path("cut.json"), text.slice(0, text.length / 2));
    await writeFile(path("edited.json"), text.replace('"rows":3', '"rows":4'));
    const document = JSON.parse(text) as StoredNet;
    document.layers.at(-1)!.bias.base64 = "/g==";
    await writeFile(path("weights.json"), JSON.stringify(document));
  });

  const fit = (name: string, ...words: string[]) => ["fit", name, "--label", "y", "--out", "new.json", ...words];
  const verify = (net: string, table: string) => ["verify", net, table];

  it.each<[string, string[], string]>([
    [
      "no label",
      ["fit", "good.csv", "--out", "new.json"],
      "--label: expected the name of the column to memorize, found nothing",
    ],
    ["no file to write", ["fit", "good.csv", "--label", "y"], "--out: expected a text, found nothing"],
    [
      "an unknown label",
      ["fit", "good.csv", "--label", "agee", "--out", "new.json"],
      "did you mean age? its columns are age, color, y",
    ],
    ["an unknown feature", fit("good.csv", "--features", "age,colour"), "did you mean color?"],
    [
      "the label as a feature",
      fit("good.csv", "--features", "age,y"),
      "--features: expected columns other than the label",
    ],
    ["a feature twice", fit("good.csv", "--features", "age,age"), "--features: expected each column once"],
    [
      "a constant column",
      fit("constant.csv"),
      "constant.csv: column b: expected at least two different values, found 7 in every row. Hint: leave such columns out with --constant drop or --features",
    ],
    [
      "constant columns only",
      fit("only-constant.csv", "--constant", "drop"),
      "there is nothing to tell the rows apart by",
    ],
    [
      "an empty column",
      fit("empty-column.csv", "--missing", "keep"),
      "empty-column.csv: column b: expected values, found an empty column",
    ],
    ["NaN", fit("nan.csv"), "nan.csv: row 2 (line 3), column a: expected a value, found a missing value or NaN"],
    ["one class", fit("one-class.csv"), "one-class.csv: column y: expected at least two classes, found only no"],
    ["one row", fit("one-row.csv"), "one-row.csv: expected at least two rows, found one row"],
    ["an empty file", fit("empty.csv"), "empty.csv"],
    ["no such file", fit("nowhere.csv"), "nowhere.csv"],
    ["no such set", ["fit", "nowhere", "--out", "new.json"], "data set: expected one of digits, iris, wine"],
    [
      "fractions as classes",
      fit("fractions.csv"),
      "expected classes: texts or whole numbers, found 0.5. Hint: memorize numbers to a precision with --bits 8",
    ],
    ["texts as numbers", fit("good.csv", "--bits", "8"), "--bits: expected a column of numbers as label"],
    [
      "one number",
      fit("same-number.csv", "--bits", "8"),
      "expected at least two different labels, found 0.5 in every row",
    ],
    ["too many bits", fit("fractions.csv", "--bits", "40"), "--bits: expected a whole number"],
    [
      "a distance too small to be scaled",
      fit("zero.csv", "--encode", "scaled"),
      "zero.csv: expected a distance of more than 0 between rows that differ, found 0 between row 1 (line 2) and row 2 (line 3) once they are scaled",
    ],
    [
      "a file that is there",
      ["fit", "good.csv", "--label", "y", "--out", "there.json"],
      "there.json: expected a new file",
    ],
    ["a misspelt choice", fit("good.csv", "--on-conflict", "majorty"), "did you mean --on-conflict majority?"],
    [
      "a table for a network",
      verify("good.csv", "good.csv"),
      "expected a network written by tenfold memorize fit, found text that is no JSON",
    ],
    [
      "another document",
      verify("other.json", "good.csv"),
      "other.json: expected a network written by tenfold memorize fit, found another document",
    ],
    [
      "a network cut off",
      verify("cut.json", "good.csv"),
      "cut.json: expected a network written by tenfold memorize fit, found text that is no JSON, or ends too early",
    ],
    [
      "a network edited by hand",
      verify("edited.json", "good.csv"),
      "edited.json: expected content with the SHA-256 that it states",
    ],
    [
      "a weight edited by hand",
      verify("weights.json", "good.csv"),
      "the file was changed after it was written: fit it again",
    ],
    ["no network", verify("nowhere.json", "good.csv"), "nowhere.json: expected a readable file, found nothing there"],
    ["a table of other columns", verify("good.json", "constant.csv"), "expected a column of"],
    [
      "too many points",
      ["plan", "--n", "50000000", "--d", "8", "--delta", "0.1"],
      "whose codes fit into 52 bits, found 50000000 points",
    ],
    ["no distance", ["plan", "--n", "50", "--d", "8", "--delta", "0"], "--delta: expected"],
    [
      "a bench too large",
      ["bench", "--n", "5000000", "--d", "1000"],
      "--n: expected n d of at most 200,000,000 numbers",
    ],
  ])("%s: one line, exit 2", async (_, words, message) => {
    printed.errors = "";
    await run(...words.map((word) => (/\.(csv|json)$/.test(word) ? path(word) : word)));
    expect(printed.errors).toContain(message);
    expect(printed.errors.trim().split("\n")).toHaveLength(1);
    expect(printed.errors).toMatch(/^tenfold: /);
    expect(printed.out).toBe("");
    expect(process.exitCode).toBe(2);
    await expect(access(path("new.json"))).rejects.toThrow();
  });
});

describeWithShared("Adult", (shared) => {
  it("32,561 rows, one contradiction, every other label right", { timeout: 240_000 }, async () => {
    const file = shared("tabular/adult_train.csv.gz");
    const words = ["fit", file, "--label", "income", "--missing", "keep", "--tight", "--out", path("adult.json")];
    await run(...words);
    expect(printed.errors).toContain("1 conflict: row 849 (line 850) says <=50K, row 22762 (line 22763) says >50K");
    printed.errors = "";
    process.exitCode = undefined;
    const report = await runJson<FitReport>(...words, "--on-conflict", "majority");
    expect(report).toMatchObject({ n: 32_561, accuracy: 1, overruled: 1, encoding: "bits", integerWeights: true });
    const found = await runJson<Verification>("verify", path("adult.json"), file);
    expect(found).toMatchObject({ wrong: 1, wrongInConflicts: 1, exact: true, sameTable: true, decodeTernary: true });
    expect(report.neurons).toBeLessThanOrEqual(report.bounds.neurons);
    expect(report.weights).toBeLessThanOrEqual(report.bounds.weights);
  });
});

describe("claims", () => {
  it("hold on a seed of their own", { timeout: 120_000 }, async () => {
    const progress: number[] = [];
    const context = {
      scale: "quick",
      seed: 87_000,
      progress: (fraction: number) => progress.push(fraction),
      signal: new AbortController().signal,
    } as const;
    const findings = new Map<string, Finding>();
    for (const claim of memorization.claims) {
      expect(claim.command).toMatch(/^tenfold memorize /);
      findings.set(claim.id, await claim.measure(context));
    }
    expect([...findings].filter(([, { holds }]) => !holds)).toEqual([]);
    for (const { figures } of findings.values()) {
      expect(figures).toHaveLength(1);
      for (const { series } of figures!) for (const { x, y } of series) expect(x).toHaveLength(y.length);
    }
    expect(Math.max(...progress)).toBeCloseTo(1, 6);
  });

  it("stop when asked", async () => {
    const signal = AbortSignal.abort();
    for (const claim of memorization.claims) {
      await expect(claim.measure({ scale: "quick", seed: 0, progress() {}, signal }), claim.id).rejects.toThrow(
        /abort/i,
      );
    }
  });
});
