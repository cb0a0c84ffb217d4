/** A dictionary from two embeddings, with images as the pivot. @module */
import type { System } from "../claim.ts";
import { claims } from "./claims.ts";
import { registerTranslate } from "./command.ts";

/** Matrices whose rows are words. */
export type { Rows } from "../../linalg/index.ts";
/** Two languages brought into one space. */
export {
  type AlignInput,
  type Alignment,
  type AlignOptions,
  alignLanguages,
  type Choice,
  type Language,
  scoringOf,
} from "./align.ts";
/** What the paper claims, and what we add. */
export { claims } from "./claims.ts";
/** Words and images by a CLIP or SigLIP model. */
export { embedImages, embedWords, type ImageTextModel, listImages, openImageTextModel } from "./clip.ts";
/** One start beside others. */
export { type ComparedRow, type CompareSetting, compareStarts } from "./compare.ts";
export {
  /** Options of `tenfold translate align`. */
  type AlignConfig,
  alignOptions,
  alignSchema,
  /** Options of `tenfold translate compare`. */
  compareSchema,
  /** Options of `tenfold translate evaluate`. */
  evaluateSchema,
  /** Options of `tenfold translate export`. */
  exportSchema,
  /** Options of `tenfold translate fingerprint`. */
  fingerprintSchema,
  /** Options of `tenfold translate lookup`. */
  lookupSchema,
} from "./config.ts";
/** Similarity less density. */
export { cosineScoring, cslsScoring, type Densities, densities, type Space } from "./csls.ts";
/** What can be said without a gold dictionary. */
export { type Diagnosis, diagnose, type Hub, largestHubs } from "./diagnose.ts";
/** Dictionaries from text files. */
export { readDictionary, type WordPair } from "./dictionary-file.ts";
/** How often the right translation is found. */
export { type Evaluation, type Precision, precisionOf, type Ranks, rankPairs, summarizeRanks } from "./evaluate.ts";
/** Dictionaries for other tools. */
export { encodeMuse, encodeTei, encodeTsv, listTranslations, type Translation } from "./export.ts";
/** Fingerprints from files. */
export { type Fingerprints, readFingerprints, requireSameImages } from "./fingerprint-file.ts";
/** Words as how they go with images. */
export {
  type FingerprintOptions,
  type FingerprintPair,
  fingerprintPairs,
  fingerprintSpace,
  type ImagedWords,
  imagedWords,
  type SparseFingerprints,
  selectVisualWords,
  sparsify,
} from "./fingerprints.ts";
/** A dictionary read off a space. */
export { type InductionRule, induce } from "./induction.ts";
/** Single words looked up. */
export { type FoundTranslation, type LookedUp, lookUp } from "./lookup.ts";
/** Linear maps into one space. */
export { fitMapping, type MapKind, type Mapping, type MapRecipe, mapBoth } from "./mapping.ts";
/** What lies around a word. */
export { type Neighbourhood, neighbourhood, type PlacedWord, type Side } from "./neighbourhood.ts";
export { normalizeRows } from "./normalize-rows.ts";
/** Pairs of words as positions. */
export { mutualPairs, type Pairs, quantile } from "./pairs.ts";
/** Rotations from pairs, wrong ones among them. */
export { procrustes, type RobustOptions, robustProcrustes, type VectorPairs } from "./procrustes.ts";
/** A map fitted, and pairs found by it, in turns. */
export { type Iteration, type Refinement, refine } from "./refine.ts";
/** Runs as folders. */
export { type RunRecord, readRun, type TranslationRun, writeRun } from "./run-folder.ts";
/** The best of all pairs, a tile at a time. */
export { type Best, type Evidence, Products, type Scoring, selectBest, type Work } from "./similarity.ts";
/** First pairs. */
export { identicalNumerals, identicalWords, pairsInVocabulary, randomPairs, type StartKind } from "./starts.ts";
/** Word vectors from files. */
export { encodeWordVectors } from "./text-vectors.ts";
export { normalizeWord, type WordVectors } from "./vocabulary.ts";
export { readWordVectors } from "./word-vectors.ts";
/** A small world in two languages. */
export { makeWorld, type World, type WorldOptions } from "./world.ts";

/** The room `word-translation`. */
export const wordTranslation: System = {
  name: "word-translation",
  command: "translate",
  title: "A dictionary from two embeddings, with images as the pivot",
  paper:
    "Tuan Dinh, Jy-yong Sohn, Shashank Rajput, Timothy Ossowski, Yifei Ming, Junjie Hu, Dimitris Papailiopoulos, Kangwook Lee: Utilizing Language-Image Pretraining for Efficient and Robust Bilingual Word Alignment (WALIP). Findings of EMNLP 2022, arXiv 2205.11616",
  summary:
    "Brings the word vectors of two languages into one space without parallel text, by images that both describe, a few known words or shared spelling, and writes the dictionary.",
  claims,
  register: registerTranslate,
};
