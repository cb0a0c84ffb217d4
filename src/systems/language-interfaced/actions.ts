import { ConfigError } from "../../core/index.ts";
import { parseNumber, writeLanguageModel } from "../../data/index.ts";
import { ensureEmptyDirectory, requireNewFile, requireOutside, writeFileAtomic } from "../../storage/index.ts";
import { type CommonOptions, openTerminal, type Terminal, withProgress } from "../../terminal/index.ts";
import { byteTokenizerFiles } from "./base-model.ts";
import { boundarySvg, decisionBoundary } from "./boundary.ts";
import { modelCard } from "./card.ts";
import type {
  BoundaryConfig,
  EvaluateConfig,
  ExportConfig,
  GenerateConfig,
  PredictConfig,
  PromptConfig,
  ServeConfig,
} from "./config.ts";
import { toCsv } from "./csv-text.ts";
import { evaluateModel, scorePredictions } from "./evaluate.ts";
import { generateRows } from "./generate.ts";
import { onlyAnswered, readRows, type SchemaRows } from "./labelled-table.ts";
import { type Prediction, predictRows, sampleAnswers } from "./predict.ts";
import { isRemote, predictRemotely, readRemote } from "./remote-run.ts";
import { type LiftRun, readRun } from "./run-folder.ts";
import type { Schema, Value } from "./schema.ts";
import { evaluationDocument, printEvaluation } from "./show-evaluation.ts";
import { writeAnswer, writePrompt } from "./template.ts";
import { trainingLines } from "./training-rows.ts";

function tell(terminal: Terminal, { notes }: SchemaRows): void {
  for (const note of notes) terminal.info(`note: ${note}`);
}

/** A file to write, or standard output where none is named. */
async function writeOut(terminal: Terminal, raw: CommonOptions, text: string): Promise<void> {
  if (raw.out === undefined) {
    terminal.print(text.trimEnd());
    return;
  }
  await writeFileAtomic(raw.out, text);
}

/** Refused before the work is done, not after. */
async function requireFree({ out, force }: CommonOptions): Promise<void> {
  if (out !== undefined && !force) await requireNewFile(out);
}

/** How drawn answers spread: of numbers their standard deviation, of classes the share of the most frequent. */
function spreadOf(values: readonly Value[]): number {
  const numbers = values.filter((value): value is number => typeof value === "number");
  if (numbers.length === values.length) {
    const mean = numbers.reduce((sum, value) => sum + value, 0) / numbers.length;
    return Math.sqrt(numbers.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (numbers.length - 1));
  }
  const counts = new Map<Value, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return Math.max(...counts.values()) / values.length;
}

/** Predictions as a table: row, prediction, what is known of its certainty, valid, raw text. */
function predictionTable(
  { target }: Schema,
  predictions: readonly Prediction[],
  spreads: readonly number[] | undefined,
) {
  const classes =
    target.kind === "classes" && predictions.some(({ probabilities }) => probabilities) ? target.classes : [];
  const withInterval = predictions.some(({ interval }) => interval);
  const header = [
    "row",
    "prediction",
    ...classes.map((name) => `p(${name})`),
    ...(withInterval ? ["low", "high"] : []),
    ...(spreads ? [target.kind === "classes" ? "agreement" : "deviation"] : []),
    "valid",
    "raw",
  ];
  const rows = predictions.map(({ value, probabilities, interval, valid, raw }, i): Value[] => [
    i + 1,
    value,
    ...classes.map((_, k) => (probabilities ? Number(probabilities[k]!.toPrecision(6)) : undefined)),
    ...(withInterval ? [interval?.[0], interval?.[1]] : []),
    ...(spreads ? [Number(spreads[i]!.toPrecision(4))] : []),
    String(valid),
    raw,
  ]);
  return { header, rows };
}

