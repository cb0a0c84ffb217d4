import { z } from "zod";
import { engineNames } from "../../dist/index.ts";
import { modelNames } from "../../train/index.ts";
import { methods } from "./schedule.ts";

const count = z.coerce.number().int().positive();
const positive = z.coerce.number().positive();
const notNegative = z.coerce.number().nonnegative();

/** The most workers M, and components N of each, that can be asked for. */
export const mostWorkers = 1024;
export const mostComponents = 1_000_000;

/** Tables: which columns and rows are taken. */
const tableShape = {
  features: z
    .array(z.string().min(1))
    .optional()
    .describe("columns to predict from, for tables; all others by default"),
  missing: z.enum(["error", "drop"]).default("error").describe("what to do with rows of a table that lack a value"),
  maxCategories: count.default(256).describe("most different texts that a column of a table may have"),
};

/** What is minimised: the options of every command that runs a problem. */
const problemShape = {
  task: z
    .enum(["quadratic", "skewed", "logistic"])
    .default("skewed")
    .describe("quadratic: diagonal quadratics; skewed: the lower bound's function; logistic: your data"),
  workers: count.max(mostWorkers).default(8).describe("number of workers M"),
  components: count
    .max(mostComponents)
    .optional()
    .describe("components N of each worker; default 256, or as many rows as each can have"),
  localSteps: count.default(8).describe("components a round, B: steps between two averages, or a worker's batch"),
  dim: count.max(100_000).default(16).describe("quadratic, skewed: number of weights"),
  smoothness: positive.default(4).describe("quadratic, skewed: largest curvature L"),
  strongConvexity: positive.default(1).describe("quadratic, skewed: least curvature mu"),
  intra: notNegative.default(1).describe("quadratic, skewed: nu, spread of gradients within a worker"),
  inter: notNegative.default(0).describe("quadratic: tau, spread of gradients between workers"),
  componentWise: notNegative.default(0).describe("quadratic: lambda, spread between workers' components of a number"),
  start: z.coerce.number().default(1).describe("quadratic, skewed: distance of the start from the optimum"),
  data: z.string().min(1).optional().describe("logistic: file or name of a known set"),
  dataDir: z.string().min(1).optional().describe("folder to look for datasets in first"),
  label: z.string().min(1).optional().describe("logistic: column with the classes, for tables"),
  ...tableShape,
  positive: z.string().min(1).optional().describe("logistic: the class set against the rest"),
  l2: positive.optional().describe("logistic: L2 regularisation (default: one over the number of rows)"),
  shards: z
    .enum(["shuffled", "by-label"])
    .default("shuffled")
    .describe("logistic: deal rows at random, or sorted by class so that workers differ"),
};

/** How rounds go: method and schedule. */
const methodShape = {
  method: z.enum(methods).default("local-rr").describe("what workers do, and whether they draw or reshuffle"),
  sync: z.boolean().default(false).describe("synchronized shuffling (SyncShuf), for the methods that reshuffle"),
  outer: z
    .enum(["average", "nesterov"])
    .default("average")
    .describe("what is done with the mean: taken as it is, or stepped towards with momentum (DiLoCo)"),
  outerRate: positive.default(0.7).describe("nesterov: step of the outer optimizer"),
  outerMomentum: notNegative.max(1).default(0.9).describe("nesterov: momentum of the outer optimizer"),
};

/** Where rounds run. */
const engineShape = {
  engine: z.enum(engineNames).default("in-process").describe("where workers run; all end with the same bytes"),
  threads: count.optional().describe("threads: how many compute at once (default: one for each core)"),
  redis: z.string().min(1).default("redis://127.0.0.1:6379").describe("bullmq: address of Redis"),
  blobs: z
    .string()
    .min(1)
    .default("redis")
    .describe("bullmq: where weights lie: redis, s3://bucket/prefix, or a folder that all machines see"),
  quorum: count.optional().describe("fewest workers to average (default: all; fewer is beyond every theorem)"),
  deadline: positive.default(600).describe("seconds a round may take before it is asked for again"),
};

const engineSchema = z.object(engineShape);
/** Checked options of an engine. */
export type EngineConfig = z.output<typeof engineSchema>;
export { engineSchema };

/** Problem, method and length of a run: what decides the bytes of its result. */
const runShape = {
  ...problemShape,
  ...methodShape,
  epochs: count.max(10_000_000).default(64).describe("passes K of each worker over its components"),
  learningRate: positive.optional().describe("constant step (default: that of the theorems, at most 1/L)"),
};

/** A problem's options, checked together where the sizes are known: see `checkSizes`. */
export const problemConfigSchema = z.object(runShape);
export type ProblemConfig = z.output<typeof problemConfigSchema>;

/** Options of `tenfold local run`. */
export const runSchema = z.object({ ...runShape, ...engineShape });

