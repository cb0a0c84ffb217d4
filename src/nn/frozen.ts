/** Models of which only a part is trained. @module */
import { ConfigError, flattenTree, type HostTensor, mapTree, type Tree } from "../core/index.ts";
import { constant, type Tensor } from "../engine/index.ts";
import type { Layer, Traced } from "./layer.ts";

/** The trained leaves of a tree of parameters, by path. */
export type TrainedLeaves = Readonly<Record<string, HostTensor>>;

/** A model whose parameters are the trained leaves of another's. */
export interface PartlyFrozen<P, In, Out> {
  readonly layer: Layer<TrainedLeaves, In, Out>;
  readonly trained: TrainedLeaves;
  /** All parameters, with the trained ones as given. */
  restore(trained: TrainedLeaves): P;
}

/**
 * Splits the parameters of a model: those that `isTrained` names are the parameters of the layer that is returned, all others are
 * constants of its formula. The frozen ones cannot change, have no gradient and no place in checkpoints.
 *
 * @throws {ConfigError} where no parameter is trained
 */
export function freezeRest<P, In, Out>(
  layer: Layer<P, In, Out>,
  params: P,
  isTrained: (path: string) => boolean,
): PartlyFrozen<P, In, Out> {
  const tree = params as Tree<HostTensor>;
  const trained = Object.fromEntries(flattenTree(tree).filter(([path]) => isTrained(path)));
  if (Object.keys(trained).length === 0) {
    throw new ConfigError({ where: "freezeRest", expected: "parameters to train", found: "none" });
  }
  return {
    trained,
    layer: {
      init: () => trained,
      apply(own, input, mode) {
        const leaves = own as Readonly<Record<string, Tensor>>;
        const whole = mapTree(tree, (leaf, path) => leaves[path] ?? constant(leaf));
        return layer.apply(whole as Traced<P>, input, mode);
      },
    },
    restore: (leaves) => mapTree(tree, (leaf, path) => leaves[path] ?? leaf) as P,
  };
}
