/** Reverse-mode differentiation of traced functions. @module */
import { flattenTree, formatShape, mapTree, ShapeError, type Tree, unflattenTree } from "../core/index.ts";
import { apply, type Primitive, type Tensor, topologicalOrder } from "./graph.ts";
import { add } from "./primitives/elementwise.ts";
import { concat } from "./primitives/movement.ts";
import { full, scalar } from "./primitives/sources.ts";

/**
 * Cotangents of `inputs`, given that of `output`; zeros where the output does not depend on an input.
 *
 * @param cotangent - of output's shape
 */
export function pullback(output: Tensor, inputs: readonly Tensor[], cotangent: Tensor): Tensor[] {
  const contributions = new Map<Tensor, Tensor[]>([[output, [cotangent]]]);
  const order = topologicalOrder([output]);
  const reaches = new Set<Tensor>(inputs);
  for (const node of order) if (node.inputs.some((input) => reaches.has(input))) reaches.add(node);
  const cotangents = new Map<Tensor, Tensor>();
  for (const node of order.reverse()) {
    const parts = contributions.get(node);
    if (parts === undefined || !reaches.has(node)) continue;
    const ct = accumulate(parts);
    cotangents.set(node, ct);
    const gradients = node.primitive.gradient?.(ct, node, node.params) ?? [];
    node.inputs.forEach((input, i) => {
      const gradient = gradients[i];
      if (gradient === undefined || !reaches.has(input)) return;
      contributions.set(input, [...(contributions.get(input) ?? []), gradient]);
    });
  }
  return inputs.map((input) => cotangents.get(input) ?? full(input.shape, 0, input.dtype));
}

/**
 * The sum of what a value's readers send back. Readers that took neighbouring slices send padded pieces: those are
 * concatenated, which costs one pass over memory instead of one a piece.
 */
function accumulate(parts: readonly Tensor[]): Tensor {
  if (parts.length > 1) {
    const pieces = parts.map(padding);
    const axis = pieces[0]?.axis;
    if (axis !== undefined && pieces.every((piece) => piece?.axis === axis)) {
      const sorted = pieces.map((piece) => piece!).sort((a, b) => a.start - b.start);
      const ends = sorted.map(({ inner, start }) => start + inner.shape[axis]!);
      const tiles = sorted.every(({ start }, i) => start === (i === 0 ? 0 : ends[i - 1]));
      if (tiles && ends.at(-1) === parts[0]!.shape[axis])
        return concat(
          sorted.map(({ inner }) => inner),
          axis,
        );
    }
  }
  return parts.reduce((total, part) => add(total, part));
}

/** Where a padded tensor lies, if it was padded along one axis. */
function padding(tensor: Tensor): { inner: Tensor; axis: number; start: number } | undefined {
  if (tensor.primitive.name !== "pad") return undefined;
  const widths = tensor.params.widths as readonly (readonly [number, number])[];
  const axes = [...widths.keys()].filter((axis) => widths[axis]![0] + widths[axis]![1] > 0);
  return axes.length === 1 ? { inner: tensor.inputs[0]!, axis: axes[0]!, start: widths[axes[0]!]![0] } : undefined;
}

/** A tree of traced tensors. */
export type Tensors = Tree<Tensor>;

/**
 * The value of a scalar function and its gradient with respect to the first argument, a tree of tensors.
 *
 * @param fn - returns a float scalar, or `[scalar, extra]` where `extra` passes through
 * @throws {ShapeError} where the value is not a scalar
 * @example
 * ```ts
 * const step = compile((w: Tensor, x: Tensor) => valueAndGrad((v: Tensor) => sum(square(mul(v, x))))(w));
 * ```
 */
export function valueAndGrad<T extends Tensors, R extends Tensor | readonly [Tensor, unknown]>(
  fn: (params: T) => R,
): (params: T) => { value: R; gradient: T } {
  return (params) => {
    const given = flattenTree<Tensor>(params as Tensors).map(([, leaf]) => leaf);
    // Names of their own for the arguments: a tensor that fn also reads from outside is a constant there.
    const leaves = given.map(alias);
    const value = fn(unflattenTree(params as Tensors, leaves) as T);
    const loss = (Array.isArray(value) ? value[0] : value) as Tensor;
    if (loss.rank !== 0) {
      throw new ShapeError({
        where: `valueAndGrad of ${loss.label}`,
        expected: "a scalar",
        found: formatShape(loss.shape),
        hint: "reduce it with mean() or sum()",
      });
    }
    const gradients = pullback(loss, leaves, scalar(1, loss.dtype));
    return { value, gradient: unflattenTree(params as Tensors, gradients) as T };
  };
}

/** The gradient of a scalar function with respect to its first argument, a tree of tensors. */
export function grad<T extends Tensors>(fn: (params: T) => Tensor): (params: T) => T {
  const both = valueAndGrad<T, Tensor>(fn);
  return (params) => both(params).gradient;
}

const aliasPrimitive: Primitive<{ index: number; path: string }> = {
  name: "alias",
  signature: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  gradient: (ct) => [ct],
  onnx: (emit, { inputs: [x] }) => emit.value(x!),
  jax: (_, [x]) => x!.ref,
};

/** The same value as a tensor of its own. */
function alias(x: Tensor): Tensor {
  return apply(aliasPrimitive, [x], { index: x.trace.nextId, path: x.label });
}

const customGradientPrimitive: Primitive<{ index: number }> = {
  name: "customGradient",
  signature: ([y]) => ({ shape: y!.shape, dtype: y!.dtype }),
  gradient(ct, node, { index }) {
    return [undefined, ...rules.get(node.trace)![index]!(ct, node)];
  },
  onnx: (emit, { inputs: [y] }) => emit.value(y!),
  jax: (_, [y]) => y!.ref,
};

type Rule = (cotangent: Tensor, output: Tensor) => readonly (Tensor | undefined)[];
const rules = new WeakMap<object, Rule[]>();

/**
 * `output`, differentiated with respect to `inputs` by `rule` instead of through what computed it.
 *
 * @param rule - from the cotangent and the output to the cotangents of `inputs`
 */
export function customGradient(output: Tensor, inputs: readonly Tensor[], rule: Rule): Tensor {
  const list = rules.get(output.trace) ?? [];
  rules.set(output.trace, list);
  return apply(customGradientPrimitive, [output, ...inputs], { index: list.push(rule) - 1 });
}

/** Copies of the leaves of `tree` after `fn`. */
export function mapTensors<T extends Tensors>(tree: T, fn: (leaf: Tensor, path: string) => Tensor): T {
  return mapTree(tree as Tensors, fn) as T;
}
