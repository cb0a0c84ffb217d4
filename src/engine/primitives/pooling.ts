/** Pooling over windows of images, and its transposes. @module */
import { formatShape, hostTensor, ShapeError } from "../../core/index.ts";
import { pullback } from "../autodiff.ts";
import { apply, type Primitive, type Tensor } from "../graph.ts";
import type { JaxArray, JaxModule } from "../jax.ts";
import { averagingFilter, conv2d } from "./convolution.ts";
import { cast, div, equal, mul, where } from "./elementwise.ts";
import { take } from "./indexing.ts";
import { pad, reshape } from "./movement.ts";
import { max, mean } from "./reduce.ts";
import { constant, requireFloat, scalar } from "./sources.ts";
import { type Pair, resolveWindow, tapPositions, type Window, type WindowOptions, windowOutput } from "./window.ts";

/** Whether the windows cover the image without overlap, gaps or padding. */
function tiles({ kernel, strides, padding }: Window, { shape }: Tensor): boolean {
  const even = kernel.every((size, i) => size === strides[i] && shape[2 + i]! % size === 0);
  return even && padding.flat().every((width) => width === 0);
}

/** For jax-js: the elements of every window, [batch, channels, outHeight, outWidth, taps]; -Infinity in the padding. */
function jaxWindows(jax: JaxModule, x: JaxArray, window: Window): JaxArray {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const [outHeight, outWidth] = windowOutput(window, height, width);
  const pads = [[0, 0], [0, 0], ...window.padding.map(([a, b]) => [a, b])] as [number, number][];
  const positions = jax.numpy.array(tapPositions(window, height, width) as Int32Array<ArrayBuffer>);
  const gather = (image: JaxArray) => {
    const flat = jax.numpy.pad(image, pads).reshape([batch, channels, -1]);
    return jax.numpy.take(flat, positions.ref, 2).reshape([batch, channels, outHeight, outWidth, -1]);
  };
  const inside = gather(jax.numpy.ones(x.shape));
  return jax.numpy.where(jax.numpy.greater(inside, 0), gather(x.ref), Number.NEGATIVE_INFINITY);
}

const maxPoolPrimitive: Primitive<Window> = {
  name: "maxPool2d",
  signature: ([x], window) => ({
    shape: [x!.shape[0]!, x!.shape[1]!, ...windowOutput(window, x!.shape[2]!, x!.shape[3]!)],
    dtype: x!.dtype,
  }),
  gradient(ct, y, window) {
    const x = y.inputs[0]!;
    if (!tiles(window, x)) return [pullback(maxByPatches(x, window), [x], ct)[0]];
    // Elements that equal their window's maximum share its cotangent. ONNX Runtime's own route, MaxPool with
    // positions and MaxUnpool, takes twice as long and cannot share.
    const winners = cast(equal(x, upsample2d(y, window.kernel)), x.dtype);
    const share = div(ct, sumTiles(winners, window.kernel));
    return [mul(upsample2d(share, window.kernel), winners)];
  },
  onnx(emit, { inputs: [x] }, { kernel, strides, padding: [[top, bottom], [left, right]] }) {
    return emit.node("MaxPool", [emit.value(x!)], { kernel_shape: kernel, strides, pads: [top, left, bottom, right] });
  },
  jax: (jax, [x], window) => jax.numpy.max(jaxWindows(jax, x!, window), -1),
};

/** The same from gathered windows, for its gradient. */
function maxByPatches(x: Tensor, window: Window): Tensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const [outHeight, outWidth] = windowOutput(window, height, width);
  const padded = pad(x, [[0, 0], [0, 0], ...window.padding]);
  const inside = new Uint8Array(padded.shape[2]! * padded.shape[3]!);
  const [[top], [left]] = window.padding;
  for (let row = 0; row < height; row++) {
    inside.fill(1, (row + top) * padded.shape[3]! + left, (row + top) * padded.shape[3]! + left + width);
  }
  const flat = reshape(padded, [batch, channels, inside.length]);
  const walled = where(constant(hostTensor(inside, [inside.length])), flat, Number.NEGATIVE_INFINITY);
  const positions = tapPositions(window, height, width);
  const taps = take(
    walled,
    constant(hostTensor(positions, [outHeight * outWidth, positions.length / (outHeight * outWidth)])),
    2,
  );
  return reshape(max(taps, 3), [batch, channels, outHeight, outWidth]);
}

