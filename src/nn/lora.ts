/** Low-rank additions to the weights of linear maps. @module */
import { ConfigError, flattenTree, type HostTensor, hostTensor, type Random, type Tree } from "../core/index.ts";
import { add, mul, type Tensor } from "../engine/index.ts";
import { applyDropout } from "./dropout.ts";
import { filled, type Mode, normal } from "./layer.ts";
import { applyLinear, type LinearParams } from "./linear.ts";

/** A low-rank addition to a weight [outDim, inDim]: `up` float32 [outDim, rank] times `down` float32 [rank, inDim]. */
export interface LoraFactors {
  readonly down: HostTensor;
  readonly up: HostTensor;
}

/** Parameters of a linear layer that may have an addition beside its weight. */
export interface LoraLinearParams extends LinearParams {
  readonly lora?: LoraFactors;
}

/** How additions are run. */
export interface LoraSettings {
  /** What the addition is multiplied with: alpha / rank; default 1. */
  readonly scale?: number;
  /** Share of the addition's input that is dropped in training, in [0, 1); default 0. */
  readonly dropout?: number;
}

/** Factors that change nothing yet: `up` zero, `down` normal with standard deviation 1 / sqrt(inDim). */
export function initLora([outDim, inDim]: readonly [number, number], rank: number, random: Random): LoraFactors {
  return { down: normal(random, [rank, inDim], 1 / Math.sqrt(inDim)), up: filled([outDim, rank], 0) };
}

/**
 * x · weightᵀ + bias + scale · drop(x) · downᵀ · upᵀ: the addition is never multiplied out, so that a large frozen weight has no
 * gradient to be computed.
 *
 * @remarks Source: Hu et al. (2022), "LoRA", section 4.1.
 */
export function applyLoraLinear(
  params: {
    readonly weight: unknown;
    readonly bias?: unknown;
    readonly lora?: { readonly down: Tensor; readonly up: Tensor };
  },
  x: Tensor,
  { scale = 1, dropout = 0 }: LoraSettings,
  mode: Mode,
): Tensor {
  const own = applyLinear(x, params.weight as Tensor, params.bias as Tensor | undefined);
  if (!params.lora) return own;
  const { down, up } = params.lora;
  const addition = applyLinear(applyLinear(applyDropout(x, dropout, mode), down), up);
  return add(own, scale === 1 ? addition : mul(addition, scale));
}

const suffix = ".weight";

/** A node of a parameter tree that is a linear layer's parameters. */
function isLinear(node: object): node is LoraLinearParams {
  return "weight" in node && (node.weight as HostTensor).shape?.length === 2;
}

/** `tree` with `change(node, path)` in place of each linear layer's parameters. */
function mapLinear<P>(tree: P, change: (node: LoraLinearParams, path: string) => LoraLinearParams): P {
  const visit = (node: unknown, path: string): unknown => {
    if (node === null || typeof node !== "object" || "dtype" in node) return node;
    const at = (key: string | number) => (path === "" ? `${key}` : `${path}.${key}`);
    if (Array.isArray(node)) return node.map((child, i) => visit(child, at(i)));
    if (isLinear(node)) return change(node, path);
    return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, visit(child, at(key))]));
  };
  return visit(tree, "") as P;
}

/** The paths of the linear maps (and tables) of a parameter tree, without `.weight`. */
export function linearPaths(params: unknown): string[] {
  return flattenTree(params as Tree<HostTensor>).flatMap(([path, { shape }]) =>
    path.endsWith(suffix) && shape.length === 2 ? [path.slice(0, -suffix.length)] : [],
  );
}

/**
 * Parameters with additions of rank `rank`, or of full rank where that is less, beside the weights that `targets` names; they change
 * nothing yet.
 *
 * @param options - `targets`: whether the linear map at a path, such as `blocks.0.query`, gets one
 * @throws {ConfigError} where no weight is named
 */
export function addLora<P>(
  params: P,
  { rank, targets }: { readonly rank: number; readonly targets: (path: string) => boolean },
  random: Random,
): P {
  const chosen = linearPaths(params).filter(targets);
  if (chosen.length === 0) {
    throw new ConfigError({ where: "lora", expected: "weights to add to", found: "none of that name" });
  }
  return mapLinear(params, (node, path) => {
    if (!targets(path)) return node;
    const { shape } = node.weight as HostTensor;
    const [outDim, inDim] = shape as [number, number];
    return { ...node, lora: initLora([outDim, inDim], Math.min(rank, outDim, inDim), random) };
  });
}

/** The parameters without additions: each is multiplied out, times `scale`, and added to its weight. */
export function mergeLora<P>(params: P, scale = 1): P {
  return mapLinear(params, ({ lora, ...node }) =>
    lora ? { ...node, weight: addProduct(node.weight as HostTensor, lora, scale) } : node,
  );
}

/** Whether the parameter at `path` belongs to an addition. */
export function isLora(path: string): boolean {
  return /\.lora\.(down|up)$/.test(path);
}

/** weight + scale · up · down as float32; a convolution's weight counts as the matrix [outChannels, inChannels · h · w]. */
export function addProduct(weight: HostTensor, { down, up }: LoraFactors, scale = 1): HostTensor {
  const [rank, columns] = down.shape as [number, number];
  const rows = up.shape[0] as number;
  const out = Float32Array.from(weight.data);
  for (let i = 0; i < rows; i++) {
    const row = out.subarray(i * columns, (i + 1) * columns);
    for (let k = 0; k < rank; k++) {
      const factor = scale * (up.data[i * rank + k] as number);
      const from = down.data.subarray(k * columns, (k + 1) * columns);
      for (let j = 0; j < columns; j++) row[j] = (row[j] as number) + factor * (from[j] as number);
    }
  }
  return hostTensor(out, weight.shape);
}
