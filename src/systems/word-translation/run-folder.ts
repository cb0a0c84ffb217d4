/** A finished alignment as a folder: what lookup, evaluate and export read. @module */
import { join } from "node:path";
import { z } from "zod";
import { DataError, type HostTensor, hostTensor, schemaProblem } from "../../core/index.ts";
import {
  readFileBytes,
  readSafetensors,
  replaceFolder,
  sha256,
  sha256File,
  writeFileAtomic,
  writeSafetensors,
} from "../../storage/index.ts";
import type { Choice } from "./align.ts";
import { type AlignConfig, alignSchema } from "./config.ts";
import type { Diagnosis } from "./diagnose.ts";
import type { Best } from "./similarity.ts";
import { type StartKind, startKinds } from "./starts.ts";

/** Translations that are kept a word. */
export const keptTranslations = 10;

/** What run.json says. */
export interface RunRecord {
  readonly kind: "word-translation";
  readonly seed: number;
  readonly start: StartKind;
  readonly config: AlignConfig;
  /** SHA-256 of the files that were read, by option. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly choice: Omit<Choice, "recipes">;
  readonly diagnosis: Diagnosis;
  /** SHA-256 of the word lists, source and target. */
  readonly words: readonly [source: string, target: string];
  /** SHA-256 of translations.safetensors. */
  readonly tensors: string;
}

const recordSchema = z.object({
  kind: z.literal("word-translation"),
  seed: z.int(),
  start: z.enum(startKinds),
  config: alignSchema,
  inputs: z.record(z.string(), z.string()),
  choice: z.looseObject({ agreement: z.number() }),
  diagnosis: z.looseObject({ agreement: z.number().nullable() }),
  words: z.tuple([z.string(), z.string()]),
  tensors: z.string(),
});

/** A run in memory. */
export interface TranslationRun {
  readonly record: RunRecord;
  readonly source: readonly string[];
  readonly target: readonly string[];
  /** The best translations of each word, both directions. */
  readonly best: { readonly source: Best; readonly target: Best };
  /** float32[words, dim]: vectors in the common space, length 1. */
  readonly vectors: { readonly source: HostTensor; readonly target: HostTensor };
  /** float64[dim, dim]: what normalised row vectors are multiplied with. */
  readonly maps: { readonly source: HostTensor; readonly target: HostTensor };
  /** Source words that images tell much of; undefined without images. */
  readonly visual: Int32Array | undefined;
}

/** The file that tells a run folder. */
export const runFile = "run.json";
const tensorsFile = "translations.safetensors";
const wordFiles = { source: "source.words.txt", target: "target.words.txt" };

const wordList = (words: readonly string[]) => `${words.join("\n")}\n`;

/**
 * Writes a run. run.json comes last, so that a folder that has it is whole.
 *
 * @throws {RunError} where the folder is not empty and `force` is not set, or cannot be written
 */
export async function writeRun(
  folder: string,
  run: Omit<TranslationRun, "record"> & { readonly record: Omit<RunRecord, "words" | "tensors"> },
  force: boolean,
): Promise<void> {
  await replaceFolder(folder, { force, mark: runFile }, (fresh) => writeFiles(fresh, run));
}

async function writeFiles(
  folder: string,
  run: Omit<TranslationRun, "record"> & { readonly record: Omit<RunRecord, "words" | "tensors"> },
): Promise<void> {
  const lists = [wordList(run.source), wordList(run.target)] as const;
  await writeFileAtomic(join(folder, wordFiles.source), lists[0]);
  await writeFileAtomic(join(folder, wordFiles.target), lists[1]);
  const bestTensors = (side: "source" | "target") => {
    const { k, indices, scores } = run.best[side];
    const shape = [indices.length / k, k];
    return { [`${side}.best`]: hostTensor(indices, shape), [`${side}.scores`]: hostTensor(scores, shape) };
  };
  await writeSafetensors(join(folder, tensorsFile), {
    ...bestTensors("source"),
    ...bestTensors("target"),
    "source.vectors": run.vectors.source,
    "target.vectors": run.vectors.target,
    "source.map": run.maps.source,
    "target.map": run.maps.target,
    ...(run.visual && { visual: hostTensor(run.visual, [run.visual.length]) }),
  });
  const record: RunRecord = {
    ...run.record,
    words: [sha256(lists[0]), sha256(lists[1])],
    tensors: await sha256File(join(folder, tensorsFile)),
  };
  await writeFileAtomic(join(folder, runFile), `${JSON.stringify(record, null, 2)}\n`);
}

async function readWords(folder: string, side: "source" | "target", hash: string): Promise<string[]> {
  const path = join(folder, wordFiles[side]);
  const bytes = await readFileBytes(path);
  if (sha256(bytes) !== hash) {
    const hint = "the file was changed after the run; align again";
    throw new DataError({ where: path, expected: "the words of the run", found: "other words", hint });
  }
  return new TextDecoder().decode(bytes).slice(0, -1).split("\n");
}

/**
 * Reads a run.
 *
 * @throws {DataError} where the folder holds no finished run, or its files do not belong together
 */
export async function readRun(folder: string): Promise<TranslationRun> {
  const path = join(folder, runFile);
  const record = await readRecord(path);
  const [source, target] = [
    await readWords(folder, "source", record.words[0]),
    await readWords(folder, "target", record.words[1]),
  ];
  const tensorsPath = join(folder, tensorsFile);
  const { tensors } = await readSafetensors(tensorsPath);
  if ((await sha256File(tensorsPath)) !== record.tensors) {
    const hint = "the file was changed after the run, or is another run's; align again";
    throw new DataError({ where: tensorsPath, expected: "the translations of the run", found: "others", hint });
  }
  const tensor = (name: string): HostTensor => {
    const found = tensors[name];
    if (found) return found;
    throw new DataError({ where: tensorsPath, expected: `a tensor "${name}"`, found: Object.keys(tensors).join(", ") });
  };
  const best = (side: "source" | "target"): Best => {
    const { data, shape } = tensor(`${side}.best`);
    return { k: shape[1], indices: data as Int32Array, scores: tensor(`${side}.scores`).data as Float32Array };
  };
  return {
    record,
    source,
    target,
    best: { source: best("source"), target: best("target") },
    vectors: { source: tensor("source.vectors"), target: tensor("target.vectors") },
    maps: { source: tensor("source.map"), target: tensor("target.map") },
    visual: tensors.visual?.data as Int32Array | undefined,
  };
}

async function readRecord(path: string): Promise<RunRecord> {
  const text = new TextDecoder().decode(await readFileBytes(path));
  const hint = "name the folder that translate align --out wrote";
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (cause) {
    throw new DataError({ where: path, expected: "a run of translate align", found: "no JSON", hint, cause });
  }
  const parsed = recordSchema.safeParse(document);
  if (parsed.success) return parsed.data as unknown as RunRecord;
  const problem = schemaProblem(parsed.error);
  const where = problem.path ? `${path}, "${problem.path}"` : path;
  throw new DataError({
    where,
    expected: `a run of translate align, here ${problem.expected}`,
    found: problem.found,
    hint,
  });
}
