import { flattenTree, type HostTensor, type Tree, unflattenTree } from "../core/index.ts";
import { add, div, equal, floor, mul, sub, type Tensor, type Tensors, where } from "../engine/index.ts";
import type { Optimizer } from "./optimizer.ts";
import { zerosLike } from "./sgd.ts";

/**
 * An optimizer that moves once in `parts` steps, by the mean of their gradients: a batch in parts, one after the other, in the memory of
 * one of them.
 *
 * @param optimizer - what moves the parameters; it sees one step where there were `parts`
 * @param parts - at least 1; the parts of a batch should be of one size
 * @remarks A clipped norm is that of a part. Parameters move at steps `parts`, 2 · `parts`, …; what remains of a last batch is left.
 * @example
 * ```ts
 * fit({ model, loss, optimizer: accumulate(adamW(), 4), data, epochs, batchSize: 8, learningRate: 1e-3 }); // batches of 32
 * ```
 */
export function accumulate(optimizer: Optimizer, parts: number): Optimizer {
  if (parts === 1) return optimizer;
  return {
    name: `${optimizer.name} in parts`,
    options: { ...optimizer.options, parts },
    init: (params) => ({ inner: optimizer.init(params), sums: params.map(zerosLike) }) as unknown as Tree<HostTensor>,
    update(params, gradients, state, { learningRate, step }) {
      const memory = state as unknown as { readonly inner: Tensors; readonly sums: readonly Tensor[] };
      const whole = floor(div(step, parts));
      const due = equal(sub(step, mul(whole, parts)), 0);
      const sums = memory.sums.map((sum, i) => add(sum, gradients[i]!));
      // Before the first whole batch the count would be 0, which bias corrections cannot take; what they give is not used then.
      const count = where(due, whole, add(whole, 1));
      const means = sums.map((sum) => div(sum, parts));
      const moved = optimizer.update(params, means, memory.inner, { learningRate, step: count });
      const before = flattenTree<Tensor>(memory.inner).map(([, leaf]) => leaf);
      const after = flattenTree<Tensor>(moved.state).map(([, leaf], i) => where(due, leaf, before[i]!));
      const inner = unflattenTree(moved.state, after);
      const rest = sums.map((sum) => where(due, mul(sum, 0), sum));
      return {
        params: moved.params.map((leaf, i) => where(due, leaf, params[i]!)),
        state: { inner, sums: rest } as unknown as Tensors,
      };
    },
  };
}
