/** Functions of one or two elements at a time, with NumPy's broadcasting. @module */
import { broadcastShapes, type DType, formatShape, isFloat, ShapeError, sameShape } from "../../core/index.ts";
import { apply, type Primitive, type Tensor } from "../graph.ts";
import type { JaxArray, JaxModule } from "../jax.ts";
import { emitConv } from "./convolution.ts";
import { emitMatmul } from "./matmul.ts";
import { sumTo } from "./movement.ts";
import { requireFloat, scalar, scalarValue, toTensor } from "./sources.ts";

// ---------------------------------------------------------------------------------------------- one operand

function unary(
  name: string,
  onnxOp: string,
  jaxOp: (jax: JaxModule, x: JaxArray) => JaxArray,
  gradient?: (cotangent: Tensor, x: Tensor, y: Tensor) => Tensor,
  integers = false,
): (x: Tensor) => Tensor {
  const primitive: Primitive = {
    name,
    signature([x]) {
      if (!integers) requireFloat(name, x!);
      return { shape: x!.shape, dtype: x!.dtype };
    },
    gradient: gradient && ((cotangent, y) => [gradient(cotangent, y.inputs[0]!, y)]),
    onnx: (emit, { inputs: [x] }) => emit.node(onnxOp, [emit.value(x!)]),
    jax: (jax, [x]) => jaxOp(jax, x!.ref),
  };
  return (x) => apply(primitive, [x], {});
}

/** -x. */
export const neg = unary(
  "neg",
  "Neg",
  (jax, x) => jax.numpy.negative(x),
  (ct) => neg(ct),
  true,
);
/** e to the power of x. */
export const exp = unary(
  "exp",
  "Exp",
  (jax, x) => jax.numpy.exp(x),
  (ct, _, y) => mul(ct, y),
);
/** Natural logarithm. */
export const log = unary(
  "log",
  "Log",
  (jax, x) => jax.numpy.log(x),
  (ct, x) => div(ct, x),
);
/** Square root. */
export const sqrt = unary(
  "sqrt",
  "Sqrt",
  (jax, x) => jax.numpy.sqrt(x),
  (ct, _, y) => div(mul(ct, 0.5), y),
);
/** 1 / x. */
export const reciprocal = unary(
  "reciprocal",
  "Reciprocal",
  (jax, x) => jax.numpy.reciprocal(x),
  (ct, _, y) => neg(mul(ct, mul(y, y))),
);
/** Absolute value; its gradient at 0 is 0. */
export const abs = unary(
  "abs",
  "Abs",
  (jax, x) => jax.numpy.abs(x),
  (ct, x) => mul(ct, sign(x)),
  true,
);
/** -1, 0 or 1; without gradient. */
export const sign = unary("sign", "Sign", (jax, x) => jax.numpy.sign(x));
/** The largest integer not above x; without gradient. */
export const floor = unary("floor", "Floor", (jax, x) => jax.numpy.floor(x));
/** The smallest integer not below x; without gradient. */
export const ceil = unary("ceil", "Ceil", (jax, x) => jax.numpy.ceil(x));
/** Sine of x radians. */
export const sin = unary(
  "sin",
  "Sin",
  (jax, x) => jax.numpy.sin(x),
  (ct, x) => mul(ct, cos(x)),
);
/** Cosine of x radians. */
export const cos = unary(
  "cos",
  "Cos",
  (jax, x) => jax.numpy.cos(x),
  (ct, x) => neg(mul(ct, sin(x))),
);
/** Hyperbolic tangent. */
export const tanh = unary(
  "tanh",
  "Tanh",
  (jax, x) => jax.numpy.tanh(x),
  (ct, _, y) => mul(ct, sub(1, mul(y, y))),
);
/** Gauss error function, 2/sqrt(pi) times the integral of exp(-t²) from 0 to x. */
export const erf = unary(
  "erf",
  "Erf",
  (jax, x) => jax.lax.erf(x),
  (ct, x) => mul(mul(ct, 2 / Math.sqrt(Math.PI)), exp(neg(mul(x, x)))),
);
/** Logistic function 1 / (1 + exp(-x)). */
export const sigmoid = unary(
  "sigmoid",
  "Sigmoid",
  (jax, x) => jax.nn.sigmoid(x),
  (ct, _, y) => mul(ct, sub(y, mul(y, y))),
);
/** max(x, 0); its gradient at 0 is 0. */
export const relu = unary(
  "relu",
  "Relu",
  (jax, x) => jax.nn.relu(x),
  (ct, _, y) => mul(ct, cast(greater(y, 0), y.dtype)),
);

