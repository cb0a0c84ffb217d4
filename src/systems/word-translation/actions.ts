import { dirname, resolve } from "node:path";
import { ConfigError, hostTensor } from "../../core/index.ts";
import { requireNewFile, requireReplaceable, writeFileAtomic } from "../../storage/index.ts";
import { type CommonOptions, openTerminal, type Terminal } from "../../terminal/index.ts";
import { type Alignment, alignLanguages, scoringOf } from "./align.ts";
import { type AlignConfig, alignOptions, type EvaluateConfig, type ExportConfig, type LookupConfig } from "./config.ts";
import { cosineScoring } from "./csls.ts";
import { diagnose } from "./diagnose.ts";
import { readDictionary } from "./dictionary-file.ts";
import { type Precision, rankInLists, summarizeRanks } from "./evaluate.ts";
import { encodeMappedVectors, encodeMuse, encodeTei, encodeTsv, listTranslations } from "./export.ts";
import { readInputs } from "./inputs.ts";
import { lookUp } from "./lookup.ts";
import { keptTranslations, readRun, runFile, writeRun } from "./run-folder.ts";
import { Products, selectBest } from "./similarity.ts";
import { pairsInVocabulary } from "./starts.ts";

const percent = (value: number) => `${(100 * value).toFixed(1)}%`;
const number = (value: number) => value.toLocaleString("en-US");
const secondsSince = (start: number) => Math.round(performance.now() - start) / 1000;

/** `tenfold translate align` */
export async function runAlign(config: AlignConfig, raw: CommonOptions): Promise<void> {
  const began = performance.now();
  const terminal = openTerminal(raw);
  const { out, force = false, seed } = raw;
  if (out === undefined) {
    const hint = "evaluate, lookup, export and compare read the run from there";
    throw new ConfigError({ where: "--out", expected: "a folder for the run", found: "none", hint });
  }
  // Refused before the work is done, not after.
  await requireReplaceable(out, { force, mark: runFile });
  const { input, start, hashes, notes } = await readInputs(config);
  for (const note of notes) terminal.info(`note: ${note}`);
  const { source, target } = input;
  terminal.info(
    `${number(source.words.length)} source and ${number(target.words.length)} target words, start: ${start}`,
  );

  const work = { products: new Products(), signal: terminal.signal };
  const progress = terminal.progress("align", 1);
  try {
    const options = alignOptions(config, start, seed);
    const alignment = await alignLanguages(input, options, {
      ...work,
      progress: (done) => progress.update(0.9 * done),
    });
    const [text] = alignment.spaces;
    const scoring = config.retrieval === "csls" ? scoringOf(alignment) : cosineScoring(text.source, text.target);
    const kept = { sourceK: keptTranslations, targetK: keptTranslations };
    const best = await selectBest(scoring, kept, work, (done) => progress.update(0.9 + 0.1 * done));
    const diagnosis = diagnose(alignment, best, target.words);
    const { recipes, ...choice } = alignment.chosen;
    const square = [text.source.dim, text.source.dim];
    await writeRun(
      out,
      {
        record: { kind: "word-translation", seed, start, config, inputs: hashes, choice, diagnosis },
        source: source.words,
        target: target.words,
        best,
        vectors: {
          source: hostTensor(text.source.data, [text.source.count, text.source.dim]),
          target: hostTensor(text.target.data, [text.target.count, text.target.dim]),
        },
        maps: {
          source: hostTensor(alignment.mapping.source, square),
          target: hostTensor(alignment.mapping.target, square),
        },
        visual: alignment.visual?.source,
      },
      force,
    );
    progress.stop();
    describeAlignment(terminal, alignment);
    terminal.print(
      `mutual translations: ${percent(diagnosis.mutualRate)} of the source words; hubness ${diagnosis.hubness.toFixed(1)} (most often the best: "${diagnosis.largestHub.word}", ${diagnosis.largestHub.count} times)`,
    );
    for (const warning of diagnosis.warnings) terminal.warn(warning);
    terminal.print(`written to ${out} after ${secondsSince(began)} s`);
    terminal.result({
      out,
      start,
      sourceWords: source.words.length,
      targetWords: target.words.length,
      notes,
      choice: { ...choice, map: recipes.at(-1)?.kind },
      diagnosis,
      seconds: secondsSince(began),
      peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
    });
  } finally {
    progress.stop();
    await work.products.dispose();
  }
}

