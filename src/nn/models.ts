import { ConfigError } from "../core/index.ts";
import { flatten, relu } from "./activation.ts";
import { conv2d, globalAveragePool2d, maxPool2d } from "./convolution.ts";
import { type AnyLayer, type Layer, residual, sequential } from "./layer.ts";
import { linear } from "./linear.ts";
import { batchNorm } from "./normalization.ts";

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

/** Two 3x3 convolutions with batch norm and a residual around them; a strided 1x1 convolution brings the input to their size. */
function residualBlock(inChannels: number, outChannels: number, stride: number): AnyLayer {
  const convolution = (from: number, kernel: number, stride: number) =>
    conv2d(from, outChannels, kernel, { padding: (kernel - 1) / 2, stride, bias: false });
  const body = sequential([
    convolution(inChannels, 3, stride),
    batchNorm(outChannels),
    relu(),
    convolution(outChannels, 3, 1),
    batchNorm(outChannels),
  ]);
  const shortcut =
    stride === 1 && inChannels === outChannels
      ? undefined
      : sequential([convolution(inChannels, 1, stride), batchNorm(outChannels)]);
  return sequential([residual(body, shortcut), relu()]);
}

/**
 * A residual network of nine convolutions in three stages of 16, 32 and 64 channels: [batch, channels, height, width] ->
 * [batch, classes]. On 32x32 images 12.5 million multiply-adds and 78 thousand parameters.
 *
 * @remarks Source: He et al. (2016), section 4.2, at the size of the benchmark MLPerf Tiny (Banbury et al., 2021), with batch norm
 * in the shortcuts.
 */
export function resnet8({ channels }: Pick<ImageSize, "channels">, classes: number): Layer {
  return sequential([
    conv2d(channels, 16, 3, { padding: 1, bias: false }),
    batchNorm(16),
    relu(),
    residualBlock(16, 16, 1),
    residualBlock(16, 32, 2),
    residualBlock(32, 64, 2),
    globalAveragePool2d(),
    linear(64, classes),
  ]);
}
