/** What `align` and `compare` read, checked together. @module */
import { ConfigError, DataError } from "../../core/index.ts";
import { sha256File } from "../../storage/index.ts";
import type { AlignInput, AlignOptions, Language } from "./align.ts";
import type { AlignConfig } from "./config.ts";
import { readDictionary } from "./dictionary-file.ts";
import { readFingerprints, requireSameImages } from "./fingerprint-file.ts";
import type { WordVectors } from "./vocabulary.ts";
import { readWordVectors } from "./word-vectors.ts";

export interface Inputs {
  readonly input: AlignInput;
  readonly start: AlignOptions["start"];
  readonly vectors: { readonly source: WordVectors; readonly target: WordVectors };
  /** SHA-256 of every file, by option. */
  readonly hashes: Readonly<Record<string, string>>;
  /** Rows that were left out, images that could not be compared. */
  readonly notes: readonly string[];
}

function resolveStart({ start, seedDictionary, sourceFingerprints }: AlignConfig): AlignOptions["start"] {
  const hint = "give --source-fingerprints and --target-fingerprints, a --seed-dictionary, or --start identical";
  if (start === "auto") {
    if (seedDictionary !== undefined) return "dictionary";
    if (sourceFingerprints !== undefined) return "images";
    throw new ConfigError({ where: "translate align", expected: "something to start from", found: "nothing", hint });
  }
  if (start === "dictionary" && seedDictionary === undefined) {
    throw new ConfigError({ where: "--start dictionary", expected: "--seed-dictionary FILE", found: "none" });
  }
  if (start === "images" && sourceFingerprints === undefined) {
    const expected = "--source-fingerprints and --target-fingerprints";
    throw new ConfigError({ where: "--start images", expected, found: "none" });
  }
  return start;
}

/** @throws {ConfigError} for an option that would not count beside another */
function checkCombination({
  source,
  sourceWords,
  target,
  targetWords,
  compat,
  map,
  imageWeight,
  imageWords,
}: AlignConfig): void {
  const isNpy = (path: string) => /\.npy(\.gz)?$/.test(path);
  const wrong: [boolean, string, string, string][] = [
    [sourceWords !== undefined && !isNpy(source), "--source-words", "--source FILE.npy", source],
    [targetWords !== undefined && !isNpy(target), "--target-words", "--target FILE.npy", target],
    [compat && map !== "auto" && map !== "orthogonal", "--compat", "--map orthogonal", map],
    [imageWeight !== undefined && imageWeight > 0 && imageWords === 0, "--image-weight", "--image-words above 0", "0"],
  ];
  for (const [is, where, expected, found] of wrong)
    if (is) throw new ConfigError({ where, expected: `${expected} beside it`, found });
}

const languageOf = ({ words, vectors, dim }: WordVectors): Language => ({
  words,
  rows: { data: vectors, count: words.length, dim },
});

function noteLeftOut({ name, leftOut: { duplicates, zeros, unreadable } }: WordVectors): string[] {
  const parts = [
    duplicates > 0 && `${duplicates} words that come twice`,
    zeros > 0 && `${zeros} vectors of zeros`,
    unreadable > 0 && `${unreadable} words that are empty, not UTF-8 or have control characters`,
  ].filter((part) => part !== false);
  return parts.length > 0 ? [`${name}: left out ${parts.join(", ")}`] : [];
}

/**
 * Reads everything that an alignment needs.
 *
 * @throws {ConfigError} where there is nothing to start from, or one of a pair of options is missing
 * @throws {DataError} where a file cannot be read, or files do not belong together
 */
export async function readInputs(config: AlignConfig): Promise<Inputs> {
  const { maxWords, keepCase, sourceFingerprints, targetFingerprints, seedDictionary } = config;
  if ((sourceFingerprints === undefined) !== (targetFingerprints === undefined)) {
    const missing = sourceFingerprints === undefined ? "--source-fingerprints" : "--target-fingerprints";
    throw new ConfigError({
      where: "translate align",
      expected: "fingerprints of both languages",
      found: `no ${missing}`,
    });
  }
  checkCombination(config);
  const start = resolveStart(config);
  const read = (path: string, words: string | undefined) =>
    readWordVectors(path, { maxWords, keepCase, ...(words !== undefined && { words }) });
  const source = await read(config.source, config.sourceWords);
  const target = await read(config.target, config.targetWords);
  if (source.dim !== target.dim) {
    throw new DataError({
      where: `${source.name} and ${target.name}`,
      expected: "vectors of the same length",
      found: `${source.dim} and ${target.dim}`,
      hint: "train both with as many dimensions, or reduce the longer ones to their first principal components",
    });
  }
  const hashes: Record<string, string> = { source: source.sha256, target: target.sha256 };
  const notes = [...noteLeftOut(source), ...noteLeftOut(target)];
  let fingerprints: AlignInput["fingerprints"];
  if (sourceFingerprints !== undefined && targetFingerprints !== undefined) {
    const [left, right] = [
      await readFingerprints(sourceFingerprints, source),
      await readFingerprints(targetFingerprints, target),
    ];
    if (!requireSameImages(left, right, `${sourceFingerprints} and ${targetFingerprints}`)) {
      notes.push("no lists of images (NAME.images.txt) to compare: make sure that columns are the same images");
    }
    fingerprints = { source: left.rows, target: right.rows };
    hashes.sourceFingerprints = await sha256File(sourceFingerprints);
    hashes.targetFingerprints = await sha256File(targetFingerprints);
  }
  let dictionary: AlignInput["dictionary"];
  if (seedDictionary !== undefined) {
    dictionary = await readDictionary(seedDictionary, keepCase);
    hashes.seedDictionary = await sha256File(seedDictionary);
  }
  const input = { source: languageOf(source), target: languageOf(target), fingerprints, dictionary };
  return { input, start, vectors: { source, target }, hashes, notes };
}
