/** Rows of mean 0 and variance 1: layer normalisation. @module */
import { formatShape, ShapeError, sameShape, sizeOf } from "../../core/index.ts";
import { apply, type Primitive, type Tensor } from "../graph.ts";
import type { Emitter } from "../onnx/emitter.ts";
import { mul, sub } from "./elementwise.ts";
import { checkAxis, sumTo } from "./movement.ts";
import { keepAxes, mean } from "./reduce.ts";
import { requireFloat } from "./sources.ts";

interface StandardizeParams extends Record<string, unknown> {
  readonly epsilon: number;
}

/** Emits ONNX's operator: rows, scaled and moved, and their 1 / sqrt(variance + epsilon), all in one pass. */
function emitFused(emit: Emitter, x: Tensor, scale: readonly string[], epsilon: number) {
  const inputs = [emit.value(x), ...scale];
  const [rows, , inverse] = emit.nodes("LayerNormalization", inputs, 3, { axis: -1, epsilon: { float: epsilon } });
  return { rows: rows!, inverse: inverse! };
}

/** Emits rows and their 1 / sqrt(variance + epsilon); in parts in float64, for which ONNX Runtime lacks the kernel. */
function emitRows(emit: Emitter, x: Tensor, epsilon: number): { rows: string; inverse: string } {
  const dim = x.shape.at(-1)!;
  if (x.dtype === "float32") {
    return emitFused(emit, x, [emit.constant("float32", [dim], new Float32Array(dim).fill(1))], epsilon);
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
  gradient: (ct, y, { epsilon }) => [rowsGradient(ct, y, y.inputs[0]!, epsilon)],
  onnx: (emit, { inputs: [x] }, { epsilon }) => emitRows(emit, x!, epsilon).rows,
  jax: (jax, [x], { epsilon }) => jax.nn.standardize(x!.ref, -1, { epsilon }),
};

/** dx = (ct - mean(ct) - y mean(ct y)) / sqrt(variance + epsilon), with y = standardize(x); Ioffe and Szegedy (2015), section 3. */
function rowsGradient(ct: Tensor, y: Tensor, x: Tensor, epsilon: number): Tensor {
  const average = (z: Tensor) => keepAxes(mean(z, -1), x, -1);
  const inner = sub(sub(ct, average(ct)), mul(y, average(mul(ct, y))));
  return mul(apply(inversePrimitive, [x], { epsilon }), inner);
}

const layerNormalizationPrimitive: Primitive<StandardizeParams> = {
  name: "layerNormalization",
  signature: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  gradient(ct, { inputs: [x, weight, bias] }, { epsilon }) {
    const rows = standardize(x!, epsilon);
    const dx = rowsGradient(mul(ct, weight!), rows, x!, epsilon);
    const dWeight = sumTo(mul(ct, rows), weight!.shape);
    return bias ? [dx, dWeight, sumTo(ct, bias.shape)] : [dx, dWeight];
  },
  onnx(emit, { inputs: [x, ...scale], dtype }, { epsilon }) {
    const names = scale.map((part) => emit.value(part));
    if (dtype === "float32") return emitFused(emit, x!, names, epsilon).rows;
    const scaled = emit.node("Mul", [emitRows(emit, x!, epsilon).rows, names[0]!]);
    return names[1] === undefined ? scaled : emit.node("Add", [scaled, names[1]]);
  },
  jax(jax, [x, weight, bias], { epsilon }) {
    const scaled = jax.nn.standardize(x!.ref, -1, { epsilon }).mul(weight!.ref);
    return bias ? scaled.add(bias.ref) : scaled;
  },
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

/**
 * weight · standardize(x) + bias, in one pass over x.
 *
 * @param weight - of x's dtype, [size of the last axis]
 * @param bias - likewise; default none
 * @throws {ShapeError} where one of them is not
 * @remarks Source: Ba, Kiros and Hinton (2016).
 */
export function layerNormalization(x: Tensor, weight: Tensor, bias?: Tensor, epsilon = 1e-5): Tensor {
  requireFloat("layerNormalization", x);
  const axis = checkAxis("layerNormalization", -1, x);
  const parts = bias ? [weight, bias] : [weight];
  for (const { shape, dtype, label } of parts) {
    if (dtype === x.dtype && sameShape(shape, [x.shape[axis]!])) continue;
    throw new ShapeError({
      where: `layerNormalization by ${label}`,
      expected: `${x.dtype}[${x.shape[axis]}]`,
      found: `${dtype}${formatShape(shape)}`,
    });
  }
  return sizeOf(x.shape) === 0 ? x : apply(layerNormalizationPrimitive, [x, ...parts], { epsilon });
}
