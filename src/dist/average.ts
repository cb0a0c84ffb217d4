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
  const { length } = first;
  for (const share of shares) assert(share.length === length, `shares of ${share.length} and ${length} elements`);
  const mean = first.slice() as T;
  // A block at a time, whose sums stay in the processor's cache.
  const sums = new Float64Array(Math.min(length, 2048));
  for (let begin = 0; begin < length; begin += sums.length) {
    const count = Math.min(sums.length, length - begin);
    for (let j = 0; j < count; j++) sums[j] = first[begin + j]!;
    for (let m = 1; m < shares.length; m++) {
      const share = shares[m]!;
      for (let j = 0; j < count; j++) sums[j]! += share[begin + j]!;
    }
    for (let j = 0; j < count; j++) mean[begin + j] = sums[j]! / shares.length;
  }
  return mean;
}

/** The bytes of an array of numbers, as they lie in memory; not copied. */
export function bytesOf(values: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The float64 numbers in `bytes`: where they lie, if they begin at a multiple of 8, and else a copy. Not to be changed. */
export function float64sOf(bytes: Uint8Array): Float64Array {
  assert(bytes.byteLength % 8 === 0, `${bytes.byteLength} bytes are no float64 numbers`);
  if (bytes.byteOffset % 8 === 0) return new Float64Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 8);
  return new Float64Array(Uint8Array.from(bytes).buffer);
}

/** The float32 numbers in `bytes`: where they lie, if they begin at a multiple of 4, and else a copy. Not to be changed. */
export function float32sOf(bytes: Uint8Array): Float32Array {
  assert(bytes.byteLength % 4 === 0, `${bytes.byteLength} bytes are no float32 numbers`);
  if (bytes.byteOffset % 4 === 0) return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
