import { type HostTensor, hostTensor } from "../core/index.ts";
import {
  add,
  customGradient,
  div,
  keepAxes,
  layerNormalization,
  mean,
  mul,
  neg,
  reciprocal,
  reshape,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
} from "../engine/index.ts";
import { filled, type Layer, type Mode } from "./layer.ts";

/** Parameters of normalisation: `weight` (gamma) and `bias` (beta), float32 [dim]. */
export interface NormParams {
  readonly weight: HostTensor;
  readonly bias?: HostTensor;
}

/**
 * Layer normalisation over the last axis, then weight · y + bias.
 *
 * @param epsilon - added to the variance, default 1e-5
 * @remarks Source: Ba, Kiros and Hinton (2016).
 */
export function layerNorm(dim: number, { epsilon = 1e-5, bias = true } = {}): Layer<NormParams> {
  return {
    init: () => ({ weight: filled([dim], 1), ...(bias && { bias: filled([dim], 0) }) }),
    apply: ({ weight, bias: offset }, x) =>
      layerNormalization(x, weight as Tensor, offset as Tensor | undefined, epsilon),
  };
}

/**
 * x / sqrt(mean(x²) + epsilon) over the last axis, then weight · y.
 *
 * @remarks Source: Zhang and Sennrich (2019), eq. 4.
 */
export function rmsNorm(dim: number, { epsilon = 1e-5 } = {}): Layer<NormParams> {
  return {
    init: () => ({ weight: filled([dim], 1) }),
    apply({ weight }, x) {
      const scale = sqrt(add(keepAxes(mean(square(x), -1), x, -1), epsilon));
      return mul(div(x, scale), weight as Tensor);
    },
  };
}

/** Parameters of {@link batchNorm}: float32 [channels] each; the running statistics are buffers. */
export interface BatchNormParams {
  readonly weight: HostTensor;
  readonly bias: HostTensor;
  readonly runningMean: HostTensor;
  readonly runningVariance: HostTensor;
}

/** Options of {@link batchNorm}. */
export interface BatchNormOptions {
  /** Added to the variance; default 1e-5. */
  readonly epsilon?: number;
  /** Share of the batch's statistics in the running ones at every step, in (0, 1]; default 0.1 as in PyTorch. */
  readonly momentum?: number;
}

/**
 * Batch normalisation of [batch, channels] or [batch, channels, height, width], a channel at a time.
 *
 * In training it uses the batch's statistics and moves the running ones; otherwise the running ones.
 *
 * @remarks Source: Ioffe and Szegedy (2015), Algorithm 1. As in PyTorch, the running variance is the unbiased one.
 */
export function batchNorm(
  channels: number,
  { epsilon = 1e-5, momentum = 0.1 }: BatchNormOptions = {},
): Layer<BatchNormParams> {
  return {
    init: () => ({
      weight: filled([channels], 1),
      bias: filled([channels], 0),
      runningMean: filled([channels], 0),
      runningVariance: filled([channels], 1),
    }),
    apply(params, x, mode: Mode) {
      const perChannel = (v: Tensor) => reshape(v, [channels, ...Array<number>(x.rank - 2).fill(1)]);
      const weight = perChannel(params.weight);
      const bias = perChannel(params.bias);
      if (!mode.training) {
        const scale = div(weight, sqrt(add(perChannel(params.runningVariance), epsilon)));
        return add(mul(x, scale), sub(bias, mul(perChannel(params.runningMean), scale)));
      }
      const axes = x.shape.map((_, axis) => axis).filter((axis) => axis !== 1);
      const count = axes.reduce((n, axis) => n * x.shape[axis]!, 1);
      const center = keepAxes(mean(x, axes), x, axes);
      const centered = sub(x, center);
      const variance = keepAxes(mean(square(centered), axes), x, axes);
      const flat = (v: Tensor) => reshape(v, [channels]);
      const share = mode.momentum ?? momentum;
      const blend = (old: Tensor, now: Tensor) => add(old, mul(sub(now, old), share));
      mode.update(params.runningMean, blend(params.runningMean, flat(center)));
      const unbiased = mul(flat(variance), count / Math.max(1, count - 1));
      mode.update(params.runningVariance, blend(params.runningVariance, unbiased));
      return scaleToBatch(x, weight, bias, { axes, count, centered, variance, epsilon });
    },
  };
}

/** y = weight (x - center) / sqrt(variance + epsilon) + bias. */
function scaleToBatch(
  x: Tensor,
  weight: Tensor,
  bias: Tensor,
  stats: { axes: number[]; count: number; centered: Tensor; variance: Tensor; epsilon: number },
): Tensor {
  const { axes, count, centered, epsilon } = stats;
  const inverse = reshape(reciprocal(sqrt(add(stats.variance, epsilon))), weight.shape);
  const scale = mul(weight, inverse);
  const y = add(mul(centered, scale), bias);
  return customGradient(y, [x, weight, bias], (ct) => {
    // With s = sum(ct) and t = sum(ct (x - center)), a channel at a time:
    // dx = scale (ct - s / n - (x - center) t / (n (variance + epsilon))), an affine function of ct and x - center.
    const total = reshape(sum(ct, axes), weight.shape);
    const product = reshape(sum(mul(ct, centered), axes), weight.shape);
    const slope = neg(mul(mul(scale, square(inverse)), mul(product, 1 / count)));
    const offset = neg(mul(scale, mul(total, 1 / count)));
    const dx = add(mul(ct, scale), add(mul(centered, slope), offset));
    return [dx, mul(product, inverse), total];
  });
}

/** Parameters of {@link scaling}: buffers, float32 [features]. */
export interface ScalingParams {
  readonly runningMean: HostTensor;
  readonly runningDeviation: HostTensor;
}

/**
 * (x - mean) / deviation over the last axis, or with `inverse` x · deviation + mean. The numbers are fixed, and part of the model:
 * with them a saved or exported model takes and gives raw values.
 *
 * @param mean - a number for each feature
 * @param deviation - a number for each feature, not 0
 */
export function scaling(
  mean: ArrayLike<number>,
  deviation: ArrayLike<number>,
  { inverse = false } = {},
): Layer<ScalingParams> {
  return {
    init: () => ({
      runningMean: hostTensor(Float32Array.from(mean), [mean.length]),
      runningDeviation: hostTensor(Float32Array.from(deviation), [deviation.length]),
    }),
    apply: ({ runningMean, runningDeviation }, x) =>
      inverse ? add(mul(x, runningDeviation), runningMean) : div(sub(x, runningMean), runningDeviation),
  };
}