const upsamplePrimitive: Primitive<{ scale: Pair }> = {
  name: "upsample2d",
  signature: ([x], { scale }) => ({
    shape: [x!.shape[0]!, x!.shape[1]!, x!.shape[2]! * scale[0], x!.shape[3]! * scale[1]],
    dtype: x!.dtype,
  }),
  gradient: (ct, _, { scale }) => [sumTiles(ct, scale)],
  onnx(emit, { inputs: [x], shape }, { scale }) {
    if (x!.dtype === "float32") {
      const scales = emit.constant("float32", [4], Float32Array.of(1, 1, ...scale));
      const nearest = { mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" };
      return emit.node("Resize", [emit.value(x!), "", scales], nearest);
    }
    const [batch, channels, height, width] = x!.shape as [number, number, number, number];
    const open = emit.node("Reshape", [emit.value(x!), emit.integers([batch, channels, height, 1, width, 1])]);
    const wide = emit.node("Expand", [open, emit.integers([batch, channels, height, scale[0], width, scale[1]])]);
    return emit.node("Reshape", [wide, emit.integers(shape)]);
  },
  jax: (jax, [x], { scale }) => jax.numpy.repeat(jax.numpy.repeat(x!.ref, scale[0], 2), scale[1], 3),
};

/** Every element repeated `scale[0]` times along height and `scale[1]` along width. */
export function upsample2d(x: Tensor, scale: Pair): Tensor {
  checkImage("upsample2d", x);
  return apply(upsamplePrimitive, [x], { scale });
}

const sumTilesPrimitive: Primitive<{ scale: Pair }> = {
  name: "sumTiles",
  signature: ([x], { scale }) => ({
    shape: [x!.shape[0]!, x!.shape[1]!, x!.shape[2]! / scale[0], x!.shape[3]! / scale[1]],
    dtype: x!.dtype,
  }),
  gradient: (ct, _, { scale }) => [upsample2d(ct, scale)],
  onnx(emit, { inputs: [x], dtype, shape: [batch, channels, height, width] }, { scale }) {
    if (dtype === "float32") {
      const average = emit.node("AveragePool", [emit.value(x!)], { kernel_shape: scale, strides: scale });
      return emit.node("Mul", [average, emit.scalar("float32", scale[0] * scale[1])]);
    }
    const open = emit.integers([batch!, channels!, height!, scale[0], width!, scale[1]]);
    return emit.node("ReduceSum", [emit.node("Reshape", [emit.value(x!), open]), emit.integers([3, 5])], {
      keepdims: 0,
    });
  },
  jax(jax, [x], { scale }, { shape: [batch, channels, height, width] }) {
    const open = x!.ref.reshape([batch!, channels!, height!, scale[0], width!, scale[1]]);
    return jax.numpy.sum(open, [3, 5]);
  },
};

/** Sum of every `scale[0]` x `scale[1]` tile. */
function sumTiles(x: Tensor, scale: Pair): Tensor {
  return apply(sumTilesPrimitive, [x], { scale });
}

function checkImage(operation: string, x: Tensor): void {
  requireFloat(operation, x);
  if (x.rank === 4) return;
  throw new ShapeError({
    where: `${operation} of ${x.label}`,
    expected: "[batch, channels, height, width]",
    found: formatShape(x.shape),
  });
}

/** Options of pooling; the stride is the kernel by default. */
export interface PoolOptions extends WindowOptions {
  readonly kernel: number | Pair;
}

function poolWindow(operation: string, x: Tensor, { kernel, stride, padding }: PoolOptions): Window {
  checkImage(operation, x);
  const size: Pair = typeof kernel === "number" ? [kernel, kernel] : kernel;
  return resolveWindow(operation, x, size, { stride: stride ?? size, ...(padding !== undefined && { padding }) });
}

/**
 * Largest element of every window, a channel at a time; equal elements share the gradient.
 *
 * @param x - float [batch, channels, height, width]
 */
export function maxPool2d(x: Tensor, options: PoolOptions): Tensor {
  return apply(maxPoolPrimitive, [x], poolWindow("maxPool2d", x, options));
}

/**
 * Mean of every window, a channel at a time; padding counts as zeros.
 *
 * @param x - float [batch, channels, height, width]
 */
export function averagePool2d(x: Tensor, options: PoolOptions): Tensor {
  const window = poolWindow("averagePool2d", x, options);
  const { kernel } = window;
  if (tiles(window, x)) return mul(sumTiles(x, kernel), scalar(1 / (kernel[0] * kernel[1]), x.dtype));
  const channels = x.shape[1]!;
  return conv2d(x, averagingFilter(channels, kernel, x.dtype as "float32"), {
    ...options,
    stride: window.strides,
    groups: channels,
  });
}

/** Mean over height and width: [batch, channels, height, width] -> [batch, channels]. */
export function globalAveragePool2d(x: Tensor): Tensor {
  checkImage("globalAveragePool2d", x);
  return mean(x, [2, 3]);
}