const stopGradientPrimitive: Primitive = {
  name: "stopGradient",
  signature: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  onnx: (emit, { inputs: [x] }) => emit.value(x!),
  jax: (_, [x]) => x!.ref,
};

/** x, taken as a constant by differentiation. */
export function stopGradient(x: Tensor): Tensor {
  return apply(stopGradientPrimitive, [x], {});
}

const castPrimitive: Primitive<{ dtype: DType }> = {
  name: "cast",
  signature: ([x], { dtype }) => ({ shape: x!.shape, dtype }),
  gradient: (ct, { inputs: [x] }, { dtype }) => [isFloat(dtype) && isFloat(x!.dtype) ? cast(ct, x!.dtype) : undefined],
  onnx: (emit, { inputs: [x] }, { dtype }) =>
    emit.node("Cast", [emit.value(x!)], { to: { float32: 1, float64: 11, int32: 6, bool: 9 }[dtype] }),
  jax: (jax, [x], { dtype }) => x!.ref.astype(jax.numpy[dtype]),
};

/** x with elements of another dtype. Floats become integers by dropping the fraction; to bool means "is not 0". */
export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : apply(castPrimitive, [x], { dtype });
}

// --------------------------------------------------------------------------------------------- two operands

/** A number, or a tensor. Numbers take the dtype of the other operand. */
export type Operand = Tensor | number;

function promote(operation: string, a: Operand, b: Operand): [Tensor, Tensor] {
  const x = toTensor(a, typeof b === "number" ? undefined : b);
  const y = toTensor(b, x);
  if (x.dtype !== y.dtype) {
    throw new ShapeError({
      where: `${operation} of ${x.label} and ${y.label}`,
      expected: "the same dtype",
      found: `${x.dtype} and ${y.dtype}`,
      hint: `convert one with cast(x, "${isFloat(x.dtype) ? x.dtype : y.dtype}")`,
    });
  }
  return [x, y];
}

function broadcastSignature(operation: string, [x, y]: readonly Tensor[], dtype: DType) {
  const shape = broadcastShapes(x!.shape, y!.shape);
  if (!shape) {
    throw new ShapeError({
      where: `${operation} of ${x!.label} and ${y!.label}`,
      expected: "shapes that broadcast",
      found: `${formatShape(x!.shape)} and ${formatShape(y!.shape)}`,
      hint: "axes are matched from the last one; sizes must agree or be 1",
    });
  }
  return { shape, dtype };
}

/** ONNX operators broadcast by themselves: reads below a broadcast where the result keeps its shape. */
function thinOperands(node: Tensor): Tensor[] {
  const [x, y] = node.inputs as [Tensor, Tensor];
  const below = (tensor: Tensor) => (tensor.primitive.name === "broadcastTo" ? tensor.inputs[0]! : tensor);
  const fits = (a: Tensor, b: Tensor) => sameShape(broadcastShapes(a.shape, b.shape) ?? [], node.shape);
  if (fits(below(x), y)) return [below(x), y];
  if (fits(x, below(y))) return [x, below(y)];
  return [x, y];
}

function binaryPrimitive(
  name: string,
  onnxOp: string,
  jaxOp: (jax: JaxModule, x: JaxArray, y: JaxArray) => JaxArray,
  resultType: (dtype: DType) => DType,
  gradient?: (cotangent: Tensor, x: Tensor, y: Tensor, out: Tensor) => readonly [Tensor, Tensor],
): Primitive {
  return {
    name,
    signature: (inputs) => broadcastSignature(name, inputs, resultType(inputs[0]!.dtype)),
    gradient:
      gradient &&
      ((cotangent, node) => {
        const [x, y] = node.inputs as [Tensor, Tensor];
        const [dx, dy] = gradient(cotangent, x, y, node);
        return [sumTo(dx, x.shape), sumTo(dy, y.shape)];
      }),
    onnx: (emit, node) =>
      emit.node(
        onnxOp,
        thinOperands(node).map((tensor) => emit.value(tensor)),
      ),
    jax: (jax, [x, y]) => jaxOp(jax, x!.ref, y!.ref),
  };
}

