/** A model's predictions held against the right answers, with classic methods beside. @module */
import { DataError } from "../../core/index.ts";
import { baselinePredictions, baselineRows } from "./baselines.ts";
import type { LabelledRows } from "./examples.ts";
import { type ClassificationScore, type RegressionScore, scoreClasses, scoreNumbers } from "./metrics.ts";
import { type LiftModel, type Prediction, type PredictOptions, predictRows } from "./predict.ts";
import type { Schema, Value } from "./schema.ts";

/** Figures of predictions: those of classes, or those of numbers. */
export type Score = ClassificationScore | RegressionScore;

/** How good a model is on rows that it has not learned. */
export interface Evaluation {
  readonly task: "classify" | "regress";
  readonly n: number;
  /** Share of rows whose text was an answer; rows without count as wrong, or as the middle of the training answers. */
  readonly validRate: number;
  readonly score: Score;
  /** Rows that the methods beside learned, where they learned fewer than the model. */
  readonly baselineRows?: number;
  /** By method: accuracy, or relative absolute error. */
  readonly baselines: Readonly<Record<string, Score>>;
}

/** Class numbers of answers; -1 for what is no class. */
function classNumbers(classes: readonly string[], values: readonly Value[]): number[] {
  return values.map((value) => (value === undefined ? -1 : classes.indexOf(String(value))));
}

/** Scores predictions of rows. */
export function scorePredictions(
  schema: Schema,
  right: readonly Value[],
  predictions: readonly Prediction[],
  train: LabelledRows,
): Score {
  const { target } = schema;
  if (target.kind === "classes") {
    const probabilities = predictions.map((prediction) => prediction.probabilities);
    const known = probabilities.every((own) => own !== undefined)
      ? (probabilities as (readonly number[])[])
      : undefined;
    const values = predictions.map(({ value }) => value);
    return scoreClasses(
      classNumbers(target.classes, right),
      classNumbers(target.classes, values),
      target.classes.length,
      known,
    );
  }
  const middle = train.answers.reduce<number>((sum, answer) => sum + Number(answer), 0) / train.answers.length;
  return scoreNumbers(
    right.map(Number),
    predictions.map(({ value }) => (value === undefined ? middle : Number(value))),
  );
}

/**
 * Evaluates a model.
 *
 * @param train - the rows it learned, for the methods beside
 * @param test - rows with answers
 * @throws {DataError} where a test row's class is none that was learned, or all right numbers are equal
 */
export async function evaluateModel(
  model: LiftModel,
  train: LabelledRows,
  test: LabelledRows,
  options: PredictOptions & { readonly baselines?: boolean; readonly seed: number },
): Promise<Evaluation> {
  const { schema } = model;
  const { target } = schema;
  if (target.kind === "classes") {
    const strange = test.answers.findIndex((answer) => !target.classes.includes(String(answer)));
    if (strange >= 0) {
      throw new DataError({
        where: `test row ${strange + 1}, column ${target.name}`,
        expected: `one of the classes ${target.classes.slice(0, 10).join(", ")}`,
        found: `"${test.answers[strange]}"`,
        hint: "training did not see this class: fit again with rows of it",
      });
    }
  } else if (new Set(test.answers).size < 2) {
    throw new DataError({
      where: `column ${target.name}`,
      expected: "test rows that differ",
      found: `${test.answers[0]} in all`,
    });
  }
  const predictions = await predictRows(model, test.rows, options);
  const learned = baselineRows(schema, train.rows.length);
  const beside: Record<string, Score> = {};
  if (options.baselines !== false) {
    const found = await baselinePredictions(schema, train, test.rows, options);
    for (const [name, values] of Object.entries(found)) {
      beside[name] =
        target.kind === "classes"
          ? scoreClasses(classNumbers(target.classes, test.answers), values, target.classes.length)
          : scoreNumbers(test.answers.map(Number), values);
    }
  }
  return {
    task: target.kind === "classes" ? "classify" : "regress",
    n: test.rows.length,
    validRate: predictions.filter(({ valid }) => valid).length / predictions.length,
    score: scorePredictions(schema, test.answers, predictions, train),
    ...(options.baselines !== false && learned < train.rows.length && { baselineRows: learned }),
    baselines: beside,
  };
}

/** The figure that methods are compared by: accuracy, or relative absolute error. */
export function mainFigure(score: Score): number {
  return "accuracy" in score ? score.accuracy : score.rae;
}
