/** What a recipe may say: every key, its range and its default. @module */
import { z } from "zod";
import { engineNames } from "../dist/index.ts";
import { type OrderName, orderNames } from "../optim/index.ts";
import { quantizerKinds } from "../systems/generative-retrieval/index.ts";
import type { CamelKeys } from "./camel-keys.ts";

const count = z.int().positive();
const positive = z.number().positive();
const notNegative = z.number().nonnegative();
const text = z.string().min(1);

/** An object of which all keys are known; the message of an unknown one lists them. */
function part<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: ({ code }) => (code === "unrecognized_keys" ? Object.keys(shape).join(", ") : undefined),
  });
}

/** One of several parts that are told apart by their `kind`; a part without further keys may be written as its kind alone. */
function kinds<const Options extends readonly [z.ZodObject, ...z.ZodObject[]]>(options: Options) {
  const names = options.map(({ shape }) => [...(shape.kind as unknown as z.ZodLiteral<string>).values][0]);
  return z.preprocess(
    (value) => (typeof value === "string" ? { kind: value } : value),
    z.discriminatedUnion("kind", options as never, { error: () => `one of ${names.join(", ")}` }),
  ) as unknown as z.ZodPreprocess<z.ZodDiscriminatedUnion<Options>>;
}

const table = {
  label: text.optional().describe("of tables: the column to predict"),
  features: z.array(text).min(1).optional().describe("of tables: the columns to predict from; default all others"),
  missing: z
    .enum(["error", "drop"])
    .optional()
    .describe("of tables: what to do with rows that lack a value; default error"),
  "max-categories": count.optional().describe("of tables: most different texts that a column may have; default 256"),
};

const dataSchema = z.preprocess(
  (value) => {
    if (typeof value === "string") return { kind: "examples", name: value };
    if (typeof value !== "object" || value === null || "kind" in value) return value;
    const kind = "text" in value ? "text" : "interactions" in value ? "interactions" : "examples";
    return { kind, ...value };
  },
  z.discriminatedUnion(
    "kind",
    [
      part({
        kind: z.literal("examples"),
        name: text.describe("name of a dataset, a folder or a file"),
        "data-dir": text.optional().describe("folder to look for datasets in first"),
        ...table,
      }),
      part({
        kind: z.literal("text"),
        text: z.union([text, z.array(text).min(1)], { error: "the path of a text file, or a list of paths" }),
        "hold-out": z.number().gt(0).lt(1).default(0.1).describe("share of the rows, the last ones, to validate on"),
      }),
      part({
        kind: z.literal("interactions"),
        interactions: text.describe("events user,item,timestamp, or lines of items, as for tenfold recommend fit"),
        items: text.describe("table of items with text columns"),
        ties: z.enum(["keep", "shuffle"]).default("keep").describe("order of a user's events of the same time"),
      }),
    ],
    { error: () => "one of examples, text, interactions" },
  ),
);

const norm = z
  .enum(["none", "batch"])
  .default("none")
  .describe("batch: batch norm after every linear map but the last");
const base = text.optional().describe("a finished run of a recipe with the same model, to start from");

const modelSchema = kinds([
  part({
    kind: z.literal("mlp"),
    hidden: z.array(count).default([64]).describe("widths of the hidden layers"),
    norm,
    base,
  }),
  part({ kind: z.literal("lenet"), norm, base }),
  part({ kind: z.literal("resnet8"), base }),
  part({
    kind: z.literal("language-model"),
    base: text.optional().describe("a run of a recipe, or a folder as Hugging Face writes it; it has sizes and tokens"),
    family: z.enum(["gpt2", "llama"]).optional().describe("without base; default gpt2"),
    dim: count.optional().describe("without base: width; default 64"),
    layers: count.optional().describe("without base; default 2"),
    heads: count.optional().describe("without base; divides dim; default 4"),
    context: count.min(2).default(64).describe("tokens a row"),
    dropout: z.number().min(0).lt(1).default(0).describe("share of values dropped in training"),
  }),
  part({
    kind: z.literal("recommender"),
    dim: count.default(32).describe("width"),
    layers: count.default(2).describe("transformer blocks"),
    heads: count.default(2).describe("divides dim"),
    "hidden-dim": count.default(64).describe("width of hidden layers"),
    dropout: z.number().min(0).lt(1).default(0.1).describe("share of values dropped in training"),
    "max-history": count.max(200).default(20).describe("latest items of a history that are read"),
    ids: z.enum(quantizerKinds).default("rq-vae").describe("how semantic IDs are made"),
    levels: count.max(8).default(3).describe("codes of an ID before the one that tells collisions apart"),
    "codebook-size": z
      .int()
      .min(2)
      .max(4096)
      .refine((size) => Number.isInteger(Math.log2(size)), "a power of two")
      .default(32)
      .describe("codes a level"),
    "id-epochs": count.default(60).describe("passes over the items of rq-vae"),
    "beam-size": count.max(1000).default(20).describe("prefixes kept while decoding"),
  }),
]);