const same = (dtype: DType): DType => dtype;
const addPrimitive = binaryPrimitive(
  "add",
  "Add",
  (jax, x, y) => jax.numpy.add(x, y),
  same,
  (ct) => [ct, ct],
);
// A bias after a matrix product or a convolution is one operator with it.
addPrimitive.onnx = (emit, node) => {
  const [x, y] = thinOperands(node) as [Tensor, Tensor];
  for (const [product, bias] of [
    [x, y],
    [y, x],
  ] as const) {
    const fusible = product.primitive.name === "matmul" && emit.usedOnce(product) && product.rank === 2;
    if (fusible && bias.rank <= 1 && sameShape(product.shape, node.shape) && isFloat(node.dtype)) {
      return emitMatmul(emit, product, bias);
    }
    const perChannel =
      product.primitive.name === "conv2d" && emit.usedOnce(product) && sameShape(product.shape, node.shape);
    if (perChannel && sameShape(bias.shape, [product.shape[1]!, 1, 1])) {
      return emitConv(emit, product, emit.node("Reshape", [emit.value(bias), emit.integers([-1])]));
    }
  }
  return emit.node("Add", [emit.value(x), emit.value(y)]);
};
const subPrimitive = binaryPrimitive(
  "sub",
  "Sub",
  (jax, x, y) => jax.numpy.subtract(x, y),
  same,
  (ct) => [ct, neg(ct)],
);
const mulPrimitive = binaryPrimitive(
  "mul",
  "Mul",
  (jax, x, y) => jax.numpy.multiply(x, y),
  same,
  (ct, x, y) => [mul(ct, y), mul(ct, x)],
);
const divPrimitive = binaryPrimitive(
  "div",
  "Div",
  (_, x, y) => x.div(y),
  same,
  (ct, _, y, out) => {
    const dx = div(ct, y);
    return [dx, neg(mul(dx, out))];
  },
);
const powPrimitive = binaryPrimitive(
  "pow",
  "Pow",
  (jax, x, y) => jax.numpy.power(x, y),
  same,
  (ct, x, y, out) => [
    // x^0 is 1 everywhere, also at 0; and 0^y is 0 for all y above 0.
    mul(ct, where(equal(y, 0), 0, mul(y, pow(x, sub(y, 1))))),
    mul(ct, where(equal(x, 0), 0, mul(out, log(x)))),
  ],
);
const maximumPrimitive = binaryPrimitive(
  "maximum",
  "Max",
  (jax, x, y) => jax.numpy.maximum(x, y),
  same,
  (ct, x, y) => {
    const left = cast(greaterEqual(x, y), ct.dtype);
    return [mul(ct, left), mul(ct, sub(1, left))];
  },
);
const minimumPrimitive = binaryPrimitive(
  "minimum",
  "Min",
  (jax, x, y) => jax.numpy.minimum(x, y),
  same,
  (ct, x, y) => {
    const left = cast(lessEqual(x, y), ct.dtype);
    return [mul(ct, left), mul(ct, sub(1, left))];
  },
);

/** x + y. */
export function add(a: Operand, b: Operand): Tensor {
  const [x, y] = promote("add", a, b);
  if (scalarValue(x) === 0) return y;
  if (scalarValue(y) === 0) return x;
  return fold(x, y, (p, q) => p + q) ?? apply(addPrimitive, [x, y], {});
}

/** x - y. */
export function sub(a: Operand, b: Operand): Tensor {
  const [x, y] = promote("sub", a, b);
  if (scalarValue(y) === 0) return x;
  return fold(x, y, (p, q) => p - q) ?? apply(subPrimitive, [x, y], {});
}

/** x · y, element by element. */
export function mul(a: Operand, b: Operand): Tensor {
  const [x, y] = promote("mul", a, b);
  if (scalarValue(x) === 1) return y;
  if (scalarValue(y) === 1) return x;
  const folded = fold(x, y, (p, q) => p * q);
  if (folded) return folded;
  // (z · p) · q = z · (p · q) where p and q are numbers.
  const outer = scalarValue(y) ?? scalarValue(x);
  const inner = scalarValue(y) === undefined ? y : x;
  if (outer !== undefined && inner.primitive === mulPrimitive && isFloat(inner.dtype)) {
    const [p, q] = inner.inputs as [Tensor, Tensor];
    const value = scalarValue(p) ?? scalarValue(q);
    const inRange = value !== undefined && Math.abs(value * outer) < 1e30 && Math.abs(value * outer) > 1e-30;
    if (inRange) return mul(scalarValue(p) === undefined ? p : q, value * outer);
  }
  return apply(mulPrimitive, [x, y], {});
}

/** x / y; integers drop the fraction. */
export function div(a: Operand, b: Operand): Tensor {
  const [x, y] = promote("div", a, b);
  if (scalarValue(y) === 1) return x;
  if (scalarValue(x) === 1 && isFloat(x.dtype)) return reciprocal(y);
  return apply(divPrimitive, [x, y], {});
}

/** x to the power of y, floats. */
export function pow(a: Operand, b: Operand): Tensor {
  const [x, y] = promote("pow", a, b);
  requireFloat("pow", x);
  if (scalarValue(y) === 1) return x;
  if (scalarValue(y) === 2) return mul(x, x);
  return apply(powPrimitive, [x, y], {});
}

