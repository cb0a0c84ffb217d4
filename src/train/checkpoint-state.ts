/** A run's state in and out of checkpoints. @module */
import {
  flattenTree,
  type HostTensor,
  hostTensor,
  mapTree,
  RunError,
  type Shape,
  sameShape,
  type Tree,
} from "../core/index.ts";
import { type Order, restoreOrder } from "../optim/index.ts";
import type { Checkpoint } from "./run-folder.ts";
import type { TrainState } from "./step.ts";

/** All of a training state, by path. */
export function stateTensors(state: TrainState): Record<string, HostTensor> {
  return Object.fromEntries(flattenTree(state as unknown as Tree<HostTensor>));
}

/** The arrays of an order's state. */
export function orderTensors(order: Order): Record<string, HostTensor> {
  const { arrays } = order.state();
  return Object.fromEntries(
    Object.entries(arrays).map(([name, data]) => [`order.${name}`, hostTensor(data, [data.length])]),
  );
}

/**
 * State, order and running loss from a checkpoint whose tensors must be those of `fresh`, or smaller where the model shrinks.
 */
export function restore(
  { tensors, facts }: Checkpoint,
  fresh: TrainState,
  { shrinks }: { readonly shrinks: boolean },
): { state: TrainState; order: Order; epochLoss: number; referenceLoss: number } {
  const fits = (saved: Shape, own: Shape) =>
    sameShape(saved, own) ||
    (shrinks && saved.length === own.length && saved.every((size, axis) => size <= own[axis]!));
  const state = mapTree(fresh as unknown as Tree<HostTensor>, (leaf, path) => {
    const saved = tensors[path];
    if (saved && saved.dtype === leaf.dtype && fits(saved.shape, leaf.shape)) return saved;
    throw new RunError({
      where: `checkpoint at ${path}`,
      expected: `${leaf.dtype}[${leaf.shape.join(", ")}], as the model has it`,
      found: saved ? `${saved.dtype}[${saved.shape.join(", ")}]` : "nothing",
      hint: "go on with the model that the run was started with",
    });
  }) as unknown as TrainState;
  const { order, epochLoss, referenceLoss } = facts as {
    order: { name: string; values: Record<string, number> };
    epochLoss: number;
    referenceLoss: number;
  };
  const arrays = Object.fromEntries(
    Object.entries(tensors).flatMap(([name, { data }]) => (name.startsWith("order.") ? [[name.slice(6), data]] : [])),
  );
  return { state, order: restoreOrder({ ...order, arrays }), epochLoss, referenceLoss };
}
