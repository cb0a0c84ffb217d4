/** Logistic regression on a dataset dealt to workers. @module */
import { ConfigError, DataError, Random } from "../../core/index.ts";
import type { Dataset } from "../../data/index.ts";
import { solve } from "../../linalg/index.ts";
import { leastCommonMultiple } from "./check-sizes.ts";
import type { Problem } from "./problem.ts";

/** How a dataset becomes a problem. */
export interface LogisticOptions {
  readonly workers: number;
  /** N; default as many rows as every worker can have, less the remainder by `localSteps` (and `workers`, with `sync`). */
  readonly components?: number | undefined;
  readonly localSteps: number;
  /** Whether N must also be a multiple of M. */
  readonly sync: boolean;
  /** The class set against the rest; default the second of two. */
  readonly positive?: string | undefined;
  /** L2 regularisation, which is mu; default 1 / (M N). */
  readonly l2?: number | undefined;
  /** `shuffled` deals rows at random, so that workers are alike; `by-label` sorts them by class first, so that they differ. */
  readonly shards: "shuffled" | "by-label";
  readonly seed: number;
}

/** A logistic problem, and what was made of the dataset. */
export interface LogisticTask extends Problem {
  readonly classes: readonly [negative: string, positive: string];
  readonly l2: number;
  /** Rows that no worker got, as they do not divide. */
  readonly droppedRows: number;
  /** Share of the rows on the wrong side, in [0, 1]. */
  error(x: Float64Array): number;
}

/** Most weights for which the optimum is worked out (by Newton's method, with a dense Hessian). */
const mostForOptimum = 200;

/**
 * F(x) = mean log(1 + exp(-y a'x)) + l2 |x|^2 / 2 over rows a that are standardised and end with a 1 for the intercept. Row `i` of
 * worker `m` is component i of F^m.
 *
 * @throws {ConfigError} where the classes do not make a binary task; {@link DataError} where there are fewer rows than workers
 */
export function logisticProblem(dataset: Dataset, options: LogisticOptions): LogisticTask {
  const { workers, shards, seed } = options;
  const classes = binaryClasses(dataset, options.positive);
  const components = options.components ?? rowsEach(dataset, options);
  const size = workers * components;
  const rows = dataset.inputs.shape[0]!;
  if (size > rows) {
    const found = `${rows} rows in ${dataset.name}`;
    throw new DataError({ where: "--components", expected: `${workers} times ${components} rows`, found });
  }
  const order = dealt(dataset, shards, new Random(seed, "local", "shards"));
  const { features, labels, dim } = design(dataset, order.subarray(0, size), classes[1]);
  const l2 = options.l2 ?? 1 / size;
  const row = (at: number) => features.subarray(at * dim, (at + 1) * dim);
  const margin = (at: number, x: Float64Array) => {
    let sum = 0;
    for (let j = 0, from = at * dim; j < dim; j++) sum += features[from + j]! * x[j]!;
    return labels[at]! * sum;
  };
  let largest = 0;
  for (let at = 0; at < size; at++) largest = Math.max(largest, squareOf(row(at)));
  const sum: Sum = { size, dim, l2, labels, row, margin };
  return {
    workers,
    components,
    dim,
    smoothness: largest / 4 + l2,
    strongConvexity: l2,
    start: new Float64Array(dim),
    classes,
    l2,
    droppedRows: rows - size,
    ...(dim <= mostForOptimum && { optimum: minimum(sum) }),
    descend(worker, component, at, rate, into) {
      const index = worker * components + component;
      const factor = rate * labels[index]! * sigmoidOfMinus(margin(index, at));
      const shrink = rate * l2;
      for (let j = 0, from = index * dim; j < dim; j++) into[j]! += factor * features[from + j]! - shrink * at[j]!;
    },
    objective: (x) => objective(sum, x),
    error(x) {
      let wrong = 0;
      for (let at = 0; at < size; at++) if (margin(at, x) <= 0) wrong++;
      return wrong / size;
    },
  };
}

function binaryClasses({ classes, name }: Dataset, positive: string | undefined): [string, string] {
  if (!classes) {
    const hint = "--label names the column with the classes";
    throw new ConfigError({ where: name, expected: "classes to tell apart", found: "a column of numbers", hint });
  }
  if (positive !== undefined && !classes.includes(positive)) {
    throw new ConfigError({ where: "--positive", expected: `one of ${classes.join(", ")}`, found: `"${positive}"` });
  }
  if (classes.length < 2 || (classes.length > 2 && positive === undefined)) {
    const hint =
      classes.length > 2 ? "--positive NAME sets one class against the rest" : "--label names another column";
    throw new ConfigError({ where: name, expected: "two classes", found: `${classes.length}`, hint });
  }
  const one = positive ?? classes[1]!;
  return [classes.length === 2 ? classes.find((other) => other !== one)! : `not ${one}`, one];
}

