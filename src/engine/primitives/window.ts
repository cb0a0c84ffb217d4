/** Windows that move over images: how convolutions and pooling see them. @module */
import { formatShape, ShapeError } from "../../core/index.ts";
import type { Tensor } from "../graph.ts";

/** Two numbers: along height and along width. */
export type Pair = readonly [number, number];

/** How a window moves over an image. */
export interface WindowOptions {
  /** Step of the window, one number or [height, width]; default 1. */
  readonly stride?: number | Pair;
  /** Zeros around the image: one number, [height, width], or `same` for an output of ceil(size / stride). Default 0. */
  readonly padding?: number | Pair | "same";
}

/** Options of `conv2d`. */
export interface ConvOptions extends WindowOptions {
  /** Distance between the taps of the kernel; default 1. */
  readonly dilation?: number | Pair;
  /** Channel groups that are convolved apart; default 1. */
  readonly groups?: number;
}

/** A window with every default filled in. */
export interface Window extends Record<string, unknown> {
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  /** [top, bottom], [left, right]. */
  readonly padding: readonly [Pair, Pair];
}

const pair = (value: number | Pair): Pair => (typeof value === "number" ? [value, value] : value);

/** Output size along each spatial axis. */
export function windowOutput({ kernel, strides, dilations, padding }: Window, height: number, width: number): Pair {
  const along = (i: 0 | 1, size: number) =>
    Math.floor((size + padding[i][0] + padding[i][1] - dilations[i] * (kernel[i] - 1) - 1) / strides[i]) + 1;
  return [along(0, height), along(1, width)];
}

/** Fills in a window's defaults for an image [batch, channels, height, width]. */
export function resolveWindow(operation: string, x: Tensor, kernel: Pair, options: ConvOptions): Window {
  const strides = pair(options.stride ?? 1);
  const dilations = pair(options.dilation ?? 1);
  const around = (i: 0 | 1): Pair => {
    if (options.padding !== "same") {
      const width = pair(options.padding ?? 0)[i];
      return [width, width];
    }
    const size = x.shape[2 + i]!;
    const total = Math.max(
      0,
      (Math.ceil(size / strides[i]) - 1) * strides[i] + dilations[i] * (kernel[i] - 1) + 1 - size,
    );
    return [Math.floor(total / 2), Math.ceil(total / 2)];
  };
  const window: Window = { kernel, strides, dilations, padding: [around(0), around(1)] };
  const [height, width] = windowOutput(window, x.shape[2]!, x.shape[3]!);
  if (height < 1 || width < 1) {
    throw new ShapeError({
      where: `${operation} of ${x.label}`,
      expected: `an image that a ${kernel.join("x")} kernel fits into`,
      found: formatShape(x.shape),
      hint: "add padding, or use a smaller kernel",
    });
  }
  return window;
}

/** The window as ONNX attributes. */
export const onnxWindow = ({ kernel, strides, dilations, padding: [[top, bottom], [left, right]] }: Window) => ({
  kernel_shape: kernel,
  strides,
  dilations,
  pads: [top, left, bottom, right],
});

/**
 * Positions of every window's taps in a padded image of height x width: int32 [outHeight * outWidth * taps] into
 * the flattened padded image.
 */
export function tapPositions(window: Window, height: number, width: number): Int32Array {
  const [outHeight, outWidth] = windowOutput(window, height, width);
  const { kernel, strides, dilations, padding } = window;
  const padded = width + padding[1][0] + padding[1][1];
  const positions = new Int32Array(outHeight * outWidth * kernel[0] * kernel[1]);
  let next = 0;
  for (let row = 0; row < outHeight; row++) {
    for (let column = 0; column < outWidth; column++) {
      for (let i = 0; i < kernel[0]; i++) {
        for (let j = 0; j < kernel[1]; j++) {
          positions[next++] = (row * strides[0] + i * dilations[0]) * padded + column * strides[1] + j * dilations[1];
        }
      }
    }
  }
  return positions;
}
