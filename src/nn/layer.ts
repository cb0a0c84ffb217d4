import { type HostTensor, hostTensor, type Random, sizeOf } from "../core/index.ts";
import { add, mapTensors, type Tensor, type Tensors } from "../engine/index.ts";

/** A parameter tree as a layer's `apply` sees it: traced tensors in place of tensors in memory. */
export type Traced<P> = [Parameters] extends [P]
  ? Tensors
  : P extends HostTensor
    ? Tensor
    : { readonly [K in keyof P]: Traced<P[K]> };

/**
 * How a layer is run: training or not; and what it asks for besides its output: buffers to replace afterwards (running
 * statistics) and penalties to add to the loss. Make one for every forward pass.
 */
export class Mode {
  readonly training: boolean;
  /** Share of the batch's statistics in running ones, instead of each layer's own. */
  readonly momentum: Tensor | undefined;
  /** Scalar of the parameters' dtype in training: 1 at the first step. */
  readonly step: Tensor | undefined;
  readonly #updates = new Map<Tensor, Tensor>();
  #penalty: Tensor | undefined;

  /** @param training - whether dropout drops and batch norm uses the batch's own statistics */
  constructor(training: boolean, { momentum, step }: { readonly momentum?: Tensor; readonly step?: Tensor } = {}) {
    this.training = training;
    this.momentum = momentum;
    this.step = step;
  }

  /** Asks for `buffer`, a leaf of the parameters, to become `value` after the step. */
  update(buffer: Tensor, value: Tensor): void {
    this.#updates.set(buffer, value);
  }

  /** Adds a float scalar to the loss that training minimises, such as a regulariser of the layer's parameters. */
  penalize(value: Tensor): void {
    this.#penalty = this.#penalty ? add(this.#penalty, value) : value;
  }

  /** The sum of what layers asked to add to the loss; undefined where none did. */
  get penalty(): Tensor | undefined {
    return this.#penalty;
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
  /**
   * Asked after every epoch of training, of the outermost layer only: how parameters change their shape from now on, or undefined
   * where they keep it.
   */
  shrink?(params: P): Shrink | undefined;
}

/** Every leaf of the parameters at its new shape. Applied alike to what the optimizer remembers of the leaf. */
export type Shrink = (path: string, leaf: HostTensor) => HostTensor;

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

/** Parameters of {@link residual}. */
export interface ResidualParams {
  readonly body: Parameters;
  readonly shortcut?: Parameters;
}

/** x + body(x), or shortcut(x) + body(x) where the body changes the shape. */
export function residual(body: AnyLayer, shortcut?: AnyLayer): Layer<ResidualParams> {
  return {
    init: (random) => ({
      body: body.init(random) as Parameters,
      ...(shortcut && { shortcut: shortcut.init(random) as Parameters }),
    }),
    apply(params, x, mode) {
      const around = shortcut ? shortcut.apply(params.shortcut as never, x, mode) : x;
      return add(around, body.apply(params.body as never, x, mode));
    },
  };
}
