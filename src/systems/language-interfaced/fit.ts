/** A language model fine-tuned on a table. @module */
import { max } from "simple-statistics";
import { ConfigError, DataError, Random } from "../../core/index.ts";
import type { Table } from "../../data/index.ts";
import { mergeLora } from "../../nn/index.ts";
import type { TextExample } from "../../train/index.ts";
import { type BaseModel, openBase, withContext } from "./base-model.ts";
import type { Recipe } from "./config.ts";
import { type Augmentation, type LabelledRows, textExamples, type Writing } from "./examples.ts";
import { onlyAnswered, rowsOf } from "./labelled-table.ts";
import type { LiftModel } from "./predict.ts";
import { pretextTable } from "./pretext.ts";
import { inferSchema, type Schema } from "./schema.ts";
import { makeTemplate, type Template, withTask, writePrompt } from "./template.ts";
import { type TrainingOptions, type TrainingResult, type Tune, trainTexts } from "./training.ts";

/** A table made ready to be learned. */
export interface Prepared {
  readonly base: BaseModel;
  readonly schema: Schema;
  readonly template: Template;
  readonly data: LabelledRows;
  readonly notes: readonly string[];
}

/** How the user wants the work to go on around it. */
export interface FitHooks {
  readonly signal?: AbortSignal;
  /** What is done, and the share of it. */
  readonly progress?: (stage: string, fraction: number, note?: string) => void;
  /** Folder for checkpoints; default none. */
  readonly run?: string;
  readonly resume?: boolean;
  /** Where our own trained model is kept; default the user's cache. */
  readonly cache?: string;
}

/** A fine-tuned model and what it took. */
export interface Fitted {
  readonly model: LiftModel;
  readonly base: BaseModel;
  readonly tune: Tune;
  readonly training: TrainingResult;
  readonly stopped: boolean;
}

const tuneNames = { lora: "additions", full: "all weights", norms: "the norm layers" } as const;

/** Which parameters an option set trains. */
function tuneOf(recipe: Recipe, ownBytes: boolean): Tune {
  const asked = [recipe.lora !== undefined && "lora", recipe.full && "full", recipe.normsOnly && "norms"].filter(
    Boolean,
  );
  if (asked.length > 1) {
    throw new ConfigError({
      where: "--lora, --full, --norms-only",
      expected: "one of them",
      found: asked.join(" and "),
    });
  }
  const tune = (asked[0] as Tune | undefined) ?? (ownBytes ? "full" : "lora");
  const ofLora = { "--lora-alpha": recipe.loraAlpha !== undefined, "--lora-dropout": recipe.loraDropout > 0 };
  for (const [flag, given] of Object.entries(ofLora)) {
    if (!given || tune === "lora") continue;
    throw new ConfigError({ where: flag, expected: "--lora with it", found: `training of ${tuneNames[tune]}` });
  }
  return tune;
}

/**
 * Reads a table for fine-tuning: its columns, how they are written, its rows.
 *
 * @throws {DataError} where the table does not fit what is asked of it
 */
export async function prepare(table: Table, recipe: Recipe, seed: number, hooks: FitHooks = {}): Promise<Prepared> {
  const base = await openBase(recipe.base, seed, {
    ...hooks,
    progress: (fraction) => hooks.progress?.("our own base model, once", fraction),
  });
  tuneOf(recipe, base.ownBytes); // What contradicts itself is told before anything is made.
  const short = recipe.numbers === "auto" ? base.ownBytes : recipe.numbers === "short";
  const { schema, notes } = inferSchema(table, {
    target: recipe.target,
    task: recipe.task,
    ...(recipe.features && { features: recipe.features }),
    short,
    ...(recipe.digits !== undefined && { digits: recipe.digits }),
  });
  const kind = recipe.names ? "names" : (recipe.template ?? (base.ownBytes ? "short" : "letters"));
  const template = makeTemplate(kind, schema);
  const read = rowsOf(table, schema);
  const data = onlyAnswered(read, table.path, notes);
  return { base, schema, template, data, notes: [...notes, ...read.notes, ...oddities(schema, data)] };
}

/** What may be wrong with rows that can be learned all the same. */
function oddities({ target }: Schema, { rows, answers }: LabelledRows): string[] {
  const notes: string[] = [];
  const seen = new Map<string, unknown>();
  let [doubled, torn] = [0, 0];
  rows.forEach((row, i) => {
    const key = JSON.stringify(row);
    if (seen.has(key)) {
      doubled++;
      if (seen.get(key) !== answers[i]) torn++;
    } else seen.set(key, answers[i]);
  });
  if (torn > 0) notes.push(`${doubled} rows are there before, ${torn} of them with another answer`);
  if (target.kind === "classes") {
    const lone = target.classes.filter((name) => answers.filter((answer) => answer === name).length === 1);
    if (lone.length > 0) notes.push(`classes of a single row: ${lone.slice(0, 5).join(", ")}`);
  }
  return notes;
}

/** Texts of a table, as many copies of each row as make the table worth a pass. */
function augmentation(recipe: Recipe, schema: Schema, rows: number): Augmentation {
  const noise = recipe.noise ?? (schema.target.kind === "classes" ? 0.2 : 0.1);
  const noisy = noise > 0 && schema.features.some(({ kind }) => kind === "number");
  const copies = recipe.copies ?? (noisy ? Math.min(16, Math.max(1, Math.round(2000 / rows))) : 1);
  return { copies, noise, reversed: recipe.generator };
}

