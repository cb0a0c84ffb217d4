/** Pooling over windows of images. @module */
import { assert, formatShape, ShapeError } from "../../core/index.ts";
import { apply, type Primitive, type Tensor } from "../graph.ts";
import type { JaxArray, JaxModule } from "../jax.ts";
import type { Emitter } from "../onnx/emitter.ts";
import {
  averagingFilter,
  conv2d,
  resolveWindow,
  tapPositions,
  type Window,
  type WindowOptions,
  windowOutput,
} from "./convolution.ts";
import { takeAlong } from "./indexing.ts";
import { reshape } from "./movement.ts";
import { mean } from "./reduce.ts";
import { requireFloat } from "./sources.ts";

function emitMaxPool(emit: Emitter, x: Tensor, { kernel, strides, padding: [[top, bottom], [left, right]] }: Window) {
  const attributes = { kernel_shape: kernel, strides, pads: [top, left, bottom, right] };
  const [values, positions] = emit.nodes("MaxPool", [emit.value(x)], 2, attributes);
  return { values: values!, positions: positions! };
}

/** For jax-js: the winning tap of every window, the first of equals, and a linear map from images to windows. */
function jaxWindows(jax: JaxModule, x: JaxArray, window: Window) {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const [outHeight, outWidth] = windowOutput(window, height, width);
  const taps = window.kernel[0] * window.kernel[1];
  const pads = [[0, 0], [0, 0], ...window.padding.map(([a, b]) => [a, b])] as [number, number][];
  const positions = jax.numpy.array(tapPositions(window, height, width) as Int32Array<ArrayBuffer>);
  const gather = (image: JaxArray) => {
    const padded = jax.numpy.pad(image, pads);
    const flat = padded.reshape([batch, channels, -1]);
    return jax.numpy.take(flat, positions.ref, 2).reshape([batch, channels, outHeight, outWidth, taps]);
  };
  const inside = gather(jax.numpy.ones(x.shape));
  const values = jax.numpy.where(jax.numpy.greater(inside, 0), gather(x.ref), Number.NEGATIVE_INFINITY);
  return { gather, values, taps };
}

const maxPoolPrimitive: Primitive<Window> = {
  name: "maxPool2d",
  signature: ([x], window) => ({
    shape: [x!.shape[0]!, x!.shape[1]!, ...windowOutput(window, x!.shape[2]!, x!.shape[3]!)],
    dtype: x!.dtype,
  }),
  gradient: (ct, { inputs: [x] }, window) => [apply(maxPoolGradientPrimitive, [x!, ct], window)],
  onnx: (emit, { inputs: [x] }, window) => emitMaxPool(emit, x!, window).values,
  jax: (jax, [x], window) => jax.numpy.max(jaxWindows(jax, x!, window).values, -1),
};

const maxPoolGradientPrimitive: Primitive<Window> = {
  name: "maxPool2dGradient",
  signature: ([x]) => ({ shape: x!.shape, dtype: x!.dtype }),
  gradient(ct, { inputs: [x, outer] }, window) {
    // Linear in the cotangent: each window's cotangent went to its winner, so its gradient comes from there.
    const winners = apply(maxPoolPositionsPrimitive, [x!], window);
    const [batch, channels] = x!.shape as [number, number];
    const flat = reshape(ct, [batch, channels, -1]);
    return [undefined, reshape(takeAlong(flat, reshape(winners, [batch, channels, -1]), 2), outer!.shape)];
  },
  onnx(emit, { inputs: [x, ct] }, window) {
    const { positions } = emitMaxPool(emit, x!, window);
    const { kernel, strides } = window;
    if (kernel[0] <= strides[0] && kernel[1] <= strides[1] && window.padding.flat().every((width) => width === 0)) {
      const inputs = [emit.value(ct!), positions, emit.integers(x!.shape)];
      return emit.node("MaxUnpool", inputs, { kernel_shape: kernel, strides });
    }
    const size = x!.shape.reduce((n, axis) => n * axis, 1);
    const zeros = emit.node("Expand", [emit.scalar(x!.dtype, 0), emit.integers([size])]);
    const flat = (name: string) => emit.node("Reshape", [name, emit.integers([-1])]);
    const placed = emit.node("ScatterElements", [zeros, flat(positions), flat(emit.value(ct!))], {
      axis: 0,
      reduction: "add",
    });
    return emit.node("Reshape", [placed, emit.integers(x!.shape)]);
  },
  jax(jax, [x, ct], window) {
    const { gather, values, taps } = jaxWindows(jax, x!, window);
    const winner = jax.nn.oneHot(jax.numpy.argmax(values, -1), taps);
    const spread = jax.numpy.multiply(winner, jax.numpy.expandDims(ct!.ref, -1));
    const [, transposed] = jax.vjp(gather, [jax.numpy.zeros(x!.shape)]);
    return transposed(spread)[0] as JaxArray;
  },
};

