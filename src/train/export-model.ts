import { type HostTensor, ShapeError, type Tree } from "../core/index.ts";
import type { Dataset } from "../data/browser.ts";
import { toOnnx } from "../engine/index.ts";
import { type Layer, Mode } from "../nn/index.ts";

/**
 * A trained model as ONNX: for any batch size where the graph allows it, for single examples otherwise.
 *
 * @param data - whose inputs the model takes
 */
export function exportModel(
  model: Layer<unknown>,
  params: Tree<HostTensor>,
  { inputs }: Dataset,
): { bytes: Uint8Array; fixedBatch: boolean } {
  const apply = (tree: never, x: never) => model.apply(tree, x, new Mode(false));
  const signatures = [{ dtype: inputs.dtype, shape: [1, ...inputs.shape.slice(1)] }];
  try {
    return { bytes: toOnnx(apply, params, signatures), fixedBatch: false };
  } catch (error) {
    if (!(error instanceof ShapeError)) throw error;
    return { bytes: toOnnx(apply, params, signatures, { dynamicBatch: false }), fixedBatch: true };
  }
}
