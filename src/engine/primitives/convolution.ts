/** Two-dimensional convolution (cross-correlation, as in every deep-learning library) and its two gradients. @module */
import { allocate, formatShape, hostTensor, type Shape, ShapeError, sizeOf } from "../../core/index.ts";
import { apply, type Primitive, type Tensor } from "../graph.ts";
import type { JaxArray, JaxModule } from "../jax.ts";
import type { Emitter } from "../onnx/emitter.ts";
import { canBlock, emitBlockedConv } from "./blocked.ts";
import { add } from "./elementwise.ts";
import { emitFilterGradient } from "./filter-gradient.ts";
import { matmul } from "./matmul.ts";
import { pad, type Range, reshape, slice } from "./movement.ts";
import { constant, requireFloat } from "./sources.ts";
import { type ConvOptions, onnxWindow, type Pair, resolveWindow, type Window, windowOutput } from "./window.ts";

/** A window, and the groups of channels it keeps apart. */
export interface ConvParams extends Window {
  readonly groups: number;
}

function jaxConv(
  jax: JaxModule,
  x: JaxArray,
  filter: JaxArray,
  { strides, dilations, padding, groups }: ConvParams,
): JaxArray {
  return jax.lax.convGeneralDilated(
    x,
    filter,
    [...strides],
    padding.map(([a, b]) => [a, b] as [number, number]),
    {
      rhsDilation: [...dilations],
      featureGroupCount: groups,
    },
  );
}

const convPrimitive: Primitive<ConvParams> = {
  name: "conv2d",
  signature: ([x, filter], params) => ({
    shape: [x!.shape[0]!, filter!.shape[0]!, ...windowOutput(params, x!.shape[2]!, x!.shape[3]!)],
    dtype: x!.dtype,
  }),
  gradient: (ct, { inputs: [x, filter] }, params) => [
    apply(inputGradientPrimitive, [ct, filter!], { ...params, shape: x!.shape }),
    apply(filterGradientPrimitive, [x!, ct], { ...params, shape: filter!.shape }),
  ],
  onnx: (emit, node) => emitConv(emit, node),
  jax: (jax, [x, filter], params) => jaxConv(jax, x!.ref, filter!.ref, params),
};

/** Emits a convolution, with an optional bias [channels]. */
export function emitConv(emit: Emitter, node: Tensor, bias?: string): string {
  const params = node.params as ConvParams;
  const [x, filter] = node.inputs.map((tensor) => emit.value(tensor)) as [string, string];
  const [outputs, channels] = node.inputs[1]!.shape as [number, number];
  const attributes = onnxWindow(params);
  if (canBlock(emit, channels, outputs, params.groups)) {
    return emitBlockedConv(emit, {
      x,
      filter,
      ...(bias && { bias }),
      channels,
      outputs,
      kernel: params.kernel,
      attributes,
    });
  }
  return emit.node("Conv", bias ? [x, filter, bias] : [x, filter], { ...attributes, group: params.groups });
}

const inputGradientPrimitive: Primitive<ConvParams & { shape: Shape }> = {
  name: "conv2dInputGradient",
  signature: ([ct], { shape }) => ({ shape, dtype: ct!.dtype }),
  gradient(ct, { inputs: [outer, filter] }, { shape, ...params }) {
    return [
      apply(convPrimitive, [ct, filter!], params as ConvParams),
      apply(filterGradientPrimitive, [ct, outer!], { ...(params as ConvParams), shape: filter!.shape }),
    ];
  },
  onnx(emit, { inputs: [ct, filter] }, params) {
    const { kernel, strides, dilations, padding, groups, shape } = params;
    const names = [emit.value(ct!), emit.value(filter!)] as const;
    // With stride 1 this is a convolution by the flipped filter, which ONNX Runtime runs faster than ConvTranspose
    // once there are enough channels to fill its matrix products (measured: 3.6 against 10.4 ms at 32, slower below 16).
    const reach = [0, 1].map((i) => dilations[i as 0 | 1] * (kernel[i as 0 | 1] - 1));
    const fits = padding.every(([before, after], i) => before <= reach[i]! && after <= reach[i]!);
    if (groups === 1 && strides[0] === 1 && strides[1] === 1 && fits && shape[1]! >= 16) {
      const swapped = emit.node("Transpose", [names[1]], { perm: [1, 0, 2, 3] });
      const last = emit.integers([-1, -1]);
      const flipped = emit.node("Slice", [
        swapped,
        last,
        emit.integers([-(2 ** 31), -(2 ** 31)]),
        emit.integers([2, 3]),
        last,
      ]);
      const pads = [0, 1].flatMap((side) => padding.map((around, i) => reach[i]! - around[side as 0 | 1]));
      const attributes = { kernel_shape: kernel, strides, dilations, pads };
      const [channels, outputs] = [ct!.shape[1]!, shape[1]!];
      if (canBlock(emit, channels, outputs, 1)) {
        return emitBlockedConv(emit, { x: names[0], filter: flipped, channels, outputs, kernel, attributes });
      }
      return emit.node("Conv", [names[0], flipped], { ...attributes, group: 1 });
    }
    const full = [0, 1].map(
      (i) =>
        strides[i as 0 | 1] * (ct!.shape[2 + i]! - 1) + reach[i]! + 1 - padding[i as 0 | 1][0] - padding[i as 0 | 1][1],
    );
    return emit.node("ConvTranspose", names, {
      ...onnxWindow(params),
      group: groups,
      output_padding: full.map((size, i) => shape[2 + i]! - size),
    });
  },
  jax(jax, [ct, filter], params, { dtype }) {
    const zeros = jax.numpy.zeros([...params.shape], { dtype: jax.numpy[dtype] });
    const [, transposed] = jax.vjp((x: JaxArray) => jaxConv(jax, x, filter!.ref, params), [zeros]);
    return transposed(ct!.ref)[0] as JaxArray;
  },
};

