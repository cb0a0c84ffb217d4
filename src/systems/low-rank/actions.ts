import { join } from "node:path";
import type { z } from "zod";
import { CollapseError, ConfigError, flattenTree, type HostTensor, Random, type Tree } from "../../core/index.ts";
import type { Parameters, Ranks } from "../../nn/index.ts";
import { lowRank, ranksOf } from "../../nn/index.ts";
import { encodeSafetensors, requireNewFile, writeFileAtomic } from "../../storage/index.ts";
import { type CommonOptions, openTerminal, type Terminal } from "../../terminal/index.ts";
import { createEvaluator, RunFolder } from "../../train/index.ts";
import { compareMethods } from "./compare.ts";
import {
  type CompareConfig,
  type ExportConfig,
  type FrontierConfig,
  type RecoverConfig,
  recipeSchema,
  type trainSchema,
} from "./config.ts";
import { buildSubmodel, type Hooks, type Step, uniformRanks, withinBudget } from "./extract.ts";
import { type Family, type FrontierPoint, familyOf, measureFrontier, pathOf } from "./frontier.ts";
import { exportOnnx, measureLatencies } from "./latency.ts";
import { loadRecipe, openRecipe, type Recipe } from "./recipe.ts";
import { randomMatrix, recoverPca, recoverReversed, recoverSvd } from "./recovery.ts";
import { loadParams, trainMethod } from "./train.ts";

const percent = (value: number) => `${(100 * value).toFixed(2)}%`;

/** Epochs that a training tells of, about: all where there are few. */
const mostLines = 20;

/** Ranks as one short text, layer by layer. */
const inOrder = (ranks: Ranks) => Object.values(ranks).join(" ");

/** Long work in stages that shows how far each is. */
async function underProgress<T>(
  terminal: Terminal,
  work: (hooks: Required<Hooks> & { stage: (text: string) => void }) => Promise<T>,
): Promise<T> {
  let shown: ReturnType<Terminal["progress"]> | undefined;
  const stage = (text: string) => {
    shown?.stop();
    shown = terminal.progress(text, 1);
  };
  try {
    return await work({ signal: terminal.signal, stage, progress: (fraction) => shown?.update(fraction) });
  } finally {
    shown?.stop();
  }
}

/** `tenfold lowrank train` */
export async function runTrain(options: z.output<typeof trainSchema>, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  if (raw.out === undefined) {
    const hint = "frontier, export and compare read the run from there";
    throw new ConfigError({ where: "--out", expected: "a folder for the run", found: "none", hint });
  }
  const { resume, checkpointEvery } = options;
  const recipe = await loadRecipe(recipeSchema.parse(options), raw.seed);
  const { keptWhole } = lowRank(recipe.task.model, { skip: recipe.config.skip });
  for (const [path, why] of Object.entries(keptWhole)) terminal.warn(`${path} stays whole: ${why}`);
  const place = { run: raw.out, resume, force: raw.force ?? false, signal: terminal.signal };
  let collapsed: CollapseError | undefined;
  let ranks = "";
  let progress: ReturnType<Terminal["progress"]> | undefined;
  try {
    for await (const event of trainMethod(recipe, "ordered", {
      ...place,
      ...(checkpointEvery && { checkpointEvery }),
    })) {
      if (event.type === "start") {
        const from = event.step > 0 ? `, going on from step ${event.step}` : "";
        terminal.info(`${recipe.modelName} on ${recipe.train.name}: ${event.totalSteps} steps${from}`);
        progress = terminal.progress("train", event.totalSteps);
      }
      if (event.type === "step") progress?.update(event.step, `loss ${event.loss.toFixed(4)}`);
      if (event.type === "shrink") ranks = inOrder(ranksOf(event.params));
      if (event.type === "evaluation" && (event.epoch + 1) % Math.ceil(recipe.epochs / mostLines) === 0) {
        const score =
          event.accuracy === undefined ? `loss ${event.loss.toFixed(4)}` : `accuracy ${percent(event.accuracy)}`;
        terminal.info(`epoch ${event.epoch + 1}: test ${score}${ranks && `, ranks ${ranks}`}`);
      }
      if (event.type === "stopped") {
        progress?.stop();
        terminal.warn(`stopped after step ${event.step}; go on with the same command and --resume`);
        process.exitCode = 130;
        return;
      }
    }
  } catch (error) {
    const { folder } = error instanceof CollapseError ? RunFolder.inspect(raw.out) : {};
    if (!(error instanceof CollapseError) || !folder?.hasCheckpoint) throw error;
    collapsed = error;
  } finally {
    progress?.stop();
  }
  await finishTraining(recipe, raw.out, terminal, collapsed);
}

