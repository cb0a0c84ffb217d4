/** Many elements into one: sums, extrema, positions of extrema, running sums. @module */
import { ShapeError } from "../../core/index.ts";
import { apply, type Primitive, type Tensor } from "../graph.ts";
import type { JaxArray, JaxModule } from "../jax.ts";
import type { Emitter } from "../onnx/emitter.ts";
import { cast, div, equal, mul, sub } from "./elementwise.ts";
import { broadcastTo, checkAxis, reshape } from "./movement.ts";
import { requireFloat } from "./sources.ts";

/** Axes to reduce: one, several, or all by default. */
export type Axes = number | readonly number[];

interface ReduceParams extends Record<string, unknown> {
  readonly axes: readonly number[];
}

function keptShape(x: Tensor, axes: readonly number[]): number[] {
  return x.shape.filter((_, axis) => !axes.includes(axis));
}

/** The shape of x with size 1 in place of the reduced axes. */
function thinShape(x: Tensor, axes: readonly number[]): number[] {
  return x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
}

function reducePrimitive(
  name: string,
  emitNode: (emit: Emitter, x: string, axes: readonly number[]) => string,
  jaxOp: (jax: JaxModule, x: JaxArray, axes: number[]) => JaxArray,
  gradient: (cotangent: Tensor, x: Tensor, y: Tensor, axes: readonly number[]) => Tensor,
): Primitive<ReduceParams> {
  return {
    name,
    signature: ([x], { axes }) => ({ shape: keptShape(x!, axes), dtype: x!.dtype }),
    gradient(ct, y, { axes }) {
      const x = y.inputs[0]!;
      const thin = thinShape(x, axes);
      return [gradient(reshape(ct, thin), x, reshape(y, thin), axes)];
    },
    onnx: (emit, { inputs: [x] }, { axes }) => emitNode(emit, emit.value(x!), axes),
    jax: (jax, [x], { axes }) => jaxOp(jax, x!.ref, [...axes]),
  };
}

function reducer(primitive: Primitive<ReduceParams>, emptyAllowed: boolean) {
  return (x: Tensor, axes?: Axes): Tensor => {
    const list = axes === undefined ? x.shape.map((_, axis) => axis) : typeof axes === "number" ? [axes] : axes;
    const sorted = [...new Set(list.map((axis) => checkAxis(primitive.name, axis, x)))].sort((a, b) => a - b);
    if (x.dtype === "bool") {
      throw new ShapeError({
        where: `${primitive.name} of ${x.label}`,
        expected: "numbers",
        found: "bool",
        hint: "convert with cast(x, 'float32') to count",
      });
    }
    const empty = sorted.find((axis) => x.shape[axis] === 0);
    if (!emptyAllowed && empty !== undefined) {
      throw new ShapeError({
        where: `${primitive.name} of ${x.label}`,
        expected: "at least one element along each reduced axis",
        found: `axis ${empty} of size 0`,
      });
    }
    return sorted.length === 0 ? x : apply(primitive, [x], { axes: sorted });
  };
}

/** Elements that attain the extremum share its cotangent. */
function extremumGradient(ct: Tensor, x: Tensor, y: Tensor, axes: readonly number[]): Tensor {
  const attained = cast(equal(x, y), x.dtype);
  return mul(attained, div(ct, keepAxes(sum(attained, axes), x, axes)));
}

/** Sum over `axes`; 0 over no elements. */
export const sum = reducer(
  reducePrimitive(
    "sum",
    (emit, x, axes) => emit.node("ReduceSum", [x, emit.integers(axes)], { keepdims: 0 }),
    (jax, x, axes) => jax.numpy.sum(x, axes),
    (ct, x) => broadcastTo(ct, x.shape),
  ),
  true,
);

/** Largest element over `axes`; elements that attain it share the gradient. */
export const max = reducer(
  reducePrimitive(
    "max",
    (emit, x, axes) => emit.node("ReduceMax", [x], { axes, keepdims: 0 }),
    (jax, x, axes) => jax.numpy.max(x, axes),
    extremumGradient,
  ),
  false,
);

