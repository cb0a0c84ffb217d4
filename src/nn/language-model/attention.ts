import {
  add,
  broadcastTo,
  concat,
  matmul,
  mul,
  reshape,
  slice,
  softmax,
  type Tensor,
  transpose,
} from "../../engine/index.ts";
import { attend } from "../attention.ts";
import type { KeyValueCache } from "./block.ts";

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

/**
 * The same for one token of each text, which sees what came before it and itself. What came before is read where it lies: nothing of
 * it is copied.
 *
 * @param query - float [batch, numHeads, 1, headDim]
 * @param own - the token's key and value, float [batch, numKeyValueHeads, 1, headDim]
 * @param past - those of the tokens before it, float [batch, numKeyValueHeads, maxSeq, headDim]
 * @param bias - float [batch, 1, 1, maxSeq], added to the scores of `past`
 * @returns float [batch, numHeads · headDim]
 */
export function continuedAttention(query: Tensor, own: KeyValueCache, past: KeyValueCache, bias: Tensor): Tensor {
  const [batch, numHeads, , headDim] = query.shape as [number, number, number, number];
  const [, groups, maxSeq] = past.key.shape as [number, number, number];
  const scaled = mul(reshape(query, [batch, groups, numHeads / groups, headDim]), headDim ** -0.5);
  const before = add(matmul(scaled, transpose(past.key)), bias);
  const weights = softmax(concat([before, matmul(scaled, transpose(own.key))], 3));
  const part = (from: number, to: number) => slice(weights, [null, null, null, [from, to]]);
  const read = add(matmul(part(0, maxSeq), past.value), mul(part(maxSeq, maxSeq + 1), own.value));
  return reshape(read, [batch, numHeads * headDim]);
}

/** bias, `times` times below itself: [batch, 1, times · seq, keySeq]. */
function tile(bias: Tensor, times: number, seq: number, keySeq: number): Tensor {
  const batch = bias.shape[0]!;
  const spread = broadcastTo(reshape(bias, [batch, 1, 1, seq, keySeq]), [batch, 1, times, seq, keySeq]);
  return reshape(spread, [batch, 1, times * seq, keySeq]);
}

/** [batch, seq, heads · headDim] -> [batch, heads, seq, headDim]; [batch, heads · headDim] is one token of each text. */
export function splitHeads(x: Tensor, headDim: number): Tensor {
  const [batch, dim] = [x.shape[0]!, x.shape.at(-1)!];
  if (x.rank === 2) return reshape(x, [batch, dim / headDim, 1, headDim]);
  const seq = x.shape[1]!;
  return transpose(reshape(x, [batch, seq, dim / headDim, headDim]), [0, 2, 1, 3]);
}

/** [batch, heads, seq, headDim] -> [batch, seq, heads · headDim]. */
function joinHeads(x: Tensor): Tensor {
  const [batch, heads, seq, headDim] = x.shape as [number, number, number, number];
  return reshape(transpose(x, [0, 2, 1, 3]), [batch, seq, heads * headDim]);
}
