import { ConfigError, DataError } from "../../core/index.ts";
import type { Dataset } from "../../data/index.ts";
import type { LogisticConfig } from "./config.ts";
import type { LogisticProblem } from "./logistic.ts";

/** A binary classification task, ready for {@link LogisticProblem}'s functions. */
export interface LogisticData {
  readonly name: string;
  readonly sha256: string;
  readonly train: LogisticProblem;
  readonly test: LogisticProblem;
  /** Names of the classes with label -1 and 1; the first is `not X` where several classes are taken together. */
  readonly classes: readonly [negative: string, positive: string];
  /** Name of the test examples. */
  readonly testName: string;
}

/**
 * Makes a binary task of a dataset: one class against the rest, features scaled by the training rows, an intercept added.
 *
 * @param train - the rows to learn from, in the order in which IGD visits them
 * @param test - the rows to measure the error on, of the same columns and classes
 * @throws {ConfigError} where the classes do not make a binary task
 * @throws {DataError} where train and test do not fit together
 */
export function logisticData(
  train: Dataset,
  test: Dataset,
  config: Pick<LogisticConfig, "positive" | "l2" | "scale">,
): LogisticData {
  const classes = binaryClasses(train, config.positive);
  const width = rowWidth(train);
  if (rowWidth(test) !== width || String(test.classes) !== String(train.classes)) {
    throw new DataError({
      where: test.name,
      expected: `${width} features and the classes of ${train.name} (${listed(train.classes ?? [])})`,
      found: `${rowWidth(test)} features and ${test.classes ? listed(test.classes) : "no classes"}`,
    });
  }
  const scaling = scalingOf(train, config.scale);
  const l2 = config.l2 ?? 1 / train.inputs.shape[0]!;
  return {
    name: train.name,
    sha256: train.sha256,
    train: toProblem(train, scaling, classes[1], l2),
    test: toProblem(test, scaling, classes[1], l2),
    classes,
    testName: test.name,
  };
}

/** Numbers in a row of the dataset's inputs; images are flattened. */
function rowWidth({ inputs }: Dataset): number {
  return inputs.data.length / inputs.shape[0]!;
}

function listed(names: readonly string[]): string {
  return `${names.slice(0, 10).join(", ")}${names.length > 10 ? ", …" : ""}`;
}

function binaryClasses(dataset: Dataset, positive: string | undefined): [negative: string, positive: string] {
  const { classes, name } = dataset;
  if (!classes) {
    throw new ConfigError({
      where: name,
      expected: "classes to tell apart",
      found: "a column of numbers as target",
      hint: "--label names the column with the classes",
    });
  }
  if (positive !== undefined && !classes.includes(positive)) {
    throw new ConfigError({ where: "--positive", expected: `one of ${classes.join(", ")}`, found: `"${positive}"` });
  }
  if (classes.length < 2 || (classes.length > 2 && positive === undefined)) {
    throw new ConfigError({
      where: name,
      expected: "two classes",
      found: `${classes.length} (${listed(classes)})`,
      hint: classes.length > 2 ? "--positive NAME sets one class against the rest" : "--label names another column",
    });
  }
  const one = positive ?? classes[1]!;
  return [classes.length === 2 ? classes.find((other) => other !== one)! : `not ${one}`, one];
}

/** For every feature what is subtracted, and what is multiplied with after that. */
interface Scaling {
  readonly shift: Float64Array;
  readonly factor: Float64Array;
}

/** Divides by the largest magnitude, or makes mean 0 and deviation 1; a feature that is constant is not stretched. */
function scalingOf(dataset: Dataset, scale: LogisticConfig["scale"]): Scaling {
  const { data, shape } = dataset.inputs;
  const width = rowWidth(dataset);
  const shift = new Float64Array(width);
  const spread = new Float64Array(width);
  if (scale === "none") return { shift, factor: spread.fill(1) };
  for (let at = 0; at < data.length; at++) {
    const j = at % width;
    if (scale === "standard") shift[j]! += data[at]! / shape[0]!;
    else spread[j] = Math.max(spread[j]!, Math.abs(data[at]!));
  }
  if (scale === "standard") {
    for (let at = 0; at < data.length; at++) spread[at % width]! += (data[at]! - shift[at % width]!) ** 2 / shape[0]!;
    spread.forEach((variance, j) => {
      spread[j] = Math.sqrt(variance) > 1e-12 * Math.abs(shift[j]!) ? Math.sqrt(variance) : 0;
    });
  }
  return { shift, factor: spread.map((value) => (value > 0 ? 1 / value : 1)) };
}

/** The sparse rows of `dataset`, scaled, with a 1 for the intercept at the end. */
function toProblem(dataset: Dataset, { shift, factor }: Scaling, positive: string, l2: number): LogisticProblem {
  const { inputs, targets, classes } = dataset;
  const size = inputs.shape[0]!;
  const width = factor.length;
  const entry = (at: number) => (inputs.data[at]! - shift[at % width]!) * factor[at % width]!;
  let nonzeros = size;
  for (let at = 0; at < inputs.data.length; at++) if (entry(at) !== 0) nonzeros++;
  const rowStart = new Int32Array(size + 1);
  const columns = new Int32Array(nonzeros);
  const values = new Float64Array(nonzeros);
  let to = 0;
  for (let i = 0; i < size; i++) {
    for (let j = 0; j < width; j++) {
      const value = entry(i * width + j);
      if (value === 0) continue;
      columns[to] = j;
      values[to++] = value;
    }
    columns[to] = width;
    values[to++] = 1;
    rowStart[i + 1] = to;
  }
  const one = classes!.indexOf(positive);
  const labels = Float64Array.from(targets.data, (target) => (target === one ? 1 : -1));
  return { size, dim: width + 1, rowStart, columns, values, labels, l2 };
}
