import { setImmediate } from "node:timers/promises";
import { ConfigError, Random, type WorkHooks } from "../../core/index.ts";
import { asBeyondNumbers, beyondNumbers } from "./beyond-numbers.ts";
import { checkSizes, leastCommonMultiple } from "./check-sizes.ts";
import type { BenchConfig } from "./config.ts";
import { checkSynthetic, limitsOf } from "./open-problem.ts";
import type { Problem } from "./problem.ts";
import { syntheticProblem } from "./quadratic.ts";
import type { Method, ScheduleOptions } from "./schedule.ts";
import { simulatedRounds } from "./simulate.ts";
import { type Estimate, meanOf, slopeOfMeans } from "./slopes.ts";
import { theoreticalStep } from "./step-size.ts";

/** A method, with or without synchronized shuffling. */
export type BenchMethod = BenchConfig["methods"][number];

/** How a method fared. */
export interface MethodRates {
  readonly name: BenchMethod;
  /** Mean F - F* of the last iterate, by value of what varies. */
  readonly errors: readonly Estimate[];
  /** The step taken, by value. */
  readonly learningRates: readonly number[];
  /** Slope of log error in log value; null where rounding rules the error or a value is 1 and nothing else. */
  readonly slope: Estimate | null;
  /** The values that the slope is fitted through: those whose error is above rounding. */
  readonly fitted: readonly number[];
}

/** What {@link benchMethods} measures. */
export interface MethodsBench {
  readonly vary: BenchConfig["vary"];
  readonly values: readonly number[];
  readonly repeats: number;
  readonly seed: number;
  readonly methods: readonly MethodRates[];
}

const defaultValues = { epochs: [32, 64, 128], workers: [1, 2, 4, 8, 16], "local-steps": [2, 8, 32, 128] } as const;

/** Errors below this are rounding: no slope is fitted through them. */
const rounding = 1e-14;

/**
 * Measures how the error of the last iterate falls with the epochs K, the workers M or the components a round B, at the theorems'
 * step size: the mean over runs of F - F*, and the slope of its logarithm.
 *
 * @throws {ConfigError} where sizes do not divide, or options do not go together; `DivergenceError` where an error is beyond
 * the numbers
 */
export async function benchMethods(config: BenchConfig, seed: number, hooks: WorkHooks = {}): Promise<MethodsBench> {
  const values = config.values ?? defaultValues[config.vary];
  if (new Set(values).size < 2) {
    const expected = "at least two different values, as a slope needs two points";
    throw new ConfigError({ where: "--values", expected, found: values.join(",") });
  }
  const twice = config.methods.find((name, at) => config.methods.indexOf(name) !== at);
  if (twice !== undefined) {
    throw new ConfigError({ where: "--methods", expected: "each method once", found: `${twice} twice` });
  }
  const cases = config.methods.flatMap((name) => values.map((value) => ({ name, value })));
  checkCases(
    config,
    cases.map(({ name, value }) => sizesAt(config, name, value, seed)),
  );
  const total = cases.reduce((sum, { value, name }) => sum + costOf(sizesAt(config, name, value, seed)), 0);
  let done = 0;
  const methods: MethodRates[] = [];
  for (const name of config.methods) {
    const errors: number[][] = [];
    const learningRates: number[] = [];
    for (const value of values) {
      const options = sizesAt(config, name, value, seed);
      const runs: number[] = [];
      for (let repeat = 0; repeat < config.repeats; repeat++) {
        const runSeed = new Random(seed, "local-bench", repeat).integer(0x7fffffff);
        const problem = problemAt(config, options, runSeed);
        const { rate } = theoreticalStep(problem, options);
        const rounds = simulatedRounds(problem, { ...options, seed: runSeed }, rate);
        const error = problem.objective(await lastIterate(rounds, hooks.signal)) - problem.optimum!;
        if (!Number.isFinite(error)) throw beyondNumbers(`${name}, ${config.vary} ${value}`, `F - F* = ${error}`);
        runs.push(error);
        if (repeat === 0) learningRates.push(rate);
        done += costOf(options) / config.repeats;
        hooks.progress?.(Math.min(1, done / total));
      }
      errors.push(runs);
    }
    methods.push(ratesOf(name, values, errors, learningRates, new Random(seed, "local-bench", "bootstrap", name)));
  }
  return { vary: config.vary, values, repeats: config.repeats, seed, methods };
}

/** Milliseconds between two turns of the event loop, in which Ctrl-C comes through. */
const pauseMs = 50;

/** Runs the rounds to their end, unless it is told to stop. */
async function lastIterate(rounds: Generator<void, Float64Array, void>, signal?: AbortSignal): Promise<Float64Array> {
  let pausedAt = Number.NEGATIVE_INFINITY;
  try {
    for (;;) {
      if (performance.now() - pausedAt > pauseMs) {
        await setImmediate();
        signal?.throwIfAborted();
        pausedAt = performance.now();
      }
      const { done, value } = rounds.next();
      if (done) return value;
    }
  } catch (error) {
    throw asBeyondNumbers(error);
  }
}

/** @throws {ConfigError} where a case's sizes do not divide or its options do not go together; what is proposed fits all cases */
function checkCases(config: BenchConfig, cases: readonly ScheduleOptions[]): void {
  const { vary } = config;
  const stepsOption = vary === "local-steps" ? "--values" : "--local-steps";
  const workersOption = vary === "workers" ? "--values" : "--workers";
  for (const sizes of cases) checkSynthetic({ ...config, ...sizes }, workersOption);
  const limits = limitsOf(config);
  const units = cases.flatMap(({ localSteps, sync, workers }) => [localSteps, sync ? workers : 1]);
  const unit = [limits.unit, ...units].reduce(leastCommonMultiple);
  const mostWorkers = Math.max(...cases.map(({ workers }) => workers));
  for (const sizes of cases) {
    const mostOverall = (limits.mostOverall * sizes.workers) / mostWorkers;
    const taken = config.values ?? [];
    checkSizes(sizes, { ...limits, unit, mostOverall, taken, stepsOption, workersOption });
  }
}

function ratesOf(
  name: BenchMethod,
  values: readonly number[],
  errors: readonly number[][],
  learningRates: readonly number[],
  random: Random,
): MethodRates {
  const estimates = errors.map((runs) => meanOf(runs, random));
  const above = values.flatMap((_, at) => (estimates[at]!.value > rounding ? [at] : []));
  const fitted = above.map((at) => values[at]!);
  const slope =
    above.length < 2
      ? null
      : slopeOfMeans(
          fitted,
          above.map((at) => errors[at]!.map((error) => Math.max(error, rounding))),
          random,
        );
  return { name, errors: estimates, learningRates, slope, fitted };
}

/** The schedule's sizes where what varies has `value`. */
function sizesAt(config: BenchConfig, name: BenchMethod, value: number, seed: number): ScheduleOptions {
  const { vary, workers, components, localSteps, epochs } = config;
  return {
    method: name.replace("+sync", "") as Method,
    sync: name.endsWith("+sync"),
    workers: vary === "workers" ? value : workers,
    components,
    localSteps: vary === "local-steps" ? value : localSteps,
    epochs: vary === "epochs" ? value : epochs,
    seed,
  };
}

function problemAt(config: BenchConfig, { workers, components }: ScheduleOptions, seed: number): Problem {
  return syntheticProblem({ ...config, workers, components, seed });
}

/** Gradients of a run. */
function costOf({ workers, components, epochs }: ScheduleOptions): number {
  return workers * components * epochs;
}
