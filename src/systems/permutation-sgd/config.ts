import { z } from "zod";
import { isFlipFlop, orderNames } from "../../optim/index.ts";

const orders = (defaults: readonly (typeof orderNames)[number][]) =>
  z
    .array(z.enum(orderNames))
    .min(1)
    .default([...defaults])
    .describe("orders to compare");

/** Options of `tenfold order bench --task quadratic`. */
export const quadraticSchema = z
  .object({
    n: z.int().min(2).max(100_000).default(400).describe("number of components"),
    d: z.int().min(1).max(200).default(6).describe("number of dimensions"),
    epochs: z
      .array(z.int().min(1).max(1_000_000))
      .min(2)
      .default([32, 64, 128, 256])
      .describe("numbers of epochs K, each a run of its own"),
    orders: orders(["rr", "ss", "igd", "ff-rr", "ff-ss", "ff-igd", "grab"]),
    repeats: z.int().min(1).max(1000).default(20).describe("random problems that medians are taken over"),
    draws: z
      .int()
      .min(1)
      .max(1000)
      .default(4)
      .describe("runs on each problem for orders that are drawn anew every epoch (rr, ff-rr)"),
    contraction: z
      .number()
      .positive()
      .max(100)
      .default(14)
      .describe("mu alpha n K: sets the learning rate alpha, and exp(-2 contraction) is what remains of the start"),
    condition: z.number().min(1).max(1e6).default(2).describe("condition number of the expected Hessian"),
    spread: z.number().min(0).max(0.99).default(0.5).describe("how far the curvatures of the components differ"),
  })
  .refine(({ epochs }) => new Set(epochs).size >= 2, {
    path: ["epochs"],
    message: "at least two different numbers of epochs, as a slope needs two points",
  })
  .refine((config) => !config.orders.some(isFlipFlop) || config.epochs.every((k) => k % 2 === 0), {
    path: ["epochs"],
    message: "even numbers where an order is a flip-flop (ff-), as it uses every permutation twice",
  })
  .refine(({ n, d }) => n * d * d <= 50_000_000, {
    path: ["n"],
    message: "n d^2 of at most 50,000,000 numbers (400 MB)",
  });

/** A checked {@link quadraticSchema}. */
export type QuadraticConfig = z.output<typeof quadraticSchema>;

/** Options of `tenfold order bench --task logistic`. */
export const logisticSchema = z
  .object({
    data: z.string().min(1).describe("logistic: file (CSV, LIBSVM, Parquet, …) or name of a known set"),
    dataDir: z.string().min(1).optional().describe("logistic: folder to look in first for sets known by name"),
    label: z.string().min(1).optional().describe("logistic: column with the classes, for tables"),
    test: z
      .string()
      .min(1)
      .optional()
      .describe("logistic: file to measure the test error on (default: the data's test part, or a fifth of the rows)"),
    positive: z
      .string()
      .min(1)
      .optional()
      .describe("logistic: the class set against the rest (default: the second of two)"),
    scale: z
      .enum(["max-abs", "standard", "none"])
      .default("max-abs")
      .describe("logistic: features divided by their largest value (zeros stay zeros), or made mean 0 and deviation 1"),
    l2: z.number().positive().optional().describe("logistic: L2 regularisation (default: 1/n)"),
    learningRates: z
      .array(z.number().positive())
      .min(1)
      .optional()
      .describe(
        "logistic: constant steps, of which each order's best is reported (default: 0.1 / L, where L bounds the curvature of every example's loss)",
      ),
    epochs: z.int().min(1).max(100_000).default(20).describe("passes over the data"),
    orders: orders(["rr", "ss", "igd", "ff-rr", "grab", "grab-pair"]),
    repeats: z.int().min(1).max(1000).default(3).describe("runs that medians are taken over"),
  })
  .refine((config) => !config.orders.some(isFlipFlop) || config.epochs % 2 === 0, {
    path: ["epochs"],
    message: "an even number where an order is a flip-flop (ff-), as it uses every permutation twice",
  });

/** A checked {@link logisticSchema}. */
export type LogisticConfig = z.output<typeof logisticSchema>;

/** Options of `tenfold order optimal`. */
export const optimalSchema = z.object({
  n: z.int().min(2).max(300).default(20).describe("number of components"),
  epochs: z.int().min(1).max(1000).default(10).describe("epochs"),
  repeats: z.int().min(1).max(10_000).default(21).describe("runs of random reshuffling that medians are taken over"),
  constantRate: z.number().positive().max(1).default(0.02).describe("learning rate of the run that keeps it constant"),
});

/** Options of `tenfold order hard`. */
export const hardSchema = z
  .object({
    n: z.int().min(2).max(8).default(6).describe("number of components; n! orders are tried in every epoch"),
    epochs: z.array(z.int().min(1).max(10_000)).min(2).default([16, 32, 64, 128]).describe("numbers of epochs K"),
    contraction: z.number().positive().max(100).default(4).describe("mu alpha n K, which sets the learning rate alpha"),
    repeats: z.int().min(1).max(10_000).default(21).describe("runs of random reshuffling that medians are taken over"),
  })
  .refine(({ epochs }) => new Set(epochs).size >= 2, {
    path: ["epochs"],
    message: "at least two different numbers of epochs, as a slope needs two points",
  });

/** Options of `tenfold order export`. */
export const exportSchema = z.object({
  order: z.enum(orderNames).describe("order to write out"),
  n: z.int().min(1).max(100_000_000).describe("number of examples"),
  epochs: z.int().min(1).max(1_000_000).default(1).describe("number of epochs"),
  format: z
    .enum(["json", "csv"])
    .default("json")
    .describe("lists of example numbers by epoch, or a row for each example"),
});
