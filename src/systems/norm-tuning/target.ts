/** The network to reconstruct. @module */
import { DataError } from "../../core/index.ts";
import { readReluNetwork } from "../../data/index.ts";
import type { ReluNetwork } from "../../nn/index.ts";
import { readSafetensors, sha256 } from "../../storage/index.ts";

/** Why a network that normalises each sample cannot be a target, nor the form of a reconstruction. */
export const whyNotLayerNorm =
  "layer normalisation divides by statistics of each sample, so that it is no affine map and cannot be absorbed into gamma and beta";

/**
 * Reads a ReLU network from safetensors or ONNX.
 *
 * @throws {DataError} where it is none, with the reason where it is one with normalisation layers
 */
export async function readTarget(path: string): Promise<ReluNetwork> {
  try {
    return await readReluNetwork(path);
  } catch (error) {
    if (error instanceof DataError) throw (await normalisationIn(path, error)) ?? error;
    throw error;
  }
}

/** The error for a target with normalisation layers; undefined where it has none. */
async function normalisationIn(path: string, error: DataError): Promise<DataError | undefined> {
  const expected = "linear layers with ReLU between them";
  if (path.endsWith(".onnx")) {
    if (!/LayerNormalization|ReduceMean|ReduceSum/.test(error.found)) return undefined;
    return new DataError({ where: error.where, expected, found: error.found, hint: whyNotLayerNorm, cause: error });
  }
  const { tensors } = await readSafetensors(path).catch(() => ({ tensors: {} }));
  const scales = Object.entries(tensors).filter(([name, { shape }]) => /\d+\.weight$/.test(name) && shape.length === 1);
  if (scales.length === 0) return undefined;
  const [name, { shape }] = scales[0]!;
  const isBatch = Object.keys(tensors).some((other) => /running_?var/i.test(other));
  return new DataError({
    where: `${path}, ${name}`,
    expected,
    found: `${isBatch ? "batch" : "layer"} normalisation of ${shape[0]} channels`,
    hint: isBatch ? "fold it into the linear layer before it: tenfold norm merge --fold" : whyNotLayerNorm,
    cause: error,
  });
}

/** SHA-256 of a network's sizes and numbers, whatever file they came in. */
export function hashTarget({ layers }: ReluNetwork): string {
  const bytes = (values: Float64Array) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  const lines = layers.flatMap(({ outDim, inDim, weight, bias }) => [
    `${outDim} ${inDim}`,
    sha256(bytes(weight)),
    sha256(bytes(bias)),
  ]);
  return sha256(lines.join("\n"));
}