/** The most rows that every worker can have and B divides, and M with synchronized shuffling. */
function rowsEach({ inputs, name }: Dataset, { workers, localSteps, sync }: LogisticOptions): number {
  const unit = sync ? leastCommonMultiple(localSteps, workers) : localSteps;
  const most = Math.floor(inputs.shape[0]! / workers);
  const components = most - (most % unit);
  if (components > 0) return components;
  const expected = `at least ${workers * unit} rows, ${unit} for each of ${workers} workers`;
  throw new DataError({ where: name, expected, found: `${inputs.shape[0]}` });
}

/** The rows in the order in which they are dealt: worker 0 gets the first ones. */
function dealt({ targets }: Dataset, shards: LogisticOptions["shards"], random: Random): Int32Array {
  const order = random.permutation(targets.data.length);
  return shards === "shuffled" ? order : order.sort((a, b) => targets.data[a]! - targets.data[b]! || a - b);
}

/** Standardised rows with a 1 at the end, and labels -1 and 1. */
function design({ inputs, targets, classes }: Dataset, order: Int32Array, positive: string) {
  const width = inputs.data.length / inputs.shape[0]!;
  const dim = width + 1;
  const features = new Float64Array(order.length * dim);
  order.forEach((from, at) => {
    for (let j = 0; j < width; j++) features[at * dim + j] = inputs.data[from * width + j]!;
    features[at * dim + width] = 1;
  });
  for (let j = 0; j < width; j++) {
    let mean = 0;
    for (let at = j; at < features.length; at += dim) mean += features[at]! / order.length;
    let variance = 0;
    for (let at = j; at < features.length; at += dim) variance += (features[at]! - mean) ** 2 / order.length;
    // A feature that is constant says nothing.
    const factor = Math.sqrt(variance) > 1e-12 * Math.abs(mean) ? 1 / Math.sqrt(variance) : 0;
    for (let at = j; at < features.length; at += dim) features[at] = (features[at]! - mean) * factor;
  }
  const one = classes!.indexOf(positive);
  const labels = Float64Array.from(order, (from) => (targets.data[from] === one ? 1 : -1));
  return { features, labels, dim };
}

/** What the objective is a sum of. */
interface Sum {
  readonly size: number;
  readonly dim: number;
  readonly l2: number;
  readonly labels: Float64Array;
  readonly row: (at: number) => Float64Array;
  /** y_i a_i'x */
  readonly margin: (at: number, x: Float64Array) => number;
}

/** 1 / (1 + exp(z)), for any z. */
function sigmoidOfMinus(z: number): number {
  return z > 0 ? Math.exp(-z) / (1 + Math.exp(-z)) : 1 / (1 + Math.exp(z));
}

function squareOf(x: Float64Array): number {
  return x.reduce((sum, value) => sum + value * value, 0);
}

function objective({ size, l2, margin }: Sum, x: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < size; at++) {
    const z = margin(at, x);
    sum += z > 0 ? Math.log1p(Math.exp(-z)) : Math.log1p(Math.exp(z)) - z;
  }
  return sum / size + (l2 / 2) * squareOf(x);
}

/** F*, by Newton's method with step halving until the decrease is lost in rounding. */
function minimum(sum: Sum): number {
  let x = new Float64Array(sum.dim);
  let value = objective(sum, x);
  for (let iteration = 0; iteration < 100; iteration++) {
    const direction = newtonDirection(sum, x);
    let length = 1;
    let next = x.map((xj, j) => xj + length * direction[j]!);
    while (length > 1e-10 && objective(sum, next) > value) {
      length /= 2;
      next = x.map((xj, j) => xj + length * direction[j]!);
    }
    const lower = objective(sum, next);
    if (!(lower < value)) break;
    x = next;
    value = lower;
  }
  return value;
}

function newtonDirection({ size, dim, l2, labels, row, margin }: Sum, x: Float64Array): Float64Array {
  const hessian = new Float64Array(dim * dim);
  const down = x.map((value) => -l2 * value);
  for (let at = 0; at < size; at++) {
    const a = row(at);
    const p = sigmoidOfMinus(margin(at, x));
    const weight = (p * (1 - p)) / size;
    const pull = (labels[at]! * p) / size;
    for (let j = 0; j < dim; j++) {
      down[j]! += pull * a[j]!;
      const scaled = weight * a[j]!;
      for (let k = 0; k <= j; k++) hessian[j * dim + k]! += scaled * a[k]!;
    }
  }
  for (let j = 0; j < dim; j++) {
    hessian[j * dim + j]! += l2;
    for (let k = 0; k < j; k++) hessian[k * dim + j] = hessian[j * dim + k]!;
  }
  return solve(hessian, down);
}