/** Steps that tables of so many rows need, by what the sets in the README took. */
function defaultSteps(rows: number): number {
  return Math.round(Math.min(2500, 500 + 0.5 * rows));
}

function trainingOptions(recipe: Recipe, base: BaseModel, rows: number, seed: number): TrainingOptions {
  const tune = tuneOf(recipe, base.ownBytes);
  const ownRate = 0.002;
  const otherRate = tune === "full" ? 2e-5 : 1e-3;
  return {
    tune,
    ...(recipe.lora !== undefined && { rank: recipe.lora }),
    ...(recipe.loraAlpha !== undefined && { alpha: recipe.loraAlpha }),
    loraDropout: recipe.loraDropout,
    length:
      recipe.epochs !== undefined
        ? { epochs: recipe.epochs }
        : base.ownBytes
          ? { steps: defaultSteps(rows) }
          : { epochs: 10 },
    batchSize: recipe.batchSize ?? (base.ownBytes ? 32 : 8),
    accumulate: recipe.accumulate,
    learningRate: recipe.learningRate ?? (base.ownBytes ? ownRate : otherRate),
    dropout: recipe.dropout,
    seed,
    ...threadsOf(recipe, base),
    ...(recipe.maxMinutes !== undefined && { maxMinutes: recipe.maxMinutes }),
  };
}

/** Our own model is so small that a second thread costs more than it brings where anything else runs. */
function threadsOf(recipe: Recipe, { ownBytes }: BaseModel): { threads?: number } {
  const threads = recipe.threads ?? (ownBytes ? 1 : undefined);
  return threads === undefined ? {} : { threads };
}

/** The longest text, in tokens, and an error that names its row where it does not fit. */
function requireContext(
  base: BaseModel,
  examples: readonly TextExample[],
  prepared: Prepared,
  seed: number,
): BaseModel {
  const lengths = examples.map(({ prompt, completion }) => prompt.length + completion.length);
  const longest = max(lengths);
  try {
    // A little more than what was seen: other rows may be longer.
    return withContext(base, base.ownBytes ? Math.max(longest + 8, base.config.contextLength) : longest, seed);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const row = lengths.indexOf(longest) % prepared.data.rows.length;
    const text = writePrompt(prepared.template, prepared.schema, prepared.data.rows[row]!);
    throw new DataError({
      where: `row ${row + 1} ("${text.slice(0, 30)}…")`,
      expected: `at most ${base.config.contextLength} tokens, the context of ${base.name}`,
      found: `${longest}`,
      hint: "leave out columns with --features, or take --template short",
      cause: error,
    });
  }
}

/** Rows of each of the two made-up tables that come before the table that matters. */
const pretextRows = 500;

/** Steps on them. */
const pretextSteps = 200;

/** Texts of two made-up tables, task 1 and task 2. */
function pretextExamples(writing: Writing, seed: number): TextExample[] {
  return [1, 2].flatMap((task) => {
    const table = pretextTable(writing.schema, pretextRows, new Random(seed, "pretext", task));
    const own = { ...writing, template: withTask(writing.template, task) };
    return textExamples(own, table, { copies: 1, noise: 0, reversed: false }, seed);
  });
}

/**
 * Fine-tunes a language model on rows, as texts.
 *
 * @param data - the rows to learn; default all of the table
 * @remarks Source: Dinh et al. (2022), sections 2 and 5; two stages as in section 5.4, each row's task number in the text.
 */
export async function fitRows(
  prepared: Prepared,
  recipe: Recipe,
  seed: number,
  hooks: FitHooks = {},
  data: LabelledRows = prepared.data,
): Promise<Fitted> {
  const { schema } = prepared;
  const template = recipe.twoStage ? withTask(prepared.template, 3) : prepared.template;
  const writing = { schema, template, tokenizer: prepared.base.tokenizer };
  const examples = textExamples(writing, data, augmentation(recipe, schema, data.rows.length), seed);
  const before = recipe.twoStage ? pretextExamples({ ...writing, template: prepared.template }, seed) : [];
  let base = requireContext(prepared.base, [...examples, ...before], prepared, seed);
  const options = trainingOptions(recipe, base, data.rows.length, seed);
  const train = (from: BaseModel, texts: readonly TextExample[], stage: string, own: Partial<TrainingOptions>) =>
    trainTexts(from, texts, {
      ...options,
      ...own,
      ...(hooks.run !== undefined && { run: `${hooks.run}/${stage}`, resume: hooks.resume ?? false }),
      ...(hooks.signal && { signal: hooks.signal }),
      onStep: ({ step, totalSteps, loss }) => hooks.progress?.(stage, step / totalSteps, `loss ${loss.toFixed(4)}`),
    });
  const finish = (training: TrainingResult): Fitted => ({
    model: { ...writing, config: base.config, params: training.params, lora: training.lora },
    base,
    tune: options.tune,
    training,
    stopped: training.stopped,
  });
  if (recipe.twoStage) {
    // All weights learn what digits mean; additions, where asked for, come with the table that matters.
    const length = { steps: pretextSteps };
    const first = await train(base, before, "pretext", { length, tune: base.ownBytes ? "full" : options.tune });
    if (first.stopped) return finish(first);
    base = { ...base, params: mergeLora(first.params, first.lora.scale) };
  }
  return finish(await train(base, examples, "train", {}));
}
