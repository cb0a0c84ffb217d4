/** Elements picked and placed by integer positions; sorting. @module */
import { formatShape, type Shape, ShapeError, sizeOf } from "../../core/index.ts";
import { apply, type Primitive, type Tensor } from "../graph.ts";
import type { JaxArray } from "../jax.ts";
import { cast, equal } from "./elementwise.ts";
import { broadcastTo, checkAxis, reshape } from "./movement.ts";
import { iota, scalar } from "./sources.ts";

function requireIndices(operation: string, indices: Tensor): void {
  if (indices.dtype !== "int32") {
    throw new ShapeError({
      where: `${operation} by ${indices.label}`,
      expected: "int32 positions",
      found: indices.dtype,
    });
  }
}

const takePrimitive: Primitive<{ axis: number }> = {
  name: "take",
  signature: ([x, indices], { axis }) => ({
    shape: [...x!.shape.slice(0, axis), ...indices!.shape, ...x!.shape.slice(axis + 1)],
    dtype: x!.dtype,
  }),
  gradient: (ct, { inputs: [x, indices] }, { axis }) => [placeAdd(ct, indices!, x!.shape, axis), undefined],
  onnx: (emit, { inputs: [x, indices] }, { axis }) =>
    emit.node("Gather", [emit.value(x!), emit.value(indices!)], { axis }),
  jax: (jax, [x, indices], { axis }) => jax.numpy.take(x!.ref, indices!.ref, axis),
};

/**
 * Rows (or whatever lies along `axis`) of x by position: x.shape with `axis` replaced by the shape of `indices`.
 *
 * @param indices - int32, each in [0, size of the axis). ONNX Runtime refuses positions past the end when the function runs; other
 * devices do not
 */
export function take(x: Tensor, indices: Tensor, axis = 0): Tensor {
  requireIndices("take", indices);
  return apply(takePrimitive, [x, indices], { axis: checkAxis("take", axis, x) });
}

const placeAddPrimitive: Primitive<{ shape: Shape; axis: number }> = {
  name: "placeAdd",
  signature: ([updates], { shape }) => ({ shape, dtype: updates!.dtype }),
  gradient: (ct, { inputs: [, indices] }, { axis }) => [take(ct, indices!, axis), undefined],
  onnx(emit, { inputs: [updates, indices], dtype }, { shape, axis }) {
    // ScatterND with reduction=add loses updates when two threads meet the same position; ScatterElements does not.
    const rows = sizeOf(indices!.shape);
    const flatShape = shape.with(axis, rows);
    const flat = emit.node("Reshape", [emit.value(updates!), emit.integers(flatShape)], { allowzero: 1 });
    const column = emit.integers(shape.map((_, i) => (i === axis ? rows : 1)));
    const positions = emit.node("Reshape", [emit.value(indices!), column], { allowzero: 1 });
    const everywhere = emit.node("Expand", [positions, emit.integers(flatShape)]);
    const zeros = emit.node("Expand", [emit.scalar(dtype, 0), emit.integers(shape)]);
    return emit.node("ScatterElements", [zeros, everywhere, flat], { axis, reduction: "add" });
  },
  jax(jax, [updates, indices], { shape, axis }, { dtype }) {
    const zeros = jax.numpy.zeros([...shape], { dtype: jax.numpy[dtype] });
    const [, transposed] = jax.vjp((x: JaxArray) => jax.numpy.take(x, indices!.ref, axis), [zeros]);
    return transposed(updates!.ref)[0] as JaxArray;
  },
};

/** The transpose of {@link take}: zeros of `shape`, to which every update is added at its position along `axis`. */
export function placeAdd(updates: Tensor, indices: Tensor, shape: Shape, axis = 0): Tensor {
  requireIndices("placeAdd", indices);
  return apply(placeAddPrimitive, [updates, indices], { shape, axis });
}

const takeAlongPrimitive: Primitive<{ axis: number }> = {
  name: "takeAlong",
  signature: ([x, indices]) => ({ shape: indices!.shape, dtype: x!.dtype }),
  gradient: (ct, { inputs: [x, indices] }, { axis }) => [placeAddAlong(ct, indices!, x!.shape, axis), undefined],
  onnx: (emit, { inputs: [x, indices] }, { axis }) =>
    emit.node("GatherElements", [emit.value(x!), emit.value(indices!)], { axis }),
  jax: (jax, [x, indices], { axis }) => jax.numpy.takeAlongAxis(x!.ref, indices!.ref, axis),
};

/**
 * Elements of x along `axis`, each other position by its own index: `y[i][j] = x[i][indices[i][j]]` for the last axis.
 *
 * @param indices - int32, of x's shape except along `axis`
 */
