/** Batch norm with fixed statistics, multiplied into the linear map before it. @module */
import { type HostTensor, hostTensor } from "../../core/index.ts";
import type { Parameters } from "../../nn/index.ts";

/** What `batchNorm` adds to the variance by default. */
const epsilon = 1e-5;

type Node = Readonly<Record<string, HostTensor>>;

const isBatchNorm = (node: unknown): node is Node =>
  node !== null && typeof node === "object" && "runningVariance" in node && "weight" in node;
const isScaling = (node: unknown): node is Node =>
  node !== null && typeof node === "object" && "runningDeviation" in node;

/**
 * The parameters of the folded network of `normNetwork`: every batch norm and every scaling of columns gone into the weights beside it.
 *
 * @param params - those of the network with norms; its statistics are used as they are
 */
export function foldNorms(params: Parameters): Parameters {
  if (Array.isArray(params)) return foldList(params as readonly Parameters[]);
  if ("dtype" in params && "shape" in params) return params;
  return Object.fromEntries(
    Object.entries(params).map(([key, node]) => [key, node === undefined ? undefined : foldNorms(node as Parameters)]),
  ) as Parameters;
}

function foldList(list: readonly Parameters[]): Parameters {
  const out: Parameters[] = [];
  for (const [i, node] of list.entries()) {
    const before = list[i - 1];
    const after = list[i + 1];
    if (isBatchNorm(node) || isScaling(node)) out.push({} as Parameters);
    else if (isBatchNorm(after)) out.push(foldAfter(node as unknown as Node, after) as Parameters);
    else if (isScaling(before)) out.push(foldBefore(node as unknown as Node, before) as Parameters);
    else out.push(foldNorms(node));
    const folded = out.at(-1) as unknown as Node;
    // A first layer with both: the scaling goes in after the norm.
    if (isBatchNorm(after) && isScaling(before)) out[i] = foldBefore(folded, before) as Parameters;
  }
  return out;
}

/** weight' = scale weight and bias' = scale (bias - mean) + shift, an output at a time. */
function foldAfter({ weight, bias }: Node, norm: Node): Node {
  const rows = weight!.shape[0]!;
  const perRow = weight!.data.length / rows;
  const folded = Float32Array.from(weight!.data);
  const offset = new Float32Array(rows);
  for (let j = 0; j < rows; j++) {
    const scale = norm.weight!.data[j]! / Math.sqrt(norm.runningVariance!.data[j]! + epsilon);
    for (let i = 0; i < perRow; i++) folded[j * perRow + i] = weight!.data[j * perRow + i]! * scale;
    offset[j] = ((bias?.data[j] ?? 0) - norm.runningMean!.data[j]!) * scale + norm.bias!.data[j]!;
  }
  return { weight: hostTensor(folded, weight!.shape), bias: hostTensor(offset, [rows]) };
}

/** weight' = weight / deviation and bias' = bias - weight' mean, an input at a time. */
function foldBefore({ weight, bias }: Node, columns: Node): Node {
  const [rows, inDim] = weight!.shape as [number, number];
  const folded = new Float32Array(rows * inDim);
  const offset = new Float32Array(rows);
  for (let j = 0; j < rows; j++) {
    let sum = bias?.data[j] ?? 0;
    for (let i = 0; i < inDim; i++) {
      const value = weight!.data[j * inDim + i]! / columns.runningDeviation!.data[i]!;
      folded[j * inDim + i] = value;
      sum -= value * columns.runningMean!.data[i]!;
    }
    offset[j] = sum;
  }
  return { weight: hostTensor(folded, weight!.shape), bias: hostTensor(offset, [rows]) };
}