/** Writes the model at its learned ranks, and says what it is. */
async function finishTraining(
  recipe: Recipe,
  run: string,
  terminal: Terminal,
  collapsed: CollapseError | undefined,
): Promise<void> {
  const { task, train, test } = recipe;
  const { folder } = RunFolder.inspect(run);
  const params = await loadParams(recipe, "ordered", run);
  const family = familyOf(recipe, params);
  const ranks = ranksOf(params);
  const model = await buildSubmodel(task.model, params, ranks, train);
  await folder.saveModel(exportOnnx(task.model, model, train.inputs.shape.slice(1)));
  const evaluator = createEvaluator(task.model, task.loss);
  const { loss, accuracy } = await evaluator.evaluate(model as Tree<HostTensor>, test);
  await evaluator.dispose();
  const { dense } = family.costs;
  const { macs, parameters } = family.costs.at(ranks);
  if (collapsed) {
    terminal.warn(`${collapsed.where}: ${collapsed.found}; the last epoch before it is kept. Hint: ${collapsed.hint}`);
  }
  terminal.print(
    `learned ranks ${inOrder(ranks)}: ${percent(macs / dense.macs)} of ${dense.macs} multiply-adds, ` +
      `${percent(parameters / dense.parameters)} of ${dense.parameters} parameters, ` +
      (accuracy === undefined ? `loss ${loss.toFixed(4)}` : `accuracy ${percent(accuracy)}`),
  );
  const result = {
    run,
    data: train.name,
    model: recipe.modelName,
    seed: recipe.seed,
    ranks,
    macs,
    parameters,
    dense,
    accuracy: accuracy ?? null,
    loss,
    collapsed: collapsed ? `${collapsed.where}: ${collapsed.found}` : null,
  };
  await folder.saveReport({ ...result, epochs: recipe.epochs });
  terminal.info(`${run}: model.onnx at these ranks; smaller ones: tenfold lowrank frontier ${run}`);
  terminal.result(result);
}

/** `tenfold lowrank frontier` */
export async function runFrontier(run: string, config: FrontierConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const recipe = await openRecipe(run);
  warnUnfinished(run, terminal);
  const frontier = await underProgress(terminal, (hooks) => measureFrontier(recipe, run, config, hooks));
  await writeFileAtomic(join(run, "frontier.json"), `${JSON.stringify(frontier, null, 2)}\n`);
  terminal.print(
    `${frontier.model} on ${frontier.data}: submodels chosen on held-out training data, accuracy on the test part, ` +
      `milliseconds for ${frontier.batch} examples`,
  );
  terminal.table<FrontierPoint>(frontier.points, [
    { header: "method", value: ({ method }) => method },
    { header: "ranks", value: ({ ranks }) => inOrder(ranks), maxWidth: 40 },
    { header: "parameters", value: ({ parameters }) => parameters, align: "right" },
    { header: "multiply-adds", value: ({ macs }) => macs, align: "right" },
    { header: "of dense", value: ({ share }) => percent(share), align: "right" },
    { header: "ms", value: ({ latencyMsP50 }) => latencyMsP50.toFixed(2), align: "right" },
    { header: "accuracy", value: ({ accuracy }) => (accuracy === null ? "" : percent(accuracy)), align: "right" },
    { header: "loss", value: ({ loss }) => loss.toFixed(4), align: "right" },
  ]);
  terminal.result(frontier);
}

