import { z } from "zod";

const eta = z
  .number()
  .gt(0)
  .lt(1)
  .default(0.01)
  .describe("probability that the first layer has to be drawn again, by the bound that its size follows from");

const dataDir = z.string().min(1).optional().describe("folder to look in first for sets known by name");

/** Options of `tenfold memorize fit`. */
export const fitSchema = z.object({
  label: z.string().min(1).optional().describe("column to memorize; sets known by name have their own"),
  features: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("columns to tell rows apart by (default: all others)"),
  out: z.string().min(1).describe("file to write the network to, such as net.json"),
  onnx: z.string().min(1).optional().describe("also write an ONNX model to this file"),
  c: z.string().min(1).optional().describe("also write a C99 header to this file"),
  verilog: z.string().min(1).optional().describe("also write the layers after the first as Verilog to this file"),
  force: z.boolean().default(false).describe("replace files that are there"),
  bits: z
    .int()
    .min(1)
    .max(24)
    .optional()
    .describe("memorize numbers, rounded to this many bits (default: every label is a class)"),
  encode: z
    .enum(["auto", "scaled", "bits"])
    .default("auto")
    .describe("numbers scaled to [-1, 1], or by the bits of their float64; auto: what makes the smaller first layer"),
  onConflict: z
    .enum(["refuse", "majority"])
    .default("refuse")
    .describe("rows that are the same but for the label: refuse the table, or take the most frequent label"),
  missing: z
    .enum(["error", "drop", "keep"])
    .default("error")
    .describe(
      "cells without a value: refuse the table, leave the row out, or take a missing value as a value of its own",
    ),
  constant: z
    .enum(["refuse", "drop"])
    .default("refuse")
    .describe("columns in which every value is the same: refuse the table, or leave the column out"),
  tight: z.boolean().default(false).describe("search for a smaller first layer"),
  eta,
  dataDir,
});

/** A checked {@link fitSchema}. */
export type FitConfig = z.output<typeof fitSchema>;

/** Options of `tenfold memorize verify`. */
export const verifySchema = z.object({ dataDir });

/** A checked {@link verifySchema}. */
export type VerifyConfig = z.output<typeof verifySchema>;

/** Options of `tenfold memorize plan`. */
export const planSchema = z.object({
  n: z.int().min(2).max(1_000_000_000).describe("number of different points"),
  d: z.int().min(1).max(1_000_000).describe("number of features"),
  delta: z.number().positive().max(2).describe("smallest distance of two points, where the largest norm is 1"),
  bits: z.int().min(1).max(24).default(1).describe("bits of a label: ceil(log2 classes)"),
  geometry: z.enum(["ball", "sphere"]).default("ball").describe("whether all points have norm 1 (sphere)"),
  eta,
});

/** A checked {@link planSchema}. */
export type PlanConfig = z.output<typeof planSchema>;

/** Options of `tenfold memorize bench`. */
export const benchSchema = z
  .object({
    n: z.int().min(2).max(5_000_000).default(100_000).describe("number of random points on the unit sphere"),
    d: z.int().min(2).max(1000).default(32).describe("number of features"),
    classes: z.int().min(2).max(65_536).default(2).describe("number of classes, drawn at random for each point"),
    tight: z.boolean().default(false).describe("search for a smaller first layer"),
    eta,
  })
  .refine(({ n, d }) => n * d <= 200_000_000, {
    path: ["n"],
    message: "n d of at most 200,000,000 numbers (1.6 GB)",
  });

/** A checked {@link benchSchema}. */
export type BenchConfig = z.output<typeof benchSchema>;
