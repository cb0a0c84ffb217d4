import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { ConfigError } from "../../core/index.ts";
import { readTable, type Table } from "../../data/index.ts";
import { ensureEmptyDirectory } from "../../storage/index.ts";
import { type CommonOptions, openTerminal, type Terminal } from "../../terminal/index.ts";
import { RunLock } from "../../train/index.ts";
import { type FitConfig, type fitSchema, recipeSchema } from "./config.ts";
import { evaluateModel, mainFigure } from "./evaluate.ts";
import { type FitHooks, fitRows, prepare } from "./fit.ts";
import { splitLabelled } from "./labelled-table.ts";
import { fitRemote } from "./remote-run.ts";
import { isFinished, trainingFolder, trainingStages, writeRun } from "./run-folder.ts";
import { printEvaluation } from "./show-evaluation.ts";
import { writePrompt } from "./template.ts";

/** Progress of a work in stages: a bar for each. */
export function stagedProgress(terminal: Terminal): { update: NonNullable<FitHooks["progress"]>; stop(): void } {
  let shown: { stage: string; bar: ReturnType<Terminal["progress"]> } | undefined;
  return {
    update(stage, fraction, note) {
      if (shown?.stage !== stage) {
        shown?.bar.stop();
        shown = { stage, bar: terminal.progress(stage, 1) };
      }
      shown.bar.update(fraction, note);
    },
    stop: () => shown?.bar.stop(),
  };
}

/** `tenfold lift fit` */
export async function runFit(path: string, options: z.output<typeof fitSchema>, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const { out, seed, force = false } = raw;
  if (out === undefined) {
    const hint = "predict, evaluate and the others read the run from there";
    throw new ConfigError({ where: "--out", expected: "a folder for the run", found: "none", hint });
  }
  const { resume } = options;
  if (resume && isFinished(out)) {
    throw new ConfigError({ where: out, expected: "a run that was interrupted", found: "a finished one" });
  }
  if (options.pollSeconds !== undefined && options.remote === undefined) {
    throw new ConfigError({ where: "--poll-seconds", expected: "--remote with it", found: "none" });
  }
  for (const stage of trainingStages(out)) RunLock.requireFree(stage);
  // Refused before the work; emptied only once the table is known to be good.
  if (!resume && !force) await ensureEmptyDirectory(out);
  const table = await readTable(path);
  const progress = stagedProgress(terminal);
  const hooks = { signal: terminal.signal, progress: progress.update, run: trainingFolder(out), resume };
  try {
    if (options.remote !== undefined) await runRemote(table, options, out, { terminal, seed, force });
    else await runLocal(table, options, out, { terminal, seed, force, hooks });
  } finally {
    progress.stop();
  }
}

interface Around {
  readonly terminal: Terminal;
  readonly seed: number;
  readonly force: boolean;
}

async function runLocal(
  table: Table,
  options: FitConfig,
  out: string,
  { terminal, seed, force, hooks }: Around & { readonly hooks: FitHooks },
): Promise<void> {
  const recipe = recipeSchema.parse(options);
  const prepared = await prepare(table, recipe, seed, hooks);
  for (const note of prepared.notes) terminal.info(`note: ${note}`);
  const { schema, data, template } = prepared;
  const split =
    options.holdOut > 0 ? splitLabelled(data, options.holdOut, seed, schema.target.kind === "classes") : undefined;
  if (split?.test.rows.length === 0) {
    const hint = "give a larger share, or evaluate on a table of its own";
    throw new ConfigError({
      where: "--hold-out",
      expected: "rows to hold out",
      found: `none of ${data.rows.length} (a share of each class)`,
      hint,
    });
  }
  if (!options.resume) await ensureEmptyDirectory(out, { force });
  const train = split?.train ?? data;
  const kind = schema.target.kind === "classes" ? `${schema.target.classes.length} classes` : "numbers";
  terminal.info(`${train.rows.length} rows, ${schema.features.length} columns, ${kind}, base ${prepared.base.name}`);
  terminal.info(`as text: ${writePrompt(template, schema, train.rows[0]!)}`);
  const fitted = await fitRows(prepared, recipe, seed, hooks, train);
  if (fitted.stopped) {
    terminal.warn(`stopped after step ${fitted.training.steps}; go on with the same command and --resume`);
    process.exitCode = 130;
    return;
  }
  const { training } = fitted;
  if (recipe.epochs !== undefined && training.epochs < recipe.epochs) {
    terminal.warn(`${training.epochs} of ${recipe.epochs} epochs fit into --max-minutes ${recipe.maxMinutes}`);
  }
  if (training.share < 1) {
    const share = (100 * training.share).toPrecision(2);
    terminal.warn(`${share}% of the rows were learned, once: no more fits into --max-minutes ${recipe.maxMinutes}`);
  }
  const test = split && split.test.rows.length > 0 ? split.test : undefined;
  const heldOut = test
    ? await evaluateModel(fitted.model, train, test, { seed, ...(hooks.signal && { signal: hooks.signal }) })
    : null;
  const record = await writeRun(
    out,
    fitted,
    { train, heldOut: test },
    {
      seed,
      recipe,
      data: { path: table.path, sha256: table.sha256, rows: train.rows.length },
      heldOut,
    },
  );
  // What is left of training is only wanted where it was interrupted; the metrics stay.
  for (const stage of ["pretext", "train"]) {
    for (const name of ["checkpoints", "model.onnx"]) {
      await rm(join(trainingFolder(out), stage, name), { recursive: true, force: true });
    }
  }
  terminal.print(
    `${training.epochs} epochs, ${training.steps} steps, loss ${training.loss.toFixed(4)}; the run is in ${out}`,
  );
  if (heldOut) printEvaluation(terminal, heldOut);
  terminal.result({
    run: out,
    ...record.training,
    heldOut: heldOut && { n: heldOut.n, figure: mainFigure(heldOut.score) },
  });
}

async function runRemote(
  table: Table,
  options: FitConfig,
  out: string,
  { terminal, seed, force }: Around,
): Promise<void> {
  // The service's models read words: nothing is shortened, and no base is opened for it but for its tokenizer.
  const recipe = recipeSchema.parse({
    ...options,
    base: "none",
    numbers: "plain",
    template: options.template ?? "letters",
  });
  const prepared = await prepare(table, recipe, seed);
  for (const note of prepared.notes) terminal.info(`note: ${note}`);
  await ensureEmptyDirectory(out, { force });
  const record = await fitRemote(out, options, prepared, {
    seed,
    signal: terminal.signal,
    onStatus: (status) => terminal.info(`job: ${status}`),
  });
  terminal.print(`${record.model} is fine-tuned; the run is in ${out}`);
  terminal.result({ run: out, model: record.model });
}