const maxPoolPositionsPrimitive: Primitive<Window> = {
  name: "maxPool2dPositions",
  signature: ([x], window) => ({
    shape: [x!.shape[0]!, x!.shape[1]!, ...windowOutput(window, x!.shape[2]!, x!.shape[3]!)],
    dtype: "int32",
  }),
  onnx(emit, { inputs: [x] }, window) {
    // ONNX counts through the whole tensor; within an image is the remainder.
    const { positions } = emitMaxPool(emit, x!, window);
    const perImage = emit.int64([], BigInt64Array.of(BigInt(x!.shape[2]! * x!.shape[3]!)));
    return emit.node("Cast", [emit.node("Mod", [positions, perImage])], { to: 6 });
  },
  jax(jax, [x], window) {
    const { values, taps } = jaxWindows(jax, x!, window);
    const winner = jax.numpy.argmax(values, -1);
    const [height, width] = [x!.shape[2]!, x!.shape[3]!];
    const table = jax.numpy.array(insidePositions(window, height, width, taps) as Int32Array<ArrayBuffer>);
    const [outHeight, outWidth] = windowOutput(window, height, width);
    const offsets = jax.numpy.arange(0, outHeight * outWidth * taps, taps, { dtype: jax.numpy.int32 });
    return jax.numpy.take(table, jax.numpy.add(winner, offsets.reshape([outHeight, outWidth])));
  },
};

/** Like {@link tapPositions}, but counted in the image without its padding. */
function insidePositions(window: Window, height: number, width: number, taps: number): Int32Array {
  const [[top], [left, right]] = window.padding;
  const padded = width + left + right;
  const positions = tapPositions(window, height, width);
  assert(positions.length % taps === 0, "window positions do not come in whole windows");
  return positions.map((position) => (Math.floor(position / padded) - top) * width + (position % padded) - left);
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
  readonly kernel: number | readonly [number, number];
}

/**
 * Largest element of every window, a channel at a time; the first of equals receives the gradient.
 *
 * @param x - float [batch, channels, height, width]
 */
export function maxPool2d(x: Tensor, { kernel, stride, padding }: PoolOptions): Tensor {
  checkImage("maxPool2d", x);
  const size = typeof kernel === "number" ? ([kernel, kernel] as const) : kernel;
  const window = resolveWindow("maxPool2d", x, size, {
    stride: stride ?? size,
    ...(padding !== undefined && { padding }),
  });
  return apply(maxPoolPrimitive, [x], window);
}

/**
 * Mean of every window, a channel at a time; padding counts as zeros.
 *
 * @param x - float [batch, channels, height, width]
 */
export function averagePool2d(x: Tensor, { kernel, stride, padding }: PoolOptions): Tensor {
  checkImage("averagePool2d", x);
  const size = typeof kernel === "number" ? ([kernel, kernel] as const) : kernel;
  const channels = x.shape[1]!;
  return conv2d(x, averagingFilter(channels, size, x.dtype as "float32"), {
    stride: stride ?? size,
    groups: channels,
    ...(padding !== undefined && { padding }),
  });
}

/** Mean over height and width: [batch, channels, height, width] -> [batch, channels]. */
export function globalAveragePool2d(x: Tensor): Tensor {
  checkImage("globalAveragePool2d", x);
  return mean(x, [2, 3]);
}
