import { Random, type WorkHooks } from "../../core/index.ts";
import { evaluatePowerLaw, fitPowerLaw } from "../../linalg/index.ts";
import type { ClaimContext, Figure, Finding, Series } from "../claim.ts";
import { type BenchMethod, benchMethods, type MethodRates, type MethodsBench } from "./bench.ts";
import { type BenchConfig, benchSchema } from "./config.ts";
import { gradientDescent } from "./gradient-descent.ts";
import { syntheticProblem } from "./quadratic.ts";
import { Schedule, type ScheduleOptions } from "./schedule.ts";
import { simulate } from "./simulate.ts";
import type { Estimate } from "./slopes.ts";

/** How far a slope may lie from the one that the rates give at these sizes, the logarithm in the step size included. */
const tolerance = 0.4;

/** Those slopes in K, M and B - 1; those in K are of 100 runs at N = 256, M = 8, B = 8. */
export const expectedSlopes = {
  epochs: {
    "minibatch-sgd": -0.94,
    "local-sgd": -0.94,
    "minibatch-rr": -1.85,
    "minibatch-rr+sync": -1.79,
    "local-rr": -1.78,
    "local-rr+sync": -1.73,
  } satisfies Record<BenchMethod, number>,
  workers: { "minibatch-rr": -0.84, "minibatch-rr+sync": -1.8 },
  heterogeneousLocalSteps: 2,
} as const;

const format = ({ value, interval }: Estimate) =>
  `${value.toFixed(2)} [${interval.map((edge) => edge.toFixed(2)).join(", ")}]`;

const isNear = (estimate: Estimate | null, target: number): boolean =>
  estimate !== null && Math.abs(estimate.value - target) <= tolerance;

const scientific = (value: number) => value.toExponential(1);

/** The bench of a claim: small enough for the first hour, or at the sizes of the slopes above. */
function sized(scale: ClaimContext["scale"], options: Partial<BenchConfig>): BenchConfig {
  const quick = { components: 64, localSteps: 4, repeats: 6 };
  const full = { components: 256, localSteps: 8, repeats: 30 };
  return benchSchema.parse({ ...(scale === "full" ? full : quick), ...options });
}

const of = (bench: MethodsBench, name: BenchMethod): MethodRates => bench.methods.find((each) => each.name === name)!;

/** A part of a claim's progress. */
function part(context: ClaimContext, from: number, to: number): WorkHooks {
  return {
    signal: context.signal,
    progress: (fraction) => context.progress(from + fraction * (to - from)),
  };
}

/** Log-log error of every method with its interval, and lines along the fitted slopes. */
function errorFigure(bench: MethodsBench, xLabel: string, title: string, caption: string): Figure {
  const series = bench.methods.flatMap(({ name, errors, slope, fitted }): Series[] => {
    const at = fitted.map((value) => errors[bench.values.indexOf(value)]!);
    const y = at.map(({ value }) => value);
    const points: Series = {
      name,
      x: fitted,
      y,
      low: at.map(({ interval: [low] }) => low),
      high: at.map(({ interval: [, high] }) => high),
    };
    if (!slope) return [points];
    const line = evaluatePowerLaw(fitPowerLaw(fitted, y), fitted);
    return [points, { name: `${name}: slope ${slope.value.toFixed(2)}`, x: fitted, y: line, reference: true }];
  });
  return { title, caption, xLabel, yLabel: "F - F*", xScale: "log", yScale: "log", series };
}

/** Every method's errors and slope, for report.json. */
function valuesOf(bench: MethodsBench): Record<string, number | readonly number[]> {
  const values: Record<string, number | readonly number[]> = { [bench.vary]: bench.values, repeats: bench.repeats };
  for (const { name, errors, slope } of bench.methods) {
    values[`${name}-error`] = errors.map(({ value }) => value);
    if (slope) Object.assign(values, { [`${name}-slope`]: slope.value, [`${name}-interval`]: slope.interval });
  }
  return values;
}

/** Claim A1. */
export async function measureEpochs(context: ClaimContext): Promise<Finding> {
  // At quick scale M B is a quarter of N, as at the sizes that the expected slopes are of.
  const size = context.scale === "full" ? {} : { workers: 4, repeats: 12 };
  const config = sized(context.scale, { vary: "epochs", ...size });
  const bench = await benchMethods(config, context.seed, part(context, 0, 1));
  const caption = `Skewed function, M = ${config.workers}, ${bench.repeats} runs of 16 weights: reshuffling falls as 1/K^2, drawing with replacement as 1/K.`;
  return {
    found: bench.methods.map(({ name, slope }) => `${name} ${slope ? format(slope) : "at rounding"}`).join(", "),
    holds: bench.methods.every(({ name, slope }) => isNear(slope, expectedSlopes.epochs[name])),
    values: valuesOf(bench),
    figures: [errorFigure(bench, "epochs K", "Error against epochs", caption)],
  };
}

