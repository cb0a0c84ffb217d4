import { flattenTree, type HostTensor, type Tree } from "../core/index.ts";
import { isBuffer } from "./layer.ts";

/**
 * The paths of the scales and shifts of a model's norm layers: batch, layer and RMS norm alike. A norm is told by its weight, which is a
 * vector, where those of linear maps, convolutions and embeddings are matrices and more.
 *
 * @example
 * ```ts
 * normPaths({ weight: filled([8], 1), bias: filled([8], 0) }); // Set { "weight", "bias" }
 * ```
 */
export function normPaths(params: unknown): Set<string> {
  const leaves = flattenTree(params as Tree<HostTensor>);
  const layerOf = (path: string) => path.slice(0, Math.max(0, path.lastIndexOf(".")));
  const isWeight = (path: string) => path === "weight" || path.endsWith(".weight");
  const norms = new Set(
    leaves.flatMap(([path, { shape }]) => (isWeight(path) && shape.length === 1 ? [layerOf(path)] : [])),
  );
  return new Set(leaves.flatMap(([path]) => (norms.has(layerOf(path)) && !isBuffer(path) ? [path] : [])));
}
