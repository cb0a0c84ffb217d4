/** Element types of tensors. Booleans are stored a byte each, 0 or 1. */
export type DType = "float32" | "float64" | "int32" | "bool";

/** The typed array that holds a tensor's elements in row-major order. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint8Array;

/** Which typed array holds a dtype. */
export interface TypedArrayOf {
  float32: Float32Array;
  float64: Float64Array;
  int32: Int32Array;
  bool: Uint8Array;
}

const constructors = { float32: Float32Array, float64: Float64Array, int32: Int32Array, bool: Uint8Array };

/** Bytes of one element. */
export const bytesPerElement = { float32: 4, float64: 8, int32: 4, bool: 1 } as const;

/** Whether values of `dtype` have fractions. */
export function isFloat(dtype: DType): boolean {
  return dtype === "float32" || dtype === "float64";
}

/** A zeroed typed array of `size` elements. */
export function allocate<D extends DType>(dtype: D, size: number): TypedArrayOf[D] {
  return new constructors[dtype](size) as TypedArrayOf[D];
}

/** The dtype that `data` holds. */
export function dtypeOf(data: TypedArray): DType {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Float64Array) return "float64";
  if (data instanceof Int32Array) return "int32";
  return "bool";
}
