import { Random } from "../../core/index.ts";
import { evaluatePowerLaw, fitPowerLaw } from "../../linalg/index.ts";
import { createOrder, type OrderName } from "../../optim/index.ts";
import type { ClaimContext, Figure, Finding, Series } from "../claim.ts";
import { affineOracleError } from "./affine-oracle.ts";
import { benchQuadratic, type OrderRates, type QuadraticBench } from "./bench.ts";
import { type QuadraticConfig, quadraticSchema } from "./config.ts";
import { runNoOrderHelps } from "./no-order-helps.ts";
import { oneDimensionalProblem, runOptimalPermutations, runRandomReshuffling } from "./one-dimensional.ts";
import { quadraticProblem } from "./quadratic.ts";
import { slopeWindows } from "./slopes.ts";

/** The bench of the claims: the command's own size, or that of the paper's figure. */
function benchConfig(scale: ClaimContext["scale"], orders: OrderName[]): QuadraticConfig {
  const full = { n: 800, d: 10, epochs: [30, 46, 70, 100, 150, 200], repeats: 10 };
  return quadraticSchema.parse({ orders, ...(scale === "full" ? full : { draws: 2 }) });
}

function formatSlope({ slope, slopeCi }: OrderRates): string {
  if (slope === null || slopeCi === null) return "at the floor";
  return `${slope.toFixed(2)} [${slopeCi.map((edge) => edge.toFixed(2)).join(", ")}]`;
}

/** Log-log error against K: points with quartiles, and the fitted lines. */
function ratesFigure(bench: QuadraticBench, title: string, caption: string): Figure {
  const series = bench.orders.flatMap(({ name, medianError, quartiles, fittedEpochs, slope }): Series[] => {
    const points: Series = {
      name: name.toUpperCase(),
      x: bench.epochs,
      y: medianError,
      low: quartiles.map(([low]) => low),
      high: quartiles.map(([, high]) => high),
    };
    if (slope === null) return [points];
    const law = fitPowerLaw(
      fittedEpochs,
      fittedEpochs.map((k) => medianError[bench.epochs.indexOf(k)]!),
    );
    const line = { x: fittedEpochs, y: evaluatePowerLaw(law, fittedEpochs), reference: true };
    return [points, { name: `${name.toUpperCase()}: slope ${slope.toFixed(2)}`, ...line }];
  });
  const axes = { xLabel: "epochs K", yLabel: "squared distance to the optimum", xScale: "log", yScale: "log" } as const;
  return { title, caption, ...axes, series };
}

async function measureRates(context: ClaimContext, orders: (keyof typeof slopeWindows)[], title: string) {
  const bench = await benchQuadratic(benchConfig(context.scale, orders), context.seed, context);
  const holds = bench.orders.every(({ name, slope }) => {
    const [low, high] = slopeWindows[name as keyof typeof slopeWindows];
    return slope !== null && slope >= low && slope <= high;
  });
  const values: Record<string, number | readonly number[]> = { epochs: bench.epochs, n: bench.n, d: bench.d };
  for (const { name, slope, slopeCi, medianError } of bench.orders) {
    if (slope !== null && slopeCi !== null)
      Object.assign(values, { [`${name}-slope`]: slope, [`${name}-ci`]: slopeCi });
    values[`${name}-median`] = medianError;
  }
  const caption = `Random quadratics, n = ${bench.n}, d = ${bench.d}: median, quartiles and fitted line of ${bench.repeats} problems; steeper is faster.`;
  const found = bench.orders.map((rates) => `${rates.name.toUpperCase()} ${formatSlope(rates)}`).join(", ");
  return { found, holds, values, figures: [ratesFigure(bench, title, caption)] };
}

/** Claim A1. */
export function measurePlainRates(context: ClaimContext): Promise<Finding> {
  return measureRates(context, ["rr", "ss", "igd"], "Error against epochs: plain orders");
}

/** Claim A2. */
export function measureFlipFlopRates(context: ClaimContext): Promise<Finding> {
  return measureRates(context, ["ff-rr", "ff-ss", "ff-igd"], "Error against epochs: FlipFlop");
}

/** Claim A3. */
export async function measureOneDimension(context: ClaimContext): Promise<Finding> {
  const problems = context.scale === "full" ? 100 : 10;
  const epochs = 10;
  const runs = [];
  for (let i = 0; i < problems; i++) {
    context.signal.throwIfAborted();
    const problem = oneDimensionalProblem(20, new Random(context.seed, "claim-A3", i));
    const errors = runOptimalPermutations(problem, { epochs }).chosen.map(({ error }) => error);
    const random = runRandomReshuffling(problem, { epochs, seed: context.seed, repeats: 21 }).errors;
    runs.push({ errors, random });
    context.progress((i + 1) / problems);
  }
  const epochsTaken = runs.map(({ errors }) => errors.findIndex((error) => error < 1e-12) + 1);
  const slowest = epochsTaken.includes(0) ? Number.POSITIVE_INFINITY : Math.max(...epochsTaken);
  const worst = Math.max(...runs.map(({ errors }) => Math.min(...errors)));
  const leastRandom = Math.min(...runs.flatMap(({ random }) => random));
  // A log axis has no place for an error of exactly 0.
  const shown = runs[0]!.errors.filter((error) => error > 0);
  const axes = { xLabel: "epoch", yLabel: "distance to the optimum", yScale: "log" } as const;
  return {
    found: `${worst.toExponential(1)} at most, 1e-12 after ${slowest} epochs at most (${problems} problems); random reshuffling ${leastRandom.toExponential(1)} at least`,
    holds: slowest <= epochs && leastRandom > 1e-3,
    values: { worstError: worst, epochsTaken, leastRandomReshuffling: leastRandom },
    figures: [
      {
        title: "One dimension: the right permutations converge exponentially",
        caption: "Distance to the optimum after each epoch, n = 20; the search for permutations knows the optimum.",
        ...axes,
        series: [
          { name: "permutations of the construction", x: shown.map((_, k) => k + 1), y: shown },
          { name: "random reshuffling (median)", x: runs[0]!.random.map((_, k) => k + 1), y: runs[0]!.random },
        ],
      },
    ],
  };
}

