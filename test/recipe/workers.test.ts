import { describe, expect, it } from "vitest";
import { flattenTree, type HostTensor, Random, type Tree } from "../../src/core/index.ts";
import { bytesOf, float32sOf, type Holding, type Share } from "../../src/dist/index.ts";
import { lenet, lowRank, ranksInUse, ranksOf } from "../../src/nn/index.ts";
import { assemble } from "../../src/recipe/assembly.ts";
import { parseRecipe } from "../../src/recipe/index.ts";
import { layerTrainingOf, roundsOfRecipe, trainingOf } from "../../src/recipe/training.ts";
import { layerWork, paramsOfWeights } from "../../src/systems/local-sgd/index.ts";
import { growTree } from "../../src/train/index.ts";
import { recipeFolder } from "./run-recipe.ts";

const { run, withPaths } = recipeFolder();

const lowRankLenet = [
  "data: digits",
  "model: lenet",
  "train: { kind: low-rank, group-lasso: 1.0e-3, shrink: 0.05 }",
  "order: ff-rr",
  "optimizer: sgd",
  "learning-rate: 0.05",
  "epochs: 3",
  "batch-size: 16",
  "clip-norm: 1",
  "",
].join("\n");
const onWorkers = (more = "") => `${lowRankLenet}workers: { count: 4, local-steps: 4${more} }\n`;

async function open(yaml: string) {
  const { recipe, where } = parseRecipe(withPaths(yaml), "recipe.yaml");
  const training = trainingOf(recipe, await assemble(recipe, { seed: 5, where }), 5, where);
  const layers = layerTrainingOf(recipe, training);
  return { layers, work: layerWork(layers, roundsOfRecipe(recipe, recipe.workers!, 5)) };
}

describe("recipes with workers", () => {
  it("end with the same weights in this process and in threads", { timeout: 60_000 }, async () => {
    const here = await run(onWorkers(), "in-process");
    const threads = await run(onWorkers(", engine: threads, threads: 2"), "threads");
    expect(threads.weightsSha256).toBe(here.weightsSha256);
    expect(Object.values(here.ranks!).reduce((sum, rank) => sum + rank, 0)).toBeLessThan(6 + 16 + 64 + 84 + 10);
    expect(threads.ranks).toEqual(here.ranks);
  });

  it("go on from one engine on the other", { timeout: 60_000 }, async () => {
    // The engine is not part of what a run is known by.
    await run(onWorkers(), "first");
    const again = await run(onWorkers(", engine: threads"), "first", { resume: true });
    expect(again.weightsSha256).toBe((await run(onWorkers(), "second")).weightsSha256);
  });

  it("of a recommender find its IDs in what they are opened with", { timeout: 60_000 }, async () => {
    const yaml = (engine: string) =>
      `data: { interactions: EVENTS, items: ITEMS }\nmodel: { kind: recommender, dim: 8, layers: 1, max-history: 8, levels: 2, codebook-size: 8, id-epochs: 3 }\nepochs: 2\nbatch-size: 4\nworkers: { count: 2, local-steps: 2, engine: ${engine} }\n`;
    const here = await run(yaml("in-process"), "shop-here");
    const threads = await run(yaml("threads"), "shop-threads");
    expect(threads.weightsSha256).toBe(here.weightsSha256);
    expect(threads.measured).toEqual(here.measured);
  });

  it("average factors one by one, and shrink all workers in step", { timeout: 60_000 }, async () => {
    const { layers, work } = await open(onWorkers());
    let held: Holding = await work.start();
    const length = held.weights.length;
    const memories: (Uint8Array | undefined)[] = [undefined, undefined, undefined, undefined];
    const full = ranksOf(layers.initial);
    for (let round = 0; round < work.rounds; round++) {
      const shares: Share[] = [];
      for (let worker = 0; worker < work.workers; worker++) {
        const memory = memories[worker];
        const share = await work.share(round, worker, { weights: held.weights, ...(memory && { memory }) });
        memories[worker] = share.memory;
        shares.push(share);
        expect(share.weights.length).toBe(length);
      }
      // What a worker hands back has no more ranks than it was given.
      const given = ranksOf(paramsOfWeights(layers, held.weights));
      for (const share of shares) expect(ranksOf(paramsOfWeights(layers, share.weights))).toEqual(given);
      const next = await work.combine(round, held, shares);
      const mean = float32sOf(shares[0]!.weights).map(
        (_, j) => shares.reduce((sum, { weights }) => sum + float32sOf(weights.subarray(4 * j, 4 * j + 4))[0]!, 0) / 4,
      );
      const ranks = ranksOf(paramsOfWeights(layers, next.weights));
      const kept = flattenTree(paramsOfWeights(layers, bytesOf(mean)));
      for (const [path, leaf] of flattenTree(paramsOfWeights(layers, next.weights))) {
        const before = kept.find(([name]) => name === path)![1];
        if (before.data.length === leaf.data.length) expect(leaf).toBeAllclose(before);
      }
      if (next.facts!.epoch !== undefined) expect(next.facts!.parameters).toBe(sizeAt(ranks, layers.initial));
      held = { weights: next.weights };
      if (round + 1 === work.rounds) expect(ranks).not.toEqual(full);
    }
  });

  it("send only what training changes", async () => {
    const yaml = "data: digits\nmodel: resnet8\ntrain: norms\nbatch-size: 16\nworkers: { count: 2 }\n";
    const { layers, work } = await open(yaml);
    const { weights } = await work.start();
    const all = flattenTree(layers.initial).reduce((sum, [, { data }]) => sum + data.length, 0);
    // Scales, shifts and running statistics of nine batch norms: 4 (3 · 16 + 3 · 32 + 3 · 64).
    expect(weights.length / 4).toBe(4 * (3 * 16 + 3 * 32 + 3 * 64));
    expect(all).toBeGreaterThan(70_000);
  });
});

/** Numbers of a model at ranks. */
function sizeAt(ranks: Readonly<Record<string, number>>, initial: Tree<HostTensor>): number {
  return flattenTree(initial).reduce((sum, [path, { data, shape }]) => {
    const layer = path.slice(0, path.lastIndexOf("."));
    const rank = ranks[layer];
    if (rank === undefined) return sum + data.length;
    return sum + (data.length / (path.endsWith(".u") ? shape[1]! : shape[0]!)) * rank;
  }, 0);
}

describe("a smaller model laid out in the tensors of a larger one", () => {
  it("is found again by its ranks", () => {
    const low = lowRank(lenet({ channels: 1, height: 8, width: 8 }, 10));
    const large = low.init(new Random(1)) as Tree<HostTensor>;
    const small = lowRank(lenet({ channels: 1, height: 8, width: 8 }, 10), { rank: 0.5 }).init(
      new Random(1),
    ) as Tree<HostTensor>;
    const grown = growTree(small, large);
    expect(flattenTree(grown).map(([, { shape }]) => shape)).toEqual(flattenTree(large).map(([, { shape }]) => shape));
    expect(ranksInUse(grown)).toEqual(ranksOf(small));
    expect(ranksInUse(large)).toEqual(ranksOf(large));
  });
});
