/** `tenfold train recipe.yaml` @module */
import { resolve } from "node:path";
import { ConfigError } from "../core/index.ts";
import type { RoundReport } from "../dist/index.ts";
import type { Layer } from "../nn/index.ts";
import { engineSchema, executeRounds, layerWork, type Outcome, paramsOfWeights } from "../systems/local-sgd/index.ts";
import { type Column, type CommonOptions, openTerminal, type Terminal } from "../terminal/index.ts";
import { exportModel, fit, RunFolder } from "../train/index.ts";
import { assemble } from "./assembly.ts";
import { type Facts, printFacts } from "./print-facts.ts";
import { type RecipeFile, readRecipe } from "./read-recipe.ts";
import { requireSameRecipe } from "./same-recipe.ts";
import type { Recipe, WrittenRecipe } from "./schema.ts";
import { showFit } from "./show-fit.ts";
import { finishTraining, layerTrainingOf, type RecipeTraining, roundsOfRecipe, trainingOf } from "./training.ts";
import { fleetSuffix, type RecipeWork, sameOf, workModule } from "./work.ts";

/** What decides the bytes of a run: all of a recipe but where its workers run. */
function decisive({ workers, ...rest }: WrittenRecipe): unknown {
  if (!workers) return rest;
  const { engine, threads, redis, blobs, ...own } = workers;
  return { ...rest, workers: own };
}

/**
 * Trains what a recipe says, on the terminal.
 *
 * The same recipe and seed give the same bytes on one machine; a run that was stopped or killed goes on with `resume` and ends with those
 * of one that was not.
 *
 * @param file - the recipe's path
 * @throws {TenfoldError} for anything wrong with the recipe, its data or its folder
 */
export async function trainRecipe(
  file: string,
  { resume }: { readonly resume: boolean },
  raw: CommonOptions,
): Promise<void> {
  const terminal = openTerminal(raw);
  const { seed, out } = raw;
  if (resume && out === undefined) {
    throw new ConfigError({
      where: "--resume",
      expected: "the run's folder",
      found: "no --out",
      hint: "add --out DIR",
    });
  }
  const read = await readRecipe(file);
  const { recipe, written, where } = read;
  if (out === undefined) terminal.info("note: nothing is kept without --out DIR");
  if (resume && out !== undefined) requireSameRecipe(out, decisive(written));
  requireOtherBase(recipe, out, where);
  const { signal } = terminal;
  const assembly = await assemble(recipe, { seed, where, signal, note: (text) => terminal.info(`note: ${text}`) });
  const training = trainingOf(recipe, assembly, seed, where);
  const run = { training, read, resume, raw, terminal };
  await (recipe.workers ? trainWithWorkers(run) : trainHere(run));
}

/** What a run starts from must not be what it writes over. */
function requireOtherBase({ model }: Recipe, out: string | undefined, where: RecipeFile["where"]): void {
  if (!("base" in model) || model.base === undefined || out === undefined || resolve(model.base) !== resolve(out))
    return;
  throw new ConfigError({ where: where(["model", "base"]), expected: "another folder than --out", found: out });
}

interface Run {
  readonly training: RecipeTraining;
  readonly read: RecipeFile;
  readonly resume: boolean;
  readonly raw: CommonOptions;
  readonly terminal: Terminal;
}

/** What a loss without accuracy is called. */
const unitOf = ({ train, identity }: RecipeTraining) =>
  train.classes || identity.loss === undefined ? "loss" : "squared error as a share of the target's variance";

