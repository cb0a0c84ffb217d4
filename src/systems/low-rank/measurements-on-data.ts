/** How the claims about networks are measured: on the digits that come with the package. @module */
import { type HostTensor, Random, type Tree } from "../../core/index.ts";
import { lowRank, type Parameters, type Ranks, ranksOf } from "../../nn/index.ts";
import { createEvaluator } from "../../train/index.ts";
import type { ClaimContext, Figure, Finding, Series } from "../claim.ts";
import { compareMethods } from "./compare.ts";
import { type CompareConfig, compareSchema, type RecipeConfig, recipeSchema } from "./config.ts";
import { factoredShapes, stepMacs } from "./cost.ts";
import { buildSubmodel, uniformRanks } from "./extract.ts";
import { type Frontier, type FrontierPoint, measurePoints } from "./frontier.ts";
import { loadRecipe, type Recipe } from "./recipe.ts";
import { trainedParams, trainMethod } from "./train.ts";

const digits = { data: "digits", model: "mlp", hidden: [128, 64] } as const;

function recipeOf(context: ClaimContext, seed: number, options: Partial<RecipeConfig> = {}): Promise<Recipe> {
  const epochs = context.scale === "full" ? 200 : 30;
  return loadRecipe(recipeSchema.parse({ ...digits, epochs, batchSize: 64, ...options }), seed);
}

const seedsOf = ({ seed }: ClaimContext): number[] => [seed, seed + 1, seed + 2];
const percent = (value: number) => `${(100 * value).toFixed(1)}%`;
const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

/** L4: what the leading part of the ranks is worth, with and without an order. */
export async function measureOrdering(context: ClaimContext): Promise<Finding> {
  const shares = [1, 0.5, 0.25, 0.125, 0.06];
  const seeds = seedsOf(context);
  const accuracies = { ordered: shares.map((): number[] => []), unordered: shares.map((): number[] => []) };
  for (const [at, seed] of seeds.entries()) {
    const recipe = await recipeOf(context, seed, { groupLasso: 0 });
    const { model, loss } = recipe.task;
    const evaluator = createEvaluator(model, loss);
    for (const method of ["ordered", "unordered"] as const) {
      const params = await trainedParams(recipe, method, { signal: context.signal });
      for (const [i, share] of shares.entries()) {
        const submodel = await buildSubmodel(model, params, uniformRanks(params, share), recipe.train);
        accuracies[method][i]!.push((await evaluator.evaluate(submodel as Tree<HostTensor>, recipe.test)).accuracy!);
      }
    }
    await evaluator.dispose();
    context.progress((at + 1) / seeds.length);
  }
  const quarter = shares.indexOf(0.25);
  const gains = accuracies.ordered[quarter]!.map((value, k) => value - accuracies.unordered[quarter]![k]!);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const line = (name: keyof typeof accuracies): Series => ({
    name,
    x: shares,
    y: accuracies[name].map(mean),
    low: accuracies[name].map((values) => Math.min(...values)),
    high: accuracies[name].map((values) => Math.max(...values)),
  });
  return {
    found: `+${gains.map((gain) => (100 * gain).toFixed(1)).join(", +")} points at a quarter of the ranks`,
    holds: gains.every((gain) => gain >= 0.1),
    values: {
      shares,
      ordered: accuracies.ordered.map(mean),
      unordered: accuracies.unordered.map(mean),
      gainsAtAQuarter: gains,
    },
    figures: [
      {
        title: "What the leading columns are worth",
        caption: "Test accuracy on digits of the first columns of every layer: mean and range of three seeds.",
        xLabel: "share of every layer's rank",
        yLabel: "accuracy",
        xScale: "log",
        series: [line("ordered"), line("unordered")],
      },
    ],
  };
}

