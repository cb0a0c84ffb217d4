/**
 * Layers that learn their own rank while they train.
 *
 * Every linear map W of a model becomes a product u v of full rank. Each step of training runs the model with the first b columns
 * of one u and rows of one v only, chosen at random, so that the leading ones learn to do the most; a penalty on the tails drives
 * the rest to zero, and `fit` takes them away between epochs. One run gives a family of nested models.
 *
 * @module
 */
import {
  CollapseError,
  ConfigError,
  flattenTree,
  type HostTensor,
  mapTree,
  nearest,
  Random,
  type Tree,
} from "../core/index.ts";
import {
  add,
  and,
  cast,
  cumsum,
  floor,
  greaterEqual,
  iota,
  less,
  minimum,
  mul,
  type Operand,
  randomUniform,
  reshape,
  scalar,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  where,
} from "../engine/index.ts";
import type { Layer, Mode, Parameters, Shrink, Traced } from "./layer.ts";
import {
  type Factors,
  factorize,
  isFactors,
  leadingColumns,
  leadingFactors,
  leadingRows,
  linearMapGroups,
  matrixSize,
  multiplyFactors,
  rankOf,
  type Weight,
} from "./weight.ts";

/**
 * Which layers a training step truncates, and to which rank.
 *
 * - `pairs`: one layer, to b columns, uniform over all pairs (layer, b): a layer is drawn in proportion to its rank
 * - `layers`: one layer, uniform over layers, to b columns, uniform over its ranks
 * - `independent`: every layer, each to its own b
 * - `none`: no layer; an ordinary factorisation, whose columns have no order
 */
export type RankSampler = "pairs" | "layers" | "independent" | "none";

/** Options of {@link lowRank}. */
export interface LowRankOptions {
  /** Layers to leave whole: paths such as `0` or `blocks.1.attention`, or a predicate on the weight's path. Default none. */
  readonly skip?: readonly string[] | ((path: string) => boolean);
  /** Default `pairs`. */
  readonly sampler?: RankSampler;
  /** Weight of the group lasso on tails of columns, not negative: the larger, the lower the ranks; default 0. */
  readonly groupLasso?: number;
  /** Steps over which the group lasso rises to its weight, so that a network first finds what is worth keeping; default 0. */
  readonly warmupSteps?: number;
  /**
   * Columns are taken away between epochs once the norm of their tail falls below this share of the layer's norm; false keeps all.
   * Default 0.001.
   */
  readonly shrink?: number | false;
  /** Share of the full rank that layers start with, in (0, 1]; default 1. */
  readonly rank?: number;
}

/** A model whose linear maps are products of two, and learn their rank. */
export interface LowRank extends Layer {
  /** The model that was given: it runs whole, factored and truncated parameters alike, at their full rank. */
  readonly model: Layer;
  /** The full rank min(outputs, inputs) of every layer that is factored, by the path of its weight. */
  readonly fullRanks: Ranks;
  /** Weights that could not be factored, with the reason. */
  readonly keptWhole: Readonly<Record<string, string>>;
  /** The model's own parameters, such as those of a trained network, factored by SVD: the function stays the same. */
  from(params: Parameters): Parameters;
  shrink(params: Parameters): Shrink | undefined;
}

/**
 * Makes a model learn the ranks of its linear and convolution layers. Train it with `fit`: ranks shrink as it goes.
 *
 * @param model - built from the layers of this package, composed in any way
 * @throws {ConfigError} for options out of range, or a `skip` that names no layer
 * @remarks Source: Horvath et al. (2024), "Maestro", section 3. Deviations: pairs are drawn with replacement, from the seed of the
 * step; the threshold of shrinking is relative to the layer's norm; a joint projection to queries, keys and values is one linear
 * map. Grouped convolutions stay whole.
 * @example
 * ```ts
 * const model = lowRank(lenet({ channels: 1, height: 28, width: 28 }, 10), { groupLasso: 3e-4 });
 * const optimizer = sgd({ momentum: 0.9 });
 * for await (const event of fit({ model, loss: crossEntropy, optimizer, data, epochs: 10, batchSize: 128, learningRate: 0.05 })) {
 *   if (event.type === "end") console.log(ranksOf(event.params));
 * }
 * ```
 */