/** Claim A2. */
export async function measureWorkers(context: ClaimContext): Promise<Finding> {
  const config = sized(context.scale, {
    vary: "workers",
    values: context.scale === "full" ? [1, 2, 4, 8, 16, 32] : [1, 2, 4, 8, 16],
    methods: ["minibatch-rr", "minibatch-rr+sync", "local-rr", "local-rr+sync"],
  });
  const bench = await benchMethods(config, context.seed, part(context, 0, 1));
  const plain = of(bench, "minibatch-rr").slope;
  const sync = of(bench, "minibatch-rr+sync");
  const exact = sync.errors.at(-1)!.value;
  const { workers } = expectedSlopes;
  const caption = `Skewed function, K = ${config.epochs}, B = ${config.localSteps}: synchronized minibatches fall as 1/M^2 until M B = N makes them gradient descent, whose error is rounding and lies below this chart.`;
  return {
    found: `slopes in M: minibatch-rr ${plain ? format(plain) : "none"}, with sync ${sync.slope ? format(sync.slope) : "none"}; ${scientific(exact)} at M B = N`,
    holds: isNear(plain, workers["minibatch-rr"]) && isNear(sync.slope, workers["minibatch-rr+sync"]) && exact <= 1e-14,
    values: valuesOf(bench),
    figures: [errorFigure(bench, "workers M", "Error against workers", caption)],
  };
}

/** Claim A3. */
export async function measureLocalSteps(context: ClaimContext): Promise<Finding> {
  const base = sized(context.scale, { vary: "local-steps", workers: 16, methods: ["minibatch-rr", "local-rr"] });
  const { components } = base;
  const values = [2, 8, components / 4, components / 2, components];
  const bench = await benchMethods({ ...base, values }, context.seed, part(context, 0, 0.8));
  const alone = await benchMethods(
    { ...base, methods: ["local-rr"], workers: 1, values: [components / 2, components] },
    context.seed,
    part(context, 0.8, 1),
  );
  const single = alone.methods[0]!.errors.at(-1)!.value;
  const local = of(bench, "local-rr").errors.map(({ value }) => value);
  const minibatch = of(bench, "minibatch-rr").errors.map(({ value }) => value);
  const flat = Math.max(...minibatch.slice(0, 3)) / Math.min(...minibatch.slice(0, 3));
  const [gainAtTwo, gainAtAll] = [single / local[0]!, single / local.at(-1)!];
  const caption = `Skewed function, M = 16, N = ${components}: minibatches do not mind how many components a round takes; local steps lose what the other workers bring.`;
  return {
    found: `16 workers gain a factor ${gainAtTwo.toFixed(1)} over one at B = 2 and ${gainAtAll.toFixed(2)} at B = N with local-rr; minibatch-rr varies by ${flat.toFixed(2)} up to B = N/4`,
    holds: gainAtTwo >= 4 && gainAtAll <= 2 && flat <= 2,
    values: { ...valuesOf(bench), single, gainAtTwo, gainAtAll, flat },
    figures: [errorFigure(bench, "components a round B", "Error against B", caption)],
  };
}

/** Claim A4. */
export async function measureHeterogeneous(context: ClaimContext): Promise<Finding> {
  const config = sized(context.scale, {
    task: "quadratic",
    dim: 1,
    vary: "local-steps",
    intra: 0.05,
    inter: 1,
    methods: ["local-rr"],
    values: context.scale === "full" ? [2, 4, 8, 16, 32, 64] : [2, 4, 8, 16, 32],
  });
  const slopes: number[] = [];
  let figure: Figure | undefined;
  const seeds = 3;
  for (let at = 0; at < seeds; at++) {
    const seed = new Random(context.seed, "claim-A4", at).integer(0x7fffffff);
    const bench = await benchMethods(config, seed, part(context, at / seeds, (at + 1) / seeds));
    const caption = `Half of the workers ${config.smoothness}x^2/2 + x, half x^2/2 - x: the error of local steps grows as (B - 1)^2.`;
    figure ??= errorFigure(bench, "local steps B", "Workers that differ: error against local steps", caption);
    const x = bench.values.map((value) => value - 1);
    const y = bench.methods[0]!.errors.map(({ value }) => value);
    slopes.push(fitPowerLaw(x, y).slope);
  }
  const [low, high] = [Math.min(...slopes), Math.max(...slopes)];
  const target = expectedSlopes.heterogeneousLocalSteps;
  return {
    found: `slope ${((low + high) / 2).toFixed(2)} in B - 1 (${low.toFixed(2)} to ${high.toFixed(2)} over ${seeds} seeds)`,
    holds: slopes.every((slope) => Math.abs(slope - target) <= tolerance),
    values: { slopes },
    figures: figure ? [figure] : [],
  };
}