/** Network and training: what decides the bytes of a network's run. */
const networkShape = {
  data: z.string().default("digits").describe("name of a dataset, a folder or a file"),
  dataDir: z.string().optional().describe("folder to look for datasets in first"),
  label: z.string().optional().describe("column to predict, for tables"),
  ...tableShape,
  model: z.enum(modelNames).default("mlp").describe("mlp for anything, lenet and resnet8 for images"),
  hidden: z.array(count).default([64]).describe("widths of the hidden layers of an mlp"),
  workers: count.max(mostWorkers).default(4).describe("number of workers M"),
  method: z.enum(["minibatch-rr", "local-rr"]).default("local-rr").describe("average gradients, or weights"),
  sync: z.boolean().default(false).describe("synchronized shuffling (SyncShuf)"),
  batchSize: count.default(16).describe("examples of a worker's step"),
  localSteps: count.default(4).describe("steps between two averages, B; for minibatch-rr they are one larger step"),
  epochs: count.default(10).describe("passes over the data"),
  optimizer: z.enum(["sgd", "adamw"]).default("sgd").describe("inner update rule of the workers"),
  learningRate: positive.default(0.05).describe("step size of the workers"),
  momentum: notNegative.lt(1).default(0).describe("of sgd; each worker keeps its own velocity"),
  weightDecay: notNegative.default(0).describe("shrinks the weights a little at every step"),
  clipNorm: positive.optional().describe("largest norm of a worker's gradient"),
  shards: z.enum(["shuffled", "by-label"]).default("shuffled").describe("deal examples at random, or sorted by class"),
  outer: methodShape.outer,
  outerRate: methodShape.outerRate,
  outerMomentum: methodShape.outerMomentum,
  operatorThreads: count.max(1024).default(1).describe("threads inside an operator; results depend on their number"),
};

export const networkSchema = z.object(networkShape);
export type NetworkConfig = z.output<typeof networkSchema>;

/** Options of `tenfold local train`. */
export const trainSchema = z.object({ ...networkShape, ...engineShape });

/** Options of `tenfold local plan`. */
export const planSchema = z.object({
  ...problemShape,
  error: positive.default(1e-6).describe("F - F* to reach, epsilon"),
  epochs: count.default(8).describe("passes of the run along which nu, tau and lambda are measured"),
  roundMs: notNegative.default(10).describe("milliseconds that one exchange of weights costs, c_c"),
  epochMs: positive.optional().describe("milliseconds of one pass over a worker's components, c_e (default: measured)"),
});
export type PlanConfig = z.output<typeof planSchema>;

/** Options of `tenfold local bench`. */
export const benchSchema = z.object({
  methods: z
    .array(z.enum(["minibatch-sgd", "local-sgd", "minibatch-rr", "minibatch-rr+sync", "local-rr", "local-rr+sync"]))
    .min(1)
    .default(["minibatch-sgd", "local-sgd", "minibatch-rr", "minibatch-rr+sync", "local-rr", "local-rr+sync"])
    .describe("methods to compare"),
  vary: z
    .enum(["epochs", "workers", "local-steps"])
    .default("epochs")
    .describe("what the slope is taken in: K, M or B"),
  values: z.array(count).min(2).optional().describe("its values (default: 32,64,128; 1,2,4,8,16; 2,8,32,128)"),
  task: z.enum(["quadratic", "skewed"]).default("skewed").describe("as in local run"),
  workers: count.max(mostWorkers).default(8).describe("workers M, where they do not vary"),
  components: count.max(mostComponents).default(256).describe("components N of each worker"),
  localSteps: count.default(8).describe("components a round B, where they do not vary"),
  epochs: count.default(64).describe("epochs K, where they do not vary"),
  dim: problemShape.dim,
  smoothness: problemShape.smoothness,
  strongConvexity: problemShape.strongConvexity,
  intra: problemShape.intra,
  inter: problemShape.inter,
  componentWise: problemShape.componentWise,
  start: problemShape.start,
  repeats: count.min(2).max(10_000).default(20).describe("runs that the mean is taken over"),
});
export type BenchConfig = z.output<typeof benchSchema>;

/** Options of `tenfold local worker`. */
export const workerSchema = z.object({
  redis: engineShape.redis,
  blobs: z.string().min(1).optional().describe("where this machine sees the blobs (default: where the run says)"),
  concurrency: count.max(256).default(1).describe("shares computed at once, each in a thread"),
  lock: positive.default(30).describe("seconds without a sign of life after which another worker takes a job over"),
  metricsPort: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .optional()
    .describe("port that serves /metrics for Prometheus"),
  metricsHost: z.string().default("127.0.0.1").describe("address that it listens on"),
});

/** Options of `tenfold local resume`. */
export const resumeSchema = z.object({
  engine: engineShape.engine.unwrap().optional().describe("another engine than the run was started with"),
  threads: engineShape.threads,
  redis: engineShape.redis.unwrap().optional().describe("another address of Redis"),
  blobs: engineShape.blobs.unwrap().optional().describe("another place for weights"),
  deadline: engineShape.deadline.unwrap().optional().describe("another deadline"),
});

/** Options of `tenfold local board`. */
export const boardSchema = z.object({
  redis: engineShape.redis,
  port: z.coerce.number().int().min(0).max(65_535).default(3001).describe("port to listen on"),
  host: z.string().default("127.0.0.1").describe("address to listen on"),
});
