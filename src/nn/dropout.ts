import { cast, greaterEqual, mul, randomUniform, type Tensor } from "../engine/index.ts";
import { type EmptyParams, type Layer, lambda, type Mode } from "./layer.ts";

/**
 * In training: each element is 0 with probability `rate`, the others are scaled by 1 / (1 - rate). Otherwise x.
 *
 * @param rate - in [0, 1)
 * @remarks Source: Srivastava et al. (2014), the "inverted" form.
 */
export function applyDropout(x: Tensor, rate: number, mode: Mode): Tensor {
  if (!mode.training || rate === 0) return x;
  const kept = cast(greaterEqual(randomUniform(x.shape), rate), x.dtype as "float32");
  return mul(x, mul(kept, 1 / (1 - rate)));
}

/** Dropout as a layer; see {@link applyDropout}. */
export const dropout = (rate: number): Layer<EmptyParams> => lambda((x, mode) => applyDropout(x, rate, mode));
