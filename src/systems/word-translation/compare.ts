/** One start beside others on the same files. @module */

import { Random } from "../../core/index.ts";
import { type Rows, scaleToUnit } from "../../linalg/index.ts";
import { type AlignInput, type AlignOptions, alignLanguages, scoringOf } from "./align.ts";
import { cosineScoring, cslsScoring, densities } from "./csls.ts";
import { precisionOf, type Ranks, rankPairs } from "./evaluate.ts";
import { fingerprintSpace, imagedWords, sparsify } from "./fingerprints.ts";
import { filterPairs, type Pairs } from "./pairs.ts";
import { type Best, type Scoring, selectBest, type Work } from "./similarity.ts";

/** One way to a dictionary, and what it finds. */
export interface ComparedRow {
  readonly name: string;
  /** Share of source words that get the same best translation as in the run. */
  readonly sameAsRun: number | null;
  /** Share of held-out words that vectors find; null where nothing is held out. */
  readonly agreement: number | null;
  /** Precision on the gold dictionary; null without one. */
  readonly "p@1": number | null;
  readonly "p@5": number | null;
  readonly visual: number | null;
  readonly nonVisual: number | null;
}

export interface CompareSetting {
  readonly input: AlignInput;
  readonly options: AlignOptions;
  /** The best translations of the run, and its visual words. */
  readonly run: { readonly best: Best; readonly visual: Int32Array | undefined };
  readonly gold: Pairs | undefined;
  readonly folds: number;
  /** CLIP's own text embeddings, where they are known. */
  readonly texts: { readonly source: Rows; readonly target: Rows } | undefined;
}

interface Hooks extends Work {
  /** Told what comes next, and the share of the work that is done. */
  readonly stage?: (name: string, done: number) => void;
}

function summarize(ranks: Ranks | undefined, visual: Int32Array | undefined) {
  const isVisual = new Set(visual ?? []);
  const all = ranks && precisionOf(ranks);
  const part = (keep: (word: number) => boolean) =>
    ranks && visual ? (precisionOf(ranks, keep)?.["p@1"] ?? null) : null;
  return {
    "p@1": all?.["p@1"] ?? null,
    "p@5": all?.["p@5"] ?? null,
    visual: part((word) => isVisual.has(word)),
    nonVisual: part((word) => !isVisual.has(word)),
  };
}

/** Looks up every part of a dictionary with the other parts as seeds. */
async function rankByFolds({ input, options, gold, folds }: CompareSetting & { gold: Pairs }, work: Work) {
  const words = new Random(options.seed, "translate", "folds").shuffle([...new Set(gold.source)]);
  const foldOf = new Map(words.map((word, i) => [word, i % folds]));
  const ranked = new Map<number, number>();
  for (let fold = 0; fold < folds; fold++) {
    const inFold = (i: number) => foldOf.get(gold.source[i]) === fold;
    const seeds = filterPairs(gold, (i) => !inFold(i));
    const dictionary = Array.from(seeds.source, (word, i) => {
      return [input.source.words[word], input.target.words[seeds.target[i]]] as const;
    });
    const alignment = await alignLanguages({ ...input, dictionary }, { ...options, start: "dictionary" }, work);
    const { words: found, ranks } = await rankPairs(scoringOf(alignment), filterPairs(gold, inFold), work);
    found.forEach((word, i) => {
      ranked.set(word, ranks[i]);
    });
  }
  const sorted = Int32Array.from(ranked.keys()).sort();
  return { words: sorted, ranks: Uint8Array.from(sorted, (word) => ranked.get(word) ?? 0) };
}

/** Fingerprints without vectors, as a scoring of all words. */
async function fingerprintScoring({ input, options }: CompareSetting, work: Work): Promise<Scoring | undefined> {
  if (!input.fingerprints) return undefined;
  const { source, target } = input.fingerprints;
  const [left, right] = [source, target].map((rows) => imagedWords(sparsify(rows, options), options.imageWords));
  const space = await fingerprintSpace(left, right, options.neighbours, 1, work);
  const none = (count: number): Rows => ({ data: new Float32Array(count), count, dim: 1 });
  const empty = { source: none(source.count), target: none(target.count) };
  const flat = { source: new Float32Array(source.count), target: new Float32Array(target.count) };
  return cslsScoring([{ ...empty, densities: flat, weight: 1 }, space]);
}

/**
 * Aligns the same files from every start there is, by vectors alone, and looks at what each finds.
 *
 * @returns the run's own row is not among them
 */
export async function compareStarts(setting: CompareSetting, hooks: Hooks): Promise<ComparedRow[]> {
  const { input, options, run, gold, texts } = setting;
  const work = { products: hooks.products, signal: hooks.signal };
  const rows: ComparedRow[] = [];
  const judge = async (name: string, scoring: Scoring, agreement: number | null) => {
    const { source } = await selectBest(scoring, { sourceK: 1, targetK: 0 }, work);
    const same = source.indices.filter((target, word) => target === run.best.indices[word * run.best.k]).length;
    const ranks = gold && (await rankPairs(scoring, gold, work));
    rows.push({ name, sameAsRun: same / source.indices.length, agreement, ...summarize(ranks, run.visual) });
  };
  const starts = [
    ...(input.fingerprints ? (["images"] as const) : []),
    ...(input.dictionary ? (["dictionary"] as const) : []),
    ...(["identical", "random"] as const),
  ];
  const stages = [...starts, "fingerprints", ...(texts ? ["CLIP text"] : []), ...(gold ? ["folds"] : [])];
  const begin = (stage: string) => hooks.stage?.(stage, stages.indexOf(stage) / stages.length);
  for (const start of starts) {
    begin(start);
    const alignment = await alignLanguages(input, { ...options, start, imageWords: 0 }, work).catch(
      (error: unknown) => {
        // Languages without a word in common cannot start from identical words: that is a result.
        if (start === "identical" && error instanceof Error && error.name === "DataError") return undefined;
        throw error;
      },
    );
    if (!alignment) continue;
    const { heldOut, agreement } = alignment.chosen;
    await judge(`start from ${start}, vectors alone`, scoringOf(alignment), heldOut === "nothing" ? null : agreement);
  }
  begin("fingerprints");
  const fingerprints = await fingerprintScoring(setting, work);
  if (fingerprints) await judge("fingerprints alone", fingerprints, null);
  if (texts) {
    begin("CLIP text");
    for (const side of [texts.source, texts.target]) scaleToUnit(side);
    await judge("CLIP text, cosine", cosineScoring(texts.source, texts.target), null);
    const around = await densities(texts.source, texts.target, options.neighbours, work);
    await judge("CLIP text, CSLS", cslsScoring([{ ...texts, densities: around, weight: 1 }]), null);
  }
  if (gold) {
    begin("folds");
    const ranks = await rankByFolds({ ...setting, gold, options: { ...options, imageWords: 0 } }, work);
    const name = `seed dictionary, ${setting.folds} folds, vectors alone`;
    rows.push({ name, sameAsRun: null, agreement: null, ...summarize(ranks, run.visual) });
  }
  return rows;
}

/** The run itself as a row. */
export function rowOfRun(
  ranks: Ranks | undefined,
  agreement: number | null,
  visual: Int32Array | undefined,
): ComparedRow {
  return { name: "this run", sameAsRun: 1, agreement, ...summarize(ranks, visual) };
}