function warnUnfinished(run: string, terminal: Terminal): void {
  if (!RunFolder.inspect(run).finished) {
    terminal.warn(`${run} has not come to its end: its last checkpoint is taken; go on with lowrank train --resume`);
  }
}

/** `tenfold lowrank export` */
export async function runExport(run: string, config: ExportConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const { onnx, safetensors, force } = config;
  if (onnx === undefined && safetensors === undefined) {
    throw new ConfigError({ where: "lowrank export", expected: "--onnx FILE or --safetensors FILE", found: "neither" });
  }
  const budgets = (["maxMacs", "maxParameters", "maxMs", "uniform"] as const).filter(
    (key) => config[key] !== undefined,
  );
  if (budgets.length > 1) {
    const names = budgets.map((key) => `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`);
    throw new ConfigError({ where: "lowrank export", expected: "one budget", found: names.join(" and ") });
  }
  for (const file of [onnx, safetensors]) if (file !== undefined && !force) await requireNewFile(file);
  const recipe = await openRecipe(run);
  warnUnfinished(run, terminal);
  const { task, train, test } = recipe;
  const exampleShape = train.inputs.shape.slice(1);
  const params = await loadParams(recipe, "ordered", run);
  const family = familyOf(recipe, params);
  const ranks = await underProgress(terminal, async (hooks) => {
    hooks.stage("extract");
    return chooseRanks(recipe, family, config, hooks);
  });
  const submodel = await buildSubmodel(task.model, params, ranks, train);
  const evaluator = createEvaluator(task.model, task.loss);
  const { accuracy, loss } = await evaluator.evaluate(submodel as Tree<HostTensor>, test);
  await evaluator.dispose();
  const { dense } = family.costs;
  const { macs, parameters } = family.costs.at(ranks);
  if (onnx !== undefined) await writeFileAtomic(onnx, exportOnnx(task.model, submodel, exampleShape));
  if (safetensors !== undefined) {
    const tensors = Object.fromEntries(flattenTree(submodel as Tree<HostTensor>));
    await writeFileAtomic(safetensors, encodeSafetensors(tensors, { ranks: JSON.stringify(ranks) }));
  }
  terminal.print(
    `ranks ${inOrder(ranks)}: ${percent(macs / dense.macs)} of the dense multiply-adds, ` +
      `${percent(parameters / dense.parameters)} of its parameters, ` +
      (accuracy === undefined ? `loss ${loss.toFixed(4)}` : `accuracy ${percent(accuracy)}`),
  );
  const files = [onnx, safetensors].filter((file) => file !== undefined);
  terminal.info(`wrote ${files.join(", ")}`);
  terminal.result({ run, ranks, macs, parameters, dense, accuracy: accuracy ?? null, loss, files });
}

/** The ranks that the one budget asks for; the learned ones where there is none. */
async function chooseRanks(recipe: Recipe, family: Family, config: ExportConfig, hooks: Hooks): Promise<Ranks> {
  const { maxMacs, maxParameters, maxMs, uniform } = config;
  const { dense } = family.costs;
  if (uniform !== undefined) return uniformRanks(family.params, uniform);
  if (maxParameters !== undefined) {
    return withinBudget(await pathOf(recipe, family, "parameters", hooks), "parameters", maxParameters, dense).ranks;
  }
  if (maxMacs === undefined && maxMs === undefined) return ranksOf(family.params);
  const path = await pathOf(recipe, family, "macs", hooks);
  if (maxMacs !== undefined) return withinBudget(path, "macs", maxMacs, dense).ranks;
  return withinMilliseconds(recipe, family.params, path, maxMs!, config.batch, hooks);
}

