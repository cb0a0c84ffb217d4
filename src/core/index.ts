/** Errors, shapes, dtypes, random numbers and trees: no I/O, no Node built-ins. @module */
export {
  allocate,
  bytesPerElement,
  type DType,
  dtypeOf,
  isFloat,
  type TypedArray,
  type TypedArrayOf,
} from "./dtype.ts";
export {
  assert,
  CollapseError,
  ConfigError,
  DataError,
  DivergenceError,
  type ErrorFields,
  RunError,
  ShapeError,
  TenfoldError,
} from "./errors.ts";
export { inTurn } from "./in-turn.ts";
export { nearest } from "./nearest.ts";
export { nextTurn } from "./next-turn.ts";
export { optionalPackage } from "./optional-package.ts";
export { Random } from "./random.ts";
export { type SchemaProblem, schemaProblem } from "./schema-problem.ts";
export { broadcastShapes, formatShape, type Shape, sameShape, sizeOf, stridesOf } from "./shape.ts";
export { type HostTensor, hostTensor } from "./tensor.ts";
export { flattenTree, mapTree, type Tree, unflattenTree } from "./tree.ts";
export type { WorkHooks } from "./work-hooks.ts";
