import { z } from "zod";
import type { AlignOptions } from "./align.ts";
import { visualRules } from "./fingerprints.ts";
import { inductionRules } from "./induction.ts";
import { type MapRecipe, mapKinds } from "./mapping.ts";
import { startKinds } from "./starts.ts";

const count = z.int().min(1);
const share = z.number().min(0).max(1);
const file = z.string().min(1);

/** Options of `tenfold translate align`. */
export const alignSchema = z.object({
  source: z.string().describe("vectors of the source language: .vec or GloVe text, word2vec .bin, .gz or not, or .npy"),
  target: z.string().describe("vectors of the target language"),
  sourceWords: z.string().optional().describe("file with a word a line, where --source is .npy"),
  targetWords: z.string().optional().describe("file with a word a line, where --target is .npy"),
  sourceFingerprints: z.string().optional().describe("words x images (.npy, .npy.gz), rows as in --source"),
  targetFingerprints: z.string().optional().describe("the same images in the same order, rows as in --target"),
  seedDictionary: z.string().optional().describe("pairs of words to start from, a tab between them"),
  start: z
    .enum(["auto", ...startKinds])
    .default("auto")
    .describe("what to start from; auto: the dictionary if there is one, else the images"),
  maxWords: count.default(50_000).describe("words to read of each language, the most frequent"),
  keepCase: z.boolean().default(false).describe("keep capitals apart from small letters"),
  map: z
    .enum(["auto", ...mapKinds])
    .default("auto")
    .describe("kind of map; auto: what finds most of what is held out"),
  shrinkage: z.number().min(0).max(1000).default(1).describe("of whitened and ridge: share of the mean variance added"),
  reweight: share.default(0.5).describe("of whitened: power of the correlation that directions are weighed by"),
  robustIterations: z.int().min(0).max(1000).default(5).describe("of orthogonal: times pairs are weighed anew"),
  compat: z.boolean().default(false).describe("of orthogonal: compound the weights, as the released code does"),
  refine: z
    .enum(["none", ...inductionRules])
    .default("mutual")
    .describe("how pairs are found anew; paper: its schedule"),
  iterations: count
    .max(1000)
    .optional()
    .describe("times that pairs are found anew, at most; default: 5, with --refine paper 35"),
  cutoff: count.default(20_000).describe("words of each language among which pairs are found anew"),
  neighbours: count.default(10).describe("neighbours of CSLS"),
  visual: z
    .enum(visualRules)
    .default("auto")
    .describe("which words are visual: seen in --min-images, or by their two best"),
  minImages: count.default(5).describe("images that a visual word goes with, for counts"),
  visualQuantile: share.default(0.5).describe("share of the words that are not visual, for CLIP"),
  sparsify: share.lt(1).default(0.9).describe("share of the similarities of a language that become 0"),
  pairQuantile: share.lt(1).default(0.7).describe("share of the fingerprint pairs, the worst, not to start from"),
  imageWeight: z.number().min(0).max(1000).optional().describe("of fingerprints beside vectors; default: chosen"),
  imageWords: z.int().min(0).default(20_000).describe("words of each language whose fingerprints count beside vectors"),
  choose: z.boolean().default(true).describe("hold nothing out: all iterations, the first map"),
  retrieval: z.enum(["csls", "cosine"]).default("csls").describe("how translations are ranked in the end"),
});
export type AlignConfig = z.output<typeof alignSchema>;

/** The recipes for maps that options name. */
function recipesOf(config: AlignConfig): MapRecipe[] {
  const { map, shrinkage, reweight, robustIterations, compat } = config;
  const recipe = (kind: MapRecipe["kind"], added: number): MapRecipe => ({
    kind,
    shrinkage: added,
    reweight,
    robust: { iterations: robustIterations, compat },
  });
  if (map !== "auto") return [recipe(map, map === "orthogonal" ? 0 : shrinkage)];
  return [recipe("whitened", shrinkage), recipe("orthogonal", 0), recipe("ridge", shrinkage / 2)];
}

/** Options as the method takes them. */
export function alignOptions(config: AlignConfig, start: AlignOptions["start"], seed: number): AlignOptions {
  const { refine, iterations, ...rest } = config;
  return {
    ...rest,
    start,
    seed,
    recipes: recipesOf(config),
    induction: refine === "none" ? "mutual" : refine,
    iterations: refine === "none" ? 0 : (iterations ?? (refine === "paper" ? 35 : 5)),
  };
}

/** Options of `tenfold translate evaluate`. */
export const evaluateSchema = z.object({
  gold: z.string().describe("pairs of words that are right, a tab between them"),
});
export type EvaluateConfig = z.output<typeof evaluateSchema>;

/** Options of `tenfold translate lookup`. */
export const lookupSchema = z.object({
  k: count.default(5).describe("translations to show"),
});
export type LookupConfig = z.output<typeof lookupSchema>;

/** Options of `tenfold translate export`. */
export const exportSchema = z.object({
  tsv: file.optional().describe("file for source, target, score, rank and whether it is mutual"),
  muse: file.optional().describe("file for best pairs, a space between, as MUSE reads them"),
  tei: file.optional().describe("file for a TEI dictionary (XML)"),
  vec: file.optional().describe("beginning of the names of two files for the mapped vectors"),
  k: count.max(10).default(1).describe("translations a word, for tsv and tei"),
  mutual: z.boolean().default(false).describe("only pairs that are each other's best"),
  force: z.boolean().default(false).describe("replace files that are there"),
});
export type ExportConfig = z.output<typeof exportSchema>;

/** Options of `tenfold translate compare`. */
export const compareSchema = z.object({
  gold: z.string().optional().describe("pairs of words that are right: what is compared, and seeds for --folds"),
  folds: count.min(2).default(5).describe("parts of the gold dictionary, each looked up with the others as seeds"),
  sourceText: z
    .string()
    .optional()
    .describe("CLIP's embeddings of the source words (.npy), as fingerprint writes them"),
  targetText: z.string().optional().describe("CLIP's embeddings of the target words"),
});
export type CompareConfig = z.output<typeof compareSchema>;

/** Options of `tenfold translate fingerprint`. */
export const fingerprintSchema = z.object({
  words: z.string().describe("vectors (.vec, .bin, .gz), or a file with a word a line"),
  images: z.string().describe("folder of images, taken in the order of their names"),
  model: z
    .string()
    .describe(
      "folder of a CLIP or SigLIP model: config.json, the tokenizer's and the preprocessor's files, onnx/text_model.onnx, onnx/vision_model.onnx",
    ),
  prompts: z
    .array(z.string())
    .min(1)
    .default(["{}"])
    .describe("texts with {} for the word; the mean of their embeddings counts"),
  maxWords: count.default(50_000).describe("words to read"),
  keepCase: z.boolean().default(false).describe("keep capitals apart from small letters"),
  batch: count.default(32).describe("texts or images a call"),
  out: file.describe("file to write (.npy)"),
  force: z.boolean().default(false).describe("replace files that are there"),
});
export type FingerprintConfig = z.output<typeof fingerprintSchema>;
