/**
 * A fine-tuned model as a folder:
 *
 * ```
 * lift.json       options, columns, template, base, figures; written last
 * train.jsonl     the rows that were learned
 * held-out.jsonl  those that were held out, where there were any
 * base/           our own base as it was when training began; a base from elsewhere stays where it is
 * adapter/        additions in PEFT's layout, or
 * model/          the whole model, as Hugging Face's tools read it
 * training/       checkpoints and metrics
 * ```
 *
 * @module
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { RunError } from "../../core/index.ts";
import {
  byteTokenizer,
  type LanguageModel,
  readAdapter,
  readLanguageModel,
  writeAdapter,
  writeLanguageModel,
} from "../../data/index.ts";
import { makeFolder, readFileBytes, writeFileAtomic } from "../../storage/index.ts";
import { byteTokenizerFiles, hashParams } from "./base-model.ts";
import type { Recipe } from "./config.ts";
import type { Evaluation } from "./evaluate.ts";
import type { LabelledRows } from "./examples.ts";
import type { Fitted } from "./fit.ts";
import type { LiftModel } from "./predict.ts";
import type { Schema, Value } from "./schema.ts";
import type { Template } from "./template.ts";
import { loraSettings, type Tune } from "./training.ts";

/** What lift.json says. */
export interface LiftRecord {
  readonly kind: "language-interfaced";
  readonly version: 1;
  readonly seed: number;
  readonly recipe: Recipe;
  readonly schema: Schema;
  readonly template: Template;
  readonly base: { readonly name: string; readonly sha256: string; readonly ownBytes: boolean };
  readonly tune: Tune;
  readonly data: { readonly path: string; readonly sha256: string; readonly rows: number };
  readonly training: {
    readonly epochs: number;
    /** Of the rows, in (0, 1]. */
    readonly share: number;
    readonly steps: number;
    readonly loss: number;
    readonly tokensPerSecond: number;
  };
  /** On rows that were held out, where there were any. */
  readonly heldOut: Evaluation | null;
}

/** A run in memory. */
export interface LiftRun {
  readonly record: LiftRecord;
  readonly model: LiftModel;
  readonly train: LabelledRows;
  /** Undefined where none were held out, and in runs that were written before they were kept. */
  readonly heldOut: LabelledRows | undefined;
}

const recordFile = "lift.json";
const trainFile = "train.jsonl";
const heldOutFile = "held-out.jsonl";

/** Where checkpoints and metrics of a run are. */
export const trainingFolder = (folder: string): string => join(folder, "training");

/** The folders of a run's trainings that are there. */
export function trainingStages(folder: string): string[] {
  const parent = trainingFolder(folder);
  return existsSync(parent) ? readdirSync(parent).map((stage) => join(parent, stage)) : [];
}

/** Whether a folder holds a finished run. */
export const isFinished = (folder: string): boolean => existsSync(join(folder, recordFile));

async function folderIn(parent: string, name: string): Promise<string> {
  const path = join(parent, name);
  await makeFolder(path);
  return path;
}

/**
 * Writes a run into a folder that is there.
 *
 * @throws {RunError} where it cannot be written
 */
export async function writeRun(
  folder: string,
  { model, base, tune, training }: Fitted,
  { train, heldOut }: Pick<LiftRun, "train" | "heldOut">,
  facts: Pick<LiftRecord, "seed" | "recipe" | "data" | "heldOut">,
): Promise<LiftRecord> {
  const { config } = model;
  const files = base.ownBytes ? byteTokenizerFiles : {};
  if (tune === "lora") {
    const { rank = 8, alpha = 2 * rank, dropout = 0 } = adapterOf(facts.recipe);
    if (base.ownBytes) await writeLanguageModel(await folderIn(folder, "base"), base, { files });
    await writeAdapter(
      await folderIn(folder, "adapter"),
      { config, params: model.params },
      { rank, alpha, dropout },
      base.name,
    );
  } else {
    const own = base.ownBytes ? files : await tokenizerFilesOf(base.name);
    await writeLanguageModel(await folderIn(folder, "model"), { config, params: model.params }, { files: own });
  }
  await writeRows(join(folder, trainFile), train);
  if (heldOut) await writeRows(join(folder, heldOutFile), heldOut);
  const record: LiftRecord = {
    kind: "language-interfaced",
    version: 1,
    ...facts,
    schema: model.schema,
    template: model.template,
    base: { name: base.name, sha256: hashParams(base.params), ownBytes: base.ownBytes },
    tune,
    training: {
      epochs: training.epochs,
      share: training.share,
      steps: training.steps,
      loss: training.loss,
      tokensPerSecond: Math.round(training.tokensPerSecond),
    },
  };
  await writeFileAtomic(join(folder, recordFile), `${JSON.stringify(record, null, 2)}\n`);
  return record;
}

