import { add, div, mul, pow, reciprocal, sqrt, square, sub, type Tensor } from "../engine/index.ts";
import type { Optimizer } from "./optimizer.ts";
import { zerosLike } from "./sgd.ts";

/** Options of {@link adamW}. */
export interface AdamWOptions {
  /** Decay of the running mean of gradients, in [0, 1); default 0.9. */
  readonly beta1?: number;
  /** Decay of the running mean of squared gradients, in [0, 1); default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment; default 1e-8. */
  readonly epsilon?: number;
  /** Decoupled: shrinks parameters by learningRate · weightDecay at every step; default 0, which is Adam. */
  readonly weightDecay?: number;
}

/**
 * Adam with decoupled weight decay.
 *
 * @remarks Source: Kingma and Ba (2015), Algorithm 1; Loshchilov and Hutter (2019), Algorithm 2. The state holds the
 * moments without their (1 - beta) factors, m / (1 - beta1) and v / (1 - beta2): the factors and the bias corrections move
 * into two scalars a step, which saves passes over memory and gives the same update.
 */
export function adamW({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0 }: AdamWOptions = {}): Optimizer {
  return {
    name: "adamw",
    options: { beta1, beta2, epsilon, weightDecay },
    init: (params) => ({ first: params.map(zerosLike), second: params.map(zerosLike) }),
    update(params, gradients, state, { learningRate, step }) {
      const { first, second } = state as { first: readonly Tensor[]; second: readonly Tensor[] };
      const m = first.map((moment, i) => add(mul(moment, beta1), gradients[i]!));
      const v = second.map((moment, i) => add(mul(moment, beta2), square(gradients[i]!)));
      // p - lr m̂ / (√v̂ + ε) = p - rate · m / (√v + ε / root), with m, v as kept here.
      const root = sqrt(mul(reciprocal(sub(1, pow(beta2, step))), 1 - beta2));
      const rate = div(mul(mul(learningRate, reciprocal(sub(1, pow(beta1, step)))), 1 - beta1), root);
      const floor = mul(reciprocal(root), epsilon);
      const keep = sub(1, mul(learningRate, weightDecay));
      const next = params.map((p, i) => {
        const decayed = weightDecay === 0 ? p : mul(p, keep);
        return sub(decayed, mul(div(m[i]!, add(sqrt(v[i]!), floor)), rate));
      });
      return { params: next, state: { first: m, second: v } };
    },
  };
}