/** The larger of x and y; where they are equal the gradient goes to x. */
export function maximum(a: Operand, b: Operand): Tensor {
  return apply(maximumPrimitive, promote("maximum", a, b), {});
}

/** The smaller of x and y; where they are equal the gradient goes to x. */
export function minimum(a: Operand, b: Operand): Tensor {
  return apply(minimumPrimitive, promote("minimum", a, b), {});
}

function fold(x: Tensor, y: Tensor, combine: (p: number, q: number) => number): Tensor | undefined {
  const [p, q] = [scalarValue(x), scalarValue(y)];
  return p === undefined || q === undefined || !isFloat(x.dtype) ? undefined : scalar(combine(p, q), x.dtype);
}

const truth = (): DType => "bool";
const lessPrimitive = binaryPrimitive("less", "Less", (jax, x, y) => jax.numpy.less(x, y), truth);
const lessEqualPrimitive = binaryPrimitive("lessEqual", "LessOrEqual", (jax, x, y) => jax.numpy.lessEqual(x, y), truth);
const equalPrimitive = binaryPrimitive("equal", "Equal", (jax, x, y) => jax.numpy.equal(x, y), truth);
const andPrimitive = binaryPrimitive("and", "And", (jax, x, y) => jax.numpy.logicalAnd(x, y), truth);
const orPrimitive = binaryPrimitive("or", "Or", (jax, x, y) => jax.numpy.logicalOr(x, y), truth);

/** Whether x < y; bool. */
export function less(a: Operand, b: Operand): Tensor {
  return apply(lessPrimitive, promote("less", a, b), {});
}

/** Whether x <= y; bool. */
export function lessEqual(a: Operand, b: Operand): Tensor {
  return apply(lessEqualPrimitive, promote("lessEqual", a, b), {});
}

/** Whether x > y; bool. */
export function greater(a: Operand, b: Operand): Tensor {
  const [x, y] = promote("greater", a, b);
  return less(y, x);
}

/** Whether x >= y; bool. */
export function greaterEqual(a: Operand, b: Operand): Tensor {
  const [x, y] = promote("greaterEqual", a, b);
  return lessEqual(y, x);
}

/** Whether x = y; bool. */
export function equal(a: Operand, b: Operand): Tensor {
  return apply(equalPrimitive, promote("equal", a, b), {});
}

/** Both, of two bool tensors. */
export function and(x: Tensor, y: Tensor): Tensor {
  return apply(andPrimitive, promote("and", x, y), {});
}

/** Either, of two bool tensors. */
export function or(x: Tensor, y: Tensor): Tensor {
  return apply(orPrimitive, promote("or", x, y), {});
}

const notPrimitive: Primitive = {
  name: "not",
  signature: ([x]) => ({ shape: x!.shape, dtype: "bool" }),
  onnx: (emit, { inputs: [x] }) => emit.node("Not", [emit.value(x!)]),
  jax: (jax, [x]) => jax.numpy.logicalNot(x!.ref),
};

/** The opposite, of a bool tensor. */
export function not(x: Tensor): Tensor {
  return apply(notPrimitive, [x], {});
}

// ------------------------------------------------------------------------------------------- three operands

const wherePrimitive: Primitive = {
  name: "where",
  signature([condition, x, y]) {
    if (condition!.dtype !== "bool") {
      throw new ShapeError({
        where: `where of ${condition!.label}`,
        expected: "a bool condition",
        found: condition!.dtype,
        hint: "compare it, as in greater(x, 0)",
      });
    }
    const branches = broadcastSignature("where", [x!, y!], x!.dtype);
    const shape = broadcastShapes(condition!.shape, branches.shape);
    if (!shape) return broadcastSignature("where", [condition!, x!], x!.dtype);
    return { shape, dtype: x!.dtype };
  },
  gradient(ct, { inputs: [condition, x, y] }) {
    return [undefined, sumTo(where(condition!, ct, 0), x!.shape), sumTo(where(condition!, 0, ct), y!.shape)];
  },
  onnx: (emit, { inputs }) =>
    emit.node(
      "Where",
      inputs.map((tensor) => emit.value(tensor)),
    ),
  jax: (jax, [condition, x, y]) => jax.numpy.where(condition!.ref, x!.ref, y!.ref),
};

/** x where `condition` is true, y elsewhere; the branch not taken never contributes, not even its NaN. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  return apply(wherePrimitive, [condition, ...promote("where", a, b)], {});
}

/** x limited to [low, high]. */
export function clip(x: Tensor, low: Operand, high: Operand): Tensor {
  return minimum(maximum(x, low), high);
}

/** x², element by element. */
export function square(x: Tensor): Tensor {
  return mul(x, x);
}
