/** The part of the room that runs in a browser: from a program's text to its machine, loop by loop. @module */
export type { Datum } from "./assembler/declarations.ts";
export type { SourceFiles } from "./assembler/preprocess.ts";
export {
  type CompiledFleq,
  type CompiledProgram,
  type CompiledSubleq,
  type CompileOptions,
  compileSource,
  isSubleq,
} from "./compile.ts";
export { explainHead, type LayerSummary, summarizeLayers } from "./explain.ts";
export { decodeFleq, type FleqProgram, type FleqSnapshot } from "./fleq-state.ts";
export { type AttentionMap, type Executor, type FullExecutorHooks, fullExecutor } from "./full-executor.ts";
export { type RowRange, rowName } from "./rows.ts";
export { type EngineName, type LoopReport, type RunningProgram, start } from "./running.ts";
export { decodeSubleq, type SubleqProgram, type SubleqSnapshot } from "./subleq-state.ts";
export {
  countTransformer,
  type Head,
  type LoopedTransformer,
  type TransformerCensus,
  type TransformerLayer,
} from "./transformer.ts";
export { fleqValue, type NamedValue, subleqValue, withSettings } from "./values.ts";
