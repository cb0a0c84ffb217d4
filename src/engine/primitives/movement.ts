/** Where elements are: reshape, transpose, broadcast, slice, pad, concatenate. @module */
import { assert, formatShape, type Shape, ShapeError, sameShape, sizeOf } from "../../core/index.ts";
import { apply, type Primitive, type Tensor } from "../graph.ts";
import { sum } from "./reduce.ts";

/** Turns a possibly negative axis into one in [0, rank). */
export function checkAxis(operation: string, axis: number, tensor: Tensor): number {
  const { rank } = tensor;
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ShapeError({
      where: `${operation} of ${tensor.label}`,
      expected: `an axis in [${-rank}, ${rank}) for shape ${formatShape(tensor.shape)}`,
      found: `${axis}`,
    });
  }
  return axis < 0 ? axis + rank : axis;
}

const reshapePrimitive: Primitive<{ shape: Shape }> = {
  name: "reshape",
  signature: ([x], { shape }) => ({ shape, dtype: x!.dtype }),
  gradient: (ct, { inputs: [x] }) => [reshape(ct, x!.shape)],
  onnx: (emit, { inputs: [x] }, { shape }) =>
    emit.node("Reshape", [emit.value(x!), emit.integers(shape)], { allowzero: 1 }),
  jax: (_, [x], { shape }) => x!.ref.reshape([...shape]),
};

/**
 * The same elements in row-major order under another shape.
 *
 * @param shape - one size may be -1: it is chosen so that the element count fits
 * @throws {ShapeError} where the element counts differ
 */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const full = shape.map((size) => (size === -1 ? sizeOf(x.shape) / known : size));
  if (sizeOf(full) !== sizeOf(x.shape) || !full.every(Number.isInteger)) {
    throw new ShapeError({
      where: `reshape of ${x.label}`,
      expected: `${sizeOf(x.shape)} elements, as in ${formatShape(x.shape)}`,
      found: formatShape(shape),
    });
  }
  if (sameShape(full, x.shape)) return x;
  if (x.primitive === (reshapePrimitive as unknown as Primitive)) return reshape(x.inputs[0]!, full);
  return apply(reshapePrimitive, [x], { shape: full });
}

const transposePrimitive: Primitive<{ axes: readonly number[] }> = {
  name: "transpose",
  signature: ([x], { axes }) => ({ shape: axes.map((axis) => x!.shape[axis]!), dtype: x!.dtype }),
  gradient: (ct, _, { axes }) => [transpose(ct, invert(axes))],
  onnx: (emit, { inputs: [x] }, { axes }) => emit.node("Transpose", [emit.value(x!)], { perm: axes }),
  jax: (_, [x], { axes }) => x!.ref.transpose([...axes]),
};

function invert(axes: readonly number[]): number[] {
  const inverse: number[] = [];
  axes.forEach((axis, i) => {
    inverse[axis] = i;
  });
  return inverse;
}

/** The axis order by which `tensor` is a transpose of its input, if it is one. */
export function transposeAxes(tensor: Tensor): readonly number[] | undefined {
  return tensor.primitive.name === "transpose" ? (tensor.params.axes as number[]) : undefined;
}

/**
 * Axis `i` of the result is axis `axes[i]` of x.
 *
 * @param axes - default: the last two axes change places
 */
export function transpose(x: Tensor, axes?: readonly number[]): Tensor {
  if (axes === undefined && x.rank < 2) return x;
  const swapped = () => [...Array(x.rank - 2).keys(), x.rank - 1, x.rank - 2];
  const order = axes?.map((axis) => checkAxis("transpose", axis, x)) ?? swapped();
  if (order.length !== x.rank || new Set(order).size !== x.rank) {
    throw new ShapeError({
      where: `transpose of ${x.label}`,
      expected: `each of the ${x.rank} axes once`,
      found: formatShape(order),
    });
  }
  if (order.every((axis, i) => axis === i)) return x;
  const inner = transposeAxes(x);
  if (inner)
    return transpose(
      x.inputs[0]!,
      order.map((axis) => inner[axis]!),
    );
  return apply(transposePrimitive, [x], { axes: order });
}