/** Trains with ordered ranks and notes the ranks after every epoch. */
async function ranksOverTime(recipe: Recipe, signal: AbortSignal): Promise<Ranks[]> {
  const history: Ranks[] = [recipe.fullRanks];
  for await (const event of trainMethod(recipe, "ordered", { signal })) {
    if (event.type === "stopped") signal.throwIfAborted();
    if (event.type === "epoch") history.push(history.at(-1)!);
    if (event.type === "shrink") history[history.length - 1] = ranksOf(event.params);
  }
  return history;
}

/** L5: the group lasso sets the ranks. */
export async function measureGroupLasso(context: ClaimContext): Promise<Finding> {
  const factors = [0, 0.5, 2];
  const seeds = seedsOf(context);
  const totals: number[][] = [];
  let history: Ranks[] = [];
  for (const [at, seed] of seeds.entries()) {
    const usual = (await recipeOf(context, seed)).groupLasso;
    const row: number[] = [];
    for (const factor of factors) {
      const ranks = await ranksOverTime(await recipeOf(context, seed, { groupLasso: factor * usual }), context.signal);
      if (at === 0 && factor === 2) history = ranks;
      row.push(Object.values(ranks.at(-1)!).reduce((sum, rank) => sum + rank, 0));
    }
    totals.push(row);
    context.progress((at + 1) / seeds.length);
  }
  const full = Object.values(history[0]!).reduce((sum, rank) => sum + rank, 0);
  const epochs = history.map((_, epoch) => epoch);
  return {
    found: `ranks left of ${full}: ${totals.map((row) => row.join(" > ")).join("; ")}`,
    holds: totals.every((row) => row[0]! >= 0.8 * full && row.every((total, i) => i === 0 || total < row[i - 1]!)),
    values: {
      lassoTimesDefault: factors,
      ...Object.fromEntries(totals.map((row, k) => [`ranks-seed-${seeds[k]}`, row])),
    },
    figures: [
      {
        title: "Ranks by layer over time",
        caption:
          "An MLP on digits with twice the default group lasso: what is left of each layer's ranks after every epoch.",
        xLabel: "epoch",
        yLabel: "rank",
        series: Object.keys(history[0]!).map((path) => ({
          name: path.replace(/\.weight$/, ""),
          x: epochs,
          y: history.map((ranks) => ranks[path]!),
        })),
      },
    ],
  };
}

/** L6: as ranks fall, a step of training costs less, in multiply-adds and in milliseconds. */
export async function measureStepCost(context: ClaimContext): Promise<Finding> {
  const recipe = await recipeOf(context, context.seed, { hidden: [512, 512], epochs: 30, batchSize: 128 });
  const { train, task, config } = recipe;
  const size = { batch: config.batchSize, exampleShape: train.inputs.shape.slice(1) };
  const macs: number[] = [];
  const ms: number[] = [];
  // Before the first shrinking: full ranks, of which the shapes are enough to count by.
  let params = factoredShapes(task.model.init(new Random(0)), recipe.fullRanks);
  let times: number[] = [];
  for await (const event of trainMethod(recipe, "ordered", { signal: context.signal })) {
    if (event.type === "stopped") context.signal.throwIfAborted();
    // Whole batches only, and not the first of an epoch, which loads the step at its new shapes.
    if (event.type === "step") times.push(event.ms);
    if (event.type === "epoch") {
      macs.push(stepMacs(task.model, task.loss, params, size));
      ms.push(median(times.slice(1, -1)));
      times = [];
      context.progress((event.epoch + 1) / recipe.epochs);
    }
    if (event.type === "shrink") params = event.params as Parameters;
  }
  const last = macs.length - 1;
  const macsRatio = macs[last]! / macs[0]!;
  const timeRatio = median(ms.slice(-3)) / median(ms.slice(0, 3));
  const monotone = macs.every((value, i) => i === 0 || value <= macs[i - 1]!);
  const x = macs.map((_, epoch) => epoch + 1);
  return {
    found: `multiply-adds to ${percent(macsRatio)}, milliseconds to ${percent(timeRatio)}`,
    holds: monotone && macsRatio < 0.5 && timeRatio < 0.8,
    values: { macsByEpoch: macs, msByEpoch: ms, macsRatio, timeRatio },
    figures: [
      {
        title: "The cost of a training step as ranks fall",
        caption:
          "An MLP of two hidden layers of 512 on digits: multiply-adds and median milliseconds, as shares of the first epoch's.",
        xLabel: "epoch",
        yLabel: "share of the first epoch",
        series: [
          { name: "multiply-adds", x, y: macs.map((value) => value / macs[0]!) },
          { name: "milliseconds", x, y: ms.map((value) => value / ms[0]!) },
        ],
      },
    ],
  };
}

