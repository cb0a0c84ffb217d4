/**
 * The gradient of a convolution's filter, as ONNX.
 *
 * ONNX has no operator for it, and `Conv` with an image for a kernel takes eight times as long as what is here: patches laid out
 * by convolutions with unit filters, then one matrix product an image. In every product both operands are read along their rows.
 *
 * @module
 */
import { assert } from "../../core/index.ts";
import type { Tensor } from "../graph.ts";
import type { Emitter } from "../onnx/emitter.ts";
import type { ConvParams } from "./convolution.ts";
import { onnxWindow, type Pair } from "./window.ts";

/** Sizes of the filter: [outputs, channels / groups, h, w]. */
type FilterShape = readonly number[];

/** Emits the gradient of a filter of `params.shape` from the input and the cotangent of the output. */
export function emitFilterGradient(
  emit: Emitter,
  x: Tensor,
  ct: Tensor,
  params: ConvParams & { shape: FilterShape },
): string {
  return alongBoth(x, ct, params) ? emitByRowsAndColumns(emit, x, ct, params) : emitByPatches(emit, x, ct, params);
}

/** Filters that copy: output channel c * taps + k is channel c, moved by tap `order(k)` of the kernel. */
function unitFilters(emit: Emitter, channels: number, kernel: Pair, order = (k: number) => k): string {
  const taps = kernel[0] * kernel[1];
  const units = new Float32Array(channels * taps * taps);
  for (let c = 0; c < channels; c++) for (let k = 0; k < taps; k++) units[(c * taps + k) * taps + order(k)] = 1;
  return emit.constant("float32", [channels * taps, 1, ...kernel], units);
}

/** a · bᵀ over the last two axes. */
function productByRows(emit: Emitter, a: string, b: string, rank: number): string {
  if (!emit.options.portable) return emit.node("FusedMatMul", [a, b], { transB: 1 }, "com.microsoft");
  const perm = [...Array(rank - 2).keys(), rank - 1, rank - 2];
  return emit.node("MatMul", [a, emit.node("Transpose", [b], { perm })]);
}

/** Patches [in * taps, positions] times cotangent [positions, out]: the input is copied once for every tap. */
function emitByPatches(emit: Emitter, x: Tensor, ct: Tensor, params: ConvParams & { shape: FilterShape }): string {
  const { kernel, groups, shape } = params;
  const [batch, channels] = x.shape as [number, number, number, number];
  const [outputs, perGroup] = shape as [number, number, number, number];
  const taps = kernel[0] * kernel[1];
  const positions = ct.shape[2]! * ct.shape[3]!;
  const filters = unitFilters(emit, channels, kernel);
  const patches = emit.node("Conv", [emit.value(x), filters], { ...onnxWindow(params), group: channels });
  const lead = groups === 1 ? [batch] : [batch, groups];
  const rows = (name: string, count: number) =>
    emit.node("Reshape", [name, emit.integers([...lead, count, positions])]);
  const left = rows(patches, perGroup * taps);
  const right = rows(emit.value(ct), outputs / groups);
  const perImage = productByRows(emit, left, right, lead.length + 2);
  const total = emit.node("ReduceSum", [perImage, emit.integers([0])], { keepdims: 0 });
  const swapped = emit.node("Transpose", [total], { perm: groups === 1 ? [1, 0] : [0, 2, 1] });
  return emit.node("Reshape", [swapped, emit.integers(shape)]);
}

/** Rows of the padded image, which are also those of the cotangent once it is spread over the kernel's height. */
function paddedRows(x: Tensor, { padding: [[top, bottom]] }: ConvParams): number {
  return x.shape[2]! + top + bottom;
}

/** Whether copying the input along columns and the cotangent along rows moves less memory than copying the input along both. */
function alongBoth(x: Tensor, ct: Tensor, params: ConvParams & { shape: FilterShape }): boolean {
  const { kernel, strides, dilations, groups, shape } = params;
  if (groups !== 1 || [...strides, ...dilations].some((step) => step !== 1)) return false;
  const [outputs, channels] = shape as [number, number];
  const [height, width] = [ct.shape[2]!, ct.shape[3]!];
  const both = (channels * kernel[1] + outputs * kernel[0]) * paddedRows(x, params) * width;
  return both < channels * kernel[0] * kernel[1] * height * width;
}

/**
 * The sum over positions splits: the input is copied for every column tap j, A[c j] = x moved by j, the cotangent for every row tap i,
 * B[o i] = ct moved down by i, both over all rows of the padded image. Then A · Bᵀ holds every [c, j, o, i].
 */
function emitByRowsAndColumns(
  emit: Emitter,
  x: Tensor,
  ct: Tensor,
  params: ConvParams & { shape: FilterShape },
): string {
  const { kernel, shape, padding } = params;
  const [[top, bottom], [left, right]] = padding;
  const [tall, wide] = kernel;
  const batch = x.shape[0]!;
  const [outputs, channels] = shape as [number, number];
  const positions = paddedRows(x, params) * ct.shape[3]!;
  assert(ct.shape[2]! + tall - 1 === paddedRows(x, params), "a filter gradient's rows do not meet");
  const columns = emit.node("Conv", [emit.value(x), unitFilters(emit, channels, [1, wide])], {
    kernel_shape: [1, wide],
    pads: [top, left, bottom, right],
    group: channels,
  });
  // Row tap i reads the cotangent i rows higher up: unit filters in reverse order.
  const rows = emit.node("Conv", [emit.value(ct), unitFilters(emit, outputs, [tall, 1], (i) => tall - 1 - i)], {
    kernel_shape: [tall, 1],
    pads: [tall - 1, 0, tall - 1, 0],
    group: outputs,
  });
  const flat = (name: string, count: number) => emit.node("Reshape", [name, emit.integers([batch, count, positions])]);
  const perImage = productByRows(emit, flat(columns, channels * wide), flat(rows, outputs * tall), 3);
  const total = emit.node("ReduceSum", [perImage, emit.integers([0])], { keepdims: 0 });
  const open = emit.node("Reshape", [total, emit.integers([channels, wide, outputs, tall])]);
  return emit.node("Transpose", [open], { perm: [2, 0, 3, 1] });
}
