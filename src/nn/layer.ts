import { type HostTensor, hostTensor, type Random, sizeOf } from "../core/index.ts";
import { mapTensors, type Tensor, type Tensors } from "../engine/index.ts";

/** A parameter tree as a layer's `apply` sees it: traced tensors in place of tensors in memory. */
export type Traced<P> = [Parameters] extends [P]
  ? Tensors
  : P extends HostTensor
    ? Tensor
    : { readonly [K in keyof P]: Traced<P[K]> };

/**
 * How a layer is run: training or not, and the buffers that it wants replaced afterwards (running statistics).
 * Make one for every forward pass.
 */
export class Mode {
  readonly training: boolean;
  /** Share of the batch's statistics in running ones, instead of each layer's own. */
  readonly momentum: Tensor | undefined;
  readonly #updates = new Map<Tensor, Tensor>();

  /** @param training - whether dropout drops and batch norm uses the batch's own statistics */
  constructor(training: boolean, { momentum }: { readonly momentum?: Tensor } = {}) {
    this.training = training;
    this.momentum = momentum;
  }

  /** Asks for `buffer`, a leaf of the parameters, to become `value` after the step. */
  update(buffer: Tensor, value: Tensor): void {
    this.#updates.set(buffer, value);
  }

  /** `params` with the buffers replaced that layers asked for. */
  updated<P extends Tensors>(params: P): P {
    return mapTensors(params, (leaf) => this.#updates.get(leaf) ?? leaf);
  }
}

/**
 * A layer, or a whole model: how its parameters start and what it computes from them.
 *
 * `P` is the tree of its parameters, `In` and `Out` what goes through it.
 */
export interface Layer<P = Parameters, In = Tensor, Out = Tensor> {
  /** Fresh parameters, drawn from `random`. */
  init(random: Random): P;
  /** The layer's output. Pure but for what it asks of `mode`. */
  apply(params: Traced<P>, input: In, mode: Mode): Out;
}

/** A layer whose parameters are its own business: what containers hold. */
export interface AnyLayer<In = Tensor, Out = Tensor> {
  init(random: Random): unknown;
  apply(params: never, input: In, mode: Mode): Out;
}

/** Any tree of parameters. */
export type Parameters = HostTensor | readonly Parameters[] | { readonly [key: string]: Parameters | undefined };

/** Whether the parameter at `path` is a buffer: carried and saved, but not trained. Buffers are named `running…`. */
export function isBuffer(path: string): boolean {
  return path.slice(path.lastIndexOf(".") + 1).startsWith("running");
}

/** float32 of `shape`, uniform in [-bound, bound). */
export function uniform(random: Random, shape: readonly number[], bound: number): HostTensor {
  return hostTensor(
    Float32Array.from({ length: sizeOf(shape) }, () => random.uniform(-bound, bound)),
    shape,
  );
}

/** float32 of `shape`, normal with mean 0. */
export function normal(random: Random, shape: readonly number[], standardDeviation: number): HostTensor {
  return hostTensor(
    Float32Array.from({ length: sizeOf(shape) }, () => random.normal(0, standardDeviation)),
    shape,
  );
}

/** float32 of `shape`, every element `value`. */
export function filled(shape: readonly number[], value: number): HostTensor {
  return hostTensor(new Float32Array(sizeOf(shape)).fill(value), shape);
}

/** A layer without parameters. */
export function lambda<In = Tensor, Out = Tensor>(fn: (input: In, mode: Mode) => Out): Layer<EmptyParams, In, Out> {
  return { init: () => ({}), apply: (_, input, mode) => fn(input, mode) };
}

/** The parameters of a layer that has none. */
export type EmptyParams = Readonly<Record<never, HostTensor>>;

/**
 * Layers one after the other. Parameters are a list with an entry a layer (empty for those without), so that paths read
 * as in PyTorch: `0.weight`, `2.bias`.
 */
export function sequential(layers: readonly AnyLayer[]): Layer {
  return {
    init: (random) => layers.map((layer) => layer.init(random) as Parameters),
    apply: (params, input, mode) =>
      layers.reduce((x, layer, i) => layer.apply((params as readonly unknown[])[i] as never, x, mode), input),
  };
}
