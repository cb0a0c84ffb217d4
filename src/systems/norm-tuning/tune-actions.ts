import { join } from "node:path";
import type { z } from "zod";
import { ConfigError, flattenTree, type HostTensor, type Tree } from "../../core/index.ts";
import { toOnnx } from "../../engine/index.ts";
import { crossEntropy, type Layer, Mode, type Parameters } from "../../nn/index.ts";
import { encodeSafetensors, ensureEmptyDirectory, requireNewFile, writeFileAtomic } from "../../storage/index.ts";
import { type CommonOptions, openTerminal } from "../../terminal/index.ts";
import { createEvaluator } from "../../train/index.ts";
import { type MergeConfig, recipeSchema, type tuneSchema } from "./config.ts";
import { foldNorms } from "./fold.ts";
import { normNetwork } from "./models.ts";
import { folderOf, loadBase, openTuned, type TuneRow, tune } from "./tune.ts";

const percent = (value: number) => `${(100 * value).toFixed(2)}%`;

/** `tenfold norm tune` */
export async function runTune(config: z.output<typeof tuneSchema>, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const run = raw.out;
  if (config.resume && run === undefined) {
    throw new ConfigError({
      where: "--resume",
      expected: "the run's folder",
      found: "no --out",
      hint: "add --out DIR",
    });
  }
  const base = await loadBase(recipeSchema.parse(config), raw.seed);
  if (run !== undefined && !config.resume) {
    await ensureEmptyDirectory(run, { force: raw.force ?? false });
    const what = { kind: "norm-tuning", seed: raw.seed, config: recipeSchema.parse(config) };
    await writeFileAtomic(join(run, "tune.json"), `${JSON.stringify(what, null, 2)}\n`);
  }
  const evaluator = createEvaluator(base.model, crossEntropy);
  const untrained = await evaluator.evaluate(base.params as Tree<HostTensor>, base.test);
  await evaluator.dispose();
  let bar: ReturnType<typeof terminal.progress> | undefined;
  let rows: TuneRow[];
  try {
    rows = await tune(base, {
      ...(run !== undefined && { run }),
      resume: config.resume,
      signal: terminal.signal,
      stage(choice) {
        bar?.stop();
        bar = terminal.progress(`tune ${choice}`, 1);
      },
      progress: (fraction) => bar?.update(fraction),
    });
  } finally {
    bar?.stop();
  }
  terminal.print(
    `${config.model} on ${base.train.name}: accuracy on the test part, ${percent(untrained.accuracy ?? 0)} before training`,
  );
  terminal.table(rows, [
    { header: "trained", value: ({ choice }) => choice },
    { header: "parameters", value: ({ trained }) => trained, align: "right" },
    { header: "of all", value: ({ trained, parameters }) => percent(trained / parameters), align: "right" },
    { header: "accuracy", value: ({ accuracy }) => percent(accuracy), align: "right" },
    { header: "loss", value: ({ loss }) => loss.toFixed(4), align: "right" },
    { header: "difference, kB", value: ({ differenceBytes }) => (differenceBytes / 1000).toFixed(1), align: "right" },
    { header: "frozen", value: ({ frozenSha256After }) => `${frozenSha256After.slice(0, 12)}…` },
  ]);
  if (run !== undefined) {
    const folders = rows.map(({ choice }) => join(run, folderOf(choice)));
    terminal.info(`wrote ${folders.join(", ")}: diff.safetensors each; put one in with tenfold norm merge`);
  }
  terminal.result({
    data: base.train.name,
    model: config.model,
    seed: raw.seed,
    ...(run !== undefined && { run }),
    untrainedAccuracy: untrained.accuracy ?? null,
    rows,
  });
}

/** `tenfold norm merge` */
export async function runMerge(run: string, config: MergeConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const { onnx, safetensors, fold, force } = config;
  if (onnx === undefined && safetensors === undefined) {
    throw new ConfigError({ where: "norm merge", expected: "--onnx FILE or --safetensors FILE", found: "neither" });
  }
  for (const file of [onnx, safetensors]) if (file !== undefined && !force) await requireNewFile(file);
  const { base, row, params } = await openTuned(run);
  if (fold && !base.network) {
    throw new ConfigError({ where: "--fold", expected: "a network with norm layers", found: "one without" });
  }
  const model = fold ? normNetwork(base.train, { ...base.network!, folded: true }) : base.model;
  const merged = fold ? foldNorms(params) : params;
  const evaluator = createEvaluator(model, crossEntropy);
  const { accuracy, loss } = await evaluator.evaluate(merged as Tree<HostTensor>, base.test);
  await evaluator.dispose();
  if (onnx !== undefined) await writeFileAtomic(onnx, exportModel(model, merged, base.train.inputs.shape.slice(1)));
  if (safetensors !== undefined) {
    const tensors = Object.fromEntries(flattenTree(merged as Tree<HostTensor>));
    await writeFileAtomic(safetensors, encodeSafetensors(tensors, { choice: row.choice }));
  }
  const files = [onnx, safetensors].filter((file) => file !== undefined);
  terminal.print(`${row.choice} merged${fold ? ", norms folded" : ""}: accuracy ${percent(accuracy ?? 0)}`);
  terminal.info(`wrote ${files.join(", ")}`);
  terminal.result({ run, choice: row.choice, folded: fold, accuracy: accuracy ?? null, loss, files });
}

/** A model as ONNX for batches of any size. */
function exportModel(model: Layer, params: Parameters, exampleShape: readonly number[]): Uint8Array {
  const apply = (tree: never, x: never) => model.apply(tree, x, new Mode(false));
  return toOnnx(apply, params as Tree<HostTensor>, [{ dtype: "float32", shape: [1, ...exampleShape] }]);
}
