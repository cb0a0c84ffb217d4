/** Compiled functions: traced once for every set of input shapes, then run at native speed. @module */
import {
  assert,
  flattenTree,
  formatShape,
  type HostTensor,
  inTurn,
  ShapeError,
  type Tree,
  unflattenTree,
} from "../core/index.ts";
import type { Tensors } from "./autodiff.ts";
import type { Tensor } from "./graph.ts";
import { type RunGraph, runOnJax } from "./jax.ts";
import { allocateFor, drawUniform, MissingKernelError, Session, StateBuffers, sessionRunner } from "./session.ts";
import { type Hosted, type TracedFunction, traceFunction } from "./trace.ts";

/** Where a compiled function runs: ONNX Runtime, or jax-js on WebAssembly or WebGPU. */
export type Device = "native" | "wasm" | "webgpu";

/** ONNX Runtime on Node, WebAssembly in a browser. */
const defaultDevice: Device = typeof process === "object" && process.versions?.node !== undefined ? "native" : "wasm";

/** Options of {@link compile} and {@link compileStep}. */
export interface CompileOptions {
  /** Default `native`; in a browser, which has no such device, `wasm`. Functions that ONNX Runtime has no kernels for (such as `erf` in float64) move to `wasm`. */
  readonly device?: Device;
  /** Threads inside an operator on `native`; default all cores. The same number gives the same bytes. */
  readonly threads?: number;
  /** Names of the arguments, for messages. */
  readonly names?: readonly string[];
}

/** All leaves of the arguments, and a key of their paths, dtypes and shapes: what a trace depends on. */
function inspect(args: readonly unknown[]): { leaves: HostTensor[]; key: string } {
  const found = args.flatMap((arg, i) =>
    flattenTree<HostTensor>(arg as Tree<HostTensor>).map(([path, leaf]) => ({ path: `${i}.${path}`, leaf })),
  );
  return {
    leaves: found.map(({ leaf }) => leaf),
    key: found.map(({ path, leaf: { dtype, shape } }) => `${path}:${dtype}[${shape}]`).join(),
  };
}

/** Values made once for each key; a failure is not kept. */
class Cache<T> {
  readonly #pending = new Map<string, Promise<T>>();