/** Claim A4. */
export async function measureNoOrderHelps(context: ClaimContext): Promise<Finding> {
  const found = runNoOrderHelps({
    n: context.scale === "full" ? 8 : 6,
    epochs: [16, 32, 64, 128],
    contraction: 4,
    repeats: 21,
    seed: context.seed,
    signal: context.signal,
  });
  const ratio = Math.min(...found.errors.map((error, k) => error / found.randomReshuffling[k]!));
  const axes = { xLabel: "learning rate alpha", yLabel: "squared distance", xScale: "log", yScale: "log" } as const;
  return {
    found: `slope ${found.slopeInAlpha.toFixed(2)} in alpha (random ${found.randomSlopeInAlpha.toFixed(2)}), error at least ${ratio.toFixed(2)} of random's`,
    holds: found.slopeInAlpha >= 1.8 && found.slopeInAlpha <= 2.3 && ratio >= 0.5,
    values: {
      slopeInAlpha: found.slopeInAlpha,
      randomSlopeInAlpha: found.randomSlopeInAlpha,
      errors: found.errors,
      randomReshuffling: found.randomReshuffling,
    },
    figures: [
      {
        title: "No order helps",
        caption: `Started at the optimum, n = ${found.n}: with the best of all ${found.n}! orders in every epoch the error is that of random ones.`,
        ...axes,
        series: [
          { name: "best of all orders", x: found.learningRate, y: found.errors },
          { name: "random reshuffling (median)", x: found.learningRate, y: found.randomReshuffling },
        ],
      },
    ],
  };
}

/** Claim A5. */
export async function measureDependenceOnSize(context: ClaimContext): Promise<Finding> {
  const sizes = context.scale === "full" ? [50, 100, 200, 400, 800] : [50, 100, 200, 400];
  const orders = ["rr", "ss", "igd", "ff-rr"] as const;
  const epochs = 48;
  const benchAt = (n: number, k: number, part: number) =>
    benchQuadratic({ ...quadraticSchema.parse({ n, orders }), epochs: [k] }, context.seed, {
      signal: context.signal,
      progress: (fraction) => context.progress((part + fraction) / (sizes.length + 1)),
    });
  const errors = new Map<OrderName, number[]>(orders.map((name) => [name, []]));
  for (const [part, n] of sizes.entries()) {
    for (const { name, medianError } of (await benchAt(n, epochs, part)).orders)
      errors.get(name)!.push(medianError[0]!);
  }
  const few = await benchAt(4, 2048, sizes.length);
  const errorOf = (name: OrderName) => few.orders.find((rates) => rates.name === name)!.medianError[0]!;
  const slopeOf = (name: OrderName) => fitPowerLaw(sizes, errors.get(name)!).slope;
  const [rr, ss, igd, flipFlop] = orders.map(slopeOf) as [number, number, number, number];
  const gain = errors.get("rr")!.at(-1)! / errors.get("ff-rr")!.at(-1)!;
  const gainOfFew = errorOf("rr") / errorOf("ff-rr");
  const isIn = (slope: number, low: number, high: number) => slope >= low && slope <= high;
  return {
    found: `slopes in n: RR ${rr.toFixed(2)}, SS ${ss.toFixed(2)}, IGD ${igd.toFixed(2)}, FF-RR ${flipFlop.toFixed(2)}; gain ${gain.toFixed(1)} at n = ${sizes.at(-1)}, ${gainOfFew.toFixed(1)} at n = 4, K = 2048`,
    holds: isIn(rr, -1.5, -0.6) && isIn(ss, -1.5, -0.6) && isIn(igd, -0.4, 0.3) && gain >= 5 && gainOfFew <= 2,
    values: {
      rr,
      ss,
      igd,
      "ff-rr": flipFlop,
      gain,
      gainOfFew,
      floorOfFew: few.floor[0]!,
      errorOfFew: errorOf("ff-rr"),
    },
    figures: [
      {
        title: "Error against the number of components",
        caption: `K = ${epochs}: random orders gain from more components, the incremental order does not.`,
        xLabel: "components n",
        yLabel: "squared distance to the optimum",
        xScale: "log",
        yScale: "log",
        series: orders.map((name) => ({ name: name.toUpperCase(), x: sizes, y: errors.get(name)! })),
      },
    ],
  };
}

/** Claim O1. */
export async function measureAffineOracle(context: ClaimContext): Promise<Finding> {
  const [size, dim, epochs] = context.scale === "full" ? [200, 8, 64] : [60, 4, 16];
  const problem = quadraticProblem(
    { size, dim, condition: 2, spread: 0.5 },
    new Random(context.seed, "claim-O1", "problem"),
  );
  const learningRate = 14 / (problem.strongConvexity * size * epochs);
  const names: OrderName[] = ["rr", "ss", "igd", "ff-rr", "ff-ss", "ff-igd", "grab", "grab-pair"];
  const differences = names.map((name) => {
    context.signal.throwIfAborted();
    return affineOracleError(problem, createOrder(name, { size, seed: context.seed }), epochs, learningRate);
  });
  const worst = Math.max(...differences);
  return {
    found: `${worst.toExponential(1)} over ${names.length} orders`,
    holds: worst <= 1e-12,
    values: { differences },
  };
}