/** The files that say how a model from elsewhere cuts texts into tokens. */
async function tokenizerFilesOf(base: string): Promise<Record<string, unknown>> {
  const files: Record<string, unknown> = {};
  for (const name of ["tokenizer.json", "tokenizer_config.json", "generation_config.json"]) {
    const path = join(base, name);
    if (existsSync(path)) files[name] = JSON.parse(new TextDecoder().decode(await readFileBytes(path)));
  }
  return files;
}

const adapterOf = ({ lora, loraAlpha, loraDropout }: Recipe) => ({
  ...(lora !== undefined && { rank: lora }),
  ...(loraAlpha !== undefined && { alpha: loraAlpha }),
  dropout: loraDropout,
});

const toJson = (value: Value) => value ?? null;

async function writeRows(path: string, { rows, answers }: LabelledRows): Promise<void> {
  const lines = rows.map((row, i) => JSON.stringify({ row: row.map(toJson), answer: toJson(answers[i]) }));
  await writeFileAtomic(path, `${lines.join("\n")}\n`);
}

/** What a run says of itself, without its weights. */
async function readRecord(folder: string): Promise<LiftRecord> {
  const path = join(folder, recordFile);
  if (!existsSync(path)) {
    const started = existsSync(trainingFolder(folder));
    throw new RunError({
      where: folder,
      expected: "a finished run of lift fit",
      found: started ? "one that was interrupted" : "none",
      hint: started ? "go on with it: the same command and --resume" : "check the path",
    });
  }
  try {
    const record = JSON.parse(new TextDecoder().decode(await readFileBytes(path))) as LiftRecord;
    if (record.kind === "language-interfaced" && record.version === 1) return record;
  } catch {
    // Told below, as any other file that is no record.
  }
  throw new RunError({ where: path, expected: "a record of lift fit", found: "something else" });
}

/** The model of a run. */
async function readModel(folder: string, record: LiftRecord): Promise<LanguageModel & Pick<LiftModel, "lora">> {
  const { base, tune, recipe } = record;
  if (tune !== "lora") return readLanguageModel(join(folder, "model"));
  const path = base.ownBytes ? join(folder, "base") : base.name;
  const model = await readLanguageModel(path);
  const found = hashParams(model.params);
  if (found !== base.sha256) {
    throw new RunError({
      where: path,
      expected: `the base of the run, sha256 ${base.sha256.slice(0, 12)}…`,
      found: `${found.slice(0, 12)}…`,
      hint: "the model there has changed since the run",
    });
  }
  const { params, settings } = await readAdapter(join(folder, "adapter"), model);
  return {
    ...model,
    params,
    lora: loraSettings({ tune, rank: settings.rank, alpha: settings.alpha, loraDropout: recipe.loraDropout }),
  };
}

/**
 * Reads a run.
 *
 * @throws {RunError} where the folder holds no finished run, or its base has changed
 */
export async function readRun(folder: string): Promise<LiftRun> {
  const record = await readRecord(folder);
  const { config, params, tokenizer, lora } = await readModel(folder, record);
  return {
    record,
    train: await readLabelled(join(folder, trainFile)),
    heldOut: existsSync(join(folder, heldOutFile)) ? await readLabelled(join(folder, heldOutFile)) : undefined,
    model: {
      config,
      params,
      ...(lora && { lora }),
      schema: record.schema,
      template: record.template,
      tokenizer: record.base.ownBytes ? byteTokenizer() : tokenizer,
    },
  };
}

const value = z.union([z.string(), z.number()]).nullable();
const labelledSchema = z.object({ row: z.array(value), answer: value });

function parseLabelled(line: string, where: string): z.output<typeof labelledSchema> {
  let document: unknown;
  try {
    document = JSON.parse(line);
  } catch {
    document = undefined;
  }
  const parsed = labelledSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const hint = "fit again; the rows that a run learned are part of it";
  throw new RunError({ where, expected: "a row as lift fit writes it", found: line.slice(0, 40) || "nothing", hint });
}

async function readLabelled(path: string): Promise<LabelledRows> {
  const text = new TextDecoder().decode(await readFileBytes(path));
  const lines = text
    .trimEnd()
    .split("\n")
    .map((line, i) => parseLabelled(line, `${path}:${i + 1}`));
  return {
    rows: lines.map(({ row }) => row.map((value) => value ?? undefined)),
    answers: lines.map(({ answer }) => answer ?? undefined),
  };
}
