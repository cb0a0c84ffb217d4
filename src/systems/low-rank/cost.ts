/** What a submodel costs, from its ranks alone. @module */
import { flattenTree, type HostTensor, mapTree, sizeOf, type Tree } from "../../core/index.ts";
import { countMacs, type Tensor, type Tensors, valueAndGrad } from "../../engine/index.ts";
import {
  isBuffer,
  type Layer,
  Mode,
  mapWeights,
  matrixSize,
  type Parameters,
  type Ranks,
  rankOf,
  ranksOf,
  type Traced,
} from "../../nn/index.ts";

/** What a model costs. */
export interface Cost {
  /** Multiply-adds of one example. */
  readonly macs: number;
  /** Numbers that are trained; running statistics are not counted. */
  readonly parameters: number;
}

/** A factored layer, as far as its cost goes. */
interface LayerSize {
  readonly path: string;
  readonly rows: number;
  readonly columns: number;
  /** How often its matrix is applied to one example: once, or at every pixel of a convolution's output. */
  readonly uses: number;
}

/** The costs of a model at all ranks. */
export interface CostModel {
  readonly dense: Cost;
  /** The cost at `ranks`, with every layer whole whose factors would cost as much. */
  at(ranks: Ranks): Cost;
}

/** Multiply-adds of a model for one example of the shape given. */
export function macsOf(model: Layer, params: Parameters, exampleShape: readonly number[]): number {
  const apply = (tree: never, x: never) => model.apply(tree, x, new Mode(false));
  return countMacs(apply, [params as Tree<HostTensor>, { shape: [1, ...exampleShape], dtype: "float32" }]);
}

/** Multiply-adds of one step of training on `batch` examples: forward and backward. */
export function stepMacs(
  model: Layer,
  loss: (output: Tensor, targets: Tensor) => Tensor,
  params: Parameters,
  { batch, exampleShape }: { readonly batch: number; readonly exampleShape: readonly number[] },
): number {
  const step = (tree: Tensors, x: Tensor, targets: Tensor) => {
    const lossOf = (p: Tensors) => loss(model.apply(p as Traced<Parameters>, x, new Mode(false)), targets);
    return valueAndGrad(lossOf as (p: Tensors) => Tensor)(tree);
  };
  const inputs = { shape: [batch, ...exampleShape], dtype: "float32" } as const;
  const targets = { shape: [batch], dtype: "int32" } as const;
  return countMacs(step as never, [params as Tree<HostTensor>, inputs, targets]);
}

/** Numbers that are trained. */
export function parametersOf(params: Parameters): number {
  const leaves = flattenTree(params as Tree<HostTensor>).filter(([path]) => !isBuffer(path));
  return leaves.reduce((total, [, { shape }]) => total + sizeOf(shape), 0);
}

/** `params` as tensors without data in which one layer has one rank more: enough to count by. */
function oneMore(params: Parameters, layer: string): Parameters {
  return mapWeights(params, ({ u, v }, path) => {
    if (path !== layer) return { u, v };
    const rank = rankOf({ v }) + 1;
    return { u: { ...u, shape: u.shape.with(1, rank) }, v: { ...v, shape: v.shape.with(0, rank) } };
  });
}

/** Dense parameters as factored ones of the ranks given, in their shapes alone: enough to count by. */
export function factoredShapes(dense: Parameters, ranks: Ranks): Parameters {
  return mapTree<HostTensor, unknown>(dense as Tree<HostTensor>, (leaf, path) => {
    const rank = ranks[path];
    if (rank === undefined) return leaf;
    const [outputs, ...inputs] = leaf.shape as [number, ...number[]];
    const u = { ...leaf, shape: [outputs, rank, ...inputs.slice(1).map(() => 1)] };
    return { u, v: { ...leaf, shape: [rank, ...inputs] } };
  }) as Parameters;
}

/**
 * Costs by ranks, read off the model's own graph.
 *
 * @param params - with factored layers; their shapes are enough
 */
export function costModel(model: Layer, params: Parameters, exampleShape: readonly number[]): CostModel {
  const layers: LayerSize[] = [];
  const total = macsOf(model, params, exampleShape);
  mapWeights(params, (factors, path) => {
    const [rows, columns] = matrixSize(factors);
    // One rank more costs rows + columns at every use.
    const uses = (macsOf(model, oneMore(params, path), exampleShape) - total) / (rows + columns);
    layers.push({ path, rows, columns, uses });
    return factors;
  });
  const ranks = ranksOf(params);
  const factored = ({ rows, columns }: LayerSize, rank: number) => rank * (rows + columns);
  const cheapest = (layer: LayerSize, rank: number) => Math.min(factored(layer, rank), layer.rows * layer.columns);
  const sum = (value: (layer: LayerSize) => number) => layers.reduce((all, layer) => all + value(layer), 0);
  const otherMacs = total - sum((layer) => layer.uses * factored(layer, ranks[layer.path]!));
  const otherParameters = parametersOf(params) - sum((layer) => factored(layer, ranks[layer.path]!));
  const at = (chosen: Ranks): Cost => ({
    macs: otherMacs + sum((layer) => layer.uses * cheapest(layer, chosen[layer.path]!)),
    parameters: otherParameters + sum((layer) => cheapest(layer, chosen[layer.path]!)),
  });
  return { dense: at(Object.fromEntries(layers.map(({ path }) => [path, Number.POSITIVE_INFINITY]))), at };
}