/** `tenfold lift predict` */
export async function runPredict(
  folder: string,
  path: string,
  options: PredictConfig,
  raw: CommonOptions,
): Promise<void> {
  const terminal = openTerminal(raw);
  await requireFree(raw);
  const { signal } = terminal;
  let schema: Schema;
  let predictions: Prediction[];
  let spreads: number[] | undefined;
  if (isRemote(folder)) {
    const record = await readRemote(folder);
    schema = record.schema;
    const read = await readRows(path, schema);
    tell(terminal, read);
    predictions = await withProgress(terminal, "ask", (hooks) => predictRemotely(record, read.rows, hooks));
  } else {
    const { model } = await readRun(folder);
    schema = model.schema;
    const read = await readRows(path, schema);
    tell(terminal, read);
    const { decode, point, samples, temperature } = options;
    predictions = await withProgress(terminal, "predict", (hooks) =>
      predictRows(model, read.rows, { decode, point, interval: true, ...hooks }),
    );
    if (samples !== undefined) {
      const drawn = await sampleAnswers(model, read.rows, { samples, temperature, seed: raw.seed, signal });
      spreads = drawn.map(spreadOf);
    }
  }
  const { header, rows } = predictionTable(schema, predictions, spreads);
  await writeOut(terminal, raw, toCsv(header, rows));
  const invalid = predictions.filter(({ valid }) => !valid).length;
  if (invalid > 0)
    terminal.warn(`${invalid} of ${predictions.length} answers are none of the target's; their prediction is empty`);
  terminal.result({
    n: predictions.length,
    invalid,
    ...(raw.out !== undefined ? { out: raw.out } : { header, rows: rows.map(withNulls) }),
  });
}

const withNulls = (row: readonly Value[]) => row.map((value) => value ?? null);

/** `tenfold lift evaluate` */
export async function runEvaluate(
  folder: string,
  path: string,
  options: EvaluateConfig,
  raw: CommonOptions,
): Promise<void> {
  const terminal = openTerminal(raw);
  const { signal } = terminal;
  const remote = isRemote(folder) ? await readRemote(folder) : undefined;
  const run = remote ? undefined : await readRun(folder);
  const schema = remote?.schema ?? run!.model.schema;
  const read = await readRows(path, schema);
  tell(terminal, read);
  const notes: string[] = [];
  const test = onlyAnswered(read, `${path}, column ${schema.target.name}`, notes);
  for (const note of notes) terminal.info(`note: ${note}`);
  if (remote) {
    const predictions = await predictRemotely(remote, test.rows, { signal });
    const score = scorePredictions(schema, test.answers, predictions, test);
    const validRate = predictions.filter(({ valid }) => valid).length / predictions.length;
    const task = schema.target.kind === "classes" ? ("classify" as const) : ("regress" as const);
    const evaluation = { task, n: test.rows.length, validRate, score, baselines: {} };
    printEvaluation(terminal, evaluation);
    terminal.result(evaluationDocument(evaluation));
    return;
  }
  const { model, train } = run!;
  const known = new Set(train.rows.map((row) => JSON.stringify(row)));
  const doubled = test.rows.filter((row) => known.has(JSON.stringify(row))).length;
  if (doubled > 0) terminal.info(`note: ${doubled} of ${test.rows.length} test rows are among those that were learned`);
  const evaluation = await withProgress(terminal, "evaluate", (hooks) =>
    evaluateModel(model, train, test, { ...options, seed: raw.seed, ...hooks }),
  );
  printEvaluation(terminal, evaluation);
  terminal.result(evaluationDocument(evaluation));
}

/** `tenfold lift prompt` */
export async function runPrompt(folder: string, { row }: PromptConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const { model, train } = await readRun(folder);
  if (row > train.rows.length) {
    throw new ConfigError({ where: "--row", expected: `a row from 1 to ${train.rows.length}`, found: `${row}` });
  }
  const prompt = writePrompt(model.template, model.schema, train.rows[row - 1]!);
  const completion = model.template.answerPrefix + writeAnswer(model.schema.target, train.answers[row - 1]);
  terminal.print(`prompt:     ${prompt}\ncompletion: ${completion}`);
  terminal.result({ row, prompt, completion, tokens: model.tokenizer.encode(prompt).length });
}

