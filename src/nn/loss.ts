import { formatShape, ShapeError, sameShape } from "../core/index.ts";
import {
  abs,
  add,
  addAlong,
  argmax,
  cast,
  customGradient,
  div,
  equal,
  exp,
  log,
  logSoftmax,
  maximum,
  mean,
  mul,
  neg,
  reshape,
  softmax,
  square,
  sub,
  sum,
  type Tensor,
  takeAlong,
} from "../engine/index.ts";

/** Options of {@link crossEntropy}. */
export interface CrossEntropyOptions {
  /** Share of the probability spread evenly over all classes, in [0, 1); default 0. */
  readonly labelSmoothing?: number;
  /** float [...], a weight for every label, such as 0 for padding; the mean is over the weights. */
  readonly weights?: Tensor;
}

/**
 * Mean cross-entropy of logits against class numbers, in nats.
 *
 * @param logits - float [..., classes]
 * @param labels - int32 [...], each in [0, classes)
 * @returns float scalar
 */
export function crossEntropy(
  logits: Tensor,
  labels: Tensor,
  { labelSmoothing = 0, weights }: CrossEntropyOptions = {},
): Tensor {
  if (!sameShape(labels.shape, logits.shape.slice(0, -1)) || labels.dtype !== "int32") {
    throw new ShapeError({
      where: `crossEntropy of ${logits.label}`,
      expected: `int32 labels ${formatShape(logits.shape.slice(0, -1))} for logits ${formatShape(logits.shape)}`,
      found: `${labels.dtype}${formatShape(labels.shape)}`,
    });
  }
  const classes = logits.shape.at(-1)!;
  const rows = reshape(logits, [-1, classes]);
  const column = reshape(labels, [-1, 1]);
  const logProbabilities = logSoftmax(rows);
  const picked = reshape(neg(takeAlong(logProbabilities, column)), [-1]);
  // d/dlogits = softmax - oneHot: one scatter of a column instead of a matrix of one-hot rows.
  const losses = customGradient(picked, [rows], (ct) => {
    const weight = reshape(ct, [-1, 1]);
    return [addAlong(mul(softmax(rows), weight), neg(weight), column)];
  });
  const smoothed =
    labelSmoothing === 0
      ? losses
      : add(mul(losses, 1 - labelSmoothing), mul(neg(mean(logProbabilities, -1)), labelSmoothing));
  if (!weights) return mean(smoothed);
  const flat = reshape(weights, [-1]);
  return div(sum(mul(smoothed, flat)), sum(flat));
}

/** Mean of (prediction - target)². */
export function meanSquaredError(predictions: Tensor, targets: Tensor): Tensor {
  return mean(square(sub(predictions, targets)));
}

/**
 * Mean cross-entropy of independent yes-or-no logits against targets in [0, 1], in nats; does not overflow.
 *
 * @param logits - float [...]
 * @param targets - float, of the same shape
 */
export function binaryCrossEntropy(logits: Tensor, targets: Tensor): Tensor {
  // max(z, 0) - z y + log(1 + exp(-|z|))
  const softplus = log(add(1, exp(neg(abs(logits)))));
  return mean(add(sub(maximum(logits, 0), mul(logits, targets)), softplus));
}

/** Share of rows whose largest logit is the label; float32 scalar in [0, 1]. */
export function accuracy(logits: Tensor, labels: Tensor): Tensor {
  return mean(cast(equal(argmax(logits), labels), "float32"));
}
