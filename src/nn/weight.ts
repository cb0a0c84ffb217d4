/** The weights of linear maps: whole, or as the product of two thin ones. @module */
import { type HostTensor, hostTensor, sizeOf } from "../core/index.ts";
import { matrixProduct, svd } from "../linalg/index.ts";

/**
 * A weight as the product u v of two thin ones with `rank` columns and rows: a layer applies `v`, then `u`.
 *
 * Of a linear layer: u float [outDim, rank], v float [rank, inDim]. Of a convolution: u [outChannels, rank, 1, 1], v
 * [rank, inChannels, h, w]; the window's strides, padding and dilations are those of v.
 */
export interface Factors {
  readonly u: HostTensor;
  readonly v: HostTensor;
}

/** The weight of a linear map. */
export type Weight = HostTensor | Factors;

/** Whether a node of a parameter tree is a pair of factors. */
export function isFactors<T extends object>(node: unknown): node is { readonly u: T; readonly v: T } {
  return node !== null && typeof node === "object" && "u" in node && "v" in node && Object.keys(node).length === 2;
}

const groupsOf = new WeakMap<HostTensor, number>();

/** Remembers that `weight` is that of a linear map: what sets it apart from an embedding's table or a norm's scale. */
export function asLinearMap(weight: HostTensor, groups = 1): HostTensor {
  groupsOf.set(weight, groups);
  return weight;
}

/** The groups of channels of the linear map that a freshly initialised `weight` is of; undefined where it is of none. */
export function linearMapGroups(weight: HostTensor): number | undefined {
  return groupsOf.get(weight);
}

/** Rows and columns of a weight as a matrix: outputs by inputs, a convolution's window counted with its inputs. */
export function matrixSize(weight: Weight): [rows: number, columns: number] {
  if (!isFactors<HostTensor>(weight)) return [weight.shape[0]!, sizeOf(weight.shape.slice(1))];
  return [weight.u.shape[0]!, sizeOf(weight.v.shape.slice(1))];
}

/** Columns of u and rows of v. */
export function rankOf({ v }: { readonly v: { readonly shape: readonly number[] } }): number {
  return v.shape[0]!;
}

const like = ({ dtype }: HostTensor, values: Float64Array, shape: readonly number[]): HostTensor =>
  hostTensor(dtype === "float64" ? values : Float32Array.from(values), shape);

/**
 * The weight as the product of two of full rank min(outputs, inputs), by singular value decomposition: u = U sqrt(S),
 * v = sqrt(S) Vᵀ, singular values descending. The product is the weight, to rounding.
 *
 * @param weight - float [outDim, inDim] or [outChannels, inChannels, h, w]
 */
export function factorize(weight: HostTensor): Factors {
  const [rows, columns] = matrixSize(weight);
  const { u, s, v, rank } = svd(Float64Array.from(weight.data), rows, columns);
  const scale = s.map(Math.sqrt);
  const left = u.map((value, i) => value * scale[i % rank]!);
  const right = v.map((value, i) => value * scale[Math.floor(i / columns)]!);
  const window = weight.shape.slice(2).map(() => 1);
  return {
    u: like(weight, left, [rows, rank, ...window]),
    v: like(weight, right, [rank, ...weight.shape.slice(1)]),
  };
}

/** The whole weight that factors stand for. */
export function multiplyFactors({ u, v }: Factors): HostTensor {
  const [rows, columns] = matrixSize({ u, v });
  const product = matrixProduct(Float64Array.from(u.data), Float64Array.from(v.data), rows, rankOf({ v }), columns);
  return like(u, product, [rows, ...v.shape.slice(1)]);
}

/** The first `rank` columns of u and rows of v. */
export function leadingFactors({ u, v }: Factors, rank: number): Factors {
  return { u: leadingColumns(u, rank), v: leadingRows(v, rank) };
}

/** The first `count` of a tensor's second axis. */
export function leadingColumns(u: HostTensor, count: number): HostTensor {
  const [rows, columns] = u.shape as [number, number];
  const data = u.data.slice(0, rows * count);
  for (let row = 0; row < rows; row++) data.set(u.data.subarray(row * columns, row * columns + count), row * count);
  return { ...u, shape: [rows, count, ...u.shape.slice(2)], data };
}

/** The first `count` of a tensor's first axis. */
export function leadingRows(v: HostTensor, count: number): HostTensor {
  return { ...v, shape: [count, ...v.shape.slice(1)], data: v.data.slice(0, count * sizeOf(v.shape.slice(1))) };
}
