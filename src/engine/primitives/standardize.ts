/** Rows of mean 0 and variance 1: what layer normalisation is made of. @module */
import { sizeOf } from "../../core/index.ts";
import { apply, type Primitive, type Tensor } from "../graph.ts";
import type { Emitter } from "../onnx/emitter.ts";
import { mul, sub } from "./elementwise.ts";
import { checkAxis } from "./movement.ts";
import { keepAxes, mean } from "./reduce.ts";
import { requireFloat } from "./sources.ts";

interface StandardizeParams extends Record<string, unknown> {
  readonly epsilon: number;
}

/** Emits rows and their 1 / sqrt(variance + epsilon), in one pass where ONNX Runtime has a kernel for both. */
function emitRows(emit: Emitter, x: Tensor, epsilon: number): { rows: string; inverse: string } {
  const dim = x.shape.at(-1)!;
  if (x.dtype === "float32") {
    const ones = emit.constant("float32", [dim], new Float32Array(dim).fill(1));
    const attributes = { axis: -1, epsilon: { float: epsilon } };
    const [rows, , inverse] = emit.nodes("LayerNormalization", [emit.value(x), ones], 3, attributes);
    return { rows: rows!, inverse: inverse! };
  }
  const average = (name: string) => emit.node("ReduceMean", [name], { axes: [-1], keepdims: 1 });
  const centered = emit.node("Sub", [emit.value(x), average(emit.value(x))]);
  const variance = average(emit.node("Mul", [centered, centered]));
  const deviation = emit.node("Sqrt", [emit.node("Add", [variance, emit.scalar(x.dtype, epsilon)])]);
  return { rows: emit.node("Div", [centered, deviation]), inverse: emit.node("Reciprocal", [deviation]) };
}

const inversePrimitive: Primitive<StandardizeParams> = {
  name: "inverseDeviation",
  signature: ([x]) => ({ shape: [...x!.shape.slice(0, -1), 1], dtype: x!.dtype }),
  gradient(ct, inverse, { epsilon }) {
    const x = inverse.inputs[0]!;
    // d (v + epsilon)^(-1/2) / dx = -(v + epsilon)^(-3/2) (x - mean) / n
    return [mul(mul(ct, mul(inverse, inverse)), mul(standardize(x, epsilon), -1 / x.shape.at(-1)!))];
  },
  onnx: (emit, { inputs: [x] }, { epsilon }) => emitRows(emit, x!, epsilon).inverse,
  jax(jax, [x], { epsilon }) {
    const variance = jax.numpy.var_(x!.ref, -1, { keepdims: true });
    return jax.numpy.reciprocal(jax.numpy.sqrt(variance.add(epsilon)));
  },
};

const standardizePrimitive: Primitive<StandardizeParams> = {
  name: "standardize",
  signature: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  gradient(ct, y, { epsilon }) {
    const x = y.inputs[0]!;
    const average = (z: Tensor) => keepAxes(mean(z, -1), x, -1);
    // dx = (ct - mean(ct) - y mean(ct y)) / sqrt(variance + epsilon); Ioffe and Szegedy (2015), section 3.
    const inner = sub(sub(ct, average(ct)), mul(y, average(mul(ct, y))));
    return [mul(apply(inversePrimitive, [x], { epsilon }), inner)];
  },
  onnx: (emit, { inputs: [x] }, { epsilon }) => emitRows(emit, x!, epsilon).rows,
  jax: (jax, [x], { epsilon }) => jax.nn.standardize(x!.ref, -1, { epsilon }),
};

/**
 * (x - mean) / sqrt(variance + epsilon), with mean and (biased) variance over the last axis; floats.
 *
 * @param epsilon - above 0; default 1e-5
 * @example
 * ```ts
 * const rows = compile((x: Tensor) => standardize(x));
 * ```
 */
export function standardize(x: Tensor, epsilon = 1e-5): Tensor {
  requireFloat("standardize", x);
  checkAxis("standardize", -1, x);
  return sizeOf(x.shape) === 0 ? x : apply(standardizePrimitive, [x], { epsilon });
}
