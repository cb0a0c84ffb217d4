/** Masks of the k largest elements: exactly k, in a graph or outside of one. @module */
import { sizeOf } from "../../core/index.ts";
import {
  add,
  and,
  cast,
  cumsum,
  greaterEqual,
  less,
  lessEqual,
  max,
  mul,
  type Operand,
  reshape,
  scalar,
  sub,
  sum,
  type Tensor,
  where,
} from "../../engine/index.ts";

/** Halvings of the interval that the k-th largest element is searched in. */
const halvings = 25;
/** Makes an interval even where all elements are 0. */
const smallest = 1e-30;

/**
 * 1 for the k largest elements and 0 for the rest, exactly k ones. The k-th largest is found by halving, which is several times
 * faster than sorting; of elements within 2^-24 of the largest of it, the first are taken.
 *
 * @param values - float32 of any shape, not negative
 * @param k - a whole number in [1, elements], or a float32 scalar
 */
export function topMask(values: Tensor, k: Operand): Tensor {
  const flat = reshape(values, [sizeOf(values.shape)]);
  let low = scalar(0);
  let high = add(mul(max(flat), 2), smallest);
  for (let i = 0; i < halvings; i++) {
    const middle = mul(add(low, high), 0.5);
    const enough = greaterEqual(sum(cast(greaterEqual(flat, middle), "float32")), k);
    low = where(enough, middle, low);
    high = where(enough, high, middle);
  }
  const above = cast(greaterEqual(flat, high), "float32");
  const near = cast(and(greaterEqual(flat, low), less(flat, high)), "float32");
  const first = cast(lessEqual(cumsum(near, 0), sub(k, sum(above))), "float32");
  return reshape(add(above, mul(near, first)), values.shape);
}

/** What {@link topMask} computes, bit by bit. @param values - float32, not negative */
export function hostTopMask(values: Float32Array, k: number): Uint8Array {
  const most = values.reduce((found, value) => Math.max(found, value), 0);
  let [low, high] = [0, Math.fround(2 * most + Math.fround(smallest))];
  for (let i = 0; i < halvings; i++) {
    const middle = Math.fround(Math.fround(low + high) * 0.5);
    let count = 0;
    for (const value of values) count += value >= middle ? 1 : 0;
    if (count >= k) low = middle;
    else high = middle;
  }
  let left = k;
  for (const value of values) left -= value >= high ? 1 : 0;
  return Uint8Array.from(values, (value) => (value >= high || (value >= low && left-- > 0) ? 1 : 0));
}