  get(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#pending.get(key);
    if (known) return known;
    const pending = make();
    this.#pending.set(key, pending);
    pending.catch(() => this.#pending.delete(key));
    return pending;
  }

  /** Forgets all values, after `release` of each. */
  async clear(release: (value: T) => Promise<void>): Promise<void> {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    for (const pending of await Promise.allSettled(all))
      if (pending.status === "fulfilled") await release(pending.value);
  }
}

/** A traced function loaded on its device. */
interface Executable {
  readonly traced: TracedFunction;
  readonly device: Device;
  readonly reason?: string;
  run(values: readonly HostTensor[], random: readonly HostTensor[]): Promise<HostTensor[]>;
  release(): Promise<void>;
}

async function load(traced: TracedFunction, { device = defaultDevice, threads }: CompileOptions): Promise<Executable> {
  if (device === "native") {
    try {
      const session = await Session.create(traced, threads === undefined ? {} : { threads });
      return { traced, device, run: sessionRunner(session, traced), release: () => session.release() };
    } catch (error) {
      if (!(error instanceof MissingKernelError)) throw error;
      console.warn(`tenfold: ${error.message}: the function runs on jax-js WebAssembly instead`);
      return { ...(await load(traced, { device: "wasm" })), reason: error.message };
    }
  }
  const run: RunGraph = await runOnJax([...traced.inputs, ...traced.randomInputs], traced.outputs, device);
  return { traced, device, run: (values, random) => run([...values, ...random]), release: async () => {} };
}

/** A compiled function: call it with tensors in memory. */
export interface Compiled<A extends readonly unknown[], R> {
  (...args: { [K in keyof A]: Hosted<A[K]> }): Promise<Hosted<R>>;
  /** The same for functions that use {@link randomUniform}: the same seed gives the same numbers. */
  seeded(seed: number, ...args: { [K in keyof A]: Hosted<A[K]> }): Promise<Hosted<R>>;
  /** Where it runs, once called; and why, if not where it was asked to. */
  readonly device: { readonly device: Device; readonly reason?: string } | undefined;
  /** Frees the sessions. */
  dispose(): Promise<void>;
}

/**
 * Compiles a function over tensors. It is traced once for every set of input shapes and dtypes: control flow that depends
 * on shapes is fine, on values is not.
 *
 * @param fn - takes and returns tensors, or trees of them
 * @throws {ShapeError} from the operation whose operands do not fit, at the first call with such shapes
 * @example
 * ```ts
 * const f = compile((x: Tensor, w: Tensor) => relu(matmul(x, w)));
 * const y = await f(hostTensor(new Float32Array(6), [2, 3]), hostTensor(new Float32Array(12), [3, 4]));
 * y.shape; // [2, 4]
 * ```
 */
export function compile<A extends readonly unknown[], R>(
  fn: (...args: A) => R,
  options: CompileOptions = {},
): Compiled<A, R> {
  const cache = new Cache<Executable>();
  let device: Compiled<A, R>["device"];
  const call = async (seed: number | undefined, args: readonly unknown[]): Promise<Hosted<R>> => {
    const { leaves, key } = inspect(args);
    const executable = await cache.get(key, async () =>
      load(traceFunction(fn as never, args as Tree<HostTensor>[], options.names), options),
    );
    device = { device: executable.device, ...(executable.reason !== undefined && { reason: executable.reason }) };
    const { traced } = executable;
    if (traced.randomInputs.length > 0 && seed === undefined) {
      throw new Error("this function draws random numbers: call it as f.seeded(seed, ...args)");
    }
    const results = await executable.run(leaves, drawUniform(traced.randomInputs, seed ?? 0));
    return unflattenTree(traced.outputTree, results) as Hosted<R>;
  };
  const compiled = (...args: unknown[]) => call(undefined, args);
  return Object.defineProperties(compiled, {
    seeded: { value: (seed: number, ...args: unknown[]) => call(seed, args) },
    device: { get: () => device },
    dispose: { value: () => cache.clear(({ release }) => release()) },
  }) as unknown as Compiled<A, R>;
}

/** A step with state that stays in place: made by {@link compileStep}. */
export interface Stepper<S, B extends readonly unknown[], O> {
  /** Advances the state by one step on `batch` and returns what the step reports. */
  run(seed: number, ...batch: { [K in keyof B]: Hosted<B[K]> }): Promise<Hosted<O>>;
  /** A copy of the state now. */
  state(): Hosted<S>;
  /** Replaces the state by one of the same form, shapes and dtypes, once the steps under way are done; copied. */
  load(state: Hosted<S>): Promise<void>;
  /** Frees the sessions. */
  dispose(): Promise<void>;
}

/**
 * Compiles a function from a state and a batch to the next state and a report, such as a training step, and starts it at
 * `initial`. Forward, backward and update are one graph; the state is never copied between steps.
 *
 * @param fn - `(state, ...batch) => [nextState, report]`; nextState has the form, shapes and dtypes of state
 * @param initial - copied
 * @example
 * ```ts
 * const sgd = compileStep((w: Tensor, x: Tensor) => {
 *   const { value, gradient } = valueAndGrad((v: Tensor) => mean(square(mul(v, x))))(w);
 *   return [sub(w, mul(gradient, 0.1)), value];
 * }, hostTensor(Float32Array.of(1), []));
 * const loss = await sgd.run(0, hostTensor(Float32Array.of(1, 2), [2]));
 * ```
 */
export function compileStep<S, B extends readonly unknown[], O>(
  fn: (state: S, ...batch: B) => readonly [S, O],
  initial: Hosted<S>,
  options: CompileOptions = {},
): Stepper<S, B, O> {
  const names = ["state", ...(options.names ?? [])];
  const stateTree = initial as Tree<HostTensor>;
  const trace = (batch: readonly unknown[]): TracedStep => {
    const traced = traceFunction(fn as never, [stateTree, ...(batch as Tree<HostTensor>[])], names);
    return pairState(traced, stateTree);
  };
  const leaves = flattenTree(stateTree).map(([, leaf]) => leaf);
  const build = (device: Device, from: readonly HostTensor[]): Engine =>
    device === "native" ? nativeEngine(trace, from, options) : hostEngine(trace, from, { ...options, device });
  let engine = build(options.device ?? defaultDevice, leaves);
  // Steps run one after the other, also when they are called without waiting.
  const after = inTurn();
  return {
    run: (seed, ...batch) =>
      after(async () => {
        try {
          return (await engine.run(seed, batch)) as Hosted<O>;
        } catch (error) {
          if (!(error instanceof MissingKernelError)) throw error;
          console.warn(`tenfold: ${error.message}: the step runs on jax-js WebAssembly instead`);
          const state = engine.state();
          await engine.dispose();
          engine = build("wasm", state);
          return (await engine.run(seed, batch)) as Hosted<O>;
        }
      }),
    state: () => unflattenTree(stateTree, engine.state().map(copyOf)) as Hosted<S>,
    load: (state) => after(async () => engine.load(leavesLike(stateTree, state as Tree<HostTensor>))),
    dispose: () => after(() => engine.dispose()),
  };
}

/** The leaves of a state, in the order of `pattern`'s. */
function leavesLike(pattern: Tree<HostTensor>, state: Tree<HostTensor>): HostTensor[] {
  const given = new Map(flattenTree(state));
  return flattenTree(pattern).map(([path, leaf]) => {
    const found = given.get(path);
    if (found?.dtype === leaf.dtype && found.shape.join() === leaf.shape.join()) return found;
    throw new ShapeError({
      where: `load at state.${path}`,
      expected: `${leaf.dtype}${formatShape(leaf.shape)}, as the state is`,
      found: found ? `${found.dtype}${formatShape(found.shape)}` : "nothing",
    });
  });
}

/** A traced step whose first outputs are the next state, leaf by leaf in the order of the state. */
interface TracedStep {
  readonly traced: TracedFunction;
  readonly stateSize: number;
  /** The form of the report: what the outputs after the state are. */
  readonly report: Tensors;
}

/** Puts the next state's leaves into the order of the state, by their paths. */
function pairState(traced: TracedFunction, stateTree: Tree<HostTensor>): TracedStep {
  const [nextTree, report] = traced.outputTree as [Tensors, Tensors];
  const next = new Map(flattenTree<Tensor>(nextTree));
  const state = flattenTree(stateTree).map(([path, leaf]) => {
    const found = next.get(path);
    next.delete(path);
    if (found && found.dtype === leaf.dtype && found.shape.join() === leaf.shape.join()) return found;
    throw new ShapeError({
      where: `compileStep at state.${path}`,
      expected: `the next state to be ${leaf.dtype}${formatShape(leaf.shape)}, as the state is`,
      found: found ? `${found.dtype}${formatShape(found.shape)}` : "nothing",
    });
  });
  for (const [path, { dtype, shape }] of next) {
    throw new ShapeError({
      where: `compileStep at state.${path}`,
      expected: "the next state to have the leaves of the state and no other",
      found: `${dtype}${formatShape(shape)}`,
    });
  }
  const outputs = [...state, ...flattenTree<Tensor>(report).map(([, leaf]) => leaf)];
  return { traced: { ...traced, outputs }, stateSize: state.length, report };
}

const copyOf = (host: HostTensor): HostTensor => ({ ...host, data: host.data.slice() });

/** Runs steps over a state that it holds. */
interface Engine {
  run(seed: number, batch: readonly unknown[]): Promise<unknown>;
  /** The state in memory; not to be kept over the next step. */
  state(): readonly HostTensor[];
  /** Replaces the state; copied. */
  load(state: readonly HostTensor[]): void;
  dispose(): Promise<void>;
}

type TraceStep = (batch: readonly unknown[]) => TracedStep;

function nativeEngine(trace: TraceStep, initial: readonly HostTensor[], { threads }: CompileOptions): Engine {
  let buffers: StateBuffers | undefined;
  /** The state until the first step makes buffers of it. */
  let start = initial;
  const cache = new Cache<{ session: Session; step: (leaves: HostTensor[], seed: number) => Promise<unknown> }>();

  async function prepare({ traced, stateSize, report }: TracedStep) {
    const session = await Session.create(traced, threads === undefined ? {} : { threads });
    const { ort } = session;
    buffers ??= new StateBuffers(ort, start);
    const state = buffers;
    const { inputNames, randomNames, outputNames } = session.lowered;
    const results = traced.outputs.slice(stateSize).map(allocateFor);
    const fetches: Record<string, InstanceType<typeof ort.Tensor>> = {};
    results.forEach(({ dtype, data, shape }, i) => {
      fetches[outputNames[stateSize + i]!] = new ort.Tensor(dtype, data as Float32Array, shape);
    });
    const feeds: typeof fetches = {};
    const feed = (name: string, { dtype, data, shape }: HostTensor) => {
      if (name !== "") feeds[name] = new ort.Tensor(dtype, data as Float32Array, shape);
    };
    const step = async (leaves: HostTensor[], seed: number): Promise<unknown> => {
      for (let i = 0; i < stateSize; i++) {
        if (inputNames[i] !== "") feeds[inputNames[i]!] = state.source[i]!;
        fetches[outputNames[i]!] = state.target[i]!;
      }
      leaves.forEach((leaf, i) => {
        feed(inputNames[stateSize + i]!, leaf);
      });
      drawUniform(traced.randomInputs, seed).forEach((leaf, i) => {
        feed(randomNames[i]!, leaf);
      });
      await session.run(feeds, fetches);
      state.swap();
      return unflattenTree(report, results.map(copyOf));
    };
    return { session, step };
  }

  return {
    async run(seed, batch) {
      const { leaves, key } = inspect(batch);
      return (await cache.get(key, async () => prepare(trace(batch)))).step(leaves, seed);
    },
    state: () => buffers?.hosts ?? start,
    load(state) {
      if (buffers) buffers.load(state);
      else start = state.map(copyOf);
    },
    dispose: () => cache.clear(({ session }) => session.release()),
  };
}

function hostEngine(trace: TraceStep, initial: readonly HostTensor[], options: CompileOptions): Engine {
  let state = initial.map(copyOf);
  const cache = new Cache<TracedStep & Executable>();
  return {
    async run(seed, batch) {
      const { leaves, key } = inspect(batch);
      const { traced, stateSize, report, run } = await cache.get(key, async () => {
        const step = trace(batch);
        return { ...step, ...(await load(step.traced, options)) };
      });
      const results = await run([...state, ...leaves], drawUniform(traced.randomInputs, seed));
      assert(results.length >= stateSize, "a step returned less than its state");
      state = results.slice(0, stateSize);
      return unflattenTree(report, results.slice(stateSize));
    },
    state: () => state,
    load(next) {
      state = next.map(copyOf);
    },
    dispose: () => cache.clear(({ release }) => release()),
  };
}
