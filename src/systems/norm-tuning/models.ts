/** Networks with a norm after every linear map, and the same with the norms folded away. @module */
import { ConfigError, sizeOf } from "../../core/index.ts";
import { type Dataset, standardize } from "../../data/index.ts";
import {
  type AnyLayer,
  batchNorm,
  conv2d,
  flatten,
  globalAveragePool2d,
  type Layer,
  lambda,
  linear,
  maxPool2d,
  relu,
  residual,
  scaling,
  sequential,
} from "../../nn/index.ts";

/** Networks by name. */
export const networkNames = ["mlp", "lenet", "resnet8"] as const;
export type NetworkName = (typeof networkNames)[number];

/** How a network is built. */
export interface NetworkOptions {
  readonly name: NetworkName;
  /** Widths of the hidden layers of an `mlp`. */
  readonly hidden: readonly number[];
  /** Without norms: linear maps have a bias instead, and what scales a table's columns is left out. Default false. */
  readonly folded?: boolean;
}

/**
 * A classifier for `data` whose linear maps have no bias but batch norm after them, except for the head. Parameters of the folded network
 * have the same paths.
 *
 * @throws {ConfigError} where the data has no classes, or a network for images is asked of something else
 */
export function normNetwork(data: Dataset, { name, hidden, folded = false }: NetworkOptions): Layer {
  const [, ...shape] = data.inputs.shape;
  const classes = data.classes?.length;
  if (classes === undefined) {
    throw new ConfigError({ where: "--data", expected: "classes to tell apart", found: `values (${data.name})` });
  }
  if (name !== "mlp" && shape.length !== 3) {
    const found = `inputs of shape [${shape.join(", ")}]`;
    throw new ConfigError({ where: `--model ${name}`, expected: "images", found, hint: "take --model mlp" });
  }
  const same: AnyLayer = lambda((x) => x);
  const bias = folded;
  const norm = (channels: number): AnyLayer => (folded ? same : batchNorm(channels));
  const [channels = 1, height = 1, width = 1] = shape;

  if (name === "mlp") {
    const inDim = sizeOf(shape);
    const widths = [inDim, ...hidden];
    const first = shape.length === 1 && !folded ? scalingOf(data) : shape.length === 1 ? same : flatten();
    const layers = hidden.flatMap((size, l): AnyLayer[] => [linear(widths[l]!, size, { bias }), norm(size), relu()]);
    return sequential([first, ...layers, linear(widths.at(-1)!, classes)]);
  }
  if (name === "lenet") {
    // Images smaller than 20 pixels are padded once more, which would otherwise leave the second convolution nothing to see.
    const padding = Math.min(height, width) < 20 ? 2 : 0;
    const after = (size: number) => Math.floor((Math.floor(size / 2) - 4 + 2 * padding) / 2);
    const dense = (from: number, to: number) => [linear(from, to, { bias }), norm(to), relu()];
    return sequential([
      conv2d(channels, 6, 5, { padding: 2, bias }),
      norm(6),
      relu(),
      maxPool2d(2),
      conv2d(6, 16, 5, { padding, bias }),
      norm(16),
      relu(),
      maxPool2d(2),
      flatten(),
      ...dense(16 * after(height) * after(width), 120),
      ...dense(120, 84),
      linear(84, classes),
    ]);
  }
  const convolution = (from: number, to: number, kernel: number, stride: number) => [
    conv2d(from, to, kernel, { padding: (kernel - 1) / 2, stride, bias }),
    norm(to),
  ];
  const block = (from: number, to: number, stride: number) => {
    const body = sequential([...convolution(from, to, 3, stride), relu(), ...convolution(to, to, 3, 1)]);
    const shortcut = stride === 1 && from === to ? undefined : sequential(convolution(from, to, 1, stride));
    return sequential([residual(body, shortcut), relu()]);
  };
  return sequential([
    ...convolution(channels, 16, 3, 1),
    relu(),
    block(16, 16, 1),
    block(16, 32, 2),
    block(32, 64, 2),
    globalAveragePool2d(),
    linear(64, classes),
  ]);
}

function scalingOf(data: Dataset): AnyLayer {
  const { mean, standardDeviation } = standardize(data);
  return scaling(mean, standardDeviation);
}
