/** Matrix products over the last two axes. @module */
import { broadcastShapes, formatShape, ShapeError } from "../../core/index.ts";
import { apply, type Primitive, type Tensor } from "../graph.ts";
import type { JaxArray } from "../jax.ts";
import type { Emitter } from "../onnx/emitter.ts";
import { sumTo, transpose, transposeAxes } from "./movement.ts";
import { requireFloat } from "./sources.ts";

function mismatch(x: Tensor, y: Tensor): never {
  throw new ShapeError({
    where: `matmul of ${x.label} and ${y.label}`,
    expected: "[..., m, k] times [..., k, n] with leading axes that broadcast",
    found: `${formatShape(x.shape)} times ${formatShape(y.shape)}`,
  });
}

const matmulPrimitive: Primitive = {
  name: "matmul",
  signature([x, y]) {
    const batch = broadcastShapes(x!.shape.slice(0, -2), y!.shape.slice(0, -2));
    if (!batch || x!.shape.at(-1) !== y!.shape.at(-2) || x!.dtype !== y!.dtype) mismatch(x!, y!);
    return { shape: [...batch, x!.shape.at(-2)!, y!.shape.at(-1)!], dtype: x!.dtype };
  },
  gradient(ct, { inputs: [x, y] }) {
    return [sumTo(matmul(ct, transpose(y!)), x!.shape), sumTo(matmul(transpose(x!), ct), y!.shape)];
  },
  onnx: (emit, node) => emitMatmul(emit, node),
  jax(jax, [x, y], _, { shape }) {
    // Leading axes are broadcast here: jax-js pairs them wrongly where their numbers differ.
    const batch = shape.slice(0, -2);
    const full = (operand: JaxArray) => jax.numpy.broadcastTo(operand.ref, [...batch, ...operand.shape.slice(-2)]);
    return jax.numpy.matmul(full(x!), full(y!));
  },
};

/** An operand read through a transpose of its last two axes, where it is one. */
function operand(x: Tensor): { tensor: Tensor; transposed: boolean } {
  const axes = transposeAxes(x);
  const swapsLast = axes?.every((axis, i) => axis === (i < x.rank - 2 ? i : 2 * x.rank - 3 - i));
  return swapsLast ? { tensor: x.inputs[0]!, transposed: true } : { tensor: x, transposed: false };
}

/** Emits a matrix product, reading transposed operands in place, with an optional bias vector over its last axis. */
export function emitMatmul(emit: Emitter, product: Tensor, bias?: Tensor): string {
  const a = operand(product.inputs[0]!);
  const b = operand(product.inputs[1]!);
  const flags = { transA: Number(a.transposed), transB: Number(b.transposed) };
  const names = [emit.value(a.tensor), emit.value(b.tensor)];
  const flat = a.tensor.rank === 2 && b.tensor.rank === 2;
  if (bias) return emit.node("Gemm", [...names, emit.value(bias)], flags);
  if (flags.transA + flags.transB === 0) return emit.node("MatMul", names);
  if (flat) return emit.node("Gemm", names, flags);
  const contrib =
    !emit.options.portable && product.dtype === "float32" && product.inputs[0]!.rank === product.inputs[1]!.rank;
  if (contrib) return emit.node("FusedMatMul", names, flags, "com.microsoft");
  return emit.node("MatMul", [emit.value(product.inputs[0]!), emit.value(product.inputs[1]!)]);
}

/**
 * Matrix product [..., m, k] x [..., k, n] -> [..., m, n]; leading axes broadcast.
 *
 * @throws {ShapeError} where the inner sizes differ
 */
export function matmul(x: Tensor, y: Tensor): Tensor {
  requireFloat("matmul", x);
  if (x.rank < 2 || y.rank < 2) mismatch(x, y);
  return apply(matmulPrimitive, [x, y], {});
}