export function lowRank(model: Layer, options: LowRankOptions = {}): LowRank {
  const { skip = [], sampler = "pairs", groupLasso = 0, warmupSteps = 0, shrink = 1e-3, rank = 1 } = options;
  check(options);
  let known: Plan | undefined;
  const plan = (fresh = model.init(new Random(0))): Plan => {
    known ??= planFactors(fresh, skip);
    return known;
  };

  const factor = (params: Parameters, chosen: Ranks): Parameters =>
    mapTree<HostTensor, unknown>(params as Tree<HostTensor>, (leaf, path) => {
      if (!(path in chosen)) return leaf;
      const factors = factorize(leaf);
      return rank === 1 ? factors : leadingFactors(factors, Math.max(1, Math.round(rank * rankOf(factors))));
    }) as Parameters;

  return {
    model,
    get fullRanks() {
      return plan().fullRanks;
    },
    get keptWhole() {
      return plan().keptWhole;
    },
    init(random) {
      const fresh = model.init(random);
      return factor(fresh, plan(fresh).fullRanks);
    },
    from: (params) => factor(params, plan().fullRanks),
    apply(params, input, mode) {
      if (!mode.training) return model.apply(params, input, mode);
      if (groupLasso > 0) mode.penalize(mul(tailPenalty(params), warmUp(groupLasso, warmupSteps, mode)));
      return model.apply(truncateAtRandom(params, sampler), input, mode);
    },
    shrink: (params) => (shrink === false ? undefined : shrinkTails(params, shrink)),
  };
}

function check({ groupLasso = 0, warmupSteps = 0, shrink = 1e-3, rank = 1, sampler = "pairs" }: LowRankOptions): void {
  const refuse = (where: string, expected: string, found: unknown) => {
    throw new ConfigError({ where: `lowRank ${where}`, expected, found: `${String(found)}` });
  };
  if (!(groupLasso >= 0 && Number.isFinite(groupLasso))) refuse("groupLasso", "a number of at least 0", groupLasso);
  if (!(warmupSteps >= 0)) refuse("warmupSteps", "a number of at least 0", warmupSteps);
  if (shrink !== false && !(shrink > 0 && shrink < 1)) refuse("shrink", "a share in (0, 1), or false", shrink);
  if (!(rank > 0 && rank <= 1)) refuse("rank", "a share of the full rank in (0, 1]", rank);
  if (!(sampler in samplers)) refuse("sampler", Object.keys(samplers).join(", "), sampler);
}

/** Which weights become factors, and which cannot. */
interface Plan {
  readonly fullRanks: Ranks;
  readonly keptWhole: Readonly<Record<string, string>>;
}

/** Decides on fresh parameters, which know what they are weights of. */
function planFactors(fresh: Parameters, skip: NonNullable<LowRankOptions["skip"]>): Plan {
  const maps = flattenTree(fresh as Tree<HostTensor>).filter(([, leaf]) => linearMapGroups(leaf) !== undefined);
  const paths = maps.map(([path]) => path);
  const skipped = typeof skip === "function" ? skip : matcher(skip, paths);
  const chosen = maps.filter(([path]) => !skipped(path));
  const grouped = chosen.filter(([, leaf]) => linearMapGroups(leaf)! > 1).map(([path]) => path);
  const factored = chosen.filter(([path]) => !grouped.includes(path));
  return {
    fullRanks: Object.fromEntries(factored.map(([path, leaf]) => [path, Math.min(...matrixSize(leaf))])),
    keptWhole: Object.fromEntries(grouped.map((path) => [path, "a grouped convolution"])),
  };
}

/** Whether a weight's path lies in one of the layers named. */
function matcher(skip: readonly string[], paths: readonly string[]): (path: string) => boolean {
  const inside = (path: string, layer: string) => path === layer || path.startsWith(`${layer}.`);
  const unknown = skip.find((layer) => !paths.some((path) => inside(path, layer)));
  if (unknown !== undefined) {
    const layers = paths.map((path) => path.replace(/\.weight$/, ""));
    const near = nearest(unknown, layers);
    throw new ConfigError({
      where: "lowRank skip",
      expected: `layers among ${layers.join(", ")}`,
      found: `"${unknown}"`,
      ...(near && { hint: `did you mean "${near}"?` }),
    });
  }
  return (path) => skip.some((layer) => inside(path, layer));
}

/** `tree` with `fn` of every pair of factors in its place. */
function mapFactors<T extends object>(
  tree: unknown,
  fn: (factors: { readonly u: T; readonly v: T }, path: string) => unknown,
  prefix = "",
): unknown {
  if (isFactors<T>(tree)) return fn(tree, prefix);
  if (tree === null || typeof tree !== "object") return tree;
  const child = (key: string | number) => (prefix === "" ? `${key}` : `${prefix}.${key}`);
  if (Array.isArray(tree)) return tree.map((node, i) => mapFactors(node, fn, child(i)));
  if (Object.getPrototypeOf(tree) !== Object.prototype || "shape" in tree) return tree;
  return Object.fromEntries(Object.entries(tree).map(([key, node]) => [key, mapFactors(node, fn, child(key))]));
}

