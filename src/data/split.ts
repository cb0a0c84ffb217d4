/**
 * Parts of datasets, and scaling by what the training part shows.
 *
 * @module
 */
import {
  allocate,
  ConfigError,
  DataError,
  formatShape,
  type HostTensor,
  hostTensor,
  Random,
  ShapeError,
  sameShape,
  sizeOf,
} from "../core/index.ts";
import type { Dataset } from "./dataset.ts";

function takeRowsOf({ shape, dtype, data }: HostTensor, indices: ArrayLike<number>): HostTensor {
  const width = sizeOf(shape.slice(1));
  const out = allocate(dtype, indices.length * width);
  for (let i = 0; i < indices.length; i++) {
    out.set(data.subarray(indices[i]! * width, (indices[i]! + 1) * width), i * width);
  }
  return hostTensor(out, [indices.length, ...shape.slice(1)]);
}

/**
 * The dataset of some rows, copied, in the order of `indices`; a row may come more than once.
 *
 * @param indices - whole numbers in [0, n)
 * @throws {ConfigError} where an index is outside
 * @example
 * ```ts
 * const first = takeRows(dataset, [0, 1, 2]);
 * ```
 */
export function takeRows(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  const n = dataset.inputs.shape[0]!;
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (!Number.isInteger(index) || index < 0 || index >= n) {
      throw new ConfigError({
        where: `takeRows(${dataset.name})`,
        expected: `indices in [0, ${n})`,
        found: `${index}`,
      });
    }
  }
  return {
    ...dataset,
    inputs: takeRowsOf(dataset.inputs, indices),
    targets: takeRowsOf(dataset.targets, indices),
  };
}

/** Options of {@link splitDataset}. */
export interface SplitOptions {
  /** Share of each part, positive, 1 in sum; default [0.8, 0.2]. */
  readonly fractions?: readonly number[];
  /** Picks which rows go where; default 0. */
  readonly seed?: number;
  /** Whether each part has each class in the share that it has in the whole; default true where there are classes. */
  readonly stratify?: boolean;
}

/**
 * Disjoint parts that together are the dataset, each with its rows in their old order. Every part's size is its share of the
 * rows, give or take one; when stratified, its number of rows of a class is its share of them, give or take two.
 *
 * @returns a dataset per fraction
 * @throws {ConfigError} where fractions are not positive or do not sum to 1, or `stratify` is asked of values
 * @throws {DataError} where a part would be empty
 * @example
 * ```ts
 * const [train, validation, test] = splitDataset(dataset, { fractions: [0.7, 0.15, 0.15], seed: 1 });
 * ```
 */
export function splitDataset(dataset: Dataset, options: SplitOptions = {}): Dataset[] {
  const { fractions = [0.8, 0.2], seed = 0, stratify = dataset.classes !== undefined } = options;
  const where = `splitDataset(${dataset.name})`;
  const sum = fractions.reduce((total, fraction) => total + fraction, 0);
  if (!fractions.every((fraction) => fraction > 0) || Math.abs(sum - 1) > 1e-9) {
    throw new ConfigError({
      where: `${where}: fractions`,
      expected: "positive numbers that sum to 1",
      found: fractions.join(", ") || "none",
    });
  }
  if (stratify && dataset.classes === undefined) {
    throw new ConfigError({
      where: `${where}: stratify`,
      expected: "a dataset with classes",
      found: "one with values",
    });
  }
  const n = dataset.inputs.shape[0]!;
  const order = new Random(seed, "split").permutation(n);
  if (stratify) order.sort((a, b) => dataset.targets.data[a]! - dataset.targets.data[b]!); // Stable: shuffled in a class.

  // Each row goes to the part that is furthest behind its share of the rows dealt so far.
  const parts: number[][] = fractions.map(() => []);
  for (const [dealt, row] of order.entries()) {
    const behind = fractions.map((fraction, part) => fraction * (dealt + 1) - parts[part]!.length);
    parts[behind.indexOf(Math.max(...behind))]!.push(row);
  }
  return parts.map((rows, part) => {
    if (rows.length > 0)
      return takeRows(
        dataset,
        rows.sort((a, b) => a - b),
      );
    throw new DataError({
      where,
      expected: `rows for every part of ${fractions.join(", ")}`,
      found: `${n} rows, which leave part ${part + 1} empty`,
    });
  });
}