function describeAlignment(terminal: Terminal, { chosen, startPairs, finalPairs, spaces }: Alignment): void {
  const { heldOut, judged, agreement, agreementWithImages, iterations, recipes, imageWeight } = chosen;
  const held = { images: "half of the images", words: "a fifth of the pairs", nothing: "nothing" }[heldOut];
  const weighed = spaces.length > 1 ? `, images weigh ${imageWeight}` : "";
  terminal.print(
    `${number(startPairs.source.length)} pairs to start from, ${number(finalPairs.source.length)} after ${iterations} iterations; map: ${recipes.at(-1)?.kind}${weighed}`,
  );
  if (heldOut === "nothing") return;
  const withImages = spaces.length > 1 ? `, ${percent(agreementWithImages)} with images` : "";
  terminal.print(
    `chosen with ${held} held out: of ${number(judged)} words there, vectors find ${percent(agreement)}${withImages}`,
  );
}

/** `tenfold translate evaluate` */
export async function runEvaluate(folder: string, { gold }: EvaluateConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const run = await readRun(folder);
  const dictionary = await readDictionary(gold, run.record.config.keepCase);
  const ranks = rankInLists(run.best.source, pairsInVocabulary(dictionary, run.source, run.target));
  const goldWords = new Set(dictionary.map(([word]) => word)).size;
  const vocabulary = { source: run.source.length, target: run.target.length, visual: run.visual };
  const found = summarizeRanks(ranks, goldWords, vocabulary);
  terminal.print(
    `${number(found.words)} of ${number(found.goldWords)} gold words are covered (${percent(found.coverage)}); ${number(found.candidates)} candidates each`,
  );
  const row = (name: string, precision: Precision | null) => (precision ? [{ name, ...precision }] : []);
  const bins = found.byFrequency.map(({ from, to, ...precision }) => ({
    name: `words ${from + 1} to ${to}`,
    ...precision,
  }));
  terminal.table(
    [...row("all", found), ...row("visual", found.visual), ...row("not visual", found.nonVisual), ...bins],
    [
      { header: "source words", value: ({ name }) => name },
      { header: "n", value: ({ words }) => words },
      { header: "P@1", value: (precision) => percent(precision["p@1"]), align: "right" },
      { header: "P@5", value: (precision) => percent(precision["p@5"]), align: "right" },
      { header: "P@10", value: (precision) => percent(precision["p@10"]), align: "right" },
      { header: "MRR", value: ({ mrr }) => mrr.toFixed(3), align: "right" },
    ],
  );
  if (found.words === 0) {
    terminal.warn("no gold word is in the vocabularies: is the dictionary of this language pair, source words first?");
  }
  terminal.result(found);
}

/** `tenfold translate lookup` */
export async function runLookup(
  folder: string,
  words: string[],
  { k }: LookupConfig,
  raw: CommonOptions,
): Promise<void> {
  const terminal = openTerminal(raw);
  const run = await readRun(folder);
  if (k > keptTranslations) terminal.info(`note: a run keeps ${keptTranslations} translations a word`);
  const found = words.map((word) => lookUp(run, word, k));
  for (const { word, toTarget, toSource } of found) {
    for (const [arrow, list] of [["->", toTarget] as const, ["<-", toSource] as const]) {
      if (list) {
        terminal.print(
          `${word} ${arrow} ${list.map((other) => `${other.word} (${other.score.toFixed(2)})`).join(", ")}`,
        );
      }
    }
  }
  terminal.result({ words: found });
}

/** `tenfold translate export` */
export async function runExport(folder: string, config: ExportConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const { tsv, muse, tei, vec, k, mutual, force } = config;
  const run = await readRun(folder);
  const list = listTranslations(run, { k, mutual });
  const files: [path: string, text: () => string][] = [];
  if (tsv !== undefined) files.push([tsv, () => encodeTsv(list)]);
  if (muse !== undefined) files.push([muse, () => encodeMuse(list)]);
  if (tei !== undefined) files.push([tei, () => encodeTei(list)]);
  if (vec !== undefined) {
    const mapped = encodeMappedVectors(run);
    files.push([`${vec}.source.vec`, () => mapped.source], [`${vec}.target.vec`, () => mapped.target]);
  }
  if (files.length === 0) {
    const expected = "--tsv FILE, --muse FILE, --tei FILE or --vec NAME";
    throw new ConfigError({ where: "translate export", expected, found: "none of them" });
  }
  const places = files.map(([path]) => resolve(path));
  const twice = places.find((place, i) => places.indexOf(place) !== i || dirname(place) === resolve(folder));
  if (twice !== undefined) {
    const hint = "a file for each, outside the run folder";
    throw new ConfigError({
      where: twice,
      expected: "a file of its own",
      found: "another option's, or the run's",
      hint,
    });
  }
  if (!force) for (const [path] of files) await requireNewFile(path);
  for (const [path, text] of files) await writeFileAtomic(path, text());
  const written = files.map(([path]) => path);
  terminal.print(`${number(list.length)} translations; written: ${written.join(", ")}`);
  terminal.result({ translations: list.length, files: written });
}
