import type { HostTensor } from "../core/index.ts";
import {
  add,
  averagePool2d as averagePoolOf,
  type ConvOptions,
  conv2d as convolve,
  globalAveragePool2d as globalAveragePoolOf,
  maxPool2d as maxPoolOf,
  type PoolOptions,
  reshape,
  type Tensor,
} from "../engine/index.ts";
import { type EmptyParams, type Layer, lambda, type Traced, uniform } from "./layer.ts";
import { asLinearMap, isFactors, type Weight } from "./weight.ts";

/**
 * Parameters of {@link conv2d}: `weight` float32 [outChannels, inChannels / groups, h, w], whole or (without groups) as factors, and
 * `bias` [outChannels].
 */
export interface Conv2dParams {
  readonly weight: Weight;
  readonly bias?: HostTensor;
}

/** The convolution by a weight, or by its factors: v with the window, then u at every pixel. */
function convolveBy(x: Tensor, weight: Traced<Weight>, window: ConvOptions): Tensor {
  return isFactors<Tensor>(weight) ? convolve(convolve(x, weight.v, window), weight.u) : convolve(x, weight, window);
}

/**
 * A convolution layer over [batch, inChannels, height, width].
 *
 * @param kernel - size of the window, one number or [height, width]
 * @param options - `bias`: default true
 * @remarks Starts as in PyTorch: weight and bias uniform in ±1 / sqrt(fan-in).
 */
export function conv2d(
  inChannels: number,
  outChannels: number,
  kernel: number | readonly [number, number],
  { bias = true, ...window }: ConvOptions & { readonly bias?: boolean } = {},
): Layer<Conv2dParams> {
  const [height, width] = typeof kernel === "number" ? [kernel, kernel] : kernel;
  const perGroup = inChannels / (window.groups ?? 1);
  return {
    init(random) {
      const bound = 1 / Math.sqrt(perGroup * height * width);
      const weight = asLinearMap(uniform(random, [outChannels, perGroup, height, width], bound), window.groups);
      return bias ? { weight, bias: uniform(random, [outChannels], bound) } : { weight };
    },
    apply({ weight, bias: offset }, x) {
      const y = convolveBy(x, weight as Traced<Weight>, window);
      return offset ? add(y, reshape(offset as Tensor, [outChannels, 1, 1])) : y;
    },
  };
}

/** Largest element of every window, as a layer; see the engine's `maxPool2d`. */
export const maxPool2d = (kernel: number, options: Omit<PoolOptions, "kernel"> = {}): Layer<EmptyParams> =>
  lambda((x) => maxPoolOf(x, { kernel, ...options }));

/** Mean of every window, as a layer; see the engine's `averagePool2d`. */
export const averagePool2d = (kernel: number, options: Omit<PoolOptions, "kernel"> = {}): Layer<EmptyParams> =>
  lambda((x) => averagePoolOf(x, { kernel, ...options }));

/** Mean over height and width: [batch, channels, height, width] -> [batch, channels]. */
export const globalAveragePool2d = (): Layer<EmptyParams> => lambda((x) => globalAveragePoolOf(x));
