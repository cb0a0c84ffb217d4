/** What a graph costs in multiply-adds, counted on the graph itself. @module */
import { type HostTensor, sizeOf, type Tree } from "../core/index.ts";
import { type Tensor, topologicalOrder } from "./graph.ts";
import { type LeafSignature, traceFunction } from "./trace.ts";

/** Multiply-adds of the operations that have any worth counting, from their inputs and result. */
const perOperation: Readonly<Record<string, (node: Tensor) => number>> = {
  // [..., m, k] · [..., k, n]
  matmul: ({ inputs: [a], shape }) => sizeOf(shape) * a!.shape.at(-1)!,
  // filter [out, in / groups, h, w]: every output element reads one of its rows
  conv2d: ({ inputs: [, filter], shape }) => sizeOf(shape) * sizeOf(filter!.shape.slice(1)),
  conv2dInputGradient: ({ inputs: [ct, filter] }) => sizeOf(ct!.shape) * sizeOf(filter!.shape.slice(1)),
  conv2dFilterGradient: ({ inputs: [, ct], shape }) => sizeOf(ct!.shape) * sizeOf(shape.slice(1)),
};

/**
 * Multiply-adds of one call: those of matrix products and convolutions. Elementwise operations, sums and pooling are left out, as
 * in published counts.
 *
 * @param fn - a function over tensors
 * @param args - one tree of signatures for each argument (host tensors serve)
 * @example
 * ```ts
 * countMacs((x: Tensor, w: Tensor) => matmul(x, w), [{ shape: [1, 784], dtype: "float32" }, { shape: [784, 10], dtype: "float32" }]); // 7840
 * ```
 */
export function countMacs(
  fn: (...args: never[]) => unknown,
  args: readonly Tree<LeafSignature | HostTensor>[],
): number {
  const { outputs } = traceFunction(fn, args);
  return topologicalOrder(outputs).reduce((total, node) => total + (perOperation[node.primitive.name]?.(node) ?? 0), 0);
}
