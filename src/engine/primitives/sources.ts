/** Where values come from: arguments, constants and random numbers. @module */
import {
  allocate,
  type DType,
  type HostTensor,
  hostTensor,
  isFloat,
  type Shape,
  ShapeError,
  sizeOf,
} from "../../core/index.ts";
import { activeTrace, apply, type Primitive, Tensor } from "../graph.ts";

function unbound(name: string): never {
  throw new Error(`internal: ${name} must be bound before it is read`);
}

const inputPrimitive: Primitive<{ shape: Shape; dtype: DType; path: string; index: number }> = {
  name: "input",
  signature: (_, { shape, dtype }) => ({ shape, dtype }),
  onnx: (_, { label }) => unbound(label),
  jax: (_jax, _inputs, { path }) => unbound(path),
};

/** An argument of the traced function; `path` names it in messages. */
export function input(shape: Shape, dtype: DType, path: string): Tensor {
  return apply(inputPrimitive, [], { shape, dtype, path, index: activeTrace().nextId });
}

/**
 * Numbers uniform in [0, 1), float32, drawn anew at every call of the compiled function from the seed given to it.
 *
 * @param shape - of the result
 */
export function randomUniform(shape: Shape): Tensor {
  const trace = activeTrace();
  const tensor = input(shape, "float32", `random.${trace.randomInputs.length}`);
  trace.randomInputs.push(tensor);
  return tensor;
}

const scalarPrimitive: Primitive<{ value: number | string; dtype: DType }> = {
  name: "scalar",
  signature: (_, { dtype }) => ({ shape: [], dtype }),
  onnx: (emit, { dtype }, { value }) => emit.scalar(dtype, Number(value)),
  jax: (jax, _, { value, dtype }) =>
    dtype === "bool"
      ? jax.numpy.array(Number(value) !== 0, { dtype: jax.numpy.bool })
      : jax.numpy.array(Number(value), { dtype: jax.numpy[dtype] }),
};

/** A constant scalar. */
export function scalar(value: number, dtype: DType = "float32"): Tensor {
  // JSON has no NaN, infinities or -0: those are kept as text.
  const exact = Number.isFinite(value) && !Object.is(value, -0) ? value : Object.is(value, -0) ? "-0" : String(value);
  return apply(scalarPrimitive, [], { value: exact, dtype });
}

/** The number a tensor is known to be, if it is a constant scalar. */
export function scalarValue(tensor: Tensor): number | undefined {
  return tensor.primitive.name === "scalar" ? Number(tensor.params.value) : undefined;
}

const constantPrimitive: Primitive<{ index: number; shape: Shape; dtype: DType }> = {
  name: "constant",
  signature: (_, { shape, dtype }) => ({ shape, dtype }),
  onnx: (emit, { trace, shape, dtype }, { index }) => emit.constant(dtype, shape, trace.constants[index]!.data),
  jax(jax, _, { index, shape, dtype }, { trace }) {
    const { data } = trace.constants[index]!;
    const values = (dtype === "bool" ? Int32Array.from(data) : data.slice()) as Float32Array<ArrayBuffer>;
    return jax.numpy.array(values, { shape: [...shape], dtype: jax.numpy[dtype] });
  },
};

/** A tensor fixed at trace time. Large data is better passed as an argument. */
export function constant(value: HostTensor): Tensor {
  const { constants } = activeTrace();
  const known = constants.indexOf(value);
  const index = known >= 0 ? known : constants.push(value) - 1;
  return apply(constantPrimitive, [], { index, shape: value.shape, dtype: value.dtype });
}

/** A tensor of `shape` in which every element is `value`. */
export function full(shape: Shape, value: number, dtype: DType = "float32"): Tensor {
  return constant(hostTensor(allocate(dtype, sizeOf(shape)).fill(value), shape));
}

/** The int32 vector 0, 1, …, n-1. */
export function iota(n: number): Tensor {
  return constant(
    hostTensor(
      Int32Array.from({ length: n }, (_, i) => i),
      [n],
    ),
  );
}

/** A tensor as it is, or a number as a scalar of the dtype that `like` has. */
export function toTensor(value: Tensor | number, like?: Tensor): Tensor {
  if (value instanceof Tensor) return value;
  if (like && !isFloat(like.dtype) && !Number.isInteger(value)) {
    throw new ShapeError({
      where: `${value} beside ${like.label}`,
      expected: `a whole number, as ${like.label} is ${like.dtype}`,
      found: `${value}`,
      hint: "convert the tensor with cast(x, 'float32')",
    });
  }
  return scalar(value, like?.dtype ?? "float32");
}

/** Throws where `tensor` does not hold floats. */
export function requireFloat(operation: string, tensor: Tensor): void {
  if (!isFloat(tensor.dtype)) {
    throw new ShapeError({
      where: `${operation} of ${tensor.label}`,
      expected: "float32 or float64",
      found: tensor.dtype,
      hint: "convert with cast(x, 'float32')",
    });
  }
}
