import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it, vi } from "vitest";
import type { z } from "zod";
import { Random } from "../../src/core/index.ts";
import { loadDataset } from "../../src/data/index.ts";
import {
  type BenchConfig,
  benchMethods,
  benchSchema,
  bestOfEach,
  claims,
  componentGradient,
  engineSchema,
  execute,
  expectedSlopes,
  gradientDescent,
  localSgd,
  logisticProblem,
  methods,
  networkSchema,
  outerStep,
  type Problem,
  planCosts,
  problemConfigSchema,
  Schedule,
  type ScheduleOptions,
  simulate,
  spreadsAt,
  syntheticProblem,
  theoreticalStep,
} from "../../src/systems/local-sgd/index.ts";
import { describeWith } from "../programs.ts";
import { redisServer, startRedis } from "../redis-server.ts";
import { roomCommand } from "../room-command.ts";

const { printed, run: local, runJson: localJson } = roomCommand(localSgd);
const folder = mkdtempSync(join(tmpdir(), "tenfold-local-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const place = (name: string) => join(folder, name);
const inProcess = engineSchema.parse({});

function synthetic(options: Partial<Parameters<typeof syntheticProblem>[0]> = {}): Problem {
  return syntheticProblem({
    task: "quadratic",
    workers: 4,
    components: 24,
    dim: 3,
    smoothness: 4,
    strongConvexity: 1,
    intra: 1,
    inter: 1,
    componentWise: 0.5,
    start: 1,
    seed: 81_000,
    ...options,
  });
}

describe("schedules", () => {
  const sizes = fc
    .record({
      workers: fc.integer({ min: 1, max: 6 }),
      each: fc.integer({ min: 1, max: 4 }),
      localSteps: fc.integer({ min: 1, max: 5 }),
      epochs: fc.integer({ min: 1, max: 3 }),
      seed: fc.integer(),
    })
    .map(({ each, ...rest }) => ({ ...rest, components: rest.workers * rest.localSteps * each }));

  it("visit every component once an epoch where they reshuffle, and B a round", () => {
    fc.assert(
      fc.property(sizes, fc.boolean(), fc.constantFrom("local-rr", "minibatch-rr"), (size, sync, method) => {
        const schedule = new Schedule({ ...size, sync, method } as ScheduleOptions);
        const rounds = size.components / size.localSteps;
        for (let worker = 0; worker < size.workers; worker++) {
          for (let epoch = 0; epoch < size.epochs; epoch++) {
            const visited = Array.from({ length: rounds }, (_, r) => [
              ...schedule.components(epoch * rounds + r, worker),
            ]);
            expect(visited.every(({ length }) => length === size.localSteps)).toBe(true);
            expect(visited.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: size.components }, (_, i) => i));
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("cover every component once over all workers in the first N/M positions, where they are synchronized", () => {
    fc.assert(
      fc.property(sizes, (size) => {
        const schedule = new Schedule({ ...size, sync: true, method: "local-rr" });
        const first = size.components / size.workers;
        const visited = Array.from({ length: size.workers }, (_, m) => [...schedule.visits(0, m)].slice(0, first));
        expect(visited.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: size.components }, (_, i) => i));
      }),
      { numRuns: 60 },
    );
  });

  it("do not depend on who asks in which order", () => {
    const options = {
      method: "local-rr",
      sync: false,
      workers: 3,
      components: 12,
      localSteps: 4,
      epochs: 2,
      seed: 7,
    } as const;
    const [one, other] = [new Schedule(options), new Schedule(options)];
    const forwards = [0, 1, 2, 3, 4, 5].map((round) => [...one.components(round, 1)]);
    const backwards = [5, 4, 3, 2, 1, 0].map((round) => [...other.components(round, 1)]).reverse();
    expect(backwards).toEqual(forwards);
    expect(forwards.slice(0, 3)).not.toEqual(forwards.slice(3));
  });
});

describe("methods that must coincide", () => {
  const rate = 0.05;
  const base = { components: 24, epochs: 5, seed: 81_100 };

  it("local and minibatch with one component a round, with and without replacement", () => {
    for (const kind of ["rr", "sgd"] as const) {
      const [a, b] = (["local", "minibatch"] as const).map((name) =>
        simulate(synthetic(), { ...base, method: `${name}-${kind}`, sync: false, workers: 4, localSteps: 1 }, rate),
      );
      expect(a).toEqual(b);
    }
  });

  it("one worker, however many steps a round takes", () => {
    const alone = synthetic({ workers: 1, inter: 0 });
    const runs = [1, 4, 24].map((localSteps) =>
      simulate(alone, { ...base, method: "local-rr", sync: false, workers: 1, localSteps }, rate),
    );
    expect(runs[1]).toEqual(runs[0]);
    expect(runs[2]).toEqual(runs[0]);
  });

  it.each([
    { workers: 4, localSteps: 6 },
    { workers: 8, localSteps: 3 },
  ])("synchronized minibatches of all components ($workers x $localSteps) and gradient descent", (size) => {
    const alike = synthetic({ task: "skewed", workers: size.workers, inter: 0, componentWise: 0 });
    const options = { ...base, ...size, method: "minibatch-rr", sync: true } as const;
    const steps = (base.components / size.localSteps) * base.epochs;
    expect(simulate(alike, options, rate)).toBeAllclose(gradientDescent(alike, rate, steps), {
      rtol: 1e-12,
      atol: 1e-14,
    });
    // Without synchronizing it is not.
    const plain = simulate(alike, { ...options, sync: false }, rate);
    expect(Math.abs(plain[0]! - gradientDescent(alike, rate, steps)[0]!)).toBeGreaterThan(1e-6);
  });
});

describe("problems", () => {
  it.each([
    ["quadratic", synthetic()],
    ["skewed", synthetic({ task: "skewed", inter: 0, componentWise: 0 })],
  ])("%s: gradients are those of F, and F* = 0 at 0", (_, problem) => {
    const random = new Random(81_200);
    const x = Float64Array.from({ length: 3 }, () => random.normal());
    checkGradient(problem, x);
    expect(problem.objective(new Float64Array(3))).toBe(0);
    const atOptimum = meanGradient(problem, new Float64Array(3));
    expect(atOptimum).toBeAllclose(new Float64Array(3), { atol: 1e-12 });
  });

  it("logistic: gradients are those of F, and F* is the least", async () => {
    const data = await loadDataset("wine", { split: "all" });
    const options = {
      workers: 3,
      localSteps: 5,
      sync: false,
      positive: "2",
      l2: 0.05,
      shards: "by-label",
      seed: 3,
    } as const;
    const problem = logisticProblem(data, options);
    expect(problem).toMatchObject({ components: 55, droppedRows: 13, classes: ["not 2", "2"] });
    const random = new Random(81_300);
    const x = Float64Array.from({ length: problem.dim }, () => random.normal(0, 0.3));
    checkGradient(problem, x);
    const found = gradientDescent(problem, 1 / problem.smoothness, 3000);
    expect(problem.objective(found)).toBeGreaterThanOrEqual(problem.optimum! - 1e-14);
    expect(problem.objective(found)).toBeLessThan(problem.optimum! + 1e-6);
    expect(problem.error(found)).toBeLessThan(0.05);
  });

  it("have the spreads that were asked for", () => {
    const spreads = spreadsAt(synthetic({ intra: 0.7, inter: 0, componentWise: 0 }), new Float64Array(3).fill(0.2));
    expect(spreads.intra).toBeCloseTo(0.7, 12);
    expect(spreads.inter).toBeCloseTo(0, 12);
    expect(spreads.componentWise).toBeCloseTo(0, 12);
    const apart = spreadsAt(synthetic({ intra: 0, inter: 0.9, componentWise: 0 }), new Float64Array(3));
    expect(apart.inter).toBeCloseTo(0.9, 12);
    expect(apart.componentWise).toBeCloseTo(0.9, 12);
  });
});

/** Central differences of F against the mean of the components' gradients. */
function checkGradient(problem: Problem, x: Float64Array): void {
  const step = 1e-5;
  const numeric = x.map((_, j) => {
    const at = (move: number) => problem.objective(x.map((xk, k) => (k === j ? xk + move : xk)));
    return (at(step) - at(-step)) / (2 * step);
  });
  expect(meanGradient(problem, x)).toBeAllclose(numeric, { rtol: 1e-6, atol: 1e-8 });
}

function meanGradient(problem: Problem, x: Float64Array): Float64Array {
  const mean = new Float64Array(problem.dim);
  for (let m = 0; m < problem.workers; m++) {
    for (let i = 0; i < problem.components; i++) {
      componentGradient(problem, m, i, x).forEach((value, j) => {
        mean[j]! += value / problem.workers / problem.components;
      });
    }
  }
  return mean;
}

describe("the outer optimizer", () => {
  it("takes the mean as it is, or DiLoCo's step", () => {
    const x = Float64Array.of(1, 2);
    const options = { outer: "nesterov", outerRate: 0.5, outerMomentum: 0.8 } as const;
    const velocity = Float64Array.of(1, 0);
    expect(outerStep({ ...options, outer: "average" }, x, Float64Array.of(0, 2), undefined)).toEqual(
      Float64Array.of(0, 2),
    );
    // g = 1, v = 0.8 + 1 = 1.8, x - 0.5 (1 + 0.8 * 1.8) = -0.22
    expect(outerStep(options, x, Float64Array.of(0, 2), velocity)).toBeAllclose([-0.22, 2]);
    expect(velocity).toBeAllclose([1.8, 0]);
  });

  it("is the average with rate 1 and no momentum", () => {
    const step = outerStep(
      { outer: "nesterov", outerRate: 1, outerMomentum: 0 },
      Float64Array.of(4),
      Float64Array.of(3),
      new Float64Array(1),
    );
    expect(step).toEqual(Float64Array.of(3));
  });
});

describe("rates on unseen seeds", () => {
  const bench = (options: Partial<BenchConfig>, seed: number) => benchMethods(benchSchema.parse(options), seed);

  it("slopes in K are within 0.4 of those of the theory with its logarithm", { timeout: 60_000 }, async () => {
    const sizes = { components: 64, workers: 4, localSteps: 4, repeats: 12 };
    for (const { name, slope } of (await bench(sizes, 82_001)).methods) {
      expect(Math.abs(slope!.value - expectedSlopes.epochs[name]), `${name}: ${slope!.value}`).toBeLessThanOrEqual(0.4);
      expect(slope!.interval[0]).toBeLessThan(slope!.value);
    }
  });

  it("shuffling beats drawing with replacement, and workers that differ gain nothing from sync", {
    timeout: 60_000,
  }, async () => {
    const sizes = { components: 64, workers: 8, localSteps: 4, values: [32, 64], repeats: 12 };
    const names = ["minibatch-sgd", "minibatch-rr", "minibatch-rr+sync"] as const;
    const gains = async (componentWise: number) => {
      const { methods: rates } = await bench(
        { ...sizes, methods: [...names], componentWise, task: "quadratic" },
        82_002,
      );
      const [drawn, plain, sync] = rates.map(({ errors }) => errors.at(-1)!.value) as [number, number, number];
      return { shuffling: drawn / plain, sync: plain / sync };
    };
    const alike = await gains(0);
    expect(alike.shuffling).toBeGreaterThan(5);
    expect(alike.sync).toBeGreaterThan(3);
    expect((await gains(1)).sync).toBeLessThan(1.5);
  });

  it("takes the theorems' step, and 1/L where that is not stable", () => {
    const problem = synthetic();
    const size = { sync: false, workers: 4, components: 24, localSteps: 6, seed: 0 };
    const long = { ...size, method: "minibatch-rr", epochs: 1000 } as const;
    const log = Math.log(4 * 24 * 1000 ** 2);
    expect(theoreticalStep(problem, long).rate).toBeCloseTo((6 * log) / (24 * 1000), 15);
    expect(theoreticalStep(problem, { ...long, method: "local-rr" }).rate).toBeCloseTo(log / (24 * 1000), 15);
    const short = theoreticalStep(problem, { ...long, epochs: 1 });
    expect(short.rate).toBe(1 / 4);
    expect(short.capped).toBeGreaterThan(1 / 4);
  });
});

describe("plans", () => {
  const costs = { error: 1e-6, epochSeconds: 1 };
  const spreads = { intra: 1, inter: 0.5, componentWise: 0.1 };
  const best = (roundSeconds: number, method: string) =>
    bestOfEach(planCosts({ workers: 8, components: 1024 }, spreads, { ...costs, roundSeconds })).find(
      (cost) => cost.method === method,
    )!;

  it("take more local steps the dearer an exchange is, and never too many for minibatches", () => {
    const sizes = [1e-6, 1e-3, 0.1, 10].map((seconds) => best(seconds, "local-rr").localSteps);
    expect(sizes).toEqual([...sizes].sort((a, b) => a - b));
    expect(sizes[0]).toBeLessThan(sizes.at(-1)!);
    expect(best(1, "minibatch-rr").localSteps).toBe(512);
  });

  it("are the paper's formulas", () => {
    const { epochs, rounds, seconds } = planCosts({ workers: 4, components: 100 }, spreads, {
      ...costs,
      roundSeconds: 2,
    }).find((cost) => cost.method === "local-rr" && cost.localSteps === 25)!;
    expect(epochs).toBeCloseTo(1000 * (1 / 20 + 5 / 100 + (0.5 * 25) / 100), 9);
    expect(rounds).toBeCloseTo(4 * epochs, 9);
    expect(seconds).toBeCloseTo(epochs + 2 * rounds, 9);
  });
});

describe("runs", () => {
  const config = problemConfigSchema.parse({ workers: 3, components: 24, localSteps: 4, epochs: 8, dim: 5 });
  const run = { kind: "problem", config, seed: 83_000 } as const;

  it("are the simulation, bit for bit", async () => {
    for (const method of methods) {
      const own = { ...config, method };
      const outcome = await execute({ ...run, config: own }, inProcess);
      const problem = syntheticProblem({ ...own, task: "skewed", components: 24, seed: run.seed });
      const options = { ...own, components: 24, seed: run.seed };
      const x = simulate(problem, options, theoreticalStep(problem, options).rate);
      expect(new Float64Array(Uint8Array.from(outcome.weights).buffer)).toEqual(x);
      expect(outcome.history).toHaveLength(8);
      expect(outcome.history.at(-1)!.suboptimality).toBe(problem.objective(x));
    }
  });

  it("stopped and gone on with end with the same bytes, history and counts", async () => {
    const whole = await execute(run, inProcess, { folder: place("whole") });
    const stop = new AbortController();
    const onRound = ({ round }: { round: number }) => round === 19 && stop.abort();
    const half = await execute(run, inProcess, { folder: place("half"), signal: stop.signal, onRound });
    expect(half).toMatchObject({ finished: false, rounds: 20 });
    const rest = await execute(run, inProcess, { folder: place("half"), resume: true });
    expect(rest).toEqual(whole);
    const lines = (name: string) => readFileSync(join(place(name), "metrics.jsonl"), "utf8");
    expect(lines("half")).toBe(lines("whole"));
    const other = { ...run, seed: 1 };
    await expect(execute(other, inProcess, { folder: place("half"), resume: true })).rejects.toThrow(
      /"local": expected/,
    );
    await expect(execute(run, inProcess, { folder: place("half") })).rejects.toThrow(/found a run/);
  });

  it("that diverge keep what they reached, and say what to begin anew with", async () => {
    const wild = { ...run, config: { ...config, learningRate: 3, epochs: 400 } };
    // F is beyond the numbers while its weights are still within them.
    await expect(execute(wild, inProcess, { folder: place("wild") })).rejects.toThrow(
      /^round 59: expected a finite objective, found Infinity\. Hint: begin anew with a learning rate below 3\.00, or with a smaller problem$/,
    );
    const oneEpoch = { ...wild, config: { ...wild.config, learningRate: 1e60, epochs: 1 } };
    await expect(execute(oneEpoch, inProcess, { folder: place("wilder") })).rejects.toThrow(
      /^round \d, worker 0, step \d: expected finite weights, .* Hint: begin anew with a learning rate below 1\.00e\+60, or check the data/,
    );
    expect(JSON.parse(readFileSync(join(place("wild"), "checkpoints", "index.json"), "utf8"))).toMatchObject([
      { step: 59 },
    ]);
  });

  it("belong to one process at a time", async () => {
    const others: Promise<void>[] = [];
    const second = () =>
      expect(execute(run, inProcess, { folder: place("busy"), resume: true })).rejects.toThrow(
        `expected a run that nobody is at, found one that process ${process.pid} is at`,
      );
    await execute(run, inProcess, {
      folder: place("busy"),
      onRound: ({ round }) => round === 2 && others.push(second()),
    });
    expect(others).toHaveLength(1);
    await others[0];
  });

  it("are not gone on with where run.json was edited", async () => {
    const path = place("edited");
    await execute(run, inProcess, { folder: path });
    const file = join(path, "run.json");
    const saved = readFileSync(file, "utf8");
    const edits: [from: string, to: string, message: string][] = [
      ['"workers": 3', '"workers": "x"', `${file}, "local.config.workers": expected number, found "x"`],
      ['"workers": 3', '"workers": "3"', `${file}, "local.config.workers": expected 3, found "3"`],
      ['"epochs": 8', '"epochs": 1', `${file}: expected the run that the checkpoints are of, found another`],
      ['"in-process"', '"foo"', `${file}, "engine.engine": expected one of`],
      ['"problem"', '"what"', `${file}, "local.kind": expected`],
      ['"local"', '"other"', `${path}: expected a run of tenfold local run or tenfold local train`],
    ];
    for (const [from, to, message] of edits) {
      expect(saved).toContain(from);
      writeFileSync(file, saved.replace(from, to));
      await local("resume", path);
      expect(printed.errors, to).toContain(`tenfold: ${message}`);
      expect(printed.errors.trim().split("\n")).toHaveLength(1);
      expect(process.exitCode).toBe(2);
    }
    writeFileSync(file, saved);
    process.exitCode = undefined;
    await localJson("resume", path);
    expect(process.exitCode).toBeUndefined();
  });
});

describe("networks", () => {
  const config = networkSchema.parse({
    workers: 3,
    batchSize: 20,
    localSteps: 3,
    epochs: 2,
    hidden: [16],
    learningRate: 0.3,
  });

  it("learn, with any inner optimizer, and resume with the same bytes", { timeout: 60_000 }, async () => {
    for (const own of [
      { ...config, epochs: 12 },
      { ...config, epochs: 12, optimizer: "adamw", learningRate: 0.01, outer: "nesterov", outerMomentum: 0.5 } as const,
    ]) {
      const run = { kind: "network", config: own, seed: 84_000 } as const;
      const whole = await execute(run, inProcess);
      expect(whole.history.at(-1)!.testAccuracy, own.optimizer).toBeGreaterThan(0.8);
      const stop = new AbortController();
      const name = `network-${own.optimizer}`;
      await execute(run, inProcess, {
        folder: place(name),
        signal: stop.signal,
        onRound: ({ round }) => round === 5 && stop.abort(),
      });
      const rest = await execute(run, inProcess, { folder: place(name), resume: true });
      expect(rest.weightsSha256).toBe(whole.weightsSha256);
    }
  });

  it("with one local step, local and minibatch are the same", { timeout: 60_000 }, async () => {
    const shas = [];
    for (const method of ["local-rr", "minibatch-rr"] as const) {
      const own = { ...config, method, localSteps: 1, epochs: 1 };
      shas.push((await execute({ kind: "network", config: own, seed: 84_001 }, inProcess)).weightsSha256);
    }
    expect(shas[1]).toBe(shas[0]);
  });

  it("leave a folder with the model as ONNX", { timeout: 60_000 }, async () => {
    const words = ["train", "--workers", "2", "--epochs", "1", "--hidden", "8", "--out", place("onnx")];
    const { final, rounds } = await localJson<{ final: { testAccuracy: number }; rounds: number }>(...words);
    expect(rounds).toBe(11);
    expect(final.testAccuracy).toBeGreaterThan(0);
    const { openOnnx } = await import("../../src/engine/index.ts");
    const session = await openOnnx(readFileSync(join(place("onnx"), "model.onnx")));
    expect(session).toBeDefined();
    await session.release();
    expect(JSON.parse(readFileSync(join(place("onnx"), "report.json"), "utf8"))).toMatchObject({ rounds: 11, final });
  });
});

describe("tenfold local", () => {
  it("run prints one document, the same for the same seed, and the same in threads", { timeout: 60_000 }, async () => {
    type Document = { weightsSha256: string; history: unknown[]; rounds: number; bytesSent: number; retries: number };
    const words = ["run", "--workers", "3", "--components", "12", "--local-steps", "4", "--epochs", "5", "--dim", "2"];
    const one = await localJson<Document>(...words);
    expect(one).toMatchObject({ rounds: 15, bytesSent: 15 * 3 * 2 * 16, retries: 0 });
    expect(one.history).toHaveLength(5);
    expect((await localJson<Document>(...words)).weightsSha256).toBe(one.weightsSha256);
    expect((await localJson<Document>(...words, "--seed", "1")).weightsSha256).not.toBe(one.weightsSha256);
    await local(...words, "--quorum", "2");
    expect(printed.out).toContain("quorum 2: no rounds went without a worker; no theorem covers a quorum\n");
    const quorum = await localJson<Document & { quorum: unknown }>(...words, "--quorum", "2");
    expect(quorum.weightsSha256).toBe(one.weightsSha256);
    expect(quorum.quorum).toEqual({ required: 2, shortRounds: 0, theory: "none covers a quorum" });
    const threads = await localJson<Document>(...words, "--engine", "threads", "--threads", "2");
    expect(threads).toMatchObject({ weightsSha256: one.weightsSha256, history: one.history });
  });

  it("run works on a table of one's own, and resume goes on from the folder alone", async () => {
    const file = place("points.csv");
    const random = new Random(85_000);
    const rows = Array.from({ length: 90 }, () => {
      const [x, y] = [random.normal(), random.normal()];
      return `${x},${y},${x - y + random.normal(0, 0.3) > 0 ? "up" : "down"}`;
    });
    writeFileSync(file, ["x,y,side", ...rows].join("\n"));
    const out = place("logistic");
    const words = [
      "run",
      "--task",
      "logistic",
      "--data",
      relative(process.cwd(), file),
      "--label",
      "side",
      "--workers",
      "4",
      "--local-steps",
      "3",
    ];
    const more = ["--epochs", "40", "--l2", "0.05", "--learning-rate", "0.02", "--out", out];
    const { final } = await localJson<{ final: { suboptimality: number } }>(...words, ...more);
    expect(final.suboptimality).toBeGreaterThanOrEqual(0);
    expect(final.suboptimality).toBeLessThan(0.01);
    // Workers and later resumptions are elsewhere.
    const { config } = (JSON.parse(readFileSync(join(out, "run.json"), "utf8")) as { local: { config: object } }).local;
    expect(config).toMatchObject({ data: file });
    const again = await localJson<{ weightsSha256: string; finished: boolean }>("resume", out, "--engine", "threads");
    expect(again.finished).toBe(true);
    writeFileSync(file, ["x,y,side", ...rows.slice(1), rows[0]].join("\n"));
    await local("resume", out);
    expect(printed.errors).toMatch(/^tenfold: points: expected the data that the run was started with, sha256 /);
  });

  it("plan names the best number of local steps of each method", async () => {
    const words = ["plan", "--workers", "4", "--components", "32", "--local-steps", "4", "--epoch-ms", "5"];
    const { best, nu } = await localJson<{ best: { method: string }[]; nu: number }>(...words, "--round-ms", "1");
    expect(best.map(({ method }) => method).sort()).toEqual([
      "local-rr",
      "local-rr+sync",
      "minibatch-rr",
      "minibatch-rr+sync",
    ]);
    expect(nu).toBeCloseTo(1, 6);
    await local(...words);
    expect(printed.out).toContain("best B");
  });

  it("bench prints slopes with intervals", async () => {
    const words = [
      "bench",
      "--components",
      "16",
      "--local-steps",
      "4",
      "--workers",
      "2",
      "--repeats",
      "3",
      "--values",
      "8,16",
    ];
    await local(...words, "--methods", "minibatch-rr,local-rr+sync");
    expect(printed.out).toMatch(/local-rr\+sync .*-\d\.\d\d \[-\d/);
  });

  it.each<[string, string[], string]>([
    [
      "B that does not divide N",
      ["run", "--local-steps", "7"],
      "--local-steps: expected a divisor of the 256 components of a worker, such as 4 or 8, found 7. Hint: or take --components 252 or 266",
    ],
    [
      "M that does not divide N with sync",
      ["run", "--sync", "--workers", "6"],
      "--workers: expected with --sync, a divisor of the 256 components of a worker, such as 4 or 8, found 6. Hint: or take --components 240 or 264",
    ],
    ["sync without shuffling", ["run", "--sync", "--method", "local-sgd"], "--sync: expected a method that reshuffles"],
    ["a problem with data", ["run", "--data", "wine"], "--data: expected --task logistic to go with it"],
    [
      "logistic without data",
      ["run", "--task", "logistic"],
      "--data: expected a dataset for --task logistic, found none",
    ],
    ["a file that is not there", ["run", "--task", "logistic", "--data", "nowhere.csv", "--label", "y"], "nowhere.csv"],
    ["three classes", ["run", "--task", "logistic", "--data", "wine"], "wine: expected two classes, found 3"],
    [
      "more rows than there are",
      ["run", "--task", "logistic", "--data", "wine", "--positive", "1", "--components", "64"],
      "--components: expected 8 times 64 rows",
    ],
    ["odd components", ["run", "--components", "9", "--local-steps", "3"], "--components: expected an even number"],
    ["skewed workers that differ", ["run", "--inter", "1"], "--task skewed: expected workers that are alike"],
    [
      "odd workers with tau",
      ["run", "--task", "quadratic", "--inter", "1", "--workers", "3"],
      "--workers: expected an even number with --inter",
    ],
    [
      "made-up spreads with data",
      ["run", "--task", "logistic", "--data", "iris", "--dim", "3"],
      "--dim: expected --task quadratic or skewed to go with it, found --task logistic. Hint: leave --dim out",
    ],
    ["a label without data", ["plan", "--label", "y"], "--label: expected --task logistic to go with it"],
    [
      "outer settings of an average",
      ["run", "--outer-rate", "1"],
      "--outer-rate: expected --outer nesterov to go with",
    ],
    [
      "momentum of Adam",
      ["train", "--optimizer", "adamw", "--momentum", "0.5"],
      "--momentum: expected --optimizer sgd",
    ],
    [
      "widths of a LeNet",
      ["train", "--model", "lenet", "--hidden", "8"],
      "--hidden: expected --model mlp to go with it",
    ],
    ["threads of one process", ["run", "--threads", "2"], "--threads: expected --engine threads to go with it"],
    ["Redis for threads", ["run", "--engine", "threads", "--redis", "redis://x"], "--redis: expected --engine bullmq"],
    ["spreads between alike workers in a bench", ["bench", "--inter", "1"], "--task skewed: expected workers that are"],
    ["a method twice", ["bench", "--methods", "local-rr,local-rr"], "--methods: expected each method once"],
    [
      "a size that varies",
      ["bench", "--epochs", "3"],
      "--epochs: expected --vary workers or local-steps to go with it",
    ],
    ["layers beyond the memory", ["train", "--hidden", "2000000000"], "--hidden: expected layers that fit into the"],
    ["a place that takes no folders", ["run", "--out", "/proc/nowhere"], "/proc/nowhere: expected a writable place"],
    [
      "an error beyond the numbers",
      ["bench", "--start", "1e200"],
      "found F - F* = Infinity. Hint: take a smaller --start",
    ],
    ["a result beyond the numbers", ["run", "--start", "1e200"], ": expected a finite objective, found Infinity"],
    ["spreads beyond the numbers", ["plan", "--start", "1e200"], "found nu = Infinity. Hint: take a smaller --start"],
    ["a quorum above M", ["run", "--quorum", "9"], "--quorum: expected at most the 8 workers, found 9"],
    ["a diverging step", ["run", "--learning-rate", "9", "--epochs", "500"], "worker 0, step"],
    [
      "Adam on mean gradients",
      ["train", "--method", "minibatch-rr", "--optimizer", "adamw"],
      "--optimizer: expected sgd for --method minibatch-rr",
    ],
    [
      "too few examples",
      ["train", "--workers", "64", "--local-steps", "16"],
      "digits: expected at least 256 examples for each of 64 workers",
    ],
    ["no run", ["resume", "/nowhere"], "/nowhere: expected a run folder with a run.json, found none"],
    ["an unknown engine", ["run", "--engine", "bulmq"], "did you mean --engine bullmq?"],
    ["one value", ["bench", "--values", "8,8"], "--values: expected at least two different values"],
    [
      "no Redis",
      ["run", "--engine", "bullmq", "--redis", "redis://127.0.0.1:1"],
      "--redis redis://127.0.0.1:1: expected a Redis server",
    ],
    [
      "a host of no metrics",
      ["worker", "--metrics-host", "::1"],
      "--metrics-host: expected --metrics-port to go with it",
    ],
    [
      "a worker without Redis",
      ["worker", "--redis", "redis://127.0.0.1:1"],
      "--redis redis://127.0.0.1:1: expected a Redis server",
    ],
  ])("refuses %s in one line, exit 2", async (_, words, message) => {
    await local(...words);
    expect(printed.errors).toContain(message);
    expect(printed.errors.trim().split("\n")).toHaveLength(1);
    expect(printed.errors).toMatch(/^tenfold: /);
    expect(printed.out).toBe("");
    expect(process.exitCode).toBe(2);
  });
});

describe("values that are proposed in place of wrong ones", () => {
  const cases = [
    "run --local-steps 7",
    "run --workers 3 --sync",
    "run --workers 6 --sync --local-steps 7",
    "run --workers 6 --sync --task quadratic --inter 1",
    "run --workers 6 --sync --components 9 --task quadratic --local-steps 3",
    "run --workers 1000 --sync --components 1000000 --local-steps 7 --dim 1 --task quadratic --workers 7",
    "run --task logistic --data iris --positive setosa --workers 4 --components 29 --local-steps 7",
    "run --task logistic --data iris --positive setosa --components 24 --workers 5 --sync",
    "plan --local-steps 7",
    "bench --local-steps 7 --methods local-rr --values 1,2 --repeats 2",
    "bench --vary local-steps --values 7,8 --methods local-rr --repeats 2 --epochs 2",
    "bench --vary workers --values 3,4 --methods local-rr+sync,local-rr --repeats 2 --epochs 2",
  ];

  it.each(cases)("%s", { timeout: 60_000 }, async (line) => {
    const words = line.split(" ");
    const short = words[0] === "bench" ? [] : ["--epochs", "1"];
    await local(...words, ...short);
    expect(process.exitCode).toBe(2);
    const [, option, values = ""] = /^tenfold: (--\S+): .*?(?:, such as (.*?))?, found/.exec(printed.errors)!;
    const wrong = /, found (\d+)/.exec(printed.errors)![1]!;
    const components = /or take --components (.*)/.exec(printed.errors)?.[1] ?? "";
    const replaced = (value: string) => {
      const own = words.map((word, at) => (words[at - 1] === option ? word.replace(wrong, value) : word));
      return own.includes(option!) ? own : [...own, option!, value];
    };
    const split = (text: string) => text.trim().split(" or ").filter(Boolean);
    const proposals = [
      ...split(values).map(replaced),
      ...split(components).map((value) => [...words, "--components", value]),
    ];
    expect(proposals.length, printed.errors).toBeGreaterThan(0);
    for (const proposal of proposals) {
      process.exitCode = undefined;
      await local(...proposal, ...short);
      expect(printed.errors, proposal.join(" ")).toBe("");
      expect(process.exitCode).toBeUndefined();
    }
  });
});

describe("long work", () => {
  it("of a bench stops within a round when asked", { timeout: 20_000 }, async () => {
    const stop = new AbortController();
    const config = benchSchema.parse({
      components: 10_000,
      epochs: 1000,
      values: [1000, 100_000],
      methods: ["local-rr"],
    });
    const begin = performance.now();
    setTimeout(() => stop.abort(), 300);
    await expect(benchMethods(config, 0, { signal: stop.signal })).rejects.toThrow(/abort/i);
    expect(performance.now() - begin).toBeLessThan(5000);
  });
});

describeWith(redisServer, "the password of Redis", () => {
  it("is kept out of the run's folder, and asked for again", { timeout: 60_000 }, async () => {
    const redis = await startRedis({ requirepass: "s3cret" });
    try {
      const folder = place("password");
      const options = { engine: "bullmq", redis: `redis://:s3cret@127.0.0.1:${redis.port}` };
      const config = problemConfigSchema.parse({ workers: 2, epochs: 1 });
      const run = { kind: "problem", config, seed: 1 } as const;
      const stopped = { folder, signal: AbortSignal.abort() };
      await execute(run, engineSchema.parse(options), stopped);
      const saved = readFileSync(join(folder, "run.json"), "utf8");
      expect(saved).not.toContain("s3cret");
      expect(saved).toContain(`"redis://127.0.0.1:${redis.port}"`);
      await local("resume", folder);
      expect(printed.errors).toMatch(
        /expected to be let in, found NOAUTH.*Hint: put the password into TENFOLD_REDIS_PASSWORD, or into the address: --redis /,
      );
      vi.stubEnv("TENFOLD_REDIS_PASSWORD", "s3cret");
      const { engine } = JSON.parse(saved) as { engine: z.input<typeof engineSchema> };
      await execute(run, engineSchema.parse(engine), { ...stopped, resume: true });
    } finally {
      vi.unstubAllEnvs();
      await redis.stop();
    }
  });
});

describeWith(redisServer, "tenfold local worker", () => {
  const main = join(import.meta.dirname, "..", "..", "src", "cli", "main.ts");
  const node = ["--import", "tsx", main, "local"];

  it("computes for a run, serves metrics, and leaves when told", { timeout: 180_000 }, async () => {
    const redis = await startRedis();
    const worker = spawn(process.execPath, [...node, "worker", "--redis", redis.url, "--metrics-port", "0"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    try {
      let said = "";
      const metrics = await new Promise<string>((resolve, reject) => {
        worker.once("exit", () => reject(new Error(`the worker ended: ${said}`)));
        worker.stderr.on("data", (chunk) => {
          said += chunk;
          const [, url] = /metrics at (\S+)/.exec(said) ?? [];
          if (url) resolve(url);
        });
      });
      const words = ["run", "--workers", "2", "--components", "12", "--local-steps", "4", "--epochs", "2"];
      const one = await localJson<{ weightsSha256: string }>(...words);
      // In a process of its own, as the version of the code is a hash of the files that run.
      const args = [...node, ...words, "--engine", "bullmq", "--redis", redis.url, "--json", "--quiet"];
      const found = spawnSync(process.execPath, args, { encoding: "utf8" });
      expect(found.stderr).toBe("");
      expect(JSON.parse(found.stdout)).toMatchObject({ weightsSha256: one.weightsSha256, rounds: 6 });
      const text = await (await fetch(metrics)).text();
      expect(text).toContain('tenfold_jobs_total{kind="share",outcome="done"} 12');
      expect(text).toContain('tenfold_jobs_total{kind="average",outcome="done"} 6');
      const network = "train --data digits --hidden 8 --workers 2 --local-steps 10 --epochs 1".split(" ");
      const here = await localJson<{ weightsSha256: string }>(...network);
      const onFleet = [...node, ...network, "--engine", "bullmq", "--redis", redis.url, "--json", "--quiet"];
      const trained = spawnSync(process.execPath, onFleet, { encoding: "utf8" });
      expect(trained.stderr).toBe("");
      expect(JSON.parse(trained.stdout)).toMatchObject({ weightsSha256: here.weightsSha256 });
      const left = new Promise((resolve) => worker.once("exit", resolve));
      worker.kill("SIGTERM");
      expect(await left).toBe(0);
      expect(said).toMatch(/left after \d+ shares/);
    } finally {
      worker.kill("SIGKILL");
      await redis.stop();
    }
  });

  it("board shows the queues", { timeout: 60_000 }, async () => {
    const redis = await startRedis();
    const { serveBoard } = await import("../../src/dist/index.ts");
    const { Queue } = await import("bullmq");
    const queue = new Queue("share-test", { connection: { url: redis.url }, prefix: "tenfold" });
    await queue.waitUntilReady();
    const board = await serveBoard(redis.url, 0, "127.0.0.1");
    try {
      expect(board.queues).toEqual(["share-test"]);
      const answer = await fetch(new URL("api/queues", board.url));
      expect(await answer.text()).toContain("share-test");
    } finally {
      await board.close();
      await queue.close();
      await redis.stop();
    }
  });
});

describe("claims", () => {
  it("are whole, and those that take a second hold on a seed of their own", { timeout: 60_000 }, async () => {
    const context = { scale: "quick", seed: 86_000, progress() {}, signal: new AbortController().signal } as const;
    const wrong: string[] = [];
    for (const claim of claims) {
      expect(claim.command).toMatch(/^tenfold local /);
      if (!["A2", "A3", "A4", "O1"].includes(claim.id)) continue;
      const finding = await claim.measure(context);
      if (!finding.holds) wrong.push(`${claim.id}: ${finding.found}`);
    }
    expect(wrong).toEqual([]);
  });

  it("stop when asked", async () => {
    const context = { scale: "quick", seed: 0, progress() {}, signal: AbortSignal.abort() } as const;
    for (const claim of claims) await expect(claim.measure(context), claim.id).rejects.toThrow(/abort/i);
  });
});
