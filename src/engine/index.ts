/**
 * Traced functions over tensors: differentiated, compiled to one ONNX graph, run at native speed.
 *
 * @module
 */
export { customGradient, grad, mapTensors, pullback, type Tensors, valueAndGrad } from "./autodiff.ts";
export { type Compiled, type CompileOptions, compile, compileStep, type Device, type Stepper } from "./compile.ts";
export { Tensor } from "./graph.ts";
export { countMacs } from "./macs.ts";
export { type ExportOptions, toOnnx } from "./onnx/export.ts";
export { type OnnxModel, openOnnx } from "./onnx/open.ts";
export { conv2d } from "./primitives/convolution.ts";
export {
  abs,
  add,
  and,
  cast,
  ceil,
  clip,
  cos,
  div,
  equal,
  erf,
  exp,
  floor,
  greater,
  greaterEqual,
  less,
  lessEqual,
  log,
  maximum,
  minimum,
  mul,
  neg,
  not,
  type Operand,
  or,
  pow,
  reciprocal,
  relu,
  sigmoid,
  sign,
  sin,
  sqrt,
  square,
  stopGradient,
  sub,
  tanh,
  where,
} from "./primitives/elementwise.ts";
export {
  addAlong,
  argsort,
  oneHot,
  placeAdd,
  placeAddAlong,
  sort,
  take,
  takeAlong,
  topK,
} from "./primitives/indexing.ts";
export { matmul } from "./primitives/matmul.ts";
export { broadcastTo, concat, pad, type Range, reshape, slice, stack, transpose } from "./primitives/movement.ts";
export { averagePool2d, globalAveragePool2d, maxPool2d, type PoolOptions, upsample2d } from "./primitives/pooling.ts";
export {
  type Axes,
  argmax,
  cumsum,
  keepAxes,
  logSoftmax,
  max,
  mean,
  min,
  softmax,
  sum,
} from "./primitives/reduce.ts";
export { constant, full, iota, randomUniform, scalar } from "./primitives/sources.ts";
export { layerNormalization, standardize } from "./primitives/standardize.ts";
export type { ConvOptions, WindowOptions } from "./primitives/window.ts";
export type { Hosted, LeafSignature } from "./trace.ts";
