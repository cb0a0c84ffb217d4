/** Classic methods on the same rows, for comparison. @module */
import { max } from "simple-statistics";
import { hostTensor, nextTurn, Random } from "../../core/index.ts";
import { compile, type Tensor } from "../../engine/index.ts";
import { largest, solve } from "../../linalg/index.ts";
import { crossEntropy, linear, Mode } from "../../nn/index.ts";
import { adamW } from "../../optim/index.ts";
import { compileTrainStep, initialState } from "../../train/index.ts";
import { boostTrees, growForest, growTree } from "./decision-trees.ts";
import { rowEncoder, vectorLength } from "./encode-rows.ts";
import type { LabelledRows } from "./examples.ts";
import { takeLabelled } from "./labelled-table.ts";
import type { Row, Schema } from "./schema.ts";

type Vectors = readonly (readonly number[])[];

/** Learns from vectors and numbers, and predicts numbers: class numbers, or values. */
type Method = (
  inputs: Vectors,
  answers: readonly number[],
  seed: number,
) => Promise<(test: Vectors) => Promise<number[]>>;

const numTrees = 100;

function mostFrequent(values: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || a[0] - b[0])[0]![0];
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function squaredDistance(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += (a[j]! - b[j]!) ** 2;
  return sum;
}

/** The `k` nearest rows' answers, put together. */
function nearestNeighbours(k: number, together: (answers: readonly number[]) => number): Method {
  return async (inputs, answers) => async (test) =>
    test.map((point) => {
      const nearness = Float64Array.from(inputs, (own) => -squaredDistance(own, point));
      return together(Array.from(largest(nearness, k), (i) => answers[i]!));
    });
}

/** Softmax regression with a little weight decay, all rows at once, until it no longer moves much. */
const logisticRegression: Method = async (inputs, answers, seed) => {
  const numClasses = max([...answers]) + 1;
  const dim = inputs[0]!.length;
  const model = linear(dim, numClasses);
  const start = {
    weight: hostTensor(new Float32Array(numClasses * dim), [numClasses, dim]),
    bias: hostTensor(new Float32Array(numClasses), [numClasses]),
  };
  const options = { model, loss: crossEntropy, optimizer: adamW({ weightDecay: 0.01 }) };
  const step = compileTrainStep(options as never, initialState(options as never, start as never));
  const matrix = (rows: Vectors) => hostTensor(Float32Array.from(rows.flat()), [rows.length, dim]);
  const batch = { inputs: matrix(inputs), targets: hostTensor(Int32Array.from(answers), [answers.length]) };
  const steps = 400;
  for (let i = 0; i < steps; i++) await step.run(batch, { learningRate: 0.1 * (1 - i / steps), step: i, seed });
  const params = step.state().params;
  await step.dispose();
  return async (test) => {
    const run = compile((p: Tensor, x: Tensor) => model.apply(p as never, x, new Mode(false)));
    const logits = await run(params as never, matrix(test));
    await run.dispose();
    return test.map((_, row) => {
      const own = Array.from(logits.data.subarray(row * numClasses, (row + 1) * numClasses));
      return own.indexOf(Math.max(...own));
    });
  };
};

/** Least squares with a penalty of 1 on standardised weights, none on the offset. */
const ridge: Method = async (inputs, answers) => {
  const dim = inputs[0]!.length + 1;
  const rows = inputs.map((row) => [...row, 1]);
  const gram = new Float64Array(dim * dim);
  const moment = new Float64Array(dim);
  rows.forEach((row, k) => {
    for (let i = 0; i < dim; i++) {
      moment[i]! += row[i]! * answers[k]!;
      for (let j = 0; j < dim; j++) gram[i * dim + j]! += row[i]! * row[j]!;
    }
  });
  for (let i = 0; i + 1 < dim; i++) gram[i * dim + i]! += 1;
  const weights = solve(gram, moment);
  return async (test) => test.map((row) => [...row, 1].reduce((sum, value, i) => sum + value * weights[i]!, 0));
};

/** One tree, its leaves of three rows at least. */
function decisionTree(numClasses: (answers: readonly number[]) => number): Method {
  return async (inputs, answers) => {
    const tree = growTree(inputs, answers, { numClasses: numClasses(answers), maxDepth: 12, minLeaf: 3 });
    return async (test) => test.map(tree);
  };
}

/** A hundred trees, put together. */
function randomForest(
  numClasses: (answers: readonly number[]) => number,
  together: (answers: readonly number[]) => number,
): Method {
  return async (inputs, answers, seed) => {
    const forest = growForest(inputs, answers, { numClasses: numClasses(answers), numTrees, seed });
    return async (test) => test.map((point) => together(forest(point)));
  };
}

const countClasses = (answers: readonly number[]) => max([...answers]) + 1;
const noClasses = () => 0;

const classifiers: Readonly<Record<string, Method>> = {
  majority: async (_, answers) => async (test) => test.map(() => mostFrequent(answers)),
  "logistic regression": logisticRegression,
  "5 nearest": nearestNeighbours(5, mostFrequent),
  "decision tree": decisionTree(countClasses),
  "random forest": randomForest(countClasses, mostFrequent),
};

const regressors: Readonly<Record<string, Method>> = {
  mean: async (_, answers) => async (test) => test.map(() => mean(answers)),
  ridge,
  "5 nearest": nearestNeighbours(5, mean),
  "decision tree": decisionTree(noClasses),
  "random forest": randomForest(noClasses, mean),
  "boosted trees": async (inputs, answers) => {
    const boosted = boostTrees(inputs, answers, numTrees);
    return async (test) => test.map(boosted);
  },
};

/**
 * Rows that the classic methods learn, of so many: more would take them longer than the model. At most 20,000, and at least 2,000 where
 * texts make the rows' vectors long.
 */
export function baselineRows(schema: Schema, rows: number): number {
  return Math.min(rows, 20_000, Math.max(2_000, Math.floor(400_000 / vectorLength(schema))));
}

/** Rows for the classic methods, drawn by the seed. */
function sampleRows(schema: Schema, train: LabelledRows, seed: number): LabelledRows {
  const count = baselineRows(schema, train.rows.length);
  if (count === train.rows.length) return train;
  const drawn = new Random(seed, "baselines").permutation(train.rows.length).slice(0, count).sort();
  return takeLabelled(train, [...drawn]);
}

/**
 * What classic methods predict for the rows of a test, learned from the rows of a training, or from {@link baselineRows} of them.
 *
 * @param only - names of methods; default all for the kind of target
 * @returns by method, a class number or a value a row
 */
export async function baselinePredictions(
  schema: Schema,
  train: LabelledRows,
  test: readonly Row[],
  { seed, only, signal }: { readonly seed: number; readonly only?: readonly string[]; readonly signal?: AbortSignal },
): Promise<Record<string, number[]>> {
  const { target } = schema;
  const learned = sampleRows(schema, train, seed);
  const encode = rowEncoder(schema, learned.rows);
  const [inputs, points] = [learned.rows.map(encode), test.map(encode)];
  const answers = learned.answers.map((answer) =>
    target.kind === "classes" ? target.classes.indexOf(String(answer)) : Number(answer),
  );
  const methods = target.kind === "classes" ? classifiers : regressors;
  const out: Record<string, number[]> = {};
  for (const [name, method] of Object.entries(methods)) {
    if (only && !only.includes(name)) continue;
    await nextTurn();
    signal?.throwIfAborted();
    out[name] = await (await method(inputs, answers, seed))(points);
  }
  return out;
}
