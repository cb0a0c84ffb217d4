import type { HostTensor, Tree } from "../core/index.ts";
import type { Tensor, Tensors } from "../engine/index.ts";

/** What a step tells the optimizer besides the gradients. */
export interface StepInfo {
  /** Scalar of the parameters' dtype, set anew at every step. */
  readonly learningRate: Tensor;
  /** Scalar of the parameters' dtype: 1 at the first step. */
  readonly step: Tensor;
}

/**
 * An update rule over parameter trees. All of it is traced: forward, backward and update are one graph.
 *
 * `params` and `gradients` are flat lists of the trainable leaves; the state holds what the rule remembers of each.
 */
export interface Optimizer {
  /** Name for run folders, such as `adamw`. */
  readonly name: string;
  /** Its settings, for run folders: a run goes on only with the same. */
  readonly options: Readonly<Record<string, number | boolean>>;
  /** The state before the first step. */
  init(params: readonly HostTensor[]): Tree<HostTensor>;
  /** The parameters and the state after one step. */
  update(
    params: readonly Tensor[],
    gradients: readonly Tensor[],
    state: Tensors,
    info: StepInfo,
  ): { params: readonly Tensor[]; state: Tensors };
}