/** Smallest element over `axes`; elements that attain it share the gradient. */
export const min = reducer(
  reducePrimitive(
    "min",
    (emit, x, axes) => emit.node("ReduceMin", [x], { axes, keepdims: 0 }),
    (jax, x, axes) => jax.numpy.min(x, axes),
    extremumGradient,
  ),
  false,
);

/** Arithmetic mean over `axes`, floats. */
export function mean(x: Tensor, axes?: Axes): Tensor {
  requireFloat("mean", x);
  const total = sum(x, axes);
  const count = x.shape.reduce((n, size) => n * size, 1) / total.shape.reduce((n, size) => n * size, 1);
  return mul(total, 1 / count);
}

/** Puts size-1 axes back where `axes` were reduced, so that the result broadcasts against x. */
export function keepAxes(reduced: Tensor, x: Tensor, axes: Axes): Tensor {
  const list = (typeof axes === "number" ? [axes] : axes).map((axis) => checkAxis("keepAxes", axis, x));
  return reshape(reduced, thinShape(x, list));
}

const argmaxPrimitive: Primitive<{ axis: number }> = {
  name: "argmax",
  signature: ([x], { axis }) => ({ shape: keptShape(x!, [axis]), dtype: "int32" }),
  onnx: (emit, { inputs: [x] }, { axis }) =>
    emit.node("Cast", [emit.node("ArgMax", [emit.value(x!)], { axis, keepdims: 0 })], { to: 6 }),
  jax: (jax, [x], { axis }) => jax.numpy.argmax(x!.ref, axis),
};

/** Position of the largest element along `axis`, the first one of equals; int32, without gradient. */
export function argmax(x: Tensor, axis = -1): Tensor {
  return apply(argmaxPrimitive, [x], { axis: checkAxis("argmax", axis, x) });
}

const cumsumPrimitive: Primitive<{ axis: number; reverse: boolean }> = {
  name: "cumsum",
  signature: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  gradient: (ct, _, { axis, reverse }) => [cumsum(ct, axis, !reverse)],
  onnx: (emit, { inputs: [x] }, { axis, reverse }) =>
    emit.node("CumSum", [emit.value(x!), emit.scalar("int32", axis)], { reverse: Number(reverse) }),
  jax(jax, [x], { axis, reverse }) {
    if (!reverse) return jax.numpy.cumsum(x!.ref, axis);
    return jax.numpy.flip(jax.numpy.cumsum(jax.numpy.flip(x!.ref, axis), axis), axis);
  },
};

/** Running sum along `axis`, each element included in its own; from the end where `reverse`. */
export function cumsum(x: Tensor, axis: number, reverse = false): Tensor {
  return apply(cumsumPrimitive, [x], { axis: checkAxis("cumsum", axis, x), reverse });
}

const softmaxPrimitive: Primitive<{ axis: number }> = {
  name: "softmax",
  signature: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  gradient(ct, y, { axis }) {
    const weighted = mul(ct, y);
    return [mul(y, sub(ct, keepAxes(sum(weighted, axis), y, axis)))];
  },
  onnx: (emit, { inputs: [x] }, { axis }) => emit.node("Softmax", [emit.value(x!)], { axis }),
  jax: (jax, [x], { axis }) => jax.nn.softmax(x!.ref, axis),
};

/** exp(x) / sum exp(x) along `axis`, floats, without overflow. */
export function softmax(x: Tensor, axis = -1): Tensor {
  requireFloat("softmax", x);
  return apply(softmaxPrimitive, [x], { axis: checkAxis("softmax", axis, x) });
}

const logSoftmaxPrimitive: Primitive<{ axis: number }> = {
  name: "logSoftmax",
  signature: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  gradient(ct, { inputs: [x] }, { axis }) {
    return [sub(ct, mul(softmax(x!, axis), keepAxes(sum(ct, axis), x!, axis)))];
  },
  onnx: (emit, { inputs: [x] }, { axis }) => emit.node("LogSoftmax", [emit.value(x!)], { axis }),
  jax: (jax, [x], { axis }) => jax.nn.logSoftmax(x!.ref, axis),
};

/** log softmax(x) along `axis`, floats, without overflow. */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  requireFloat("logSoftmax", x);
  return apply(logSoftmaxPrimitive, [x], { axis: checkAxis("logSoftmax", axis, x) });
}