/** `tenfold lift generate` */
export async function runGenerate(folder: string, options: GenerateConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  await requireFree(raw);
  const { record, model } = await readRun(folder);
  if (!record.recipe.generator) {
    const hint = "fit with --generator, which learns rows from their class too";
    throw new ConfigError({
      where: folder,
      expected: "a model that makes rows",
      found: "one that only predicts",
      hint,
    });
  }
  const { n, temperature, attempts } = options;
  const { schema } = model;
  const value = schema.target.kind === "classes" ? options.class : (parseNumber(options.class) ?? options.class);
  const made = await withProgress(terminal, "generate", (hooks) =>
    generateRows(model, value, { n, temperature, attempts, seed: raw.seed, ...hooks }),
  );
  const header = [...schema.features.map(({ name }) => name), schema.target.name];
  const rows = made.rows.map((row) => [...row, value]);
  await writeOut(terminal, raw, toCsv(header, rows));
  if (rows.length < n) {
    terminal.warn(
      `${rows.length} of ${n} rows in ${made.attempts} attempts, ${made.invalid} of which could not be read`,
    );
  }
  const { attempts: drawn, invalid } = made;
  terminal.result({
    n: rows.length,
    attempts: drawn,
    invalid,
    ...(raw.out === undefined && { header, rows: rows.map(withNulls) }),
  });
}

/** `tenfold lift export` */
export async function runExport(folder: string, options: ExportConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const { jsonl, merged } = options;
  if ((jsonl === undefined) === !merged) {
    throw new ConfigError({
      where: "export",
      expected: "one of --jsonl and --merged",
      found: merged ? "both" : "none",
    });
  }
  const { record, model, train } = await readRun(folder);
  if (raw.out !== undefined) await requireOutside(raw.out, folder);
  if (jsonl !== undefined) {
    await requireFree(raw);
    const text = trainingLines(jsonl, model.template, model.schema, train);
    await writeOut(terminal, raw, text);
    terminal.result({ rows: train.rows.length, ...(raw.out !== undefined && { out: raw.out }) });
    return;
  }
  if (raw.out === undefined)
    throw new ConfigError({ where: "--out", expected: "a folder for the model", found: "none" });
  await ensureEmptyDirectory(raw.out, { force: raw.force ?? false });
  const scale = model.lora?.scale ?? 1;
  await writeLanguageModel(raw.out, model, { scale, files: record.base.ownBytes ? byteTokenizerFiles : {} });
  terminal.print(`the whole model is in ${raw.out}`);
  terminal.result({ out: raw.out });
}

/** `tenfold lift boundary` */
export async function runBoundary(folder: string, options: BoundaryConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  if (raw.out === undefined)
    throw new ConfigError({ where: "--out", expected: "an .svg file to write", found: "none" });
  await requireFree(raw);
  const { model, train } = await readRun(folder);
  const picture = await withProgress(terminal, "boundary", (hooks) => decisionBoundary(model, train, options, hooks));
  await writeFileAtomic(raw.out, boundarySvg(picture, model.schema, train, options));
  terminal.print(`the picture is in ${raw.out}`);
  terminal.result({
    out: raw.out,
    classes: model.schema.target.kind === "classes" ? model.schema.target.classes : [],
    grid: picture.classes,
  });
}

/** `tenfold lift serve` */
export async function runServe(folder: string, { port, host }: ServeConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const run: LiftRun = await readRun(folder);
  const { liftService } = await import("./serve.ts");
  const { serveUntilStopped } = await import("../../http/index.ts");
  await serveUntilStopped(liftService(run), { port, host, terminal });
}

/** `tenfold lift card` */
export async function runCard(folder: string, _: Record<string, never>, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  await requireFree(raw);
  const card = modelCard(await readRun(folder));
  await writeOut(terminal, raw, card);
  terminal.result({ card });
}
