import { allocate, type HostTensor } from "../core/index.ts";
import { add, mul, sub, type Tensor } from "../engine/index.ts";
import type { Optimizer } from "./optimizer.ts";

/** Options of {@link sgd}. */
export interface SgdOptions {
  /** Share of the last direction kept, in [0, 1); default 0. */
  readonly momentum?: number;
  /** Steps along momentum · velocity + gradient instead of the velocity; default false. */
  readonly nesterov?: boolean;
  /** Adds weightDecay · parameter to the gradient; default 0. */
  readonly weightDecay?: number;
}

/** Zeros of the shape and dtype of `like`. */
export function zerosLike({ shape, dtype, data }: HostTensor): HostTensor {
  return { shape, dtype, data: allocate(dtype, data.length) };
}

/**
 * Stochastic gradient descent: v ← momentum · v + g, p ← p - learningRate · v.
 *
 * @remarks As in PyTorch: the velocity is not scaled by the learning rate, and Nesterov's form looks ahead by
 * momentum · v. Source: Sutskever et al. (2013), section 2.
 */
export function sgd({ momentum = 0, nesterov = false, weightDecay = 0 }: SgdOptions = {}): Optimizer {
  return {
    name: "sgd",
    options: { momentum, nesterov, weightDecay },
    init: (params) => (momentum === 0 ? [] : params.map(zerosLike)),
    update(params, gradients, state, { learningRate }) {
      const directions = gradients.map((g, i) => (weightDecay === 0 ? g : add(g, mul(params[i]!, weightDecay))));
      const move = (p: Tensor, direction: Tensor) => sub(p, mul(direction, learningRate));
      if (momentum === 0) return { params: params.map((p, i) => move(p, directions[i]!)), state: [] };
      const velocities = (state as readonly Tensor[]).map((v, i) => add(mul(v, momentum), directions[i]!));
      const steps = nesterov ? velocities.map((v, i) => add(directions[i]!, mul(v, momentum))) : velocities;
      return { params: params.map((p, i) => move(p, steps[i]!)), state: velocities };
    },
  };
}
