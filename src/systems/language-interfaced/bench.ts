/** Many tables, several seeds: a language model beside classic methods. @module */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { mean } from "simple-statistics";
import { ConfigError, Random } from "../../core/index.ts";
import { readTable, type Table } from "../../data/index.ts";
import { meanInterval } from "../../linalg/index.ts";
import { type BenchConfig, type Recipe, recipeSchema } from "./config.ts";
import { type Evaluation, evaluateModel, mainFigure } from "./evaluate.ts";
import type { LabelledRows } from "./examples.ts";
import { type FitHooks, fitRows, prepare } from "./fit.ts";
import { splitLabelled, takeLabelled } from "./labelled-table.ts";
import { madeClasses, madeClassNames } from "./made-tables.ts";
import { type Prediction, predictRows } from "./predict.ts";
import type { Schema } from "./schema.ts";

/** A table to measure on. */
interface BenchSet {
  readonly name: string;
  readonly target: string;
  readonly task?: Recipe["task"];
  /** File in the folder of tables; sets without are made, or come with the package. */
  readonly file?: string;
  readonly features?: readonly string[];
}

const titanicFeatures = ["Pclass", "Sex", "Age", "SibSp", "Parch", "Fare", "Embarked"];

/** All sets, in the order in which they are measured. */
const benchSets: readonly BenchSet[] = [
  { name: "iris", target: "species", file: "iris.csv" },
  { name: "wine", target: "cultivar" },
  { name: "breast-cancer-wisconsin", target: "class", file: "breast_cancer_wisconsin_original.csv" },
  { name: "car-evaluation", target: "class", file: "car_evaluation.csv" },
  { name: "blood-transfusion", target: "target", file: "blood_transfusion.csv" },
  { name: "pima-diabetes", target: "diabetic", file: "pima_diabetes.csv" },
  { name: "titanic", target: "Survived", file: "titanic.csv", features: titanicFeatures },
  { name: "german-credit", target: "class", file: "german_credit.csv" },
  ...madeClassNames.map((name) => ({ name, target: "class" })),
  { name: "insurance", target: "charges", file: "insurance.csv", task: "regress" },
  { name: "auto-mpg", target: "mpg", file: "auto_mpg.csv", task: "regress" },
  { name: "boston-housing", target: "class", file: "boston_housing.csv", task: "regress" },
  { name: "ccpp", target: "PE", file: "ccpp.csv", task: "regress" },
];

/** Rows of a table that is made. */
const madeRows = 500;

/** Tables that come with the package. */
const bundled = fileURLToPath(new URL("../../../data/", import.meta.url));

/** The table of a set for a seed, or undefined where its file is not there. */
async function tableOf(set: BenchSet, folder: string | undefined, seed: number): Promise<Table | undefined> {
  if (madeClassNames.includes(set.name)) return madeClasses(set.name, madeRows, seed);
  if (set.file === undefined) return readTable(join(bundled, `${set.name}.csv.gz`));
  const path = folder === undefined ? undefined : join(folder, set.file);
  return path !== undefined && existsSync(path) ? readTable(path) : undefined;
}

/** A mean and the half width of its 95% interval. */
export interface Spread {
  readonly mean: number;
  readonly half: number;
  readonly values: readonly number[];
}

/** Mean of a few values, with the interval that their spread gives. */
export const spreadOf = (values: readonly number[]): Spread => ({ ...meanInterval(values), values });

/** One set, over all seeds. */
export interface BenchRow {
  readonly name: string;
  readonly task: "classify" | "regress";
  readonly trainRows: number;
  readonly testRows: number;
  readonly columns: number;
  /** Accuracy, or relative absolute error. */
  readonly lift: Spread;
  readonly baselines: Readonly<Record<string, Spread>>;
  /** Share of valid answers, constrained and free. */
  readonly valid: number;
  readonly validFree: number;
  /** Seconds of a fit. */
  readonly fitSeconds: Spread;
  readonly epochs: readonly number[];
}

/**
 * Measures each set on each seed: a stratified fifth is the test, all else is learned, by the default recipe.
 *
 * @throws {ConfigError} for a name that is no set, or a set whose file is not there
 */
export async function* runBench(
  config: BenchConfig,
  folder: string | undefined,
  hooks: FitHooks = {},
): AsyncGenerator<BenchRow> {
  const chosen = config.sets?.map((name) => {
    const set = benchSets.find((own) => own.name === name);
    if (set) return set;
    throw new ConfigError({
      where: "--sets",
      expected: `some of ${benchSets.map((own) => own.name).join(", ")}`,
      found: name,
    });
  });
  for (const set of chosen ?? benchSets) {
    const row = await measureSet(set, config, folder, hooks);
    if (row) yield row;
    else if (chosen) {
      const hint = "name the folder of the CSV files with --tables";
      throw new ConfigError({
        where: "--tables",
        expected: `a folder with ${set.file}`,
        found: folder ?? "none",
        hint,
      });
    }
  }
}

/** One set on one seed. */
interface BenchRun {
  readonly evaluation: Evaluation;
  readonly fitSeconds: number;
  readonly epochs: number;
  readonly train: LabelledRows;
  readonly test: LabelledRows;
  readonly schema: Schema;
  readonly free: readonly Prediction[];
}

async function measureSet(
  set: BenchSet,
  config: BenchConfig,
  folder: string | undefined,
  hooks: FitHooks,
): Promise<BenchRow | undefined> {
  const runs: BenchRun[] = [];
  for (const seed of config.seeds) {
    const table = await tableOf(set, folder, seed);
    if (!table) return undefined;
    const recipe = recipeSchema.parse({
      target: set.target,
      task: set.task ?? "classify",
      base: config.base,
      maxMinutes: config.maxMinutes,
      ...(set.features && { features: set.features }),
    });
    const prepared = await prepare(table, recipe, seed, hooks);
    const { schema, data } = prepared;
    const order = Array.from(new Random(seed, "rows").permutation(data.rows.length)).slice(0, config.maxRows);
    const { train, test } = splitLabelled(takeLabelled(data, order), 0.2, seed, schema.target.kind === "classes");
    const began = performance.now();
    const { model, training } = await fitRows(prepared, recipe, seed, hooks, train);
    hooks.signal?.throwIfAborted();
    const fitSeconds = (performance.now() - began) / 1000;
    const evaluation = await evaluateModel(model, train, test, { seed, ...(hooks.signal && { signal: hooks.signal }) });
    const free = await predictRows(model, test.rows, { decode: "free" });
    runs.push({ evaluation, fitSeconds, epochs: training.epochs, train, test, schema, free });
  }
  const [first] = runs;
  if (!first) return undefined;
  const share = (valid: readonly { readonly valid: boolean }[]) =>
    valid.filter((own) => own.valid).length / valid.length;
  return {
    name: set.name,
    task: first.evaluation.task,
    trainRows: first.train.rows.length,
    testRows: first.test.rows.length,
    columns: first.schema.features.length,
    lift: spreadOf(runs.map(({ evaluation }) => mainFigure(evaluation.score))),
    baselines: Object.fromEntries(
      Object.keys(first.evaluation.baselines).map((name) => [
        name,
        spreadOf(runs.map(({ evaluation }) => mainFigure(evaluation.baselines[name]!))),
      ]),
    ),
    valid: mean(runs.map(({ evaluation }) => evaluation.validRate)),
    validFree: mean(runs.map(({ free }) => share(free))),
    fitSeconds: spreadOf(runs.map((run) => run.fitSeconds)),
    epochs: runs.map((run) => run.epochs),
  };
}
