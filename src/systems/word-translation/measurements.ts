import { setImmediate } from "node:timers/promises";
import { Random } from "../../core/index.ts";
import { meanInterval, type Rows, randomOrthogonal, scaleToUnit, takeRows } from "../../linalg/index.ts";
import type { ClaimContext, Figure, Finding } from "../claim.ts";
import { type Alignment, type AlignOptions, alignLanguages, scoringOf } from "./align.ts";
import { alignOptions, alignSchema } from "./config.ts";
import { cslsScoring, densities } from "./csls.ts";
import { precisionOf, rankPairs } from "./evaluate.ts";
import { takeImages } from "./fingerprints.ts";
import { mapBoth } from "./mapping.ts";
import { procrustes, robustProcrustes, rowsTimes, type VectorPairs } from "./procrustes.ts";
import { type Scoring, type Work, withProducts } from "./similarity.ts";
import { makeWorld, type World } from "./world.ts";

/** The command's defaults, but for a choice that takes twice the time and only one claim is about. */
const config = alignSchema.parse({ source: "", target: "", choose: false });
const percent = (value: number) => `${(100 * value).toFixed(1)}%`;
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const span = (values: readonly number[]) => `${percent(Math.min(...values))} to ${percent(Math.max(...values))}`;

/** 95% interval of the mean of repeated measurements. */
function interval(values: readonly number[]): [low: number, high: number] {
  const { mean: middle, half } = meanInterval(values);
  return [middle - half, middle + half];
}

const describe = (values: readonly number[]) => {
  const [low, high] = interval(values);
  return `${percent(mean(values))} [${percent(low)}, ${percent(Math.min(1, high))}]`;
};

const sizes = {
  quick: { concepts: 140, images: 600, scenes: 3000, dim: 30 },
  full: { concepts: 400, images: 1000, scenes: 8000, dim: 50 },
};

/** Scenes that short texts tell of: vectors as poor as those of a small corpus. */
const shortTexts = 150;

/** Seeds of a claim: five, ten at full scale. */
const seedsOf = ({ scale, seed }: ClaimContext) =>
  Array.from({ length: scale === "full" ? 10 : 5 }, (_, i) => new Random(seed, "translate", "claims", i).bits());

function withImages(world: World, count: number): World {
  const { fingerprints } = world.input;
  const keep = (image: number) => image < count;
  const fewer = { source: takeImages(fingerprints.source, keep), target: takeImages(fingerprints.target, keep) };
  return { ...world, input: { ...world.input, fingerprints: fewer } };
}

/** The share of source words whose best target is right. */
async function shareRight(scoring: Scoring, { gold }: Pick<World, "gold">, work: Work): Promise<number> {
  return precisionOf(await rankPairs(scoring, gold, work))?.["p@1"] ?? 0;
}

/** One alignment of a world, and what it finds by vectors alone and with images. */
async function align(world: World, options: Partial<AlignOptions>, work: Work) {
  const defaults = alignOptions(config, "images", 0);
  const alignment = await alignLanguages(world.input, { ...defaults, ...options }, work);
  return {
    alignment,
    vectors: await shareRight(scoringOf({ spaces: alignment.spaces.slice(0, 1) }), world, work),
    everything: await shareRight(scoringOf(alignment), world, work),
  };
}

/** Runs `measure` on the world of each seed. */
async function overWorlds<T>(
  context: ClaimContext,
  scenes: number | undefined,
  measure: (world: World, seed: number, work: Work) => Promise<T>,
): Promise<T[]> {
  return withProducts(context.signal, async (work) => {
    const results: T[] = [];
    const seeds = seedsOf(context);
    for (const seed of seeds) {
      await setImmediate();
      context.signal.throwIfAborted();
      const size = sizes[context.scale];
      results.push(await measure(makeWorld({ ...size, scenes: scenes ?? size.scenes }, seed), seed, work));
      context.progress(results.length / seeds.length);
    }
    return results;
  });
}

/** Claim W1. */
export async function measureStarts(context: ClaimContext): Promise<Finding> {
  const runs = await overWorlds(context, undefined, async (world, seed, work) => {
    const some = withImages(world, 200);
    return {
      images: (await align(some, { imageWords: 0, seed }, work)).vectors,
      random: (await align(some, { imageWords: 0, seed, start: "random" }, work)).vectors,
    };
  });
  const [images, random] = [runs.map((run) => run.images), runs.map((run) => run.random)];
  return {
    found: `P@1 by vectors alone ${describe(images)} from images, ${span(random)} from random pairs`,
    holds: interval(images)[0] >= 0.3 && Math.max(...random) <= 0.05,
    values: { images, random, candidates: sizes[context.scale].concepts },
  };
}

