import { existsSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, DataError } from "../../core/index.ts";
import { type CommonOptions, openTerminal } from "../../terminal/index.ts";
import { compareStarts, rowOfRun } from "./compare.ts";
import { type AlignConfig, alignOptions, type CompareConfig } from "./config.ts";
import { readDictionary } from "./dictionary-file.ts";
import { rankInLists } from "./evaluate.ts";
import { readFingerprints } from "./fingerprint-file.ts";
import { readInputs } from "./inputs.ts";
import { readRun, runFile } from "./run-folder.ts";
import { Products } from "./similarity.ts";
import { pairsInVocabulary } from "./starts.ts";

const percent = (value: number | null) => (value === null ? "" : `${(100 * value).toFixed(1)}%`);

/** @throws {DataError} where a file that the run was made from is not where it was named */
async function requireInputs(folder: string, config: AlignConfig): Promise<void> {
  for (const name of ["source", "target", "sourceFingerprints", "targetFingerprints", "seedDictionary"] as const) {
    const path = config[name];
    if (path === undefined || existsSync(path)) continue;
    throw new DataError({
      where: `${join(folder, runFile)}, "config.${name}"`,
      expected: "the file that the run was made from",
      found: `none at ${path}`,
      hint: "call it from the folder in which align was called",
    });
  }
}

/** `tenfold translate compare` */
export async function runCompare(folder: string, config: CompareConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const { sourceText, targetText, folds } = config;
  if ((sourceText === undefined) !== (targetText === undefined)) {
    throw new ConfigError({
      where: "translate compare",
      expected: "--source-text and --target-text",
      found: "one of them",
    });
  }
  const run = await readRun(folder);
  const { record, source, target, best, visual } = run;
  const gold = config.gold === undefined ? undefined : await readDictionary(config.gold, record.config.keepCase);
  const goldPairs = gold && pairsInVocabulary(gold, source, target);
  const goldWords = new Set(goldPairs?.source).size;
  if (goldPairs && goldWords < folds) {
    const hint = "give a larger --gold, or lower --folds";
    const expected = `at least ${folds} words of the vocabularies, for --folds ${folds}`;
    throw new ConfigError({ where: "--gold", expected, found: `${goldWords}`, hint });
  }
  await requireInputs(folder, record.config);
  const { input, start, vectors, hashes } = await readInputs(record.config);
  const changed = Object.keys(hashes).find((name) => hashes[name] !== record.inputs[name]);
  if (changed !== undefined) {
    const hint = "align again";
    throw new DataError({
      where: folder,
      expected: "the files that the run was made from",
      found: `another ${changed}`,
      hint,
    });
  }
  const texts =
    sourceText !== undefined && targetText !== undefined
      ? {
          source: (await readFingerprints(sourceText, vectors.source)).rows,
          target: (await readFingerprints(targetText, vectors.target)).rows,
        }
      : undefined;
  const products = new Products();
  const progress = terminal.progress("compare", 1);
  try {
    const found = await compareStarts(
      {
        input,
        options: alignOptions(record.config, start, record.seed),
        run: { best: best.source, visual },
        gold: goldPairs,
        folds,
        texts,
      },
      { products, signal: terminal.signal, stage: (name, done) => progress.update(done, name) },
    );
    progress.stop();
    const ranks = goldPairs && rankInLists(best.source, goldPairs);
    const rows = [rowOfRun(ranks, record.diagnosis.agreement, visual), ...found];
    terminal.print(`${source.length} source words, ${target.length} candidates each`);
    terminal.table(rows, [
      { header: "way", value: ({ name }) => name },
      { header: "as the run", value: ({ sameAsRun }) => percent(sameAsRun), align: "right" },
      { header: "agreement", value: ({ agreement }) => percent(agreement), align: "right" },
      { header: "P@1", value: (row) => percent(row["p@1"]), align: "right" },
      { header: "P@5", value: (row) => percent(row["p@5"]), align: "right" },
      { header: "visual P@1", value: (row) => percent(row.visual), align: "right" },
      { header: "other P@1", value: (row) => percent(row.nonVisual), align: "right" },
    ]);
    terminal.result({ run: folder, candidates: target.length, rows });
  } finally {
    progress.stop();
    await products.dispose();
  }
}