/** All pairs of factors in a tree, by path. */
function factorsOf<T extends object = HostTensor>(tree: unknown): [path: string, { readonly u: T; readonly v: T }][] {
  const found: [string, { readonly u: T; readonly v: T }][] = [];
  mapFactors<T>(tree, (factors, path) => found.push([path, factors]));
  return found;
}

/** How many leading columns each layer of the given ranks uses in one step: float32 scalars, in the order of `ranks`. */
type Widths = (ranks: readonly number[]) => Tensor[];

const samplers: Readonly<Record<RankSampler, Widths | undefined>> = {
  pairs(ranks) {
    const total = ranks.reduce((sum, rank) => sum + rank, 0);
    const pair = floor(mul(randomUniform([]), total));
    let offset = 0;
    return ranks.map((rank) => {
      const first = offset;
      offset += rank;
      const chosen = and(greaterEqual(pair, first), less(pair, first + rank));
      return where(chosen, add(sub(pair, first), 1), scalar(rank));
    });
  },
  layers(ranks) {
    const layer = floor(mul(randomUniform([]), ranks.length));
    const share = randomUniform([]);
    return ranks.map((rank, i) => {
      const chosen = and(greaterEqual(layer, i), less(layer, i + 1));
      return where(chosen, add(floor(mul(share, rank)), 1), scalar(rank));
    });
  },
  independent: (ranks) => ranks.map((rank) => add(floor(mul(randomUniform([]), rank)), 1)),
  none: undefined,
};

/**
 * How many leading columns each layer uses in one step, drawn in the graph: a float32 scalar for each of `ranks`, whole and in
 * [1, rank].
 */
export function sampleWidths(ranks: readonly number[], sampler: RankSampler): Tensor[] {
  return samplers[sampler]?.(ranks) ?? ranks.map((rank) => scalar(rank));
}

/**
 * The parameters with only the first `widths[i]` rows of every v, the rest set to zero: what truncation computes, at run time. The
 * columns of u that go with the rest then get no gradient either.
 *
 * @param widths - a float32 scalar for every factored layer, in the order of {@link ranksOf}
 */
export function maskTails(params: Traced<Parameters>, widths: readonly Tensor[]): Traced<Parameters> {
  let next = 0;
  return mapFactors<Tensor>(params, ({ u, v }) => {
    const rank = rankOf({ v });
    const kept = cast(less(cast(iota(rank), "float32"), widths[next++]!), v.dtype);
    return { u, v: mul(v, reshape(kept, [rank, ...v.shape.slice(1).map(() => 1)])) };
  }) as Traced<Parameters>;
}

/** The parameters as one step of training sees them. */
function truncateAtRandom(params: Traced<Parameters>, sampler: RankSampler): Traced<Parameters> {
  const ranks = factorsOf<Tensor>(params).map(([, factors]) => rankOf(factors));
  return sampler === "none" || ranks.length === 0 ? params : maskTails(params, sampleWidths(ranks, sampler));
}

/** Under the root of a norm: the gradient of a column that has reached zero stays a number. */
const smallestSquare = 1e-12;

/** sum over b of the norm of columns b, b + 1, … where the column's axis is `axis`. */
function sumOfTailNorms(factor: Tensor, axis: 0 | 1): Tensor {
  const others = factor.shape.map((_, i) => i).filter((i) => i !== axis);
  return sum(sqrt(add(cumsum(sum(square(factor), others), 0, true), smallestSquare)));
}

/**
 * The hierarchical group lasso: for every layer and every b, the Frobenius norms of columns b and on of u and of rows b and on of v.
 *
 * @remarks Source: Horvath et al. (2024), section 3.3.
 */
export function tailPenalty(params: Traced<Parameters>): Tensor {
  const terms = factorsOf<Tensor>(params).flatMap(([, { u, v }]) => [sumOfTailNorms(u, 1), sumOfTailNorms(v, 0)]);
  return terms.length === 0 ? scalar(0) : terms.reduce((total, term) => add(total, term));
}

/** The penalty's weight at the current step. */
function warmUp(groupLasso: number, warmupSteps: number, { step }: Mode): Operand {
  return step && warmupSteps > 0 ? mul(minimum(mul(step, 1 / warmupSteps), 1), groupLasso) : groupLasso;
}

/**
 * Importance of every column of a pair of factors: the norm of the tail of u that starts with it, times that of v. Never increases,
 * so that what is important is always a leading part.
 *
 * @returns float64[rank]
 */
export function columnImportance(factors: Factors): Float64Array {
  const rank = rankOf(factors);
  const [rows, columns] = matrixSize(factors);
  const u = new Float64Array(rank + 1);
  const v = new Float64Array(rank + 1);
  for (let b = rank - 1; b >= 0; b--) {
    u[b] = u[b + 1]!;
    v[b] = v[b + 1]!;
    for (let i = 0; i < rows; i++) u[b]! += factors.u.data[i * rank + b]! ** 2;
    for (let j = 0; j < columns; j++) v[b]! += factors.v.data[b * columns + j]! ** 2;
  }
  return Float64Array.from({ length: rank }, (_, b) => Math.sqrt(u[b]! * v[b]!));
}

