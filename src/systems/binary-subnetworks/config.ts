import { z } from "zod";
import { maskMethods, weightKinds } from "./masked-model.ts";

const count = z.int().min(1);
const delta = z
  .number()
  .gt(0)
  .lt(1)
  .default(0.01)
  .describe("probability over seeds that signs are missing, at most: sets the copies of every value");
const copies = z
  .int()
  .min(1)
  .max(100_000)
  .optional()
  .describe("copies of every value, in place of as many as --delta asks for");

/** Options of `tenfold subnet approximate`. */
export const approximateSchema = z.object({
  target: z.string().min(1).describe("trained ReLU network: safetensors or ONNX"),
  eps: z.number().gt(0).describe("largest distance from the target's outputs, in their units"),
  delta,
  domain: z
    .string()
    .default("ball:1")
    .describe("inputs that eps is promised for: ball:RADIUS, or box:LOW,HIGH for every coordinate"),
  gadget: z
    .enum(["doubling", "unary"])
    .default("doubling")
    .describe("whole numbers by doubling (deep), or by adding one value again and again (shallow, far wider)"),
  copies,
  samples: count.max(1_000_000).default(1000).describe("random inputs to measure on; corners and searched ones on top"),
});
export type ApproximateConfig = z.output<typeof approximateSchema>;

/** Options of `tenfold subnet verify`. */
export const verifySchema = z.object({
  target: z.string().min(1).describe("file of the target that the folder was made from"),
  samples: count.max(1_000_000).default(1000).describe("random inputs to compare at; corners and searched ones on top"),
});

export type VerifySettings = z.output<typeof verifySchema>;

/** Options of `tenfold subnet export`. */
export const exportSchema = z.object({
  onnx: z.string().min(1).describe("file to write the ONNX model to"),
  force: z.boolean().default(false).describe("replace the file if it is there"),
});

/** A checked {@link exportSchema}. */
export type ExportConfig = z.output<typeof exportSchema>;

/** Options of `tenfold subnet bench`. */
export const benchSchema = z.object({
  widths: z
    .array(count.max(1000))
    .min(2)
    .default([6, 6, 6, 6])
    .describe("inputs, hidden layers and outputs of random targets"),
  eps: z.array(z.number().gt(0)).min(1).default([0.3, 0.1, 0.03, 0.01, 0.003]).describe("accuracies to ask for"),
  gadgets: z
    .array(z.enum(["doubling", "unary"]))
    .min(1)
    .default(["doubling"])
    .describe("how whole numbers are made"),
  targets: count.max(10_000).default(20).describe("random targets, each in a random network of its own"),
  delta,
  copies,
  samples: count.max(1_000_000).default(200).describe("random inputs a target"),
});
export type BenchConfig = z.output<typeof benchSchema>;

/** Options of `tenfold subnet search`. */
export const searchSchema = z.object({
  data: z.string().min(1).default("digits").describe("name of a dataset, a folder or a file"),
  dataDir: z.string().min(1).optional().describe("folder to look for datasets in first"),
  label: z.string().min(1).optional().describe("column to predict, for tables"),
  model: z.enum(["mlp", "lenet"]).default("mlp").describe("network whose weights are masked"),
  hidden: z.array(count.max(100_000)).min(1).default([256, 256]).describe("widths of the hidden layers of an mlp"),
  method: z.enum(maskMethods).default("edge-popup").describe("how the mask is found"),
  weights: z
    .enum(weightKinds)
    .default("binary")
    .describe("frozen weights: signs, signs times one number a layer, or normal ones"),
  keep: z.number().gt(0).max(1).default(0.5).describe("share of every layer's weights that is kept"),
  epochs: count.optional().describe("passes over the data; default 10, more on small data"),
  batchSize: count.default(128).describe("examples a step"),
  learningRate: z.number().gt(0).default(0.1).describe("highest step size of the scores; it falls as a cosine"),
  momentum: z.number().min(0).lt(1).default(0.9).describe("of sgd"),
  weightDecay: z.number().min(0).default(0.0001).describe("shrinks scores a little at every step"),
  checkpointEvery: count.optional().describe("steps between checkpoints within an epoch"),
  resume: z.boolean().default(false).describe("go on with the run in --out, with the same options"),
});
export type SearchConfig = z.output<typeof searchSchema>;
