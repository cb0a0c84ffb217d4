import { ConfigError } from "../core/index.ts";
import { flatten, relu } from "./activation.ts";
import { conv2d, maxPool2d } from "./convolution.ts";
import { type AnyLayer, type Layer, sequential } from "./layer.ts";
import { linear } from "./linear.ts";

/**
 * A multilayer perceptron with ReLU between its layers. Inputs are flattened: [batch, ...] -> [batch, outDim].
 *
 * @param inDim - elements of one input
 * @param hiddenDims - width of each hidden layer, first to last
 * @param outDim - outputs, such as classes
 */
export function mlp(inDim: number, hiddenDims: readonly number[], outDim: number): Layer {
  const widths = [inDim, ...hiddenDims];
  const hidden = hiddenDims.flatMap((width, i): AnyLayer[] => [linear(widths[i]!, width), relu()]);
  return sequential([flatten(), ...hidden, linear(widths.at(-1)!, outDim)]);
}

/** The images that {@link lenet} takes. */
export interface ImageSize {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

/**
 * LeNet-5 with ReLU and max pooling: [batch, channels, height, width] -> [batch, classes].
 *
 * @remarks Source: LeCun et al. (1998), figure 2. The second convolution is padded for images smaller than 20 pixels, which
 * would otherwise leave it nothing to see.
 */
export function lenet({ channels, height, width }: ImageSize, classes: number): Layer {
  const padding = Math.min(height, width) < 20 ? 2 : 0;
  const after = (size: number) => Math.floor((Math.floor(size / 2) - 4 + 2 * padding) / 2);
  const [rows, columns] = [after(height), after(width)];
  if (rows < 1 || columns < 1) {
    throw new ConfigError({ where: "lenet", expected: "images of at least 4x4 pixels", found: `${height}x${width}` });
  }
  return sequential([
    conv2d(channels, 6, 5, { padding: 2 }),
    relu(),
    maxPool2d(2),
    conv2d(6, 16, 5, { padding }),
    relu(),
    maxPool2d(2),
    flatten(),
    linear(16 * rows * columns, 120),
    relu(),
    linear(120, 84),
    relu(),
    linear(84, classes),
  ]);
}
