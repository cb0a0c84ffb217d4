import { z } from "zod";
import { modelNames } from "../../train/index.ts";

const positive = z.coerce.number().positive();
const count = z.coerce.number().int().positive();

/** What is trained on what, and how: the options that a run folder remembers. */
const recipeShape = {
  data: z.string().default("digits").describe("name of a dataset, a folder or a file"),
  dataDir: z.string().optional().describe("folder to look for datasets in first"),
  label: z.string().optional().describe("column to predict, for tables"),
  features: z.array(z.string()).optional().describe("columns to predict from, for tables; all others by default"),
  missing: z.enum(["error", "drop"]).default("error").describe("what to do with rows that lack a value"),
  model: z.enum(modelNames).optional().describe("default lenet for images, mlp for tables"),
  hidden: z.array(count).default([256, 128]).describe("widths of the hidden layers of an mlp"),
  from: z.string().optional().describe("safetensors file of a trained model of this kind, to start from its weights"),
  epochs: count.optional().describe("passes over the data; default 12, more on small data"),
  batchSize: count.default(128).describe("examples a step"),
  learningRate: positive.default(0.1).describe("highest step size; it rises for 3% of the steps and falls as a cosine"),
  momentum: z.coerce.number().min(0).lt(1).default(0.9).describe("of sgd"),
  weightDecay: z.coerce.number().nonnegative().default(0).describe("shrinks the weights a little at every step"),
  clipNorm: positive.default(1).describe("largest norm of a gradient"),
  groupLasso: z.coerce
    .number()
    .nonnegative()
    .optional()
    .describe(
      "weight of the penalty on ranks: the larger, the smaller the model; default 0.25 over the sum of full ranks",
    ),
  shrink: positive.lt(1).default(1e-3).describe("share of a layer's norm below which the tail of its columns goes"),
  sampler: z
    .enum(["pairs", "layers", "independent", "none"])
    .default("pairs")
    .describe("which layers a step truncates: one of all (layer, rank) pairs, one layer, every layer, or none"),
  rank: positive.max(1).default(1).describe("share of the full rank that layers start with"),
  skip: z.array(z.string()).default([]).describe("layers to leave whole, such as 0 or 7"),
};

/** Options of `tenfold lowrank train`. */
export const trainSchema = z.object({
  ...recipeShape,
  checkpointEvery: count.optional().describe("steps between checkpoints within an epoch"),
  resume: z.boolean().default(false).describe("go on with the run in --out, with the same options"),
});

const recipeSchema = z.object(recipeShape);

/** What a run folder remembers of {@link trainSchema}. */
export type RecipeConfig = z.output<typeof recipeSchema>;

export { recipeSchema };

const frontierMethods = ["ordered", "unordered", "svd-of-dense", "dense"] as const;

/** Options of `tenfold lowrank frontier`. */
export const frontierSchema = z.object({
  methods: z
    .array(z.enum(frontierMethods))
    .min(1)
    .default([...frontierMethods])
    .describe("whose points to measure; what they need is trained once, into the run folder"),
  budgets: z
    .array(positive.max(1))
    .min(1)
    .default([0.75, 0.5, 0.4, 0.35, 0.3, 0.25, 0.2, 0.15, 0.1, 0.05])
    .describe("shares of the dense multiply-adds to extract submodels at"),
  batch: count.default(256).describe("examples a call when latency is measured"),
});
export type FrontierConfig = z.output<typeof frontierSchema>;

/** Options of `tenfold lowrank export`. */
export const exportSchema = z.object({
  maxMacs: positive
    .optional()
    .describe("multiply-adds of the submodel: a share of the dense ones up to 1, or a number"),
  maxParameters: positive.optional().describe("parameters: a share of the dense ones up to 1, or a number"),
  maxMs: positive.optional().describe("measured milliseconds a call of --batch examples"),
  uniform: positive.max(1).optional().describe("share of every layer's learned rank"),
  batch: count.default(256).describe("examples a call, for --max-ms"),
  onnx: z.string().optional().describe("file to write the submodel to, for any runtime"),
  safetensors: z.string().optional().describe("file to write its parameters to"),
  force: z.boolean().default(false).describe("replace files that are there"),
});
export type ExportConfig = z.output<typeof exportSchema>;

/** The ways to a smaller network that `tenfold lowrank compare` knows. */
export const comparedMethods = ["dense", "ordered", "ordered + svd", "unordered", "svd", "fisher svd"] as const;
export type ComparedMethod = (typeof comparedMethods)[number];

/** Options of `tenfold lowrank compare`. */
export const compareSchema = z.object({
  ...recipeShape,
  budgets: z
    .array(positive.max(1))
    .min(1)
    .default([0.5, 0.25, 0.1])
    .describe("shares of the dense parameters at which methods are compared"),
  methods: z
    .array(z.enum(comparedMethods))
    .min(1)
    .default([...comparedMethods])
    .describe("ways to a smaller network to compare"),
  seeds: count.min(2).default(3).describe("runs of each method, from seed --seed on"),
});
export type CompareConfig = z.output<typeof compareSchema>;

/** Options of `tenfold lowrank recover`. */
export const recoverSchema = z
  .object({
    task: z
      .enum(["svd", "pca", "reversed"])
      .default("svd")
      .describe(
        "a random map on isotropic inputs, an autoencoder, or a map on data that stress its last direction most",
      ),
    rows: count.max(200).default(9).describe("outputs of the map"),
    columns: count.max(200).default(6).describe("inputs of the map, or columns of the data"),
    examples: count.max(10_000).default(200).describe("rows of the data, for pca"),
    spectrum: z.array(positive).min(1).default([8, 7, 3]).describe("singular values, each lower than the one before"),
    steps: count.default(30_000).describe("steps of gradient descent"),
    groupLasso: z.coerce.number().nonnegative().default(0).describe("weight of the penalty on ranks"),
    sampler: z.enum(["pairs", "layers", "independent", "none"]).default("pairs").describe("none: without order"),
  })
  .refine(({ spectrum }) => spectrum.every((value, i) => i === 0 || value < spectrum[i - 1]!), {
    path: ["spectrum"],
    message: "singular values, each lower than the one before: equal ones have no order",
  })
  .refine(
    ({ task, spectrum, rows, columns }) => spectrum.length <= (task === "pca" ? columns : Math.min(rows, columns)),
    {
      path: ["spectrum"],
      message: "no more singular values than rows or columns",
    },
  );
export type RecoverConfig = z.output<typeof recoverSchema>;