export function takeAlong(x: Tensor, indices: Tensor, axis = -1): Tensor {
  requireIndices("takeAlong", indices);
  const along = checkAxis("takeAlong", axis, x);
  if (indices.rank !== x.rank || indices.shape.some((size, i) => i !== along && size !== x.shape[i])) {
    throw new ShapeError({
      where: `takeAlong of ${x.label}`,
      expected: `positions of shape ${formatShape(x.shape)} except along axis ${along}`,
      found: formatShape(indices.shape),
    });
  }
  return apply(takeAlongPrimitive, [x, indices], { axis: along });
}

const addAlongPrimitive: Primitive<{ axis: number }> = {
  name: "addAlong",
  signature: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  gradient: (ct, { inputs: [, , indices] }, { axis }) => [ct, takeAlong(ct, indices!, axis), undefined],
  onnx: (emit, { inputs: [x, updates, indices] }, { axis }) =>
    emit.node("ScatterElements", [emit.value(x!), emit.value(indices!), emit.value(updates!)], {
      axis,
      reduction: "add",
    }),
  jax(jax, [x, updates, indices], { axis }, { shape }) {
    // A comparison with every position: jax-js cannot scatter by indices that it computes in the same program.
    const depth = shape[axis]!;
    const positions = jax.numpy.arange(0, depth, 1, { dtype: jax.numpy.int32 });
    const spread = positions.reshape([depth, ...Array<number>(shape.length - axis - 1).fill(1)]);
    const hits = jax.numpy.equal(jax.numpy.expandDims(indices!.ref, axis + 1), spread);
    const placed = jax.numpy.where(hits, jax.numpy.expandDims(updates!.ref, axis + 1), 0);
    return jax.numpy.add(x!.ref, jax.numpy.sum(placed, axis));
  },
};

/**
 * x with every update added at its position along `axis`, the transpose of {@link takeAlong} on top of x.
 *
 * @param updates - of x's dtype and of the shape of `indices`
 */
export function addAlong(x: Tensor, updates: Tensor, indices: Tensor, axis = -1): Tensor {
  requireIndices("addAlong", indices);
  return apply(addAlongPrimitive, [x, updates, indices], { axis: checkAxis("addAlong", axis, x) });
}

/** The transpose of {@link takeAlong}: zeros of `shape`, to which every update is added at its position along `axis`. */
export function placeAddAlong(updates: Tensor, indices: Tensor, shape: Shape, axis = -1): Tensor {
  return addAlong(broadcastTo(scalar(0, updates.dtype), shape), updates, indices, axis);
}

/** 1 at each position of `indices` along a new last axis of size `depth`, 0 elsewhere; float32. */
export function oneHot(indices: Tensor, depth: number): Tensor {
  requireIndices("oneHot", indices);
  const column = reshape(indices, [...indices.shape, 1]);
  return cast(equal(broadcastTo(column, [...indices.shape, depth]), iota(depth)), "float32");
}

const argsortPrimitive: Primitive<{ axis: number; descending: boolean; k: number }> = {
  name: "argsort",
  signature: ([x], { axis, k }) => ({ shape: x!.shape.with(axis, k), dtype: "int32" }),
  onnx(emit, { inputs: [x] }, { axis, descending, k }) {
    const attributes = { axis, largest: Number(descending), sorted: 1 };
    const [, indices] = emit.nodes("TopK", [emit.value(x!), emit.integers([k])], 2, attributes);
    return emit.node("Cast", [indices!], { to: 6 });
  },
  jax(jax, [x], { axis, descending, k }) {
    const order = jax.numpy.argsort(descending ? jax.numpy.negative(x!.ref) : x!.ref, axis);
    return order.slice(...Array<[]>(axis).fill([]), [0, k]);
  },
};

/** Positions that sort x along `axis`, the first of equals first; int32, without gradient. */
export function argsort(x: Tensor, axis = -1, descending = false): Tensor {
  const along = checkAxis("argsort", axis, x);
  return apply(argsortPrimitive, [x], { axis: along, descending, k: x.shape[along]! });
}

/** x sorted along `axis`. */
export function sort(x: Tensor, axis = -1, descending = false): Tensor {
  return takeAlong(x, argsort(x, axis, descending), axis);
}

/** The k largest elements along `axis`, largest first, and their positions. */
export function topK(x: Tensor, k: number, axis = -1): { values: Tensor; indices: Tensor } {
  const along = checkAxis("topK", axis, x);
  if (!Number.isInteger(k) || k < 1 || k > x.shape[along]!) {
    throw new ShapeError({ where: `topK of ${x.label}`, expected: `k in [1, ${x.shape[along]}]`, found: `${k}` });
  }
  const indices = apply(argsortPrimitive, [x], { axis: along, descending: true, k });
  return { values: takeAlong(x, indices, along), indices };
}
