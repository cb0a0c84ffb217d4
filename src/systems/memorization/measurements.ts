import { setImmediate } from "node:timers/promises";
import { Random } from "../../core/index.ts";
import { evaluatePowerLaw } from "../../linalg/index.ts";
import type { ClaimContext, Finding } from "../claim.ts";
import { forward } from "./forward.ts";
import { type Memorized, memorize } from "./memorize.ts";
import { countNetwork, type Layer } from "./network.ts";
import { drawHyperplanes, type Points } from "./points.ts";
import { fitSlope, formatSlope } from "./power-law.ts";
import { pairsTask, randomTask } from "./random-task.ts";
import { searchHyperplanes, separatingPrefix } from "./search-hyperplanes.ts";
import { boundSizes, firstLayerSize, otherConstructions, planWidths } from "./sizes.ts";
import { findClosestPair } from "./smallest-distance.ts";

const logAxes = { xScale: "log", yScale: "log" } as const;
const dimensions = 20;

/** Sizes at which growth with n is measured in the paper's regime, where n is large against log n / delta. */
const largeSizes = [1000, 4000, 16_000, 64_000];

/** Networks for random points and labels, by seed, by size. */
async function growth(
  context: ClaimContext,
  sizes: readonly number[],
  repeats: number,
  label: string,
): Promise<Memorized[][]> {
  const runs: Memorized[][] = [];
  const total = repeats * sizes.reduce((sum, n) => sum + n, 0);
  let done = 0;
  for (let repeat = 0; repeat < repeats; repeat++) {
    const run: Memorized[] = [];
    for (const n of sizes) {
      await setImmediate();
      context.signal.throwIfAborted();
      const seed = new Random(context.seed, "memorize", label, repeat, n).bits();
      const { points, labels } = randomTask({ n, d: dimensions, classes: 2 }, seed);
      run.push(await memorize(points, labels, { seed, signal: context.signal }));
      done += n;
      context.progress(done / total);
    }
    runs.push(run);
  }
  return runs;
}

const meanOf = (runs: readonly (readonly number[])[]) =>
  runs[0]!.map((_, k) => runs.reduce((sum, run) => sum + run[k]!, 0) / runs.length);

/** Claim M2. */
export async function measureNeurons(context: ClaimContext): Promise<Finding> {
  const x = context.scale === "full" ? largeSizes : [250, 500, 1000, 2000, 4000];
  const runs = await growth(context, x, context.scale === "full" ? 5 : 2, "claim-M2");
  const census = runs.map((run) => run.map(({ network }) => countNetwork(network)));
  const decode = census.map((run) => run.map(({ decodeNeurons }) => decodeNeurons));
  const all = census.map((run) => run.map(({ neurons }) => neurons));
  const slope = fitSlope(x, decode, new Random(context.seed, "memorize", "bootstrap-M2"));
  const within = runs.every((run, i) => run.every(({ bounds }, k) => census[i]![k]!.neurons <= bounds.neurons));
  return {
    found: `slope ${formatSlope(slope)}; all counts ${within ? "within" : "NOT within"} the bounds`,
    holds: slope.slope >= 0.42 && slope.slope <= 0.55 && within,
    values: { n: x, slope: slope.slope, interval: slope.interval, decodeNeurons: meanOf(decode), neurons: meanOf(all) },
    figures: [
      {
        title: "Neurons against points",
        caption: `Random points on the sphere, d = ${dimensions}: the last four layers grow with the root of n; the first ones with log n / delta. Baum's single hidden layer grows with n.`,
        xLabel: "points n",
        yLabel: "neurons",
        ...logAxes,
        series: [
          { name: "whole network", x, y: meanOf(all) },
          { name: "last four layers", x, y: meanOf(decode) },
          { name: `slope ${slope.slope.toFixed(2)}`, x, y: evaluatePowerLaw(slope, x), reference: true },
          { name: "Baum 1988, n / d", x, y: x.map((n) => Math.ceil(n / dimensions)), reference: true },
        ],
      },
    ],
  };
}

function weightsOfTail({ network }: Memorized): number {
  const tail = network.layers.filter(({ role }) => role !== "separate" && role !== "compress");
  return (
    countNetwork({ layers: [network.layers[0]!, ...tail] }).weights -
    countNetwork({ layers: [network.layers[0]!] }).weights
  );
}