/** The largest submodel of a path that runs within the time, found by halving. */
async function withinMilliseconds(
  { task, train }: Recipe,
  params: Parameters,
  path: readonly Step[],
  most: number,
  batch: number,
  { signal }: Hooks,
): Promise<Ranks> {
  const exampleShape = train.inputs.shape.slice(1);
  const measure = async ({ ranks }: Step): Promise<number> => {
    const submodel = await buildSubmodel(task.model, params, ranks, train);
    const bytes = exportOnnx(task.model, submodel, exampleShape);
    return (await measureLatencies([bytes], exampleShape, { batch, ...(signal && { signal }) }))[0]!;
  };
  const smallest = await measure(path.at(-1)!);
  if (smallest > most) {
    throw new ConfigError({
      where: "--max-ms",
      expected: `at least ${smallest.toFixed(3)} ms, what the smallest submodel takes for ${batch} examples here`,
      found: `${most}`,
    });
  }
  let [low, high] = [0, path.length - 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((await measure(path[middle]!)) <= most) high = middle;
    else low = middle + 1;
  }
  return path[high]!.ranks;
}

/** `tenfold lowrank compare` */
export async function runCompare(config: CompareConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const run = raw.out;
  const comparison = await underProgress(terminal, (hooks) =>
    compareMethods(config, raw.seed, { ...hooks, ...(run !== undefined && { run }) }),
  );
  terminal.print(
    `${comparison.model} on ${comparison.data}: accuracy on the test part at equal parameters, ` +
      `mean of ${comparison.seeds.length} seeds with 95% interval`,
  );
  terminal.table(comparison.rows, [
    { header: "parameters", value: ({ budget }) => percent(budget), align: "right" },
    { header: "method", value: ({ method }) => method },
    {
      header: "used",
      value: ({ used }) => percent(used.reduce((sum, value) => sum + value, 0) / used.length),
      align: "right",
    },
    { header: "accuracy", value: ({ mean }) => percent(mean), align: "right" },
    { header: "interval", value: ({ interval }) => `[${interval.map(percent).join(", ")}]` },
  ]);
  terminal.result(comparison);
}

/** `tenfold lowrank recover` */
export async function runRecover(config: RecoverConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const { task, rows, columns, examples, spectrum, steps, groupLasso, sampler } = config;
  const random = new Random(raw.seed, "recover");
  const found = await underProgress(terminal, async ({ stage, progress, signal }) => {
    stage(`recover ${task}`);
    const options = { steps, seed: raw.seed, groupLasso, sampler, progress, signal };
    if (task === "pca") {
      const scaled = spectrum.map((value) => value * Math.sqrt(examples));
      return recoverPca(
        randomMatrix(random, examples, columns, scaled),
        { examples, columns, rank: spectrum.length },
        options,
      );
    }
    const map = randomMatrix(random, rows, columns, spectrum);
    if (task === "svd") return recoverSvd(map, { rows, columns, rank: spectrum.length }, options);
    const stress = spectrum.map((_, i) => i + 1);
    return recoverReversed(map, { rows, columns, stress }, { ...options, rate: 0.5 });
  });
  const each = Object.entries(found).filter(([, value]) => Array.isArray(value)) as [string, number[]][];
  terminal.table(
    found.strengths.map((_, b) => b),
    [
      { header: "column", value: (b) => b + 1 },
      ...each.map(([header, values]) => ({
        header: headers[header] ?? header,
        value: (b: number) => values[b]?.toPrecision(5) ?? "",
        align: "right" as const,
      })),
    ],
  );
  terminal.result({ task, seed: raw.seed, steps, ...found });
}

const headers: Readonly<Record<string, string>> = {
  singularValues: "singular value",
  strengths: "learned |u| |v|",
  errors: "error of the truncation",
  overlaps: "overlap with components",
  cosines: "|cos| reversed",
  cosinesOfSvd: "|cos| as in SVD",
};
