/** Rows of a dataset in the order of a permutation, a batch at a time. @module */
import { allocate, type HostTensor, sizeOf } from "../core/index.ts";

/** Rows `indices` of a tensor whose first axis counts rows, copied. */
export function gatherRows(tensor: HostTensor, indices: ArrayLike<number>): HostTensor {
  const rowShape = tensor.shape.slice(1);
  const size = sizeOf(rowShape);
  const data = allocate(tensor.dtype, indices.length * size);
  for (let i = 0; i < indices.length; i++) {
    const start = indices[i]! * size;
    data.set(tensor.data.subarray(start, start + size), i * size);
  }
  return { shape: [indices.length, ...rowShape], dtype: tensor.dtype, data };
}

/** How an epoch is cut into batches of examples. */
export interface BatchPlan {
  /** Batches an epoch. */
  readonly count: number;
  /** What an order permutes: single examples, or whole batches for orders that need a gradient for each unit. */
  readonly units: number;
  /** The examples of the batch at `position` of an epoch visited in the order `permutation` of units. */
  batch(permutation: Int32Array, position: number): Int32Array;
}

/**
 * Cuts `size` examples into batches.
 *
 * Orders of examples cut the permutation itself; the last batch may be smaller. With `fixed`, the examples are dealt into
 * batches once, by `deal`, and the order permutes the batches: what gradient-balancing orders need, since a training step
 * yields one gradient a batch.
 */
export function planBatches(size: number, batchSize: number, fixed: boolean, deal: Int32Array): BatchPlan {
  const count = Math.ceil(size / batchSize);
  if (fixed) {
    return {
      count,
      units: count,
      batch: (permutation, position) => {
        const unit = permutation[position]!;
        return deal.slice(unit * batchSize, (unit + 1) * batchSize);
      },
    };
  }
  return {
    count,
    units: size,
    batch: (permutation, position) => permutation.slice(position * batchSize, (position + 1) * batchSize),
  };
}