const filterGradientPrimitive: Primitive<ConvParams & { shape: Shape }> = {
  name: "conv2dFilterGradient",
  signature: ([x], { shape }) => ({ shape, dtype: x!.dtype }),
  gradient(ct, { inputs: [x, outer] }, { shape, ...params }) {
    return [
      apply(inputGradientPrimitive, [outer!, ct], { ...(params as ConvParams), shape: x!.shape }),
      apply(convPrimitive, [x!, ct], params as ConvParams),
    ];
  },
  onnx: (emit, { inputs: [x, ct] }, params) => emitFilterGradient(emit, x!, ct!, params),
  jax(jax, [x, ct], params, { dtype }) {
    const zeros = jax.numpy.zeros([...params.shape], { dtype: jax.numpy[dtype] });
    const [, transposed] = jax.vjp((filter: JaxArray) => jaxConv(jax, x!.ref, filter, params), [zeros]);
    return transposed(ct!.ref)[0] as JaxArray;
  },
};

/**
 * Cross-correlation of images with filters.
 *
 * @param x - float [batch, channels, height, width]
 * @param filter - float [outChannels, channels / groups, kernelHeight, kernelWidth]
 * @returns float [batch, outChannels, outHeight, outWidth]
 * @throws {ShapeError} where ranks, channels or groups do not fit, or the kernel is larger than the padded image
 */
export function conv2d(x: Tensor, filter: Tensor, options: ConvOptions = {}): Tensor {
  requireFloat("conv2d", x);
  const groups = options.groups ?? 1;
  const fits = x.rank === 4 && filter.rank === 4 && x.dtype === filter.dtype;
  if (!fits || x.shape[1] !== filter.shape[1]! * groups || filter.shape[0]! % groups !== 0) {
    throw new ShapeError({
      where: `conv2d of ${x.label} by ${filter.label}`,
      expected: `x [batch, channels, height, width] and filter [out, channels / ${groups}, height, width] of one dtype, out a multiple of ${groups}`,
      found: `${x.dtype}${formatShape(x.shape)} and ${filter.dtype}${formatShape(filter.shape)}`,
    });
  }
  const window = resolveWindow("conv2d", x, [filter.shape[2]!, filter.shape[3]!], options);
  if (x.dtype === "float64") return convolveByTaps(x, filter, window, groups);
  return apply(convPrimitive, [x, filter], { ...window, groups });
}

/** The same as a sum of matrix products, one for every tap of the filter: for float64, which has no convolution kernels. */
function convolveByTaps(x: Tensor, filter: Tensor, window: Window, groups: number): Tensor {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const outputs = filter.shape[0]!;
  const { kernel, strides, dilations } = window;
  const [outHeight, outWidth] = windowOutput(window, height, width);
  const padded = pad(x, [[0, 0], [0, 0], ...window.padding]);
  const range = (tap: number, axis: 0 | 1, count: number): Range => {
    const start = tap * dilations[axis];
    return [start, start + (count - 1) * strides[axis] + 1, strides[axis]];
  };
  const products: Tensor[] = [];
  for (let i = 0; i < kernel[0]; i++) {
    for (let j = 0; j < kernel[1]; j++) {
      const image = slice(padded, [null, null, range(i, 0, outHeight), range(j, 1, outWidth)]);
      const columns = reshape(image, [batch, groups, channels / groups, outHeight * outWidth]);
      const tap = slice(filter, [null, null, [i, i + 1], [j, j + 1]]);
      products.push(matmul(reshape(tap, [groups, outputs / groups, channels / groups]), columns));
    }
  }
  const total = products.reduce((sum, product) => add(sum, product));
  return reshape(total, [batch, outputs, outHeight, outWidth]);
}

/** A filter [channels, 1, h, w] that averages each channel's window. */
export function averagingFilter(channels: number, [height, width]: Pair, dtype: "float32" | "float64"): Tensor {
  const shape = [channels, 1, height, width];
  return constant(hostTensor(allocate(dtype, sizeOf(shape)).fill(1 / (height * width)), shape));
}