async function trainHere({ training, read, resume, raw, terminal }: Run): Promise<void> {
  const { recipe, written } = read;
  const { tuning, loss, train, test, optimizer, identity } = training;
  const { seed, out, force = false } = raw;
  const events = fit({
    model: tuning.layer,
    params: tuning.params,
    trainable: tuning.trainable,
    loss,
    optimizer,
    learningRate: training.learningRate,
    learningRateName: training.learningRateName,
    data: train,
    validation: test,
    epochs: recipe.epochs,
    batchSize: recipe.batchSize,
    order: recipe.order,
    seed,
    resume,
    force,
    signal: terminal.signal,
    identity: { ...identity, recipe: decisive(written) },
    finish: (params) => finishTraining(training, params, out),
    ...(out !== undefined && { run: out }),
    ...(recipe.clipNorm !== undefined && { clipNorm: recipe.clipNorm }),
  });
  await showFit(events, terminal, raw, unitOf(training));
}

async function trainWithWorkers({ training, read, resume, raw, terminal }: Run): Promise<void> {
  const { recipe, written } = read;
  const { seed, out, force = false } = raw;
  const workers = recipe.workers!;
  const layers = layerTrainingOf(recipe, training);
  const work = layerWork(layers, roundsOfRecipe(recipe, workers, seed));
  const options: RecipeWork = { recipe, seed, prepared: training.prepared, same: sameOf(training) };
  const { name, sha256 } = training.train;
  const identity = { seed, data: name, dataSha256: sha256, ...training.identity, recipe: decisive(written) };
  const engine = engineSchema.parse({
    engine: workers.engine,
    threads: workers.threads,
    redis: workers.redis,
    blobs: workers.blobs,
  });
  let progress: ReturnType<Terminal["progress"]> | undefined;
  const outcome = await executeRounds(
    {
      work,
      module: workModule,
      options,
      identity,
      dtype: "float32",
      fleetSuffix,
      goOn: () => "with the same command and --resume",
    },
    engine,
    {
      folder: out,
      resume,
      force,
      signal: terminal.signal,
      note: (text) => terminal.warn(text),
      onRound(report: RoundReport, rounds: number) {
        progress ??= terminal.progress("rounds", rounds);
        progress.update(report.round + 1, `loss ${report.facts.loss?.toFixed(4)}`);
      },
    },
  ).finally(() => progress?.stop());
  if (!outcome.finished) {
    const how =
      out === undefined
        ? "nothing was kept: give --out DIR to be able to go on"
        : "go on with the same command and --resume";
    terminal.warn(`stopped after round ${outcome.rounds}; ${how}`);
    process.exitCode = 130;
    return;
  }
  const finished = await finishTraining(training, paramsOfWeights(layers, outcome.weights) as never, out);
  const report = { ...documentOf(outcome), ...finished.facts };
  if (out !== undefined) {
    const { folder } = RunFolder.inspect(out);
    const { bytes, fixedBatch } = exportModel(finished.model as Layer<unknown>, finished.params, training.train);
    await folder.saveModel(bytes);
    await folder.saveReport({ ...report, modelBatch: fixedBatch ? 1 : "any" });
  }
  printHistory(terminal, outcome);
  printFacts(terminal, finished.facts as unknown as Facts);
  terminal.print(`weights sha256 ${outcome.weightsSha256}`);
  terminal.result({ ...report, ...(out !== undefined && { run: out }) });
  if (out !== undefined) terminal.info(`${out}: metrics.jsonl, checkpoints, model.onnx, report.json`);
}

function documentOf({ rounds, bytesSent, weightsSha256, history }: Outcome) {
  const { testLoss, testAccuracy } = history.at(-1) ?? {};
  const validation = { loss: testLoss, ...(testAccuracy !== undefined && { accuracy: testAccuracy }) };
  return { rounds, bytesSent, weightsSha256, validation, history };
}

function printHistory(terminal: Terminal, { history }: Outcome): void {
  const names = Object.keys(history.at(-1) ?? {}).filter((name) => name !== "epoch");
  terminal.table(history, [
    { header: "epoch", value: ({ epoch }) => String(epoch), align: "right" },
    ...names.map(
      (name): Column<(typeof history)[number]> => ({
        header: name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`),
        value: (facts) => (name === "parameters" ? String(facts[name]) : (facts[name]?.toPrecision(4) ?? "")),
        align: "right",
      }),
    ),
  ]);
}