/** Claim M3. */
export async function measureWeights(context: ClaimContext): Promise<Finding> {
  // Its term sqrt(n) log n fades late: larger sizes than for neurons.
  const x = context.scale === "full" ? largeSizes : [1000, 2000, 4000, 8000];
  const runs = await growth(context, x, context.scale === "full" ? 5 : 2, "claim-M3");
  const tail = runs.map((run) => run.map(weightsOfTail));
  const all = runs.map((run) => run.map(({ network }) => countNetwork(network).weights));
  const slope = fitSlope(x, tail, new Random(context.seed, "memorize", "bootstrap-M3"));
  const within = runs.every((run, i) => run.every(({ bounds }, k) => all[i]![k]! <= bounds.weights));
  const perPoint = meanOf(tail).at(-1)! / x.at(-1)!;
  return {
    found: `slope ${formatSlope(slope)}, ${perPoint.toFixed(2)} weights a point at n = ${x.at(-1)}; all counts ${within ? "within" : "NOT within"} the bounds`,
    holds: slope.slope >= 0.75 && slope.slope <= 1.1 && within,
    values: { n: x, slope: slope.slope, interval: slope.interval, tailWeights: meanOf(tail), weights: meanOf(all) },
    figures: [
      {
        title: "Weights against points",
        caption: `Random points on the sphere, d = ${dimensions}: weights other than 0, thresholds included. The root of n times log n fades against 2n.`,
        xLabel: "points n",
        yLabel: "weights",
        ...logAxes,
        series: [
          { name: "whole network", x, y: meanOf(all) },
          { name: "last four layers", x, y: meanOf(tail) },
          { name: `slope ${slope.slope.toFixed(2)}`, x, y: evaluatePowerLaw(slope, x), reference: true },
          { name: "2n", x, y: x.map((n) => 2 * n), reference: true },
        ],
      },
    ],
  };
}

/** Hyperplanes that it takes to separate the points, in the order of their draw. */
function hyperplanesNeeded(points: Points, most: number, random: Random): number {
  return separatingPrefix(points, drawHyperplanes(most, points, random)) ?? most;
}

/** Claim M4. */
export async function measureFirstLayer(context: ClaimContext): Promise<Finding> {
  const [n, d, eta] = [200, 16, 0.01];
  const deltas = context.scale === "full" ? [0.4, 0.2, 0.1, 0.05, 0.025, 0.0125] : [0.4, 0.2, 0.1, 0.05];
  const repeats = context.scale === "full" ? 40 : 8;
  const formula = deltas.map((delta) => firstLayerSize({ points: n, delta, eta, geometry: "sphere" }));
  const runs: number[][] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    await setImmediate();
    context.signal.throwIfAborted();
    runs.push(
      deltas.map((delta, k) => {
        const random = new Random(context.seed, "memorize", "claim-M4", repeat, k);
        const { points } = pairsTask({ n, d, delta }, random.bits());
        return hyperplanesNeeded(points, 4 * formula[k]!, random);
      }),
    );
    context.progress((repeat + 1) / repeats);
  }
  const x = deltas.map((delta) => 1 / delta);
  const slope = fitSlope(x, runs, new Random(context.seed, "memorize", "bootstrap-M4"));
  const needed = meanOf(runs);
  const smallest = deltas.at(-1)!;
  const [, vershynin] = otherConstructions({
    points: n,
    dimensions: d,
    delta: smallest,
    labelBits: 1,
    eta,
    geometry: "sphere",
  });
  return {
    found: `slope ${formatSlope(slope)} in 1/delta; ${Math.round(needed.at(-1)!)} hyperplanes at delta = ${smallest}, formula ${formula.at(-1)}, exp(1/delta^2) about 1e${vershynin!.log10Neurons.toFixed(0)}`,
    holds: slope.slope >= 0.85 && slope.slope <= 1.15,
    values: {
      delta: deltas,
      needed,
      formula,
      slope: slope.slope,
      interval: slope.interval,
      vershyninLog10: vershynin!.log10Neurons,
    },
    figures: [
      {
        title: "First layer against 1 / delta",
        caption: `${n} points in pairs at distance delta, d = ${d}: hyperplanes until all points are apart (mean of ${repeats}), the formula, and its median share. exp(1 / delta^2) is off the chart from delta = 0.4 on.`,
        xLabel: "1 / delta",
        yLabel: "neurons of the first layer",
        ...logAxes,
        series: [
          { name: "needed", x, y: needed },
          { name: `slope ${slope.slope.toFixed(2)}`, x, y: evaluatePowerLaw(slope, x), reference: true },
          { name: "formula, eta = 0.01", x, y: formula, reference: true },
        ],
      },
    ],
  };
}