const broadcastPrimitive: Primitive<{ shape: Shape }> = {
  name: "broadcastTo",
  signature: ([x], { shape }) => ({ shape, dtype: x!.dtype }),
  gradient: (ct, { inputs: [x] }) => [sumTo(ct, x!.shape)],
  onnx: (emit, { inputs: [x] }, { shape }) => emit.node("Expand", [emit.value(x!), emit.integers(shape)]),
  jax: (jax, [x], { shape }) => jax.numpy.broadcastTo(x!.ref, [...shape]),
};

/** x repeated along new leading axes and axes of size 1, up to `shape`. */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = shape.length - x.rank;
  if (lead < 0 || !x.shape.every((size, i) => size === 1 || size === shape[lead + i])) {
    throw new ShapeError({
      where: `broadcastTo of ${x.label}`,
      expected: `a shape that ${formatShape(x.shape)} broadcasts to`,
      found: formatShape(shape),
    });
  }
  return apply(broadcastPrimitive, [x], { shape });
}

/** The transpose of a broadcast: sums `x` over the axes that made `shape` into its shape. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.rank - shape.length;
  const axes = x.shape.map((_, axis) => axis).filter((axis) => axis < lead || shape[axis - lead] !== x.shape[axis]);
  return reshape(sum(x, axes), shape);
}

const slicePrimitive: Primitive<{ starts: Shape; ends: Shape; strides: Shape }> = {
  name: "slice",
  signature: ([x], { starts, ends, strides }) => ({
    shape: starts.map((start, i) => Math.max(0, Math.ceil((ends[i]! - start) / strides[i]!))),
    dtype: x!.dtype,
  }),
  gradient: (ct, { inputs: [x] }, { starts, strides }) => [unslice(ct, x!.shape, starts, strides)],
  onnx(emit, { inputs: [x] }, { starts, ends, strides }) {
    const axes = starts.map((_, i) => i).filter((i) => starts[i] !== 0 || ends[i] !== x!.shape[i] || strides[i] !== 1);
    const pick = (values: Shape) => emit.integers(axes.map((i) => values[i]!));
    return emit.node("Slice", [emit.value(x!), pick(starts), pick(ends), emit.integers(axes), pick(strides)]);
  },
  jax(jax, [x], { starts, ends, strides }) {
    if (strides.every((stride) => stride === 1))
      return x!.ref.slice(...starts.map((start, i) => [start, ends[i]!] as [number, number]));
    return strides.reduce((value, stride, axis) => {
      const indices = jax.numpy.arange(starts[axis]!, ends[axis]!, stride, { dtype: jax.numpy.int32 });
      return jax.numpy.take(value, indices, axis);
    }, x!.ref);
  },
};

/** One axis of a slice: a whole axis, or [start, end) with an optional stride; negative positions count from the end. */
export type Range = null | readonly [start: number, end: number, stride?: number];

/**
 * A box of x, an axis at a time.
 *
 * @example
 * ```ts
 * slice(x, [null, [1, 3]]); // x[:, 1:3]
 * ```
 */
export function slice(x: Tensor, ranges: readonly Range[]): Tensor {
  if (ranges.length > x.rank) {
    throw new ShapeError({
      where: `slice of ${x.label}`,
      expected: `at most ${x.rank} ranges for shape ${formatShape(x.shape)}`,
      found: `${ranges.length}`,
    });
  }
  const box = x.shape.map((size, axis) => {
    const [start, end, stride = 1] = ranges[axis] ?? [0, size];
    const from = Math.min(size, start < 0 ? start + size : start);
    const to = Math.min(size, end < 0 ? end + size : end);
    if (from < 0 || to < from || stride < 1) {
      throw new ShapeError({
        where: `slice of ${x.label}`,
        expected: `a range within axis ${axis} of size ${size}, with a stride of at least 1`,
        found: `[${start}, ${end}) by ${stride}`,
      });
    }
    return [from, to, stride] as const;
  });
  if (box.every(([from, to, stride], i) => from === 0 && to === x.shape[i] && stride === 1)) return x;
  return apply(slicePrimitive, [x], {
    starts: box.map(([from]) => from),
    ends: box.map(([, to]) => to),
    strides: box.map(([, , stride]) => stride),
  });
}

/** The transpose of a slice: `x` placed into zeros of `shape`. */
function unslice(x: Tensor, shape: Shape, starts: Shape, strides: Shape): Tensor {
  const spread = strides.reduce((value, stride, axis) => dilate(value, axis, stride), x);
  return pad(
    spread,
    shape.map((size, axis) => [starts[axis]!, size - starts[axis]! - spread.shape[axis]!] as const),
  );
}

