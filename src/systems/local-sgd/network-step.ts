import { flattenTree, type HostTensor, hostTensor, type Tree, unflattenTree } from "../../core/index.ts";
import { add, compile, type Tensor, type Tensors, valueAndGrad } from "../../engine/index.ts";
import { Mode, type Traced } from "../../nn/index.ts";
import { clipByGlobalNorm, type Optimizer } from "../../optim/index.ts";
import { type Task, trainablePaths } from "../../train/index.ts";

/** A training step between two steps of which the state may be replaced: a pure function, compiled once for each batch size. */
export interface NetworkStep {
  run(
    state: { readonly params: Tree<HostTensor>; readonly memory: Tree<HostTensor> },
    batch: { readonly inputs: HostTensor; readonly targets: HostTensor },
    info: { readonly learningRate: number; readonly step: number; readonly seed: number },
  ): Promise<{ params: Tree<HostTensor>; memory: Tree<HostTensor>; loss: number }>;
}

/** Options of {@link networkStep}. */
interface NetworkStepOptions {
  readonly task: Task;
  readonly optimizer: Optimizer;
  readonly clipNorm?: number | undefined;
  /** Threads inside an operator: the same number gives the same bytes. */
  readonly threads: number;
}

/** Forward, backward and update as one graph from a state to the next. */
export function networkStep({ task, optimizer, clipNorm, threads }: NetworkStepOptions): NetworkStep {
  const step = (
    params: Tensors,
    memory: Tensors,
    inputs: Tensor,
    targets: Tensor,
    learningRate: Tensor,
    count: Tensor,
  ) => {
    const leaves = flattenTree<Tensor>(params);
    const paths = trainablePaths(params as unknown as Tree<HostTensor>);
    const trained = leaves.flatMap(([path, leaf]) => (paths.has(path) ? [leaf] : []));
    const mode = new Mode(true, { step: count });
    const withTrained = (values: readonly Tensor[]): Tensors => {
      let next = 0;
      return unflattenTree(
        params,
        leaves.map(([path, leaf]) => (paths.has(path) ? values[next++]! : leaf)),
      );
    };
    const lossOf = (values: readonly Tensor[]) => {
      const own = task.loss(task.model.apply(withTrained(values) as Traced<never>, inputs, mode), targets);
      return mode.penalty ? add(own, mode.penalty) : own;
    };
    const { value, gradient } = valueAndGrad(lossOf as (values: Tensors) => Tensor)(trained);
    const raw = gradient as readonly Tensor[];
    const gradients = clipNorm === undefined ? raw : clipByGlobalNorm(raw, clipNorm).gradients;
    const updated = optimizer.update(trained, gradients, memory, { learningRate, step: count });
    return { params: mode.updated(withTrained(updated.params)), memory: updated.state, loss: value };
  };
  const compiled = compile(step as never, {
    threads,
    names: ["params", "memory", "inputs", "targets", "learningRate", "step"],
  }) as unknown as {
    seeded(
      seed: number,
      ...args: readonly unknown[]
    ): Promise<{ params: Tree<HostTensor>; memory: Tree<HostTensor>; loss: HostTensor }>;
  };
  const scalar = (value: number) => hostTensor(Float32Array.of(value), []);
  return {
    async run({ params, memory }, { inputs, targets }, { learningRate, step: index, seed }) {
      const args = [params, memory, inputs, targets, scalar(learningRate), scalar(index + 1)];
      const next = await compiled.seeded(seed, ...args);
      return { params: next.params, memory: next.memory, loss: next.loss.data[0]! };
    },
  };
}