/** Pairs x_i, y_i = x_i Q, of which some are wrong. */
function rotatedPairs(
  random: Random,
  count: number,
  dim: number,
  wrong: number,
): VectorPairs & { truth: Float64Array } {
  const truth = randomOrthogonal(random, dim);
  const x = Float64Array.from({ length: count * dim }, () => random.normal() / Math.sqrt(dim));
  const y = new Float64Array(count * dim);
  for (let i = 0; i < count; i++) {
    const isWrong = i < wrong * count;
    for (let j = 0; j < dim; j++) {
      let sum = 0;
      for (let k = 0; k < dim; k++) sum += x[i * dim + k] * truth[k * dim + j];
      y[i * dim + j] = isWrong ? random.normal() / Math.sqrt(dim) : sum;
    }
  }
  return { x, y, count, dim, truth };
}

const distance = (a: Float64Array, b: Float64Array) =>
  Math.sqrt(a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0));

/** Claim W2. */
export async function measureRobustness(context: ClaimContext): Promise<Finding> {
  const shares = [0.3, 0.5, 0.7];
  const [count, dim] = [500, 50];
  const seeds = seedsOf(context);
  const errors = await withProducts(context.signal, async ({ products }) => {
    const all: { plain: number[]; robust: number[] }[] = [];
    for (const [at, share] of shares.entries()) {
      const [plain, robust]: [number[], number[]] = [[], []];
      for (const seed of seeds) {
        await setImmediate();
        context.signal.throwIfAborted();
        const pairs = rotatedPairs(new Random(seed, "wrong-pairs", at), count, dim, share);
        plain.push(distance(await procrustes(pairs, products), pairs.truth));
        robust.push(distance((await robustProcrustes(pairs, products)).matrix, pairs.truth));
        context.progress((at * seeds.length + plain.length) / (shares.length * seeds.length));
      }
      all.push({ plain, robust });
    }
    return all;
  });
  const ratios = errors.map(({ plain, robust }) => Math.max(...robust.map((error, i) => error / plain[i])));
  const series = (kind: "plain" | "robust") => ({
    name: kind === "plain" ? "Procrustes" : "robust Procrustes",
    x: shares,
    y: errors.map((found) => mean(found[kind])),
    low: errors.map((found) => Math.min(...found[kind])),
    high: errors.map((found) => Math.max(...found[kind])),
  });
  return {
    found: `robust error at most ${ratios[0].toExponential(1)} of plain at 30% wrong pairs, ${ratios[1].toExponential(1)} at 50%, ${ratios[2].toExponential(1)} at 70%`,
    holds: ratios[0] <= 0.01 && ratios[1] <= 0.1,
    values: {
      shares,
      ratios,
      plain: errors.flatMap(({ plain }) => plain),
      robust: errors.flatMap(({ robust }) => robust),
    },
    figures: [
      {
        title: "Wrong pairs among the right ones",
        caption: `Distance of the map found from the true rotation, ${count} pairs in ${dim} dimensions; ranges over ${seeds.length} seeds.`,
        xLabel: "share of wrong pairs",
        yLabel: "distance to the true rotation",
        yScale: "log",
        series: [series("plain"), series("robust")],
      },
    ],
  };
}

/** Unit vectors, the same turned by a hidden rotation, shuffled and with noise. */
function hiddenRotation(random: Random, words: number, dim: number, noise: number) {
  const x: Rows = { data: Float32Array.from({ length: words * dim }, () => random.normal()), count: words, dim };
  scaleToUnit(x);
  const turn = randomOrthogonal(random, dim);
  const order = random.permutation(words);
  return { x, turn, order, noise: () => noise * random.normal() };
}

/** Claim W3. */
export async function measureRotation(context: ClaimContext): Promise<Finding> {
  const noises = [0.05, 0.1, 0.15];
  const [words, dim, anchors] = context.scale === "full" ? [4000, 100, 500] : [800, 100, 500];
  const seeds = seedsOf(context);
  const shares = await withProducts(context.signal, async (work) => {
    const all: number[][] = [];
    for (const noise of noises) {
      const found: number[] = [];
      for (const seed of seeds) {
        await setImmediate();
        context.signal.throwIfAborted();
        const hidden = hiddenRotation(new Random(seed, "rotation", noise), words, dim, noise);
        const { products } = work;
        const turned = Float32Array.from(await rowsTimes(Float64Array.from(hidden.x.data), hidden.turn, dim, products));
        const y = takeRows({ ...hidden.x, data: turned.map((value) => value + hidden.noise()) }, hidden.order);
        scaleToUnit(y);
        // Target j is source word order[j]: the first `anchors` are known.
        const pairs: VectorPairs = {
          x: Float64Array.from(takeRows(hidden.x, hidden.order.subarray(0, anchors)).data),
          y: Float64Array.from(y.data.subarray(0, anchors * dim)),
          count: anchors,
          dim,
        };
        const identity = Float64Array.from({ length: dim * dim }, (_, i) => (i % (dim + 1) === 0 ? 1 : 0));
        const mapping = { dim, source: await procrustes(pairs, products), target: identity };
        const { source, target } = await mapBoth(hidden.x, y, mapping, products);
        const space = { source, target, densities: await densities(source, target, 10, work), weight: 1 };
        const gold = {
          source: hidden.order.slice(anchors),
          target: Int32Array.from({ length: words - anchors }, (_, i) => anchors + i),
        };
        found.push(await shareRight(cslsScoring([space]), { gold }, work));
        context.progress((all.length * seeds.length + found.length) / (noises.length * seeds.length));
      }
      all.push(found);
    }
    return all;
  });
  return {
    found: `P@1 ${shares.map((found, i) => `${span(found)} at noise ${noises[i]}`).join(", ")} (${words} candidates)`,
    holds: Math.min(...shares[1]) > 0.95,
    values: { noises, shares: shares.flat(), candidates: words },
  };
}