/** x with `stride - 1` zeros between its elements along `axis`. */
function dilate(x: Tensor, axis: number, stride: number): Tensor {
  const size = x.shape[axis]!;
  if (stride === 1 || size <= 1) return x;
  const open = reshape(x, [...x.shape.slice(0, axis + 1), 1, ...x.shape.slice(axis + 1)]);
  const widths = open.shape.map((_, i) => [0, i === axis + 1 ? stride - 1 : 0] as const);
  const merged = reshape(pad(open, widths), x.shape.with(axis, size * stride));
  return slice(merged, [...Array<Range>(axis).fill(null), [0, (size - 1) * stride + 1]]);
}

const padPrimitive: Primitive<{ widths: readonly (readonly [number, number])[] }> = {
  name: "pad",
  signature: ([x], { widths }) => ({
    shape: x!.shape.map((size, i) => size + widths[i]![0] + widths[i]![1]),
    dtype: x!.dtype,
  }),
  gradient: (ct, { inputs: [x] }, { widths }) => [
    slice(
      ct,
      widths.map(([before], i) => [before, before + x!.shape[i]!] as const),
    ),
  ],
  onnx: (emit, { inputs: [x] }, { widths }) =>
    emit.node("Pad", [
      emit.value(x!),
      emit.integers([...widths.map(([before]) => before), ...widths.map(([, after]) => after)]),
    ]),
  jax: (jax, [x], { widths }) =>
    jax.numpy.pad(
      x!.ref,
      widths.map(([before, after]) => [before, after] as [number, number]),
    ),
};

/** x with zeros around it: `widths[axis]` = [before, after]. */
export function pad(x: Tensor, widths: readonly (readonly [before: number, after: number])[]): Tensor {
  if (widths.length !== x.rank || widths.some(([before, after]) => before < 0 || after < 0)) {
    throw new ShapeError({
      where: `pad of ${x.label}`,
      expected: `${x.rank} pairs of widths that are not negative`,
      found: JSON.stringify(widths),
    });
  }
  return widths.every(([before, after]) => before === 0 && after === 0) ? x : apply(padPrimitive, [x], { widths });
}

const concatPrimitive: Primitive<{ axis: number }> = {
  name: "concat",
  signature(inputs, { axis }) {
    const size = inputs.reduce((total, x) => total + x.shape[axis]!, 0);
    return { shape: inputs[0]!.shape.with(axis, size), dtype: inputs[0]!.dtype };
  },
  gradient(ct, { inputs }, { axis }) {
    let start = 0;
    return inputs.map((x) => {
      const range = [start, start + x.shape[axis]!] as const;
      start = range[1];
      return slice(ct, [...Array<Range>(axis).fill(null), range]);
    });
  },
  onnx: (emit, { inputs }, { axis }) =>
    emit.node(
      "Concat",
      inputs.map((x) => emit.value(x)),
      { axis },
    ),
  jax: (jax, inputs, { axis }) =>
    jax.numpy.concatenate(
      inputs.map((x) => x.ref),
      axis,
    ),
};

/** Tensors one after the other along `axis`; the other axes agree. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  const [first] = tensors;
  assert(first, "concat of nothing");
  const along = checkAxis("concat", axis, first);
  for (const x of tensors) {
    if (
      x.rank !== first.rank ||
      x.dtype !== first.dtype ||
      !sameShape(x.shape.with(along, 0), first.shape.with(along, 0))
    ) {
      throw new ShapeError({
        where: `concat of ${x.label} along axis ${axis}`,
        expected: `${first.dtype}${formatShape(first.shape)} but for that axis`,
        found: `${x.dtype}${formatShape(x.shape)}`,
      });
    }
  }
  return tensors.length === 1 ? first : apply(concatPrimitive, tensors, { axis: along });
}

/** Tensors of one shape along a new axis. */
export function stack(tensors: readonly Tensor[], axis = 0): Tensor {
  const rank = tensors[0]?.rank ?? 0;
  if (!Number.isInteger(axis) || axis < -rank - 1 || axis > rank) {
    throw new ShapeError({ where: "stack", expected: `an axis in [${-rank - 1}, ${rank}]`, found: `${axis}` });
  }
  const at = axis < 0 ? axis + rank + 1 : axis;
  const open = (x: Tensor) => reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
  return concat(tensors.map(open), at);
}
