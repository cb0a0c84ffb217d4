import { ConfigError, DataError } from "../../core/index.ts";
import { checkSizes } from "./check-sizes.ts";
import type { ProblemConfig } from "./config.ts";
import { type LogisticTask, logisticProblem } from "./logistic.ts";
import type { Problem } from "./problem.ts";
import { type SyntheticOptions, syntheticProblem } from "./quadratic.ts";

/** Options of {@link openProblem}. */
type ProblemOptions = Omit<ProblemConfig, "outer" | "outerRate" | "outerMomentum" | "epochs" | "learningRate">;

/** A problem as options describe it. */
export interface OpenedProblem {
  readonly problem: Problem;
  /** For `logistic`: the problem, with what was made of the data. */
  readonly logistic?: LogisticTask;
  /** SHA-256 of the data. */
  readonly dataSha256?: string;
  /** Name of the data. */
  readonly dataName?: string;
}

/** N where it is not given, for problems that are made up. */
const defaultComponents = 256;

/** The most numbers that a problem may be made of, over all workers. */
const mostNumbers = 50_000_000;

/**
 * Makes the problem, with sizes that divide one another: from the seed alone, or from data.
 *
 * @param expectedSha256 - the data's hash where the run was started: other data are refused
 * @throws {ConfigError} for options that do not go together; {@link DataError} for data that are missing, or not the run's
 */
export async function openProblem(
  config: ProblemOptions,
  seed: number,
  expectedSha256?: string,
): Promise<OpenedProblem> {
  if (config.task === "logistic") return openLogistic(config, seed, expectedSha256);
  if (config.data !== undefined) {
    const found = `--task ${config.task}`;
    throw new ConfigError({ where: "--data", expected: "--task logistic to go with it", found });
  }
  const options = { ...config, task: config.task, components: config.components ?? defaultComponents, seed };
  checkSynthetic(options);
  checkSizes(options, limitsOf(options));
  return { problem: syntheticProblem(options) };
}

/** What the sizes of a made-up problem must be beside divisors of one another. */
export function limitsOf({ task, dim, inter }: Pick<SyntheticOptions, "task" | "dim" | "inter">) {
  return {
    unit: task === "skewed" ? 2 : 1,
    evenWorkers: inter > 0,
    mostOverall: Math.floor(mostNumbers / dim),
  };
}

/**
 * @param workersOption - the option that M comes from
 * @throws {ConfigError} for options of a made-up problem that do not go together
 */
export function checkSynthetic(options: Omit<SyntheticOptions, "seed">, workersOption = "--workers"): void {
  const { task, workers, components, dim, inter, componentWise, smoothness, strongConvexity } = options;
  if (task === "skewed" && (inter > 0 || componentWise > 0)) {
    const expected = "workers that are alike (no --inter or --component-wise)";
    throw new ConfigError({ where: "--task skewed", expected, found: "others", hint: "take --task quadratic" });
  }
  if (task === "skewed" && components % 2 !== 0) {
    const expected = "an even number, as half of the components pull each way";
    throw new ConfigError({ where: "--components", expected, found: `${components}` });
  }
  if (inter > 0 && workers % 2 !== 0) {
    const expected = "an even number with --inter, as half of the workers pull each way";
    throw new ConfigError({ where: workersOption, expected, found: `${workers}` });
  }
  if (strongConvexity > smoothness) {
    const found = `${strongConvexity} and ${smoothness}`;
    throw new ConfigError({ where: "--strong-convexity", expected: "at most --smoothness", found });
  }
  if (workers * components * dim > mostNumbers) {
    const found = `${workers} x ${components} x ${dim}`;
    throw new ConfigError({ where: "--components", expected: "at most 50,000,000 numbers over all workers", found });
  }
}

async function openLogistic(
  config: ProblemOptions,
  seed: number,
  expectedSha256: string | undefined,
): Promise<OpenedProblem> {
  const { data, dataDir, label, features, missing, maxCategories } = config;
  if (data === undefined) {
    throw new ConfigError({ where: "--data", expected: "a dataset for --task logistic", found: "none" });
  }
  const { loadDataset } = await import("../../data/index.ts");
  const dataset = await loadDataset(data, { dataDir, label, features, missing, maxCategories, split: "train" });
  requireSameData(dataset, expectedSha256);
  const logistic = logisticProblem(dataset, { ...config, seed });
  checkSizes({ ...config, components: logistic.components }, { mostOverall: dataset.inputs.shape[0]! });
  return { problem: logistic, logistic, dataSha256: dataset.sha256, dataName: dataset.name };
}

/** @throws {DataError} where the data on this machine are not those that the run was started with */
export function requireSameData(
  { name, sha256 }: { readonly name: string; readonly sha256: string },
  expected: string | undefined,
): void {
  if (expected === undefined || sha256 === expected) return;
  throw new DataError({
    where: name,
    expected: `the data that the run was started with, sha256 ${expected.slice(0, 12)}…`,
    found: `${sha256.slice(0, 12)}…`,
    hint: "copy the run's file to this machine",
  });
}