/** What {@link standardize} did. */
export interface Standardized {
  /** The datasets with scaled inputs, in the order given. */
  readonly datasets: Dataset[];
  /** float64 [features]: what was subtracted. */
  readonly mean: Float64Array;
  /** float64 [features]: what was divided by; 1 for a feature that is constant. */
  readonly standardDeviation: Float64Array;
}

/** Calls `visit` for every run of `inner` elements that belong to one feature. */
function forEachFeature(
  length: number,
  features: number,
  inner: number,
  visit: (feature: number, start: number, end: number) => void,
): void {
  for (let start = 0, feature = 0; start < length; start += inner, feature = (feature + 1) % features) {
    visit(feature, start, start + inner);
  }
}

/** Mean and (population) standard deviation of each feature, in two passes. */
function measure(data: HostTensor["data"], features: number, inner: number) {
  const count = data.length / features;
  const mean = new Float64Array(features);
  const low = new Float64Array(features).fill(Infinity);
  const high = new Float64Array(features).fill(-Infinity);
  forEachFeature(data.length, features, inner, (feature, start, end) => {
    for (let i = start; i < end; i++) {
      const value = data[i]!;
      mean[feature]! += value / count;
      if (value < low[feature]!) low[feature] = value;
      if (value > high[feature]!) high[feature] = value;
    }
  });
  const variance = new Float64Array(features);
  forEachFeature(data.length, features, inner, (feature, start, end) => {
    for (let i = start; i < end; i++) variance[feature]! += (data[i]! - mean[feature]!) ** 2 / count;
  });
  // A constant has no deviation, but its mean is rounded: tell it by its range.
  const standardDeviation = variance.map((value, feature) => (low[feature] === high[feature] ? 1 : Math.sqrt(value)));
  return { mean, standardDeviation };
}

/**
 * Gives every feature mean 0 and standard deviation 1 on `train`, and applies the same shift and scale to `others`. The axis
 * after the rows counts as the features: the columns of a table, the channels of images.
 *
 * @param train - inputs float32 [n, features, ...]: the only one that mean and deviation are taken from
 * @param others - datasets of the same shape but for the number of rows
 * @throws {ShapeError} where another dataset's rows have another shape
 * @example
 * ```ts
 * const { datasets, mean, standardDeviation } = standardize(train, test);
 * const [scaledTrain, scaledTest] = datasets;
 * ```
 */
export function standardize(train: Dataset, ...others: Dataset[]): Standardized {
  const rowShape = train.inputs.shape.slice(1);
  for (const { name, inputs } of others) {
    const found = inputs.shape.slice(1);
    if (sameShape(found, rowShape)) continue;
    const expected = `rows of shape ${formatShape(rowShape)}, as in ${train.name}`;
    throw new ShapeError({ where: `standardize(${name})`, expected, found: formatShape(found) });
  }
  const features = rowShape[0] ?? 1;
  const inner = sizeOf(rowShape.slice(1));
  const { mean, standardDeviation } = measure(train.inputs.data, features, inner);
  const scale = (dataset: Dataset): Dataset => {
    const { data, shape } = dataset.inputs;
    const inputs = new Float32Array(data.length);
    forEachFeature(data.length, features, inner, (feature, start, end) => {
      for (let i = start; i < end; i++) inputs[i] = (data[i]! - mean[feature]!) / standardDeviation[feature]!;
    });
    return { ...dataset, inputs: hostTensor(inputs, shape) };
  };
  return { datasets: [train, ...others].map(scale), mean, standardDeviation };
}
