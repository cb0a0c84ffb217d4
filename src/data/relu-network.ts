/** ReLU networks from files. @module */
import { DataError, formatShape, type HostTensor } from "../core/index.ts";
import type { ReluLayer, ReluNetwork } from "../nn/index.ts";
import { readFileBytes, readSafetensors } from "../storage/index.ts";
import { reluNetworkFromOnnx } from "./relu-network-onnx.ts";

/**
 * Checks that layers make a network.
 *
 * @throws {DataError} where there are none, a layer has no neurons, a number is not finite, or sizes do not follow on each other
 */
function checkReluNetwork(layers: readonly ReluLayer[], where: string): ReluNetwork {
  if (layers.length === 0) throw new DataError({ where, expected: "layers with weights", found: "none" });
  for (const [l, { outDim, inDim, weight, bias }] of layers.entries()) {
    const here = `${where}, layer ${l}`;
    if (outDim < 1 || inDim < 1) {
      throw new DataError({
        where: here,
        expected: "at least one neuron and one input",
        found: `${outDim} x ${inDim}`,
      });
    }
    const before = layers[l - 1];
    if (before && before.outDim !== inDim) {
      throw new DataError({
        where: here,
        expected: `${before.outDim} inputs, as the layer before gives`,
        found: `${inDim}`,
      });
    }
    for (const [what, values] of [
      ["weight", weight],
      ["bias", bias],
    ] as const) {
      const bad = values.findIndex((value) => !Number.isFinite(value));
      if (bad >= 0) {
        throw new DataError({ where: `${here}, ${what} ${bad}`, expected: "a finite number", found: `${values[bad]}` });
      }
    }
  }
  return { layers };
}

/**
 * Reads a ReLU network from safetensors (`layers.0.weight` float [out, in], `layers.0.bias` [out] or none, `layers.1.…`; any prefix, and
 * numbers that leave gaps, as those of an `mlp` do) or from an ONNX file of Gemm, MatMul + Add and Relu nodes.
 *
 * @throws {DataError} where the file cannot be read, or holds another network
 */
export async function readReluNetwork(path: string): Promise<ReluNetwork> {
  if (path.endsWith(".onnx")) return checkReluNetwork(reluNetworkFromOnnx(await readFileBytes(path), path), path);
  const { tensors } = await readSafetensors(path);
  const numbered = Object.entries(tensors).flatMap(([name, tensor]) => {
    const match = /^(?:.*\.)?(\d+)\.weight$/.exec(name);
    return match ? [{ name, tensor, number: Number(match[1]) }] : [];
  });
  if (numbered.length === 0) {
    throw new DataError({
      where: path,
      expected: "tensors layers.0.weight, layers.0.bias, layers.1.weight, …",
      found: Object.keys(tensors).slice(0, 4).join(", ") || "none",
    });
  }
  const layers = numbered
    .sort((a, b) => a.number - b.number)
    .map(({ name, tensor }) => layerFrom(tensor, tensors[name.replace(/weight$/, "bias")], `${path}, ${name}`));
  return checkReluNetwork(layers, path);
}

/** A layer of a weight [out, in] and a bias [out] or none. */
function layerFrom(weight: HostTensor, bias: HostTensor | undefined, where: string): ReluLayer {
  const [outDim, inDim] = weight.shape;
  if (weight.shape.length !== 2) {
    throw new DataError({ where, expected: "a weight [out, in]", found: formatShape(weight.shape) });
  }
  if (bias && (bias.shape.length !== 1 || bias.shape[0] !== outDim)) {
    throw new DataError({ where, expected: `a bias [${outDim}]`, found: formatShape(bias.shape) });
  }
  return {
    outDim: outDim!,
    inDim: inDim!,
    weight: Float64Array.from(weight.data),
    bias: bias ? Float64Array.from(bias.data) : new Float64Array(outDim!),
  };
}