const layers = (what: string) =>
  z.array(text).min(1).optional().describe(`layers by path, with * for any one step of it: ${what}`);

const trainSchema = kinds([
  part({ kind: z.literal("full") }),
  part({
    kind: z.literal("low-rank"),
    rank: z.number().gt(0).max(1).default(1).describe("share of the full rank to begin with"),
    sampler: z.enum(["pairs", "layers", "independent", "none"]).default("pairs").describe("what a step truncates"),
    "group-lasso": notNegative.default(0).describe("weight of the penalty on tails of columns"),
    "warmup-steps": z.int().nonnegative().default(0).describe("steps over which the penalty rises"),
    shrink: z
      .union([z.number().gt(0).lt(1), z.literal(false)], { error: "a share above 0 and below 1, or false" })
      .default(1e-3)
      .describe("columns go whose tail falls below this share of the layer's norm; false keeps all"),
    skip: layers("left whole"),
  }),
  part({ kind: z.literal("norms") }),
  part({
    kind: z.literal("lora"),
    rank: count.default(8).describe("rank of each addition"),
    alpha: positive.optional().describe("additions are multiplied with alpha / rank; default twice the rank"),
    targets: layers("those that get an addition; default all linear maps and convolutions"),
  }),
]);

const optimizerSchema = kinds([
  part({
    kind: z.literal("adamw"),
    "weight-decay": notNegative.default(0).describe("shrinks the weights a little at every step"),
  }),
  part({
    kind: z.literal("sgd"),
    momentum: z.number().min(0).lt(1).default(0.9),
    "weight-decay": notNegative.default(0).describe("shrinks the weights a little at every step"),
  }),
]);

const scheduleSchema = kinds([
  part({ kind: z.literal("constant") }),
  part({
    kind: z.literal("cosine"),
    "warmup-steps": z.int().nonnegative().default(0).describe("steps of linear growth to the rate"),
  }),
]);

const workersSchema = part({
  count: count.max(1024).describe("number of workers"),
  method: z.enum(["local-rr", "minibatch-rr"]).default("local-rr").describe("average weights, or gradients"),
  "local-steps": count.default(4).describe("steps between two averages; of minibatch-rr they are one larger step"),
  sync: z.boolean().default(false).describe("synchronized shuffling, with the order rr"),
  shards: z.enum(["shuffled", "by-label"]).default("shuffled").describe("deal examples at random, or sorted by label"),
  outer: kinds([
    part({ kind: z.literal("average") }),
    part({
      kind: z.literal("nesterov"),
      rate: positive.default(0.7).describe("step of the outer optimizer"),
      momentum: z.number().min(0).max(1).default(0.9).describe("momentum of the outer optimizer"),
    }),
  ]).default({ kind: "average" }),
  engine: z.enum(engineNames).default("in-process").describe("where workers run; the result is the same everywhere"),
  threads: count.optional().describe("of threads: how many compute at once; default one for each core"),
  redis: text.optional().describe("of bullmq: address of Redis; default redis://127.0.0.1:6379"),
  blobs: text
    .optional()
    .describe("of bullmq: where weights lie: redis, s3://bucket/prefix, or a folder; default redis"),
});

/** A recipe as it is written, with its defaults. */
export const recipeSchema = part({
  data: dataSchema,
  model: modelSchema,
  train: trainSchema.default({ kind: "full" }).describe("what of the model is trained"),
  order: z
    .enum(orderNames as [OrderName, ...OrderName[]])
    .default("rr")
    .describe("order of examples"),
  optimizer: optimizerSchema.default({ kind: "adamw", "weight-decay": 0 }),
  "learning-rate": positive.default(0.003).describe("highest step size"),
  schedule: scheduleSchema.default({ kind: "constant" }),
  epochs: count.default(10).describe("passes over the data"),
  "batch-size": count.default(32).describe("examples a step, of each worker"),
  "clip-norm": positive.optional().describe("largest norm of a gradient"),
  workers: workersSchema.optional().describe("without: one process, one step after the other"),
});

/** A recipe as it is written, checked. */
export type WrittenRecipe = z.output<typeof recipeSchema>;

/** A recipe, checked, with keys as the code has them. */
export type Recipe = CamelKeys<WrittenRecipe>;