/** Claim M5. */
export async function measureWeightValues(context: ClaimContext): Promise<Finding> {
  const sizes = context.scale === "full" ? [100, 1000, 10_000, 50_000] : [100, 400, 1600];
  const classes = [2, 3, 10];
  const largest = classes.map((): number[] => []);
  let [integer, ternary, exact] = [true, true, true];
  for (const [c, count] of classes.entries()) {
    for (const [k, n] of sizes.entries()) {
      context.signal.throwIfAborted();
      const seed = new Random(context.seed, "memorize", "claim-M5", c, k).bits();
      const { points, labels } = randomTask({ n, d: dimensions, classes: count }, seed);
      const { network } = await memorize(points, labels, { seed, signal: context.signal });
      const census = countNetwork(network);
      integer &&= census.integerWeights;
      ternary &&= census.decodeTernary;
      const answers = await forward(network, points, { signal: context.signal });
      exact &&= answers.labels.every((label, i) => label === labels[i]);
      largest[c]!.push(census.largestInteger);
      context.progress((c + (k + 1) / sizes.length) / classes.length);
    }
  }
  const bits = largest.map((values) => values.map(Math.log2));
  const most = Math.max(...bits.flat());
  return {
    found: `${integer ? "all" : "NOT all"} whole numbers, largest ${most.toFixed(1)} bits; decode layer ${ternary ? "in {-1, 0, 1}" : "NOT in {-1, 0, 1}"}; ${exact ? "every label right" : "labels wrong"}`,
    holds: integer && ternary && exact && most <= 52,
    values: { n: sizes, integer, ternary, exact, largestBits: most },
    figures: [
      {
        title: "The largest whole number",
        caption: "Bits of the largest weight after the first layer: about 2 log2 n, and float64 holds 53.",
        xLabel: "points n",
        yLabel: "bits",
        xScale: "log",
        series: [
          ...classes.map((count, c) => ({ name: `${count} classes`, x: sizes, y: bits[c]! })),
          { name: "2 log2 n + 2", x: sizes, y: sizes.map((n) => 2 * Math.log2(n) + 2), reference: true },
        ],
      },
    ],
  };
}

/** Claim M6. */
export async function measureSearch(context: ClaimContext): Promise<Finding> {
  const [n, eta] = [1000, 0.01];
  const draws = context.scale === "full" ? 400 : 40;
  const { points } = randomTask(
    { n, d: dimensions, classes: 2 },
    new Random(context.seed, "memorize", "claim-M6").bits(),
  );
  const closest = await findClosestPair(points, new Random(context.seed, "memorize", "claim-M6", "distance"), context);
  const question = { points: n, dimensions, delta: closest.distance, labelBits: 1, eta, geometry: points.geometry };
  const formula = firstLayerSize(question);
  const needed: number[] = [];
  for (let draw = 0; draw < draws; draw++) {
    await setImmediate();
    context.signal.throwIfAborted();
    needed.push(hyperplanesNeeded(points, 4 * formula, new Random(context.seed, "memorize", "claim-M6", draw)));
    context.progress((0.8 * (draw + 1)) / draws);
  }
  const found = await searchHyperplanes(
    points,
    { limit: 4 * formula, candidates: 16 },
    new Random(context.seed, "memorize", "claim-M6", "search"),
    { signal: context.signal },
  );
  const tight = found?.hyperplanes.count ?? formula;
  const share = (most: number) => needed.filter((count) => count <= most).length / draws;
  const fractions = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.8, 1];
  const shares = fractions.map((fraction) => share(fraction * formula));
  context.progress(1);
  const halfway = needed.toSorted((a, b) => a - b)[Math.floor(draws / 2)]!;
  return {
    found: `${(100 * share(formula)).toFixed(1)}% of ${draws} draws separate all points at the formula's ${formula} neurons, half of them at ${halfway}; --tight takes ${tight} (whole network ${boundSizes(planWidths(question)).neurons} at most without)`,
    holds: share(formula) >= 0.975 && tight <= formula / 2,
    values: { n, formula, tight, median: halfway, fractions, shares },
    figures: [
      {
        title: "How large the first layer must be",
        caption: `n = ${n}, d = ${dimensions}: share of random first layers that separate all points, against their size as a fraction of the formula's ${formula}; --tight chooses ${tight}.`,
        xLabel: "fraction of the formula's size",
        yLabel: "share of draws that separate all points",
        series: [
          { name: "random hyperplanes", x: fractions, y: shares },
          { name: "--tight", x: [tight / formula, tight / formula], y: [0, 1], reference: true },
        ],
      },
    ],
  };
}

