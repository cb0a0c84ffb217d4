/** The network as an ONNX model: MatMul, Add, GreaterOrEqual, Cast. @module */
import { ConfigError, type HostTensor, hostTensor } from "../../core/index.ts";
import {
  add,
  cast,
  constant,
  greaterEqual,
  matmul,
  mul,
  reshape,
  sub,
  type Tensor,
  toOnnx,
} from "../../engine/index.ts";
import { widthOf } from "./encoding.ts";
import { fitsFloat32, fullMatrix } from "./forward.ts";
import type { Layer } from "./network.ts";
import type { NetworkFile } from "./network-file.ts";

/** The largest model that is written: 1 GB. */
const maxBytes = 1e9;

type OnnxLayer = {
  weights: HostTensor;
  bias: HostTensor;
};

function onnxLayer(layer: Layer, isFirst: boolean): OnnxLayer {
  const { inputs, outputs, bias } = layer;
  const narrow = !isFirst && fitsFloat32(layer);
  const make = (length: number) => (narrow ? new Float32Array(length) : new Float64Array(length));
  const shift = make(outputs);
  shift.set(bias);
  return {
    weights: hostTensor(fullMatrix(layer, make(inputs * outputs)), [inputs, outputs]),
    bias: hostTensor(shift, [outputs]),
  };
}

/**
 * The ONNX model of a network.
 *
 * Input `features`, float64 [batch, d]: what the columns become before they are scaled (`encoding.columns` of net.json, in order: a
 * number as it is, its bits, a 0 or 1 for each category or bit of a hash). Output `label`, int32 [batch]: the place of the class in
 * `labels.classes`, or the step of the quantised number. The first layer is float64; later ones are float32 where all their sums are
 * whole numbers below 2^24, else float64, where they are exact below 2^53.
 *
 * @throws {ConfigError} where the model would be larger than 1 GB
 */
export function exportOnnx({ network, encoding }: NetworkFile): Uint8Array {
  const { layers } = network;
  const bytes = layers.reduce((total, layer) => total + 8 * layer.inputs * layer.outputs, 0);
  if (bytes > maxBytes) {
    throw new ConfigError({
      where: "--onnx",
      expected: "a network of at most 1 GB as full matrices",
      found: `${(bytes / 1e9).toFixed(1)} GB`,
      hint: "--tight makes the first layers smaller",
    });
  }
  const width = encoding.columns.reduce((total, column) => total + widthOf(column), 0);
  const params = {
    centre: hostTensor(encoding.centre, [width]),
    scale: hostTensor(encoding.scale, [width]),
    layers: layers.map((layer, at) => onnxLayer(layer, at === 0)),
  };
  type Params = { centre: Tensor; scale: Tensor; layers: { weights: Tensor; bias: Tensor }[] };
  const model = ({ centre, scale, layers: stack }: Params, features: Tensor) => {
    let values = mul(sub(features, centre), scale);
    for (const { weights, bias } of stack) {
      values = cast(greaterEqual(add(matmul(cast(values, weights.dtype), weights), bias), 0), weights.dtype);
    }
    const bits = layers.at(-1)!.outputs;
    const powers = Float64Array.from({ length: bits }, (_, bit) => 2 ** bit);
    const label = matmul(cast(values, "float64"), constant(hostTensor(powers, [bits, 1])));
    return cast(reshape(label, [features.shape[0]!]), "int32");
  };
  return toOnnx<Params>(model as never, params, [{ shape: [1, width], dtype: "float64" }], {
    inputNames: ["features"],
    outputNames: ["label"],
  });
}
