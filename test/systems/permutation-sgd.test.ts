import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Random } from "../../src/core/index.ts";
import { createOrder, orderNames } from "../../src/optim/index.ts";
import type { Finding } from "../../src/systems/claim.ts";
import {
  affineOracleError,
  benchQuadratic,
  type LogisticBench,
  type NoOrderHelps,
  oneDimensionalProblem,
  permutationSgd,
  type QuadraticBench,
  quadraticProblem,
  quadraticSchema,
  runOptimalPermutations,
  runRandomReshuffling,
  slopeWindows,
} from "../../src/systems/permutation-sgd/index.ts";
import { roomCommand } from "../room-command.ts";

const { printed, run: order, runJson: orderJson } = roomCommand(permutationSgd);

/** Median error of an order at the given number of epochs. */
function errorOf(bench: QuadraticBench, name: string, epochs: number): number {
  return bench.orders.find((rates) => rates.name === name)!.medianError[bench.epochs.indexOf(epochs)]!;
}

describe("rates on random quadratics", () => {
  const orders = ["rr", "ss", "igd", "ff-rr", "ff-ss", "ff-igd"] as const;

  it.each([
    { seed: 70_001, n: 400, d: 6, epochs: [32, 64, 128, 256] },
    { seed: 70_002, n: 200, d: 8, epochs: [40, 80, 160] },
  ])("every slope lies in its window (seed $seed, n = $n, d = $d)", { timeout: 60_000 }, async ({ seed, ...size }) => {
    const bench = await benchQuadratic(quadraticSchema.parse({ ...size, orders }), seed);
    expect(bench.stable).not.toContain(false);
    for (const { name, slope, slopeCi } of bench.orders) {
      const [low, high] = slopeWindows[name as (typeof orders)[number]];
      expect(slope, name).toBeGreaterThanOrEqual(low);
      expect(slope, name).toBeLessThanOrEqual(high);
      expect(slopeCi![0], name).toBeLessThanOrEqual(slope!);
      expect(slopeCi![1], name).toBeGreaterThanOrEqual(slope!);
    }
    const middle = bench.epochs[1]!;
    const sequence = ["ff-rr", "ff-ss", "rr", "ss", "igd"].map((name) => errorOf(bench, name, middle));
    expect(sequence).toEqual(sequence.toSorted((a, b) => a - b));
  });

  it("GraB stays far below random reshuffling", { timeout: 60_000 }, async () => {
    const config = quadraticSchema.parse({ n: 200, epochs: [32, 64], orders: ["rr", "grab", "grab-pair"], repeats: 8 });
    const bench = await benchQuadratic(config, 70_003);
    for (const k of [32, 64]) {
      expect(errorOf(bench, "grab", k)).toBeLessThan(0.1 * errorOf(bench, "rr", k));
      expect(errorOf(bench, "grab-pair", k)).toBeLessThan(0.1 * errorOf(bench, "rr", k));
    }
  });

  it("leaves points at the floor out of the fit, and has no slope where all are there", async () => {
    const config = quadraticSchema.parse({ n: 4, epochs: [2048, 4096], orders: ["ff-rr"], repeats: 5 });
    const [rates] = (await benchQuadratic(config, 70_004)).orders;
    expect(rates).toMatchObject({ slope: null, slopeCi: null, fittedEpochs: [] });
  });
});

describe("exactness", () => {
  it.each(orderNames)("the iterates of %s are the product of the epochs' affine maps", (name) => {
    for (const seed of [71_001, 71_002]) {
      const problem = quadraticProblem({ size: 50, dim: 6, condition: 4, spread: 0.8 }, new Random(seed, "oracle"));
      const learningRate = 14 / (problem.strongConvexity * 50 * 20);
      expect(affineOracleError(problem, createOrder(name, { size: 50, seed }), 20, learningRate)).toBeLessThan(1e-12);
    }
  });

  it("the oracle notices a wrong order", () => {
    const problem = quadraticProblem({ size: 20, dim: 3, condition: 2, spread: 0.5 }, new Random(1, "oracle"));
    const order = createOrder("ff-igd", { size: 20, seed: 0 });
    const permutation = order.permutation.bind(order);
    let calls = 0;
    order.permutation = () => (calls++ === 2 ? permutation().toReversed() : permutation());
    expect(affineOracleError(problem, order, 2, 0.01)).toBeGreaterThan(1e-6);
  });
});