/** Weights and thresholds in which two layers of the same role differ; infinite where they are of different size. */
export function countDifferences(a: Layer, b: Layer): number {
  if (a.inputs !== b.inputs || a.outputs !== b.outputs) return Number.POSITIVE_INFINITY;
  let different = 0;
  for (let row = 0; row < a.outputs; row++) {
    if (a.bias[row] !== b.bias[row]) different++;
    const weights = new Map<number, number>();
    for (let at = a.rowStarts[row]!; at < a.rowStarts[row + 1]!; at++) weights.set(a.columns[at]!, a.weights[at]!);
    for (let at = b.rowStarts[row]!; at < b.rowStarts[row + 1]!; at++) {
      const column = b.columns[at]!;
      if (weights.get(column) !== b.weights[at]) different++;
      weights.delete(column);
    }
    // What is left is 0 in the other layer.
    different += weights.size;
  }
  return different;
}

/** Claim M7. */
export async function measureFlips(context: ClaimContext): Promise<Finding> {
  const n = 400;
  const flips = context.scale === "full" ? 100 : 12;
  const seed = new Random(context.seed, "memorize", "claim-M7").bits();
  const { points, labels } = randomTask({ n, d: dimensions, classes: 2 }, seed);
  const options = { seed, labelBits: 1, signal: context.signal };
  const { network: before, closest } = await memorize(points, labels, options);
  const random = new Random(context.seed, "memorize", "claim-M7", "flips");
  const changed: number[] = [];
  let elsewhere = 0;
  let wrong = 0;
  for (let flip = 0; flip < flips; flip++) {
    await setImmediate();
    context.signal.throwIfAborted();
    const flipped = labels.slice();
    const point = random.integer(n);
    flipped[point] = 1 - flipped[point]!;
    const { network: after } = await memorize(points, flipped, { ...options, closest });
    for (const [at, layer] of after.layers.entries()) {
      const different = countDifferences(before.layers[at]!, layer);
      if (layer.role === "decode") changed.push(different);
      else elsewhere += different;
    }
    const answers = await forward(after, points, { signal: context.signal });
    wrong += answers.labels.reduce((count, label, i) => count + (label === flipped[i] ? 0 : 1), 0);
    context.progress((flip + 1) / flips);
  }
  const [least, most] = [Math.min(...changed), Math.max(...changed)];
  const counts = [0, 1, 2, 3].map((size) => changed.filter((value) => value === size).length);
  return {
    found: `${flips} flips: ${least} to ${most} weights of the decode layer change, ${elsewhere} elsewhere; ${wrong} labels wrong afterwards`,
    holds: least >= 1 && most <= 2 && elsewhere === 0 && wrong === 0,
    values: { flips, changed, elsewhere, wrong },
    figures: [
      {
        title: "What a flipped label changes",
        caption: `n = ${n}: of ${flips} flips, how many change that many weights of the decode layer; no other layer changes.`,
        xLabel: "weights that change",
        yLabel: "flips",
        series: [{ name: "flips", x: [0, 1, 2, 3], y: counts }],
      },
    ],
  };
}
