import { z } from "zod";
import { quantizerKinds } from "./quantizer.ts";

const count = z.coerce.number().int().positive();
const share = z.coerce.number().min(0).max(1);

/** Sizes of the two layouts. */
export const presets = {
  compact: { dim: 128, numLayers: 2, numHeads: 4, headDim: 32, hiddenDim: 256, dropout: 0.2, batchSize: 64 },
  paper: { dim: 128, numLayers: 4, numHeads: 6, headDim: 64, hiddenDim: 1024, dropout: 0.1, batchSize: 256 },
} as const;

/** Options of `tenfold recommend fit`. */
export const fitSchema = z.object({
  interactions: z
    .string()
    .describe("events user,item,timestamp (.csv, .tsv, .jsonl, .parquet) or lines `user item item …` (.txt), also .gz"),
  items: z.string().describe("table of items: a column item_id, and text columns to tell them apart by"),
  preset: z
    .enum(["compact", "paper"])
    .default("compact")
    .describe("compact: a state an item, for CPUs; paper: encoder and decoder, code by code"),
  ids: z.enum(quantizerKinds).default("rq-vae").describe("how semantic IDs are made"),
  levels: count.max(8).default(3).describe("codes of an ID before the one that tells collisions apart"),
  codebookSize: z.coerce
    .number()
    .int()
    .min(2)
    .max(4096)
    .refine((size) => Number.isInteger(Math.log2(size)), "a power of two")
    .default(256)
    .describe("codes a level"),
  idEpochs: count.default(60).describe("passes over the items of rq-vae"),
  idHiddenDims: z.array(count).min(1).default([512, 256, 128]).describe("of rq-vae: widths of its encoder"),
  idLatentDim: count.default(32).describe("of rq-vae: length of its code vectors"),
  contentDim: count.default(128).describe("length of the content vectors made of texts"),
  embeddings: z.string().optional().describe("content vectors of your own instead, rows as in --items (.npy)"),
  encoder: z
    .string()
    .optional()
    .describe("folder of a sentence encoder instead (config.json, tokenizer.json, onnx/model.onnx)"),
  ties: z.enum(["keep", "shuffle"]).default("keep").describe("order of a user's events of the same time"),
  maxHistory: count.max(200).default(20).describe("latest items of a history that are read"),
  userTokens: z.coerce.number().int().min(0).default(0).describe("of paper: tokens that users are hashed to; 0: none"),
  dim: count.optional().describe("width of the model; default: the preset's"),
  numLayers: count.optional().describe("layers; default: the preset's"),
  numHeads: count.optional().describe("attention heads; default: the preset's"),
  headDim: count.optional().describe("of paper: width of a head; default: the preset's"),
  hiddenDim: count.optional().describe("width of hidden layers; default: the preset's"),
  dropout: share.lt(1).optional().describe("share of values dropped in training; default: the preset's"),
  epochs: count.default(24).describe("passes over the interactions, at most"),
  batchSize: count.optional().describe("rows a step: of compact, --max-history positions each; default: the preset's"),
  learningRate: z.coerce.number().positive().default(2e-3).describe("the highest"),
  weightDecay: z.coerce.number().min(0).default(0.05).describe("of AdamW"),
  patience: count.default(3).describe("measurements without a gain after which training stops"),
  validateEvery: count.default(4).describe("epochs between measurements on the whole validation part"),
  maxMinutes: z.coerce.number().positive().optional().describe("minutes of training after which it stops"),
  beamSize: count.max(1000).default(20).describe("prefixes kept while decoding"),
  resume: z.boolean().default(false).describe("go on with the run in --out"),
});
export type FitConfig = z.output<typeof fitSchema>;

/** Recommenders that `evaluate` can put beside a run. */
export const baselineKinds = [
  "popularity",
  "item-knn",
  "directed-knn",
  "markov",
  "content",
  "sasrec-bce",
  "sasrec-ce",
] as const;
export type BaselineKind = (typeof baselineKinds)[number];

/** Options of `tenfold recommend evaluate`. */
export const evaluateSchema = z.object({
  baselines: z
    .array(z.enum([...baselineKinds, "none"]))
    .default(["popularity", "item-knn", "directed-knn", "markov", "content"])
    .describe("what to put beside the run; sasrec-… are trained, once a run"),
  compare: z.array(z.string()).default([]).describe("other runs on the same data, as rows of the table"),
  beamSize: count.max(1000).default(50).describe("prefixes kept while decoding"),
  includeHistory: z.boolean().default(false).describe("let items of the history be recommended again"),
  sample: count.default(2000).describe("users for what is costly: exact scoring, entropy, controls"),
  sasrecEpochs: count
    .default(30)
    .describe("passes over the interactions of sasrec-ce; sasrec-bce takes four times as many"),
});
export type EvaluateConfig = z.output<typeof evaluateSchema>;

/** How items that nobody interacted with come into a list. */
export const coldLanes = ["off", "prefix", "neighbours"] as const;
export type ColdLane = (typeof coldLanes)[number];

/** Share of a list that they may take, unless another is asked for. */
export const defaultColdShare = 0.1;

/** What both `top` and requests of `serve` may ask for. */
export const topSchema = z.object({
  history: z.array(z.string()).default([]).describe("ids of items in order of time"),
  k: count.max(1000).default(10).describe("items to recommend"),
  excludeSeen: z.boolean().default(false).describe("leave out items of the history"),
  allow: z.string().optional().describe("file with an item id a line: recommend only these"),
  deny: z.string().optional().describe("file with an item id a line: recommend none of these"),
  where: z.string().optional().describe("only items with this value in a column: column=value"),
  temperature: z.coerce.number().min(0).default(0).describe("draw items, the more evenly the higher; 0: the likeliest"),
  cold: z.enum(coldLanes).default("off").describe("how items without interactions come in, besides by the model"),
  coldShare: share.optional().describe("of --cold: share of the list that they may take; default 0.1"),
  beamSize: count.max(1000).optional().describe("prefixes kept while decoding; default: the run's"),
});
export type TopConfig = z.output<typeof topSchema>;

/** Options of `tenfold recommend ids`. */
export const idsSchema = z.object({
  item: z.string().optional().describe("an item: its ID, and the items nearest in the tree"),
  depth: count.max(8).default(2).describe("levels of the tree to print"),
});
export type IdsConfig = z.output<typeof idsSchema>;

/** Options of `tenfold recommend add-item`. */
export const addItemSchema = z.object({
  items: z.string().describe("table of new items, with the columns of the first"),
  embeddings: z.string().optional().describe("their content vectors (.npy), where the run's were given"),
});
export type AddItemConfig = z.output<typeof addItemSchema>;

/** Options of `tenfold recommend export`. */
export const exportSchema = z.object({
  onnx: z.string().describe("folder to write the bundle to"),
  force: z.boolean().default(false).describe("replace what is there"),
});
export type ExportConfig = z.output<typeof exportSchema>;

/** Options of `tenfold recommend serve`. */
export const serveSchema = z.object({
  port: z.coerce.number().int().min(0).max(65535).default(8080).describe("0: any free one"),
  host: z.string().default("127.0.0.1").describe("address to listen on"),
  maxBodyBytes: count.default(2 ** 20).describe("largest body of a request"),
});
export type ServeConfig = z.output<typeof serveSchema>;
