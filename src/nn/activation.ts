import {
  add,
  customGradient,
  div,
  erf,
  mul,
  relu as reluOf,
  reshape,
  sigmoid,
  sub,
  type Tensor,
  tanh as tanhOf,
} from "../engine/index.ts";
import { type EmptyParams, type Layer, lambda } from "./layer.ts";

/** max(x, 0), as a layer. */
export const relu = (): Layer<EmptyParams> => lambda((x) => reluOf(x));
/** Hyperbolic tangent, as a layer. */
export const tanh = (): Layer<EmptyParams> => lambda((x) => tanhOf(x));

/** x · sigmoid(x). */
export function applySilu(x: Tensor): Tensor {
  return mul(x, sigmoid(x));
}
/** x · sigmoid(x), as a layer. */
export const silu = (): Layer<EmptyParams> => lambda((x) => applySilu(x));

/**
 * Gaussian error linear unit: x · Phi(x), or its usual approximation by tanh.
 *
 * @remarks Source: Hendrycks and Gimpel (2016), section 2. The approximation 0.5 x (1 + tanh(u)), with
 * u = 0.7978845608 (x + 0.044715 x³), equals x · sigmoid(2u), which takes fewer passes over memory.
 */
export function applyGelu(x: Tensor, approximate: "none" | "tanh" = "none"): Tensor {
  if (approximate === "none") return mul(mul(x, 0.5), add(1, erf(div(x, Math.SQRT2))));
  const scale = 2 * 0.7978845608;
  const x2 = mul(x, x);
  const gate = sigmoid(mul(x, add(mul(x2, scale * 0.044715), scale)));
  const y = mul(x, gate);
  return customGradient(y, [x], (ct) => {
    // d/dx x s(v(x)) = s + x s (1 - s) v' with v' = scale (1 + 3 · 0.044715 x²)
    const slope = add(mul(x2, 3 * scale * 0.044715), scale);
    return [mul(ct, add(gate, mul(sub(y, mul(y, gate)), slope)))];
  });
}
/** Gaussian error linear unit, as a layer; see {@link applyGelu}. */
export const gelu = (approximate: "none" | "tanh" = "none"): Layer<EmptyParams> =>
  lambda((x) => applyGelu(x, approximate));

/** Everything after the batch axis in one: [batch, ...] -> [batch, size]. */
export const flatten = (): Layer<EmptyParams> => lambda((x) => reshape(x, [x.shape[0]!, -1]));