/** L7: ordered training against plain SVD after training, where each wins. */
export async function measureAgainstSvd(context: ClaimContext): Promise<Finding> {
  const config: CompareConfig = compareSchema.parse({
    ...digits,
    epochs: context.scale === "full" ? 200 : 50,
    batchSize: 64,
    methods: ["dense", "ordered", "svd"],
    budgets: [0.5, 0.1],
    seeds: context.scale === "full" ? 10 : 3,
  });
  const { rows } = await compareMethods(config, context.seed, {
    signal: context.signal,
    stage: staged(context, 3 * config.seeds + 4),
  });
  const at = (method: string, budget: number) => rows.find((row) => row.method === method && row.budget === budget)!;
  const gap = (budget: number) => at("ordered", budget).mean - at("svd", budget).mean;
  const dense = at("dense", 1);
  const frontier = await frontierFor(context, config);
  const points = (value: number) => `${value < 0 ? "" : "+"}${(100 * value).toFixed(1)}`;
  return {
    found: `ordered - SVD: ${points(gap(0.1))} points at 10% of the parameters, ${points(gap(0.5))} at 50%; dense ${percent(dense.mean)}`,
    holds: gap(0.1) > 0.02 && gap(0.5) < 0.02,
    values: {
      dense: dense.mean,
      ...Object.fromEntries(
        rows.flatMap((row) => [
          [`${row.method} at ${row.budget}`, row.mean],
          [`${row.method} at ${row.budget}, interval`, row.interval],
        ]),
      ),
    },
    figures: [
      frontierFigure(frontier, "macs", "multiply-adds"),
      frontierFigure(frontier, "latencyMsP50", `milliseconds for ${frontier.batch} examples`),
    ],
  };
}

/** Progress by the number of stages begun. */
function staged({ progress }: ClaimContext, total: number): () => void {
  let begun = 0;
  return () => progress(Math.min(1, begun++ / total));
}

async function frontierFor(context: ClaimContext, config: CompareConfig): Promise<Frontier> {
  const { signal, seed } = context;
  const recipe = await loadRecipe(recipeSchema.parse(config), seed);
  const dense = await trainedParams(recipe, "dense", { signal });
  const trained = [
    ["ordered", await trainedParams(recipe, "ordered", { signal })],
    ["unordered", await trainedParams(recipe, "unordered", { signal })],
    ["svd-of-dense", lowRank(recipe.task.model).from(dense)],
    ["dense", dense],
  ] as const;
  return measurePoints(recipe, trained, { budgets: [0.75, 0.5, 0.25, 0.15, 0.1, 0.05], batch: 256 }, { signal });
}

function frontierFigure(frontier: Frontier, key: "macs" | "latencyMsP50", xLabel: string): Figure {
  const methods = [...new Set(frontier.points.map(({ method }) => method))];
  return {
    title: `Accuracy against ${key === "macs" ? "multiply-adds" : "measured milliseconds"}`,
    caption: "An MLP on digits, one seed: submodels of one run, each nested in the next larger one.",
    xLabel,
    yLabel: "accuracy",
    xScale: "log",
    series: methods.map((name): Series => {
      const points = frontier.points.filter(({ method }) => method === name);
      const sorted: FrontierPoint[] = [...points].sort((a, b) => a[key] - b[key]);
      return { name, x: sorted.map((point) => point[key]), y: sorted.map(({ accuracy }) => accuracy!) };
    }),
  };
}
