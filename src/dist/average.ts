/** The mean of what workers hand back, in an order that is always the same. @module */
import { assert } from "../core/index.ts";

/**
 * The mean of the workers' weights: they are added in the order given, in float64, and divided by their number. So the same
 * shares give the same bytes, whoever came first.
 *
 * @param shares - at least one; all as long
 * @returns a new array
 */
export function averageInOrder<T extends Float32Array | Float64Array>(shares: readonly T[]): T {
  const [first] = shares;
  assert(first !== undefined, "an average of nothing");
  const sum = new Float64Array(first);
  for (let m = 1; m < shares.length; m++) {
    const share = shares[m]!;
    assert(share.length === sum.length, `shares of ${share.length} and ${sum.length} elements`);
    for (let j = 0; j < sum.length; j++) sum[j]! += share[j]!;
  }
  const mean = first.slice() as T;
  for (let j = 0; j < sum.length; j++) mean[j] = sum[j]! / shares.length;
  return mean;
}

/** The bytes of an array of numbers, as they lie in memory; not copied. */
export function bytesOf(values: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The float64 numbers in `bytes`, copied. */
export function float64sOf(bytes: Uint8Array): Float64Array {
  assert(bytes.byteLength % 8 === 0, `${bytes.byteLength} bytes are no float64 numbers`);
  return new Float64Array(Uint8Array.from(bytes).buffer);
}

/** The float32 numbers in `bytes`, copied. */
export function float32sOf(bytes: Uint8Array): Float32Array {
  assert(bytes.byteLength % 4 === 0, `${bytes.byteLength} bytes are no float32 numbers`);
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
