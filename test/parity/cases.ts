/**
 * Every primitive once, with inputs it is defined on. One table drives the parity, gradient and checker tests.
 */
import { type HostTensor, hostTensor, type Random, sizeOf } from "../../src/core/index.ts";
import type { Tensor } from "../../src/engine/index.ts";
import * as t from "../../src/engine/index.ts";

/** Draws the inputs of a case. */
export class Draw {
  readonly random: Random;
  readonly dtype: "float32" | "float64";

  constructor(random: Random, dtype: "float32" | "float64" = "float32") {
    this.random = random;
    this.dtype = dtype;
  }

  /** Floats uniform in [low, high). */
  floats(shape: number[], low = -2, high = 2): HostTensor {
    const values = Array.from({ length: sizeOf(shape) }, () => this.random.uniform(low, high));
    return hostTensor(this.dtype === "float32" ? Float32Array.from(values) : Float64Array.from(values), shape);
  }

  /** Floats of which no two are close: for maxima, sorting and steps. */
  distinct(shape: number[]): HostTensor {
    const values = Array.from(this.random.permutation(sizeOf(shape)), (rank) => (rank - sizeOf(shape) / 2 + 0.25) / 4);
    return hostTensor(this.dtype === "float32" ? Float32Array.from(values) : Float64Array.from(values), shape);
  }

  /** Integers in [0, below). */
  integers(shape: number[], below: number): HostTensor {
    return hostTensor(
      Int32Array.from({ length: sizeOf(shape) }, () => this.random.integer(below)),
      shape,
    );
  }

  booleans(shape: number[]): HostTensor {
    return hostTensor(
      Uint8Array.from({ length: sizeOf(shape) }, () => this.random.integer(2)),
      shape,
    );
  }

  given(values: number[], shape = [values.length]): HostTensor {
    return hostTensor(this.dtype === "float32" ? Float32Array.from(values) : Float64Array.from(values), shape);
  }
}

export interface Case {
  readonly name: string;
  readonly inputs: (draw: Draw) => HostTensor[];
  readonly fn: (...inputs: Tensor[]) => Tensor;
  /** Whether the result is differentiable in its float inputs. */
  readonly smooth: boolean;
  /** ONNX Runtime has no float64 kernel for it. */
  readonly onlyFloat32?: boolean;
  /** Tolerances beyond rtol 1e-5, atol 1e-6. */
  readonly rtol?: number;
  readonly atol?: number;
}

const one = (name: string, fn: (x: Tensor) => Tensor, low = -2, high = 2, more: Partial<Case> = {}): Case[] => [
  { name, inputs: (d) => [d.floats([3, 4], low, high)], fn, smooth: true, ...more },
  { name: `${name} of a scalar`, inputs: (d) => [d.floats([], low, high)], fn, smooth: true, ...more },
  { name: `${name} of nothing`, inputs: (d) => [d.floats([0, 3], low, high)], fn, smooth: false, ...more },
];

const two = (
  name: string,
  fn: (x: Tensor, y: Tensor) => Tensor,
  low = -2,
  high = 2,
  more: Partial<Case> = {},
): Case[] =>
  [
    [
      [3, 4],
      [3, 4],
    ],
    [[3, 4], [4]],
    [
      [3, 1],
      [1, 4],
    ],
    [[], [2, 3]],
    [[1], [2, 1, 3]],
    [[0, 2], [2]],
  ].map(([a, b]) => ({
    name: `${name} of [${a}] and [${b}]`,
    inputs: (d) => [d.floats(a!, low, high), d.floats(b!, low, high)],
    fn,
    smooth: sizeOf(a!) > 0,
    ...more,
  }));

const special = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0, -0, 1, -1, 1e30, 1e-30];
const specialOne = (name: string, fn: (x: Tensor) => Tensor, values = special): Case => ({
  name: `${name} of NaN, infinities and zeros`,
  inputs: (d) => [d.given(values)],
  fn,
  smooth: false,
});
const specialTwo = (name: string, fn: (x: Tensor, y: Tensor) => Tensor, values = special): Case => ({
  name: `${name} of NaN, infinities and zeros`,
  inputs: (d) => [d.given(values, [values.length, 1]), d.given(values)],
  fn,
  smooth: false,
});
const finite = special.filter((value) => !Number.isNaN(value));