/** Claim A5. */
export async function measureSyncGain(context: ClaimContext): Promise<Finding> {
  const methods: BenchMethod[] = ["minibatch-rr", "minibatch-rr+sync"];
  const gainWith = async (componentWise: number, from: number) => {
    const config = sized(context.scale, {
      task: "quadratic",
      vary: "epochs",
      values: [32, 64],
      methods,
      componentWise,
      repeats: context.scale === "full" ? 60 : 15,
    });
    const { methods: rates } = await benchMethods(config, context.seed, part(context, from, from + 0.5));
    const [plain, sync] = rates.map(({ errors }) => errors.at(-1)!) as [Estimate, Estimate];
    return {
      gain: plain.value / sync.value,
      interval: [plain.interval[0] / sync.interval[1], plain.interval[1] / sync.interval[0]] as const,
    };
  };
  const alike = await gainWith(0, 0);
  const apart = await gainWith(1, 0.5);
  const text = ({ gain, interval: [low, high] }: typeof alike) =>
    `${gain.toFixed(2)} [${low.toFixed(2)}, ${high.toFixed(2)}]`;
  return {
    found: `synchronizing divides the error by ${text(alike)} where workers are alike, and by ${text(apart)} where their components differ as much as they spread`,
    holds: alike.gain >= 3 && apart.gain <= 1.5,
    values: {
      gainAlike: alike.gain,
      gainApart: apart.gain,
      intervalAlike: alike.interval,
      intervalApart: apart.interval,
    },
  };
}

/** Claim O1. */
export async function measureExactness(context: ClaimContext): Promise<Finding> {
  const sizes = { components: 48, epochs: 6, seed: context.seed };
  const problemOf = (workers: number) =>
    syntheticProblem({
      task: "quadratic",
      workers,
      components: sizes.components,
      dim: 5,
      smoothness: 4,
      strongConvexity: 1,
      intra: 1,
      inter: workers > 1 ? 1 : 0,
      componentWise: 1,
      start: 1,
      seed: context.seed,
    });
  const rate = 0.05;
  const run = (workers: number, options: Pick<ScheduleOptions, "method" | "sync" | "localSteps">) =>
    simulate(problemOf(workers), { ...sizes, ...options, workers }, rate);
  const difference = (a: Float64Array, b: Float64Array) => Math.max(...a.map((value, j) => Math.abs(value - b[j]!)));
  context.signal.throwIfAborted();

  const oneStep = difference(
    run(4, { method: "local-rr", sync: false, localSteps: 1 }),
    run(4, { method: "minibatch-rr", sync: false, localSteps: 1 }),
  );
  const alone = difference(
    run(1, { method: "local-rr", sync: false, localSteps: 4 }),
    run(1, { method: "local-rr", sync: false, localSteps: 48 }),
  );
  // Workers that are alike: M B = N makes every round an exact gradient.
  const same = syntheticProblem({
    task: "skewed",
    workers: 8,
    components: 48,
    dim: 5,
    smoothness: 4,
    strongConvexity: 1,
    intra: 1,
    inter: 0,
    componentWise: 0,
    start: 1,
    seed: context.seed,
  });
  const whole: ScheduleOptions = { ...sizes, method: "minibatch-rr", sync: true, workers: 8, localSteps: 6 };
  const descent = difference(simulate(same, whole, rate), gradientDescent(same, rate, 8 * sizes.epochs));
  const schedule = new Schedule(whole);
  const covered = new Set(Array.from({ length: 8 }, (_, m) => [...schedule.components(0, m)]).flat()).size;
  context.progress(1);
  return {
    found: `differences ${scientific(oneStep)} (local and minibatch at B = 1), ${scientific(alone)} (one worker, B = 4 and N), ${scientific(descent)} (sync at M B = N and gradient descent); ${covered} of 48 components in a synchronized round`,
    holds: oneStep === 0 && alone === 0 && descent <= 1e-13 && covered === 48,
    values: { oneStep, alone, descent, covered },
  };
}
