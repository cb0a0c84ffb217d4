import { type DType, dtypeOf, type TypedArray } from "./dtype.ts";
import { ShapeError } from "./errors.ts";
import { formatShape, type Shape, sizeOf } from "./shape.ts";

/** A tensor in memory: what parameters, batches and results are outside of traced functions. */
export interface HostTensor {
  readonly shape: Shape;
  readonly dtype: DType;
  /** Row-major elements. Owned by the tensor: copy before changing what others may read. */
  readonly data: TypedArray;
}

/**
 * Wraps `data` as a tensor of `shape`; the array is kept, not copied.
 *
 * @throws {ShapeError} where `data` has not as many elements as `shape`
 * @example
 * ```ts
 * const x = hostTensor(new Float32Array([1, 2, 3, 4]), [2, 2]);
 * ```
 */
export function hostTensor(data: TypedArray, shape: Shape, where = "hostTensor"): HostTensor {
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError({
      where,
      expected: `${sizeOf(shape)} elements for shape ${formatShape(shape)}`,
      found: `${data.length}`,
    });
  }
  return { shape: [...shape], dtype: dtypeOf(data), data };
}