export const cases: readonly Case[] = [
  // elementwise
  ...one("neg", t.neg),
  ...one("exp", t.exp),
  ...one("log", t.log, 0.1, 3),
  ...one("sqrt", t.sqrt, 0.1, 3),
  ...one("reciprocal", t.reciprocal, 0.2, 3),
  ...one("abs", t.abs, 0.1, 2),
  ...one("sin", t.sin),
  ...one("cos", t.cos),
  ...one("tanh", t.tanh),
  ...one("erf", t.erf, -2, 2, { onlyFloat32: true, rtol: 1e-4 }),
  ...one("sigmoid", t.sigmoid),
  ...one("relu", t.relu, 0.1, 2),
  ...one("square", t.square),
  ...one("stopGradient", t.stopGradient, -2, 2, { smooth: false }),
  ...one("sign", t.sign, -2, 2, { smooth: false }),
  ...one("floor", t.floor, -2, 2, { smooth: false }),
  ...one("ceil", t.ceil, -2, 2, { smooth: false }),
  ...one("cast to int32", (x) => t.cast(x, "int32"), -2, 2, { smooth: false }),
  ...one("cast to bool", (x) => t.cast(x, "bool"), -2, 2, { smooth: false }),
  ...one("clip", (x) => t.clip(x, -1, 1)),
  ...two("add", t.add),
  ...two("sub", t.sub),
  ...two("mul", t.mul),
  ...two("div", t.div, 0.3, 2),
  ...two("pow", t.pow, 0.3, 2, { rtol: 2e-5 }),
  ...two("maximum", t.maximum),
  ...two("minimum", t.minimum),
  ...two("less", t.less, -2, 2, { smooth: false }),
  ...two("lessEqual", t.lessEqual, -2, 2, { smooth: false }),
  ...two("greater", t.greater, -2, 2, { smooth: false }),
  ...two("greaterEqual", t.greaterEqual, -2, 2, { smooth: false }),
  ...two("equal", (x, y) => t.equal(t.floor(x), t.floor(y)), -2, 2, { smooth: false }),
  { name: "integer add", inputs: (d) => [d.integers([4], 9), d.integers([4], 9)], fn: t.add, smooth: false },
  { name: "integer div", inputs: (d) => [d.integers([6], 90)], fn: (x) => t.div(t.sub(x, 40), 7), smooth: false },
  { name: "and", inputs: (d) => [d.booleans([8]), d.booleans([8])], fn: t.and, smooth: false },
  { name: "or", inputs: (d) => [d.booleans([8]), d.booleans([8])], fn: t.or, smooth: false },
  { name: "not", inputs: (d) => [d.booleans([8])], fn: t.not, smooth: false },
  {
    name: "where",
    inputs: (d) => [d.booleans([3, 1]), d.floats([3, 4]), d.floats([4])],
    fn: (c, x, y) => t.where(c, x, y),
    smooth: true,
  },
  {
    name: "where keeps NaN of the other branch out",
    inputs: (d) => [d.given([-1, 0, 1, 4])],
    fn: (x) => t.where(t.greater(x, 0), t.log(x), 0),
    smooth: false,
  },
  specialOne("neg", t.neg),
  specialOne("exp", t.exp),
  specialOne("sqrt", t.sqrt, [Number.NaN, Number.POSITIVE_INFINITY, 0, 1, 1e30]),
  specialOne("tanh", t.tanh, finite),
  specialOne("sigmoid", t.sigmoid, finite),
  specialOne("abs", t.abs),
  specialTwo("add", t.add),
  specialTwo("mul", t.mul),
  specialTwo("less", t.less),
  specialTwo("equal", t.equal),
  specialTwo("maximum", t.maximum, finite),
  // reductions
  { name: "sum", inputs: (d) => [d.floats([3, 4, 2])], fn: (x) => t.sum(x), smooth: true },
  { name: "sum over an axis", inputs: (d) => [d.floats([3, 4, 2])], fn: (x) => t.sum(x, 1), smooth: true },
  { name: "sum over two axes", inputs: (d) => [d.floats([3, 4, 2])], fn: (x) => t.sum(x, [0, -1]), smooth: true },
  { name: "sum over no elements", inputs: (d) => [d.floats([0, 3])], fn: (x) => t.sum(x, 0), smooth: false },
  { name: "sum of size-1 axes", inputs: (d) => [d.floats([1, 5, 1])], fn: (x) => t.sum(x, [0, 2]), smooth: true },
  { name: "mean", inputs: (d) => [d.floats([3, 4])], fn: (x) => t.mean(x, -1), smooth: true },
  { name: "max", inputs: (d) => [d.distinct([3, 4])], fn: (x) => t.max(x, 1), smooth: true },
  { name: "max of equals", inputs: (d) => [d.given([1, 3, 3, 2], [2, 2])], fn: (x) => t.max(x), smooth: false },
  { name: "min", inputs: (d) => [d.distinct([3, 4])], fn: (x) => t.min(x, 0), smooth: true },
  { name: "argmax", inputs: (d) => [d.distinct([3, 4])], fn: (x) => t.argmax(x), smooth: false },
  { name: "argmax of equals", inputs: (d) => [d.given([2, 5, 5, 1])], fn: (x) => t.argmax(x), smooth: false },
  { name: "cumsum", inputs: (d) => [d.floats([3, 4])], fn: (x) => t.cumsum(x, 1), smooth: true },
  { name: "cumsum from the end", inputs: (d) => [d.floats([3, 4])], fn: (x) => t.cumsum(x, 0, true), smooth: true },
  { name: "softmax", inputs: (d) => [d.floats([3, 5], -5, 5)], fn: (x) => t.softmax(x), smooth: true },
  { name: "softmax along the first axis", inputs: (d) => [d.floats([3, 5])], fn: (x) => t.softmax(x, 0), smooth: true },
  { name: "standardize", inputs: (d) => [d.floats([4, 6], -5, 5)], fn: (x) => t.standardize(x), smooth: true },
  {
    name: "layerNormalization",
    inputs: (d) => [d.floats([2, 3, 6], -5, 5), d.floats([6]), d.floats([6])],
    fn: (x, weight, bias) => t.layerNormalization(x, weight, bias),
    smooth: true,
  },
  {
    name: "logSoftmax",
    inputs: (d) => [d.floats([3, 5], -50, 50)],
    fn: (x) => t.logSoftmax(x),
    smooth: true,
    rtol: 1e-4,
  },
  // movement
  { name: "reshape", inputs: (d) => [d.floats([3, 4])], fn: (x) => t.reshape(x, [2, -1]), smooth: true },
  { name: "reshape to a scalar", inputs: (d) => [d.floats([1, 1])], fn: (x) => t.reshape(x, []), smooth: true },
  { name: "reshape of nothing", inputs: (d) => [d.floats([0, 4])], fn: (x) => t.reshape(x, [2, 0, 2]), smooth: false },
  { name: "transpose", inputs: (d) => [d.floats([2, 3, 4])], fn: (x) => t.transpose(x, [2, 0, 1]), smooth: true },
  { name: "transpose of the last axes", inputs: (d) => [d.floats([2, 3, 4])], fn: (x) => t.transpose(x), smooth: true },
  { name: "broadcastTo", inputs: (d) => [d.floats([3, 1])], fn: (x) => t.broadcastTo(x, [2, 3, 4]), smooth: true },
  {
    name: "slice",
    inputs: (d) => [d.floats([4, 5])],
    fn: (x) =>
      t.slice(x, [
        [1, 3],
        [-2, 5],
      ]),
    smooth: true,
  },
  {
    name: "slice by strides",
    inputs: (d) => [d.floats([7, 6])],
    fn: (x) =>
      t.slice(x, [
        [1, 7, 3],
        [0, 6, 2],
      ]),
    smooth: true,
  },
  { name: "slice to nothing", inputs: (d) => [d.floats([4, 5])], fn: (x) => t.slice(x, [[2, 2]]), smooth: false },
  {
    name: "pad",
    inputs: (d) => [d.floats([2, 3])],
    fn: (x) =>
      t.pad(x, [
        [1, 0],
        [0, 2],
      ]),
    smooth: true,
  },
  {
    name: "concat",
    inputs: (d) => [d.floats([2, 3]), d.floats([1, 3])],
    fn: (x, y) => t.concat([x, y], 0),
    smooth: true,
  },
  {
    name: "stack",
    inputs: (d) => [d.floats([2, 3]), d.floats([2, 3])],
    fn: (x, y) => t.stack([x, y], 1),
    smooth: true,
  },
  {
    name: "slices put together again",
    inputs: (d) => [d.floats([6, 2])],
    fn: (x) => t.add(t.mul(t.slice(x, [[0, 3]]), 2), t.square(t.slice(x, [[3, 6]]))),
    smooth: true,
  },
  // matrix products
  { name: "matmul", inputs: (d) => [d.floats([3, 4]), d.floats([4, 5])], fn: t.matmul, smooth: true },
  { name: "matmul of batches", inputs: (d) => [d.floats([2, 3, 4]), d.floats([2, 4, 5])], fn: t.matmul, smooth: true },
  {
    name: "matmul that broadcasts",
    inputs: (d) => [d.floats([2, 1, 3, 4]), d.floats([3, 4, 2])],
    fn: t.matmul,
    smooth: true,
  },
  {
    name: "matmul of transposes",
    inputs: (d) => [d.floats([4, 3]), d.floats([5, 4])],
    fn: (x, y) => t.matmul(t.transpose(x), t.transpose(y)),
    smooth: true,
  },
  {
    name: "matmul of transposed batches",
    inputs: (d) => [d.floats([2, 3, 4]), d.floats([2, 5, 4])],
    fn: (x, y) => t.matmul(x, t.transpose(y)),
    smooth: true,
  },
  {
    name: "matmul with a bias",
    inputs: (d) => [d.floats([3, 4]), d.floats([4, 5]), d.floats([5])],
    fn: (x, y, b) => t.add(t.matmul(x, y), b),
    smooth: true,
  },
  { name: "matmul over no rows", inputs: (d) => [d.floats([0, 4]), d.floats([4, 5])], fn: t.matmul, smooth: false },
  { name: "matmul of one element", inputs: (d) => [d.floats([1, 1]), d.floats([1, 1])], fn: t.matmul, smooth: true },
  // indexing
  { name: "take", inputs: (d) => [d.floats([5, 3]), d.integers([4], 5)], fn: (x, i) => t.take(x, i), smooth: true },
  {
    name: "take along the last axis",
    inputs: (d) => [d.floats([3, 5]), d.integers([2, 2], 5)],
    fn: (x, i) => t.take(x, i, 1),
    smooth: true,
  },
  {
    name: "placeAdd",
    inputs: (d) => [d.floats([6, 3]), d.integers([6], 2)],
    fn: (x, i) => t.placeAdd(x, i, [4, 3]),
    smooth: true,
  },
  {
    name: "takeAlong",
    inputs: (d) => [d.floats([3, 5]), d.integers([3, 2], 5)],
    fn: (x, i) => t.takeAlong(x, i),
    smooth: true,
  },
  {
    name: "placeAddAlong",
    inputs: (d) => [d.floats([3, 4]), d.integers([3, 4], 2)],
    fn: (x, i) => t.placeAddAlong(x, i, [3, 5]),
    smooth: true,
  },
  {
    name: "addAlong",
    inputs: (d) => [d.floats([3, 5]), d.floats([3, 4]), d.integers([3, 4], 2)],
    fn: (x, u, i) => t.addAlong(x, u, i),
    smooth: true,
  },
  { name: "oneHot", inputs: (d) => [d.integers([4], 3)], fn: (i) => t.oneHot(i, 3), smooth: false },
  { name: "argsort", inputs: (d) => [d.distinct([3, 6])], fn: (x) => t.argsort(x), smooth: false },
  { name: "argsort downwards", inputs: (d) => [d.distinct([6, 3])], fn: (x) => t.argsort(x, 0, true), smooth: false },
  { name: "argsort of equals", inputs: (d) => [d.given([2, 1, 2, 1, 0, 2])], fn: (x) => t.argsort(x), smooth: false },
  { name: "sort", inputs: (d) => [d.distinct([3, 6])], fn: (x) => t.sort(x), smooth: true },
  { name: "topK", inputs: (d) => [d.distinct([3, 6])], fn: (x) => t.topK(x, 2).values, smooth: true },
  // images
  ...(
    [
      ["conv2d", [2, 3, 5, 6], [4, 3, 3, 3], {}],
      ["conv2d padded", [2, 3, 5, 5], [4, 3, 3, 3], { padding: 1 }],
      ["conv2d with wide channels", [2, 18, 5, 5], [16, 18, 3, 3], { padding: 1 }],
      ["conv2d by blocks of channels", [2, 16, 6, 5], [32, 16, 3, 3], { padding: 1 }],
      ["conv2d by blocks, with strides", [1, 32, 7, 7], [16, 32, 3, 3], { stride: 2 }],
      ["conv2d with more channels than rows", [2, 32, 9, 8], [16, 32, 3, 3], { padding: 1 }],
      ["conv2d of tall kernels", [2, 20, 9, 8], [5, 20, 5, 3], { padding: [2, 0] }],
      ["conv2d with strides", [2, 3, 7, 8], [4, 3, 3, 2], { stride: [2, 3], padding: [1, 0] }],
      ["conv2d with dilation", [1, 2, 7, 7], [3, 2, 2, 3], { dilation: 2 }],
      ["conv2d in groups", [2, 4, 5, 5], [6, 2, 3, 3], { groups: 2, padding: 1 }],
      ["conv2d kept in size", [1, 2, 6, 5], [3, 2, 4, 3], { padding: "same", stride: 2 }],
      ["conv2d by one pixel", [2, 3, 4, 4], [5, 3, 1, 1], {}],
    ] as [string, number[], number[], t.ConvOptions][]
  ).map(
    ([name, image, filter, options]): Case => ({
      name,
      inputs: (d) => [d.floats(image), d.floats(filter)],
      fn: (x, w) => t.conv2d(x, w, options),
      smooth: true,
      rtol: 1e-4,
      atol: 1e-5,
    }),
  ),
  {
    name: "conv2d with a bias",
    inputs: (d) => [d.floats([2, 3, 5, 5]), d.floats([4, 3, 3, 3]), d.floats([4])],
    fn: (x, w, b) => t.add(t.conv2d(x, w), t.reshape(b, [4, 1, 1])),
    smooth: true,
    rtol: 1e-4,
    atol: 1e-5,
  },
  {
    name: "maxPool2d",
    inputs: (d) => [d.distinct([2, 3, 4, 6])],
    fn: (x) => t.maxPool2d(x, { kernel: 2 }),
    smooth: true,
  },
  {
    name: "maxPool2d of equals",
    inputs: (d) => [d.given([1, 1, 0, 1, 2, 0, 3, 3], [1, 1, 2, 4])],
    fn: (x) => t.maxPool2d(x, { kernel: 2 }),
    smooth: false,
  },
  {
    name: "maxPool2d with overlap",
    inputs: (d) => [d.distinct([1, 2, 5, 5])],
    fn: (x) => t.maxPool2d(x, { kernel: 3, stride: 2, padding: 1 }),
    smooth: true,
  },
  {
    name: "averagePool2d",
    inputs: (d) => [d.floats([2, 3, 4, 6])],
    fn: (x) => t.averagePool2d(x, { kernel: 2 }),
    smooth: true,
  },
  {
    name: "averagePool2d with overlap",
    inputs: (d) => [d.floats([1, 2, 5, 5])],
    fn: (x) => t.averagePool2d(x, { kernel: 3, stride: 2, padding: 1 }),
    smooth: true,
  },
  {
    name: "globalAveragePool2d",
    inputs: (d) => [d.floats([2, 3, 4, 4])],
    fn: (x) => t.globalAveragePool2d(x),
    smooth: true,
  },
];
