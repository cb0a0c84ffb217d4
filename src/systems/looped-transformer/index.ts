/** Programs in the input of a transformer that is applied again and again. @module */
import type { System } from "../claim.ts";
import { claims } from "./claims.ts";
import { registerLoop } from "./command.ts";

/** What a program's text may include, and where it comes from. */
export type { SourceFiles } from "./assembler/preprocess.ts";
/** The functions that every FLEQ machine has. */
export { standardBlocks } from "./blocks/index.ts";
/** Products by softmax, for function blocks of your own. */
export { addProductOf } from "./blocks/product.ts";
/** What the paper claims, and what we add. */
export { claims } from "./claims.ts";
export {
  type CompiledFleq,
  type CompiledProgram,
  type CompiledSubleq,
  type CompileOptions,
  /** From a source file to a program for a machine of its size. */
  compileSource,
  isSubleq,
} from "./compile.ts";
/** The transformer step in time that hardly grows with its columns. */
export { fastExecutor } from "./fast-executor.ts";
/** Units of feed-forward networks, for function blocks of your own. */
export { FeedForwardBuilder } from "./feed-forward.ts";
/** The machine that calls functions. */
export { buildFleq, type FleqMachine, type FleqSpec } from "./fleq-machine.ts";
export { decodeFleq, encodeFleq, type FleqInstruction, type FleqProgram, type FleqSnapshot } from "./fleq-state.ts";
/** The transformer step with every score, and its attention. */
export { type AttentionMap, type Executor, type FullExecutorHooks, fullExecutor } from "./full-executor.ts";
/** What a function of your own has to say of itself. */
export type { BlockHead, BlockLayer, FunctionBlock, OperandRows, PlannedBlock } from "./function-block.ts";
/** The structured language, run directly. */
export { type Evaluation, evaluate } from "./language/evaluate.ts";
export { parse } from "./language/parse.ts";
/** A run as one ONNX model. */
export { exportRun } from "./onnx-loop.ts";
/** One loop as an ONNX model. */
export { exportStep } from "./onnx-step.ts";
/** Program files. */
export { decodeProgram, encodeProgram, readProgram } from "./program-file.ts";
export { type RowRange, rowName } from "./rows.ts";
/** A program on its machine, loop by loop. */
export { type EngineName, type LoopReport, type RunningProgram, start } from "./running.ts";
export { diskFiles, findProgram, libraryPrograms } from "./source-files.ts";
/** The machine of one instruction. */
export { buildSubleq, type SubleqMachine, type SubleqMode, type SubleqSpec } from "./subleq-machine.ts";
export {
  decodeSubleq,
  encodeSubleq,
  type SubleqInstruction,
  type SubleqProgram,
  type SubleqSnapshot,
} from "./subleq-state.ts";
/** Sizes of weights. */
export {
  countTransformer,
  type Head,
  type LoopedTransformer,
  type TransformerCensus,
  type TransformerLayer,
} from "./transformer.ts";
export { type NamedValue, withSettings } from "./values.ts";
/** Machines against plain interpreters. */
export { type Verification, type VerifyOptions, verifyMachine } from "./verify.ts";
/** A hash of all weights. */
export { weightsSha256 } from "./weights-sha256.ts";

/** The room `looped-transformer`. */
export const loopedTransformer: System = {
  name: "looped-transformer",
  command: "loop",
  title: "A computer made of transformer layers",
  paper:
    "Angeliki Giannou, Shashank Rajput, Jy-yong Sohn, Kangwook Lee, Jason D. Lee, Dimitris Papailiopoulos: Looped Transformers as Programmable Computers. ICML 2023, arXiv 2301.13196",
  summary:
    "Compiles programs into the input of a transformer with fixed weights, runs them loop by loop, checks every state, and exports the machine to ONNX.",
  claims,
  register: registerLoop,
};