describe("one dimension", () => {
  it("the construction reaches 1e-12 within 10 epochs on unseen problems, random reshuffling stays above 1e-3", () => {
    for (let seed = 72_000; seed < 72_025; seed++) {
      const problem = oneDimensionalProblem(20, new Random(seed, "unseen"));
      const { chosen } = runOptimalPermutations(problem, { epochs: 10 });
      expect(Math.min(...chosen.map(({ error }) => error)), `seed ${seed}`).toBeLessThan(1e-12);
      const { errors: random } = runRandomReshuffling(problem, { epochs: 10, seed, repeats: 21 });
      expect(Math.min(...random), `seed ${seed}`).toBeGreaterThan(1e-3);
    }
  });
});

describe("commands", () => {
  it("order bench prints the quadratic bench", async () => {
    const words = ["--n", "60", "--d", "3", "--epochs", "16,32", "--orders", "rr,ff-ss,grab", "--repeats", "4"];
    const bench = await orderJson<QuadraticBench>("bench", "--task", "quadratic", ...words, "--seed", "5");
    expect(bench).toMatchObject({ task: "quadratic", n: 60, d: 3, epochs: [16, 32], seed: 5 });
    expect(bench.orders.map(({ name }) => name)).toEqual(["rr", "ff-ss", "grab"]);
    for (const rates of bench.orders) {
      expect(rates.medianError).toHaveLength(2);
      expect(rates.slope).toBeTypeOf("number");
      expect(rates.slopeCi).toHaveLength(2);
      rates.quartiles.forEach(([low, high], k) => {
        expect(low).toBeLessThanOrEqual(rates.medianError[k]!);
        expect(high).toBeGreaterThanOrEqual(rates.medianError[k]!);
      });
    }
    const first = printed.out;
    printed.out = "";
    await orderJson("bench", ...words, "--seed", "5");
    expect(printed.out).toBe(first);
  });

  it("order bench compares orders on a CSV file, with the badge", async () => {
    const folder = await mkdtemp(join(tmpdir(), "tenfold-order-"));
    try {
      const random = new Random(3, "csv");
      const lines = Array.from({ length: 200 }, () => {
        const [a, b] = [random.normal(), random.normal()];
        return `${a},${b},${a + b + 0.5 * random.normal() > 0 ? "yes" : "no"}`;
      });
      const file = join(folder, "toy.csv");
      await writeFile(file, ["a,b,answer", ...lines].join("\n"));
      const data = [
        "--task",
        "logistic",
        "--data",
        file,
        "--label",
        "answer",
        "--epochs",
        "10",
        "--learning-rates",
        "0.1",
      ];
      const bench = await orderJson<LogisticBench>("bench", ...data, "--orders", "rr,igd,ff-rr,grab");
      expect(bench.warning).toBe("not quadratic: the quadratic rates are not claimed here");
      expect(bench).toMatchObject({ task: "logistic", n: 160, d: 3, testSize: 40, classes: ["no", "yes"] });
      for (const rates of bench.orders) {
        expect(rates.suboptimality).toHaveLength(10);
        expect(rates.suboptimality.at(-1)).toBeLessThan(0.2 * rates.suboptimality[0]!);
        expect(rates.suboptimality.every((value) => value > 0)).toBe(true);
        expect(rates.testError.at(-1)).toBeLessThan(0.25);
        expect(rates.orderSeconds).toBeGreaterThanOrEqual(0);
      }
      const bytes = new Map(bench.orders.map((rates) => [rates.name, rates.bytes]));
      expect(bytes.get("rr")).toBe(4 * 160);
      expect(bytes.get("grab")).toBe(2 * 4 * 160 + 3 * 8 * 3);
      printed.out = "";
      await order("bench", ...data, "--orders", "rr");
      expect(printed.out).toContain("[not quadratic: the quadratic rates are not claimed here]");
      expect(printed.out).toContain("against");
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("order optimal prints both error curves", async () => {
    const found = await orderJson<{ errors: number[]; randomReshuffling: number[]; permutations: number[][] }>(
      "optimal",
      "--n",
      "20",
      "--seed",
      "72500",
    );
    expect(Math.min(...found.errors)).toBeLessThan(1e-12);
    expect(found.randomReshuffling).toHaveLength(10);
    expect(Math.min(...found.randomReshuffling)).toBeGreaterThan(1e-3);
    expect(found.permutations).toHaveLength(found.errors.length);
  });

  it("order hard shows that no order helps", async () => {
    const found = await orderJson<NoOrderHelps>("hard", "--n", "6");
    expect(found.slopeInAlpha).toBeGreaterThan(1.8);
    expect(found.slopeInAlpha).toBeLessThan(2.3);
    found.errors.forEach((error, k) => {
      expect(error).toBeGreaterThan(0.5 * found.randomReshuffling[k]!);
    });
  });

  it("order export prints what createOrder gives", async () => {
    const reference = createOrder("ff-rr", { size: 7, seed: 4 });
    const expected = Array.from({ length: 4 }, () => {
      const permutation = [...reference.permutation()];
      reference.endEpoch();
      return permutation;
    });
    const words = ["export", "--order", "ff-rr", "--n", "7", "--epochs", "4", "--seed", "4"];
    await order(...words);
    expect(JSON.parse(printed.out)).toEqual({ order: "ff-rr", n: 7, seed: 4, epochs: expected });
    printed.out = "";
    await order(...words, "--format", "csv");
    const [header, ...rows] = printed.out.trim().split("\n");
    expect(header).toBe("epoch,position,example");
    expect(rows).toEqual(expected.flatMap((epoch, k) => epoch.map((example, at) => `${k},${at},${example}`)));
  });
});

describe("bad input", () => {
  it.each<[string, string[], string]>([
    [
      "odd epochs with a flip-flop",
      ["bench", "--epochs", "32,63", "--orders", "rr,ff-rr"],
      '--epochs: expected even numbers where an order is a flip-flop (ff-), as it uses every permutation twice, found "32,63"',
    ],
    ["an unknown order", ["bench", "--orders", "rr,grap"], "did you mean --orders grab?"],
    [
      "one number of epochs",
      ["bench", "--epochs", "32,32"],
      "--epochs: expected at least two different numbers of epochs, as a slope needs two points",
    ],
    [
      "a problem too large",
      ["bench", "--n", "100000", "--d", "200"],
      "--n: expected n d^2 of at most 50,000,000 numbers (400 MB)",
    ],
    ["text for a number", ["bench", "--repeats", "many"], "--repeats: expected a whole number"],
    [
      "steps that diverge",
      ["bench", "--n", "10", "--epochs", "2,4", "--orders", "igd", "--contraction", "90"],
      "order bench, epoch 1: expected iterates that stay near the optimum",
    ],
    ["another task", ["bench", "--task", "cubic"], '--task: expected quadratic or logistic, found "cubic"'],
    [
      "an option of the other task",
      ["bench", "--data", "wine"],
      "order bench: expected options of --task quadratic, found --data. Hint: --data belongs to --task logistic",
    ],
    [
      "an option of the other task",
      ["bench", "--task", "logistic", "--data", "wine", "--spread", "0.1"],
      "found --spread",
    ],
    ["no data", ["bench", "--task", "logistic"], "--data: expected a text, found nothing"],
    [
      "a file that is not there",
      ["bench", "--task", "logistic", "--data", "nowhere.csv", "--label", "y"],
      "nowhere.csv",
    ],
    [
      "three classes",
      ["bench", "--task", "logistic", "--data", "wine"],
      "wine: expected two classes, found 3 (1, 2, 3). Hint: --positive NAME sets one class against the rest",
    ],
    [
      "odd epochs in logistic",
      ["bench", "--task", "logistic", "--data", "wine", "--epochs", "3", "--orders", "ff-ss"],
      "--epochs: expected an even number",
    ],
    ["9! orders", ["hard", "--n", "9"], "--n: expected a whole number"],
    ["one component", ["optimal", "--n", "1"], "--n: expected a whole number"],
    [
      "an order that needs gradients",
      ["export", "--order", "grab", "--n", "4"],
      '--order: expected an order that does not depend on gradients, found "grab"',
    ],
    ["an export without size", ["export", "--order", "rr"], "--n: expected a whole number"],
  ])("%s: one line, exit 2 (%j)", async (_, words, message) => {
    await order(...words);
    expect(printed.errors).toContain(message);
    expect(printed.errors.trim().split("\n")).toHaveLength(1);
    expect(printed.errors).toMatch(/^tenfold: /);
    expect(printed.out).toBe("");
    expect(process.exitCode).toBe(2);
  });
});

describe("claims", () => {
  it("each is whole, and those that take a second hold on a seed of their own", { timeout: 60_000 }, async () => {
    const progress: number[] = [];
    const context = {
      scale: "quick",
      seed: 73_000,
      progress: (fraction: number) => progress.push(fraction),
      signal: new AbortController().signal,
    } as const;
    const findings = new Map<string, Finding>();
    for (const claim of permutationSgd.claims) {
      expect(claim.command).toMatch(/^tenfold order /);
      if (["A3", "A4", "O1", "O2", "O3"].includes(claim.id)) findings.set(claim.id, await claim.measure(context));
    }
    expect([...findings].filter(([, { holds }]) => !holds)).toEqual([]);
    expect(findings.get("O3")!.figures).toHaveLength(1);
    expect(Math.max(...progress)).toBe(1);
  });

  it("stop when asked", async () => {
    const signal = AbortSignal.abort();
    for (const claim of permutationSgd.claims) {
      await expect(claim.measure({ scale: "quick", seed: 0, progress() {}, signal }), claim.id).rejects.toThrow(
        /abort/i,
      );
    }
  });
});
