import { z } from "zod";

const positive = z.number().positive();
const count = z.int().positive();

/** What is trained, on what, and how: what a run remembers. */
const fitShape = {
  target: z.string().min(1).describe("column to predict"),
  task: z
    .enum(["auto", "classify", "regress"])
    .default("auto")
    .describe("auto: classes for texts and for at most 10 whole numbers, else numbers"),
  features: z.array(z.string()).optional().describe("columns to predict from; all others by default"),
  base: z
    .string()
    .default("none")
    .describe(
      "folder of a language model or a llama2.c checkpoint; bytes: our own small one, trained once on questions about digits; none: the same from random weights",
    ),
  template: z
    .string()
    .optional()
    .describe(
      "short, letters, names, or a sentence with columns in braces; default short for our own model, letters for others",
    ),
  names: z.boolean().default(false).describe("name the columns in the text, as --template names"),
  numbers: z
    .enum(["auto", "short", "plain"])
    .default("auto")
    .describe("short: rounded, of one width, texts as codes; plain: as they are; auto: short for our own model"),
  digits: z
    .int()
    .min(1)
    .max(9)
    .optional()
    .describe("digits of a number that is written short; default 3, of columns 2 where more than 8 have numbers"),
  lora: count.optional().describe("rank of low-rank additions to all linear maps; the rest stays frozen"),
  loraAlpha: positive.optional().describe("additions are multiplied by this over the rank; default twice the rank"),
  loraDropout: z.number().min(0).max(0.9).default(0).describe("share of the additions' inputs dropped in training"),
  full: z.boolean().default(false).describe("train all weights; the default for our own model, others get --lora 8"),
  normsOnly: z.boolean().default(false).describe("train the norm layers only"),
  twoStage: z.boolean().default(false).describe("train on made-up tables of the same columns first"),
  generator: z.boolean().default(false).describe("learn rows from their class too, for generate"),
  noise: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe(
      "copies of rows have their numbers moved by so many standard deviations of their column; default 0.2 for classes, 0.1 for numbers",
    ),
  copies: count
    .optional()
    .describe("copies of each row; default as many as make 2000 rows, 16 at most; 1 without noise"),
  epochs: count.optional().describe("passes over the rows and their copies; default by the number of rows"),
  batchSize: count.optional().describe("texts a step; default 32 for our own model, 8 for others"),
  accumulate: count.default(1).describe("steps whose gradients are added up before the weights move"),
  learningRate: positive
    .optional()
    .describe("highest step size; default 0.002, for others 0.001 with additions, 0.00002 without"),
  dropout: z.number().min(0).max(0.9).default(0).describe("share of activations dropped in training"),
  threads: count.optional().describe("inside an operator; default 1 for our own model, which is small, else all cores"),
  maxMinutes: positive.optional().describe("fewer epochs where this machine cannot do them all in that time"),
};

/** What a run remembers of its options. */
export const recipeSchema = z.object(fitShape);
export type Recipe = z.output<typeof recipeSchema>;

/** Options of `tenfold lift fit`. */
export const fitSchema = z.object({
  ...fitShape,
  holdOut: z.number().min(0).max(0.9).default(0).describe("share of the rows kept apart to measure on at the end"),
  resume: z.boolean().default(false).describe("go on with the run in --out, with the same options"),
  remote: z
    .string()
    .optional()
    .describe("URL of an OpenAI-compatible service that fine-tunes instead; key in OPENAI_API_KEY"),
  model: z.string().default("gpt-4o-mini-2024-07-18").describe("what the service fine-tunes"),
  rows: z.enum(["chat", "completion"]).default("chat").describe("the kind of rows that the service's model takes"),
  pollSeconds: positive.optional().describe("of --remote: seconds between questions about the job; default 10"),
});
export type FitConfig = z.output<typeof fitSchema>;

const decodeShape = {
  decode: z
    .enum(["constrained", "free"])
    .default("constrained")
    .describe("constrained: always one of the classes, or a number; free: whatever the model writes"),
  point: z.enum(["median", "mode"]).default("median").describe("number that stands for a distribution of numbers"),
};

/** Options of `tenfold lift predict`. */
export const predictSchema = z.object({
  ...decodeShape,
  samples: z.int().min(2).max(1000).optional().describe("also draw so many answers a row, and say how they spread"),
  temperature: positive.default(1).describe("of drawn answers: below 1 nearer to the likeliest"),
});
export type PredictConfig = z.output<typeof predictSchema>;

/** Options of `tenfold lift evaluate`. */
export const evaluateSchema = z.object({
  ...decodeShape,
  baselines: z.boolean().default(true).describe("leave out the classic methods beside"),
});
export type EvaluateConfig = z.output<typeof evaluateSchema>;

/** Options of `tenfold lift prompt`. */
export const promptSchema = z.object({ row: count.default(1).describe("row of the training rows, from 1") });
export type PromptConfig = z.output<typeof promptSchema>;

/** Options of `tenfold lift generate`. */
export const generateSchema = z.object({
  class: z.string().describe("class, or number, that the rows are to be of"),
  n: z.int().min(1).max(100_000).default(20).describe("rows"),
  temperature: positive.default(1).describe("below 1 rows are more alike"),
  attempts: count.default(5).describe("rows drawn at most for each that is asked for"),
});
export type GenerateConfig = z.output<typeof generateSchema>;

/** Options of `tenfold lift export`. */
export const exportSchema = z.object({
  jsonl: z.enum(["prompt", "chat"]).optional().describe("training rows as prompt and completion, or as chat messages"),
  merged: z.boolean().default(false).describe("the whole model, additions merged, as a folder for other tools"),
});
export type ExportConfig = z.output<typeof exportSchema>;

/** Options of `tenfold lift boundary`. */
export const boundarySchema = z.object({
  x: z.string().describe("column along the picture"),
  y: z.string().describe("column up the picture"),
  size: z.int().min(2).max(200).default(50).describe("points each way"),
});
export type BoundaryConfig = z.output<typeof boundarySchema>;

/** Options of `tenfold lift serve`. */
export const serveSchema = z.object({
  port: z.int().min(0).max(65535).default(8080).describe("0 takes any free port"),
  host: z.string().default("127.0.0.1").describe("address to listen on"),
});
export type ServeConfig = z.output<typeof serveSchema>;

/** Options of `tenfold lift card`. */
export const cardSchema = z.object({});

/** Options of `tenfold lift bench`. */
export const benchSchema = z.object({
  sets: z.array(z.string()).optional().describe("names of sets; default all of those that are there"),
  tables: z.string().optional().describe("folder with the CSV files; default tabular in the data folder"),
  seeds: z.array(z.int()).min(1).default([0, 1, 2]).describe("seeds of split, weights and order"),
  base: fitShape.base,
  maxMinutes: positive.default(4).describe("of each fit"),
  maxRows: count.default(2000).describe("rows of a set, drawn by the seed where it has more"),
});
export type BenchConfig = z.output<typeof benchSchema>;
