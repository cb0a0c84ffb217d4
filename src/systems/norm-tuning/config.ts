import { z } from "zod";

const positive = z.coerce.number().positive();
const count = z.coerce.number().int().positive();

/** Forms of the norm layers of a reconstruction. */
const normForms = ["affine", "batch", "layer"] as const;

/** Options of `tenfold norm reconstruct`. */
export const reconstructSchema = z
  .object({
    target: z.string().min(1).describe("ReLU network to reconstruct: safetensors (layers.0.weight, …) or ONNX"),
    domain: z.string().default("box:-1,1").describe("inputs on which it must hold: box:LO,HI or ball:R"),
    widthFactor: positive
      .max(100)
      .optional()
      .describe("frozen neurons for each weight of a layer, from 1 on; default 1.2: slack makes the numbers smaller"),
    minimal: z
      .boolean()
      .default(false)
      .describe("the least width instead, in (out - 1) + 1 a layer, by the second norm's scales"),
    infeasible: z.boolean().default(false).describe("one frozen neuron too few, to see what a refusal says"),
    sparsity: positive
      .max(1000)
      .optional()
      .describe("c: frozen weights keep a random share c sqrt(log d / d) of their entries; default all"),
    norm: z
      .enum(normForms)
      .default("affine")
      .describe("how norms are stored: scale and shift, or batch norm with running statistics"),
    samples: count.max(10_000_000).default(5000).describe("random inputs to measure the error on"),
  })
  .refine(({ minimal, widthFactor }) => !(minimal && widthFactor !== undefined), {
    path: ["widthFactor"],
    message: "either --width-factor or --minimal",
  });
export type ReconstructConfig = z.output<typeof reconstructSchema>;

/** Options of `tenfold norm verify`. */
export const verifySchema = z.object({
  target: z.string().min(1).describe("the network that was reconstructed"),
  samples: count.max(100_000_000).default(100_000).describe("random inputs, beside those that press hidden units"),
  inputs: z.string().min(1).optional().describe("CSV or npy file of inputs, a row each: those outside are named"),
});
export type VerifyConfig = z.output<typeof verifySchema>;

/** What to train: norm, bias, head, lora:R, all. */
const choice = z
  .string()
  .regex(/^(norm|bias|head|all|lora:[1-9]\d{0,3})$/, "norm, bias, head, all or lora:R with a rank R");

const tuneShape = {
  data: z.string().default("digits").describe("name of a dataset, a folder or a file, with classes"),
  dataDir: z.string().optional().describe("folder to look for datasets in first"),
  label: z.string().optional().describe("column to predict, for tables"),
  missing: z.enum(["error", "drop"]).default("error").describe("what to do with rows that lack a value"),
  model: z
    .string()
    .default("mlp")
    .describe("mlp, lenet or resnet8 with batch norm and random weights, or the folder of a trained run"),
  hidden: z.array(count.max(100_000)).default([256, 256]).describe("widths of the hidden layers of an mlp"),
  train: z
    .array(choice)
    .min(1)
    .default(["norm", "bias", "head", "lora:1", "all"])
    .describe("what to train, one run each: norm, bias, head, lora:R, all"),
  epochs: count.default(30).describe("passes over the data"),
  batchSize: count.default(64).describe("examples a step"),
  learningRate: positive
    .optional()
    .describe("highest step size of AdamW, falling as a cosine; default 0.003 for all, 0.02 for the others"),
};

/** What a run of `tenfold norm tune` remembers. */
export const recipeSchema = z.object(tuneShape);
export type RecipeConfig = z.output<typeof recipeSchema>;

/** Options of `tenfold norm tune`. */
export const tuneSchema = z.object({
  ...tuneShape,
  resume: z.boolean().default(false).describe("go on with the runs in --out, with the same options"),
});

/** Options of `tenfold norm merge`. */
export const mergeSchema = z.object({
  fold: z.boolean().default(false).describe("fold batch norm into the linear maps before it"),
  onnx: z.string().min(1).optional().describe("file to write the plain network to, for any runtime"),
  safetensors: z.string().min(1).optional().describe("file to write its parameters to"),
  force: z.boolean().default(false).describe("replace files that are there"),
});
export type MergeConfig = z.output<typeof mergeSchema>;
