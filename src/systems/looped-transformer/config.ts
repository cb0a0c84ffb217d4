import { z } from "zod";
import { fewestColumns } from "./random-programs.ts";
import { mostColumns } from "./transformer.ts";

const count = z.int().min(1);
const precision = z
  .enum(["float32", "float64"])
  .optional()
  .describe("numbers of the state and the weights; default: float64, which FLEQ always has");
const mode = z
  .enum(["hardened", "paper"])
  .optional()
  .describe(
    "SUBLEQ: 11 layers (hardened, the default), or the 10 of the paper's code, which need a higher temperature",
  );
const temperature = z
  .number()
  .gt(0)
  .max(1000)
  .optional()
  .describe("SUBLEQ: what scores are multiplied by before the softmax; default: what columns, bits and mode ask for");
const columns = z.int().min(4).max(mostColumns);
const maxLoops = count.max(1_000_000_000).default(1_000_000).describe("loops after which a run stops");
const set = z
  .array(z.string())
  .default([])
  .meta({ repeat: "name=value" })
  .describe("data to begin with: n=7, list[0]=3, list=1,2,3; in FLEQ also A=1,2;3,4");
const engine = z
  .enum(["fast", "full"])
  .default("fast")
  .describe("leave out what cannot matter, or compute every score of every column");

/** Options of `tenfold loop compile`. */
export const compileSchema = z.object({
  out: z.string().min(1).describe("file to write the program to, such as prog.json"),
  bits: z.int().min(2).max(52).optional().describe("SUBLEQ: bits of a number; default: 16"),
  columns: columns.optional().describe("size of the machine; default: the next power of two that the program fits on"),
  precision,
  mode,
  temperature,
  force: z.boolean().default(false).describe("replace the file if it is there"),
});
/** A checked {@link compileSchema}. */
export type CompileConfig = z.output<typeof compileSchema>;

/** Options of `tenfold loop run`. */
export const runSchema = z.object({ set, maxLoops, engine });
/** A checked {@link runSchema}. */
export type RunConfig = z.output<typeof runSchema>;

/** Options of `tenfold loop trace`. */
export const traceSchema = z.object({
  set,
  maxLoops: maxLoops.default(100),
  from: count.default(1).describe("first loop to show"),
  engine,
});
/** A checked {@link traceSchema}. */
export type TraceConfig = z.output<typeof traceSchema>;

/** Options of `tenfold loop verify`. */
export const verifySchema = z.object({
  machine: z.enum(["subleq", "fleq"]).default("subleq").describe("machine to try"),
  bits: z
    .string()
    .regex(/^\d+(?:\.\.\d+)?(?:,\d+)*$/)
    .optional()
    .describe("SUBLEQ: bits of a number: 16 (the default), 8,16,22 or 8..24"),
  columns: columns.min(fewestColumns).default(32).describe("size of the machine"),
  size: z.int().min(1).max(32).default(2).describe("FLEQ: rows and columns of a matrix"),
  precision: z
    .enum(["float32", "float64"])
    .optional()
    .describe("default: float32 up to 22 bits, float64 beyond and for FLEQ"),
  mode,
  temperature,
  programs: count.max(1_000_000).default(1000).describe("random programs"),
  steps: count.max(1_000_000).default(100).describe("loops of each, all compared"),
  engine: z
    .enum(["fast", "full", "onnx"])
    .default("fast")
    .describe("how the transformer is computed; onnx: dense weights in ONNX Runtime"),
  without: count.optional().describe("leave out this layer, counted from 1, to see it fail"),
});
/** A checked {@link verifySchema}. */
export type VerifyConfig = z.output<typeof verifySchema>;

/** Options of `tenfold loop export`. */
export const exportSchema = z.object({
  onnx: z.string().min(1).describe("file to write the ONNX model to"),
  loop: z.boolean().default(false).describe("a whole run as one ONNX Loop, instead of one step"),
  state: z.string().min(1).optional().describe("also write the program's first state to this .npy file"),
  force: z.boolean().default(false).describe("replace files that are there"),
});
/** A checked {@link exportSchema}. */
export type ExportConfig = z.output<typeof exportSchema>;

/** Options of `tenfold loop explain`. */
export const explainSchema = z.object({
  layer: count.optional().describe("show one layer unit by unit, counted from 1"),
});
/** A checked {@link explainSchema}. */
export type ExplainConfig = z.output<typeof explainSchema>;

/** Options of `tenfold loop bench`. */
export const benchSchema = z.object({
  columns: z
    .array(columns.min(fewestColumns))
    .min(1)
    .default([32, 64, 128, 256, 512, 1024])
    .describe("sizes of machine"),
  bits: z.int().min(2).max(52).default(16).describe("bits of a number"),
  precision: z.enum(["float32", "float64"]).default("float64").describe("numbers of the state and the weights"),
  loops: count.max(10_000_000).default(10_000).describe("loops of the fast engine a size"),
});
/** A checked {@link benchSchema}. */
export type BenchConfig = z.output<typeof benchSchema>;

/** `tenfold loop programs` has no options of its own. */
export const programsSchema = z.object({});
