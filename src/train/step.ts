/** One training step as a traced function: forward, backward, clipping and update in a single graph. @module */
import {
  allocate,
  flattenTree,
  type HostTensor,
  hostTensor,
  mapTree,
  sameShape,
  sizeOf,
  stridesOf,
  type Tree,
  unflattenTree,
} from "../core/index.ts";
import {
  add,
  type CompileOptions,
  compileStep,
  concat,
  reshape,
  type Stepper,
  type Tensor,
  type Tensors,
  valueAndGrad,
} from "../engine/index.ts";
import { isBuffer, type Layer, Mode, type Shrink, type Traced } from "../nn/index.ts";
import { clipByGlobalNorm, globalNorm, type Optimizer } from "../optim/index.ts";

/** A loss: a float scalar from the model's output and the targets. */
export type Loss<Out = Tensor> = (output: Out, targets: Tensor) => Tensor;

/** What is trained, and how. */
export interface StepOptions<P, In, Out> {
  readonly model: Layer<P, In, Out>;
  readonly loss: Loss<Out>;
  readonly optimizer: Optimizer;
  /** Gradients are scaled down together to this global norm; default off. */
  readonly clipNorm?: number;
  /** Whether the parameter at a path is trained; buffers never are. Default all. */
  readonly trainable?: (path: string) => boolean;
  /** Whether a step hands out its gradient, for orders that balance gradients; default false. */
  readonly reportGradient?: boolean;
  readonly compile?: CompileOptions;
}

/** What changes from step to step: parameters (with buffers) and what the optimizer remembers. */
export interface TrainState {
  readonly params: Tree<HostTensor>;
  readonly optimizer: Tree<HostTensor>;
}

/** What a step reports. */
export interface StepReport {
  /** float32 scalar: the batch's mean loss before the update, with what layers add to it. */
  readonly loss: HostTensor;
  /** float32 scalar: global norm of the gradient before clipping. */
  readonly gradientNorm: HostTensor;
  /** float32 [parameters]: the gradient of all trained parameters in one, where it was asked for. */
  readonly gradient?: HostTensor;
}

/** A compiled training step. */
export interface TrainStep<In> {
  /** Trains on one batch. `step` counts from 0. */
  run(
    batch: { inputs: In; targets: HostTensor },
    info: { learningRate: number; step: number; seed: number },
  ): Promise<StepReport>;
  /** Parameters and optimizer state, copied. */
  state(): TrainState;
  /** Goes on from another state of the same shapes; copied. */
  load(state: TrainState): Promise<void>;
  dispose(): Promise<void>;
}

/** Which leaves of `params` are trained, by path. */
export function trainablePaths(
  params: Tree<HostTensor>,
  trainable: (path: string) => boolean = () => true,
): Set<string> {
  return new Set(flattenTree(params).flatMap(([path]) => (isBuffer(path) || !trainable(path) ? [] : [path])));
}

/** The state before the first step. */
export function initialState<P, In, Out>({ optimizer, trainable }: StepOptions<P, In, Out>, params: P): TrainState {
  const tree = params as Tree<HostTensor>;
  const paths = trainablePaths(tree, trainable);
  const leaves = flattenTree(tree).flatMap(([path, leaf]) => (paths.has(path) ? [leaf] : []));
  return { params: tree, optimizer: optimizer.init(leaves) };
}

/** The state with every parameter at its new shape, and what the optimizer remembers of it alike. */
export function shrinkState(
  { params, optimizer }: TrainState,
  shrink: Shrink,
  trainable?: (path: string) => boolean,
): TrainState {
  // An optimizer's memory holds lists in the order of the trained leaves, so that a path there ends with a leaf's place.
  const trained = [...trainablePaths(params, trainable)];
  return {
    params: mapTree(params, (leaf, path) => shrink(path, leaf)),
    optimizer: mapTree(optimizer, (leaf, path) => shrink(trained[Number(path.split(".").at(-1))]!, leaf)),
  };
}

/** A tree laid out in the shapes of a larger one of the same form: each leaf is the leading corner, the rest zero. */
export function growTree(tree: Tree<HostTensor>, like: Tree<HostTensor>): Tree<HostTensor> {
  const targets = new Map(flattenTree(like));
  return mapTree(tree, (leaf, path) => {
    const { shape, dtype } = targets.get(path)!;
    if (sameShape(shape, leaf.shape)) return leaf;
    const data = allocate(dtype, sizeOf(shape));
    const [from, to] = [stridesOf(leaf.shape), stridesOf(shape)];
    for (let i = 0; i < leaf.data.length; i++) {
      data[leaf.shape.reduce((at, size, axis) => at + (Math.floor(i / from[axis]!) % size) * to[axis]!, 0)] =
        leaf.data[i]!;
    }
    return { shape, dtype, data };
  });
}

/** Compiles the training step that `options` describe, to start from `state`. */
export function compileTrainStep<P, In, Out>(
  options: StepOptions<P, In, Out>,
  state: TrainState,
): TrainStep<HostTensor> {
  const { model, loss, optimizer, clipNorm } = options;
  const paths = trainablePaths(state.params, options.trainable);

  function step(
    { params, optimizer: memory }: { params: Tensors; optimizer: Tensors },
    inputs: Tensors,
    targets: Tensor,
    learningRate: Tensor,
    count: Tensor,
  ) {
    const leaves = flattenTree<Tensor>(params);
    const trained = leaves.filter(([path]) => paths.has(path)).map(([, leaf]) => leaf);
    const mode = new Mode(true, { step: count });
    const withTrained = (values: readonly Tensor[]): Tensors => {
      let next = 0;
      return unflattenTree(
        params,
        leaves.map(([path, leaf]) => (paths.has(path) ? values[next++]! : leaf)),
      );
    };
    const lossOf = (values: readonly Tensor[]) => {
      const own = loss(model.apply(withTrained(values) as Traced<P>, inputs as In, mode), targets);
      return mode.penalty ? add(own, mode.penalty) : own;
    };
    const { value, gradient } = valueAndGrad(lossOf as (values: Tensors) => Tensor)(trained);
    const raw = gradient as readonly Tensor[];
    const clipped =
      clipNorm === undefined ? { gradients: raw, norm: globalNorm(raw) } : clipByGlobalNorm(raw, clipNorm);
    const updated = optimizer.update(trained, clipped.gradients, memory, { learningRate, step: count });
    const next = { params: mode.updated(withTrained(updated.params)), optimizer: updated.state };
    const flat = options.reportGradient && {
      gradient: concat(
        raw.map((g) => reshape(g, [-1])),
        0,
      ),
    };
    return [next, { loss: value, gradientNorm: clipped.norm, ...flat }] as const;
  }

  const stepper = compileStep(step as never, state as never, {
    ...options.compile,
    names: ["inputs", "targets", "learningRate", "step"],
  }) as Stepper<TrainState, readonly unknown[], StepReport>;
  // The rate and the step have the dtype of what is trained: 0.1 as a float32 is not 0.1 to a float64 model.
  const double = flattenTree(state.params).some(([path, { dtype }]) => paths.has(path) && dtype === "float64");
  const scalar = (value: number) => hostTensor(double ? Float64Array.of(value) : Float32Array.of(value), []);
  return {
    run: ({ inputs, targets }, { learningRate, step: index, seed }) =>
      stepper.run(seed, inputs, targets, scalar(learningRate), scalar(index + 1)) as Promise<StepReport>,
    state: () => stepper.state() as TrainState,
    load: (next) => stepper.load(next as never),
    dispose: () => stepper.dispose(),
  };
}