/** A layer of this norm or less passes nothing on: training has driven it to zero. */
const deadNorm = 1e-3;

function shrinkTails(params: Parameters, threshold: number): Shrink | undefined {
  const ranks = new Map<string, number>();
  for (const [path, factors] of factorsOf(params)) {
    const importance = columnImportance(factors);
    if (!(importance[0]! > deadNorm)) {
      throw new CollapseError({
        where: path,
        expected: "a layer that the group lasso leaves something of",
        found: `a norm of ${importance[0]!.toExponential(1)}: every rank has gone to zero`,
        hint: "train with a smaller group lasso, such as a quarter of it",
      });
    }
    ranks.set(path, importance.findLastIndex((value) => value >= threshold * importance[0]!) + 1);
  }
  const changed = factorsOf(params).some(([path, factors]) => ranks.get(path)! < rankOf(factors));
  if (!changed) return undefined;
  return shrinkTo(Object.fromEntries(ranks));
}

/** How parameters, and what an optimizer remembers of them, are cut to the leading columns of `ranks`; layers not named stay as they are. */
export function shrinkTo(ranks: Ranks): Shrink {
  return (path, leaf) => {
    const cut = path.lastIndexOf(".");
    const rank = ranks[path.slice(0, cut)];
    if (rank === undefined) return leaf;
    return path.slice(cut + 1) === "u" ? leadingColumns(leaf, rank) : leadingRows(leaf, rank);
  };
}

/** Ranks of the factored layers of a parameter tree, by the path of the weight. */
export type Ranks = Readonly<Record<string, number>>;

/** The rank of every factored layer. */
export function ranksOf(params: Parameters | Tree<HostTensor>): Ranks {
  return Object.fromEntries(factorsOf(params).map(([path, factors]) => [path, rankOf(factors)]));
}

/**
 * The rank of every factored layer, columns of u and rows of v left out that are zero at its end: what is left of a model whose ranks
 * have shrunk, laid out in tensors of the ranks it began with. At least 1.
 */
export function ranksInUse(params: Parameters | Tree<HostTensor>): Ranks {
  const used = factorsOf(params).map(([path, { u, v }]) => {
    const rank = rankOf({ v });
    const width = v.data.length / rank;
    let last = 0;
    for (let i = 0; i < v.data.length; i++) if (v.data[i] !== 0) last = Math.floor(i / width);
    for (let i = 0; i < u.data.length; i++) if (u.data[i] !== 0) last = Math.max(last, i % rank);
    return [path, last + 1] as const;
  });
  return Object.fromEntries(used);
}

/**
 * A smaller model out of a larger one: the leading `ranks` columns of every layer named, which all submodels share bit by bit;
 * other layers as they are.
 *
 * @throws {ConfigError} where a rank is not a whole number in [1, rank of the layer], or a layer is not there
 */
export function truncateRanks(params: Parameters, ranks: Ranks): Parameters {
  const own = ranksOf(params);
  for (const [path, rank] of Object.entries(ranks)) {
    const most = own[path];
    if (most !== undefined && Number.isInteger(rank) && rank >= 1 && rank <= most) continue;
    throw new ConfigError({
      where: `truncateRanks ${path}`,
      expected: most === undefined ? `factored layers among ${Object.keys(own).join(", ")}` : `a rank in [1, ${most}]`,
      found: most === undefined ? "none of that name" : `${rank}`,
    });
  }
  const cut = (factors: Factors, path: string) => leadingFactors(factors, ranks[path] ?? rankOf(factors));
  return mapFactors<HostTensor>(params, cut) as Parameters;
}

/** The largest rank at which factors of a matrix cost less than the matrix itself; 0 where none does. */
export function profitableRank([rows, columns]: readonly [rows: number, columns: number]): number {
  return Math.ceil((rows * columns) / (rows + columns)) - 1;
}

/** The parameters with factors that cost at least as much as their product multiplied out: the same function, cheaper. */
export function mergeUnprofitable(params: Parameters): Parameters {
  return mapFactors<HostTensor>(params, (factors) =>
    rankOf(factors) > profitableRank(matrixSize(factors)) ? multiplyFactors(factors) : factors,
  ) as Parameters;
}

/** The parameters with another weight in place of every pair of factors. */
export function mapWeights(params: Parameters, fn: (factors: Factors, path: string) => Weight): Parameters {
  return mapFactors<HostTensor>(params, fn) as Parameters;
}