/** What a change brings over worlds: the mean gain in P@1 with its interval. */
function reportGain(what: string, before: readonly number[], after: readonly number[]): Finding {
  const gains = after.map((value, i) => value - before[i]);
  return {
    found: `P@1 rises by ${describe(gains)}, from ${percent(mean(before))} to ${percent(mean(after))}, ${what}`,
    holds: interval(gains)[0] > 0,
    values: { before, after, gains },
  };
}

/** Claim W4. */
export async function measureRefinement(context: ClaimContext): Promise<Finding> {
  const runs = await overWorlds(context, undefined, async (world, seed, work) => {
    const some = withImages(world, 200);
    const vectorsOf = async (iterations: number) =>
      (await align(some, { iterations, seed, imageWords: 0 }, work)).vectors;
    return [await vectorsOf(0), await vectorsOf(alignOptions(config, "images", seed).iterations)];
  });
  return reportGain(
    "by vectors alone",
    runs.map(([none]) => none),
    runs.map(([, refined]) => refined),
  );
}

/** Claim W7 at quick scale. */
export async function measureEvidence(context: ClaimContext): Promise<Finding> {
  const runs = await overWorlds(context, undefined, async (world, seed, work) => {
    const some = withImages(world, 200);
    return {
      start: (await align(some, { seed, imageWords: 0 }, work)).everything,
      evidence: (await align(some, { seed }, work)).everything,
    };
  });
  return reportGain(
    "where images count beside vectors to the end and not for the start alone",
    runs.map(({ start }) => start),
    runs.map(({ evidence }) => evidence),
  );
}

/** Claim W5. */
export async function measureImages(context: ClaimContext): Promise<Finding> {
  const counts = context.scale === "full" ? [50, 200, 1000] : [50, 200, 600];
  const runs = await overWorlds(context, undefined, async (world, seed, work) => {
    const found = [];
    for (const count of counts) found.push(await align(withImages(world, count), { seed }, work));
    return found;
  });
  const by = (pick: (run: { vectors: number; everything: number }) => number) =>
    counts.map((_, i) => runs.map((run) => pick(run[i])));
  const [everything, vectors] = [by((run) => run.everything), by((run) => run.vectors)];
  const rises = counts.slice(1).map((_, i) => everything[i + 1].map((value, seed) => value - everything[i][seed]));
  const series = (name: string, values: number[][]) => ({
    name,
    x: counts,
    y: values.map(mean),
    low: values.map((found) => Math.min(...found)),
    high: values.map((found) => Math.max(...found)),
  });
  const figure: Figure = {
    title: "More images, better dictionaries",
    caption: `Share of ${sizes[context.scale].concepts} words translated rightly; vectors from texts that share nothing, ranges over ${runs.length} worlds.`,
    xLabel: "images that both languages describe",
    yLabel: "P@1",
    xScale: "log",
    series: [series("vectors and images", everything), series("vectors alone", vectors)],
  };
  return {
    found: `P@1 ${everything.map((found, i) => `${describe(found)} with ${counts[i]} images`).join(", ")}`,
    holds: rises.every((found) => mean(found) > 0),
    values: { counts, everything: everything.flat(), vectors: vectors.flat() },
    figures: [figure],
  };
}

const last = ({ chosen }: Alignment) => chosen.trial[chosen.trial.length - 1];

/** Claim W6. */
export async function measureCriteria(context: ClaimContext): Promise<Finding> {
  const runs = await overWorlds(context, shortTexts, async (world, seed, work) => {
    const some = withImages(world, 200);
    const judge = async (start: "images" | "random") =>
      last((await align(some, { imageWords: 0, seed, start, choose: true }, work)).alignment);
    return { images: await judge("images"), random: await judge("random") };
  });
  const column = (start: "images" | "random", criterion: "meanCsls" | "agreement") =>
    runs.map((run) => run[start][criterion]);
  const range = (values: readonly number[]) => `${Math.min(...values).toFixed(3)} to ${Math.max(...values).toFixed(3)}`;
  const [csls, randomCsls] = [column("images", "meanCsls"), column("random", "meanCsls")];
  const [agreement, randomAgreement] = [column("images", "agreement"), column("random", "agreement")];
  return {
    found: `mean CSLS ${range(csls)} from images, ${range(randomCsls)} from random pairs; held-out agreement ${range(agreement)} and ${range(randomAgreement)}`,
    holds:
      Math.max(...randomCsls) >= Math.min(...csls) && Math.min(...agreement) >= 2 * Math.max(...randomAgreement, 0.02),
    values: { csls, randomCsls, agreement, randomAgreement },
  };
}
