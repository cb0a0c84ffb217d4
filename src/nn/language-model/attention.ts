import { broadcastTo, reshape, type Tensor, transpose } from "../../engine/index.ts";
import { attend } from "../attention.ts";

/**
 * Attention in which several heads of queries share a head of keys and values: these are never repeated, the queries are stacked
 * instead.
 *
 * @param query - float [batch, numHeads, seq, headDim]
 * @param key - float [batch, numKeyValueHeads, keySeq, headDim]
 * @param value - likewise
 * @param bias - float [batch or 1, 1, seq, keySeq], added to the scores
 * @returns float [batch, seq, numHeads · headDim]
 * @remarks Source: Ainslie et al. (2023), section 2.2.
 */
export function groupedAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  bias: Tensor,
  dropout?: (weights: Tensor) => Tensor,
): Tensor {
  const [batch, numHeads, seq, headDim] = query.shape as [number, number, number, number];
  const [, groups, keySeq] = key.shape as [number, number, number];
  const shared = numHeads / groups;
  const stacked = shared === 1 ? query : reshape(query, [batch, groups, shared * seq, headDim]);
  const tiled = shared === 1 ? bias : tile(bias, shared, seq, keySeq);
  const read = attend(stacked, key, value, tiled, dropout);
  return joinHeads(shared === 1 ? read : reshape(read, [batch, numHeads, seq, headDim]));
}

/** bias, `times` times below itself: [batch, 1, times · seq, keySeq]. */
function tile(bias: Tensor, times: number, seq: number, keySeq: number): Tensor {
  const batch = bias.shape[0]!;
  const spread = broadcastTo(reshape(bias, [batch, 1, 1, seq, keySeq]), [batch, 1, times, seq, keySeq]);
  return reshape(spread, [batch, 1, times * seq, keySeq]);
}

/** [batch, seq, heads · headDim] -> [batch, heads, seq, headDim]. */
export function splitHeads(x: Tensor, headDim: number): Tensor {
  const [batch, seq, dim] = x.shape as [number, number, number];
  return transpose(reshape(x, [batch, seq, dim / headDim, headDim]), [0, 2, 1, 3]);
}

/** [batch, heads, seq, headDim] -> [batch, seq, heads · headDim]. */
function joinHeads(x: Tensor): Tensor {
  const [batch, heads, seq, headDim] = x.shape as [number, number, number, number];
  return reshape(transpose(x, [0, 2, 1, 3]), [batch, seq, heads * headDim]);
}
