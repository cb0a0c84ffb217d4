import { cast, greaterEqual, maximum, mul, reshape, type Tensor, transpose } from "../../engine/index.ts";
import { crossEntropy } from "../../nn/index.ts";

/**
 * Cross-entropy of an ID, in nats: the sum over its levels of the mean over positions that have a target.
 *
 * @param logits - float [levels, positions, codebookSize]
 * @param targets - int32 [..., levels], -1 where there is none
 * @returns float scalar
 */
export function idCrossEntropy(logits: Tensor, targets: Tensor): Tensor {
  const [levels, positions] = logits.shape;
  const labels = transpose(reshape(targets, [positions, levels]));
  const weights = cast(greaterEqual(labels, 0), "float32");
  return mul(crossEntropy(logits, maximum(labels, 0), { weights }), levels);
}
