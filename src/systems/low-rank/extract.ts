/** Smaller models out of a trained one: which ranks to give up first, and the submodel at given ranks. @module */
import { ConfigError, type HostTensor, hostTensor, type Tree } from "../../core/index.ts";
import { type Dataset, takeRows } from "../../data/index.ts";
import { compile, reshape, slice, type Tensor } from "../../engine/index.ts";
import {
  type Layer,
  Mode,
  mapWeights,
  maskTails,
  matrixSize,
  mergeUnprofitable,
  type Parameters,
  profitableRank,
  type Ranks,
  ranksOf,
  type Traced,
  truncateRanks,
} from "../../nn/index.ts";
import { gatherRows, type Loss, recalibrate } from "../../train/index.ts";
import type { Cost, CostModel } from "./cost.ts";
import { hasStatistics } from "./recipe.ts";

/** A submodel on the way from the whole model to the smallest one. */
export interface Step extends Cost {
  readonly ranks: Ranks;
  /** Mean loss on the examples that ranks are chosen by. */
  readonly loss: number;
}

/** Lengths of work, and a way to stop it. */
export interface Hooks {
  readonly progress?: (fraction: number) => void;
  readonly signal?: AbortSignal;
}

/** Ranks that a layer of `rank` goes down by: below the rank at which factors pay, each about a fifth lower than the last. */
export function rungs(rank: number, profitable: number): number[] {
  const list: number[] = [];
  let next = Math.min(rank - 1, profitable);
  while (next >= 1) {
    list.push(next);
    next = Math.min(next - 1, Math.round(0.8 * next));
  }
  return list;
}

/** Losses of submodels by their ranks, all from one compiled graph. */
function createLossAt(model: Layer, loss: Loss, params: Parameters, selection: Dataset) {
  // Running statistics belong to the whole model: where there are any, each batch is measured by its own.
  const training = hasStatistics(params);
  const order = Object.keys(ranksOf(params));
  const measure = compile((tree: Traced<Parameters>, widths: Tensor, inputs: Tensor, targets: Tensor) => {
    const each = order.map((_, i) => reshape(slice(widths, [[i, i + 1]]), []));
    return loss(model.apply(maskTails(tree, each), inputs, new Mode(training)), targets);
  }) as unknown as {
    seeded(seed: number, tree: Tree<HostTensor>, ...rest: HostTensor[]): Promise<HostTensor>;
    dispose(): Promise<void>;
  };
  const size = selection.inputs.shape[0]!;
  const batch = 500;
  return {
    async lossAt(ranks: Ranks): Promise<number> {
      const widths = hostTensor(
        Float32Array.from(order, (path) => ranks[path]!),
        [order.length],
      );
      let total = 0;
      for (let start = 0; start < size; start += batch) {
        const rows = Int32Array.from({ length: Math.min(batch, size - start) }, (_, i) => start + i);
        const inputs = gatherRows(selection.inputs, rows);
        const targets = gatherRows(selection.targets, rows);
        const value = await measure.seeded(0, params as Tree<HostTensor>, widths, inputs, targets);
        total += value.data[0]! * rows.length;
      }
      return total / size;
    },
    dispose: () => measure.dispose(),
  };
}

/**
 * The greedy way down: of all layers, the next to lose ranks is the one whose loss rises least for what it saves. Every submodel on
 * the way is nested in those before it.
 *
 * @param params - with factored layers, ordered or not
 * @param save - what is to be saved
 * @returns from the whole model to rank 1 everywhere
 * @remarks The paper removes ranks greedily without saying how (section 4); this is our definition. Layers are tried lazily: only
 * those whose last known price could be the lowest.
 */
export async function greedyPath(
  {
    model,
    loss,
    params,
    selection,
    costs,
  }: {
    readonly model: Layer;
    readonly loss: Loss;
    readonly params: Parameters;
    readonly selection: Dataset;
    readonly costs: CostModel;
  },
  save: keyof Cost,
  { progress, signal }: Hooks = {},
): Promise<Step[]> {
  const { lossAt, dispose } = createLossAt(model, loss, params, selection);
  const ladders = new Map<string, number[]>();
  mapWeights(params, (factors, path) => {
    ladders.set(path, rungs(ranksOf(params)[path]!, profitableRank(matrixSize(factors))));
    return factors;
  });
  const total = [...ladders.values()].reduce((sum, ladder) => sum + ladder.length, 0);
  const startRanks = ranksOf(params);
  const path: Step[] = [{ ranks: startRanks, loss: await lossAt(startRanks), ...costs.at(startRanks) }];
  const prices = new Map([...ladders.keys()].map((layer) => [layer, Number.NEGATIVE_INFINITY]));
  try {
    while (path.length <= total) {
      signal?.throwIfAborted();
      const here = path.at(-1)!;
      const fresh = new Map<string, Step>();
      for (;;) {
        const open = [...prices].filter(([layer]) => ladders.get(layer)!.length > 0);
        const [layer] = open.reduce((best, entry) => (entry[1] < best[1] ? entry : best));
        const known = fresh.get(layer);
        if (known) {
          ladders.get(layer)!.shift();
          path.push(known);
          break;
        }
        const ranks = { ...here.ranks, [layer]: ladders.get(layer)![0]! };
        const next: Step = { ranks, loss: await lossAt(ranks), ...costs.at(ranks) };
        fresh.set(layer, next);
        prices.set(layer, (next.loss - here.loss) / Math.max(1, here[save] - next[save]));
      }
      progress?.((path.length - 1) / total);
    }
  } finally {
    await dispose();
  }
  return path;
}

/** Every layer at the same share of its rank, rounded up. */
export function uniformRanks(params: Parameters, share: number): Ranks {
  return Object.fromEntries(
    Object.entries(ranksOf(params)).map(([path, rank]) => [path, Math.max(1, Math.ceil(share * rank))]),
  );
}

/** A budget as a number: up to 1 it is a share of what the whole model costs. */
function absoluteBudget(budget: number, dense: number): number {
  return budget <= 1 ? budget * dense : budget;
}

/**
 * The first submodel on the way that costs no more than the budget.
 *
 * @throws {ConfigError} where even the smallest costs more
 */
export function withinBudget(path: readonly Step[], kind: keyof Cost, budget: number, dense: Cost): Step {
  const most = absoluteBudget(budget, dense[kind]);
  const found = path.find((step) => step[kind] <= most);
  if (found) return found;
  const smallest = path.reduce((best, step) => (step[kind] < best[kind] ? step : best));
  const share = (value: number) => `${value} (${(value / dense[kind]).toFixed(4)} of the dense model)`;
  throw new ConfigError({
    where: kind === "macs" ? "--max-macs" : "--max-parameters",
    expected: `at least ${share(smallest[kind])}, the smallest submodel`,
    found: `${budget}`,
    hint: "rank 1 everywhere costs that much; skipped layers and biases stay whole",
  });
}

/**
 * The submodel at `ranks`: leading columns of every layer, multiplied out where factors cost as much, running statistics measured
 * anew on `train`.
 */
export async function buildSubmodel(
  model: Layer,
  params: Parameters,
  ranks: Ranks,
  train: Dataset,
): Promise<Parameters> {
  const merged = mergeUnprofitable(truncateRanks(params, ranks));
  if (!hasStatistics(merged)) return merged;
  const rows = Math.min(train.inputs.shape[0]!, 4096);
  const sample = takeRows(
    train,
    Int32Array.from({ length: rows }, (_, i) => i),
  );
  return (await recalibrate(model, merged as Tree<HostTensor>, sample)) as Parameters;
}
