/** Compiled functions: traced once for every set of input shapes, then run at native speed. @module */
import {
  assert,
  flattenTree,
  formatShape,
  type HostTensor,
  ShapeError,
  type Tree,
  unflattenTree,
} from "../core/index.ts";
import type { Tensors } from "./autodiff.ts";
import { type RunGraph, runOnJax } from "./jax.ts";
import { allocateFor, drawUniform, MissingKernelError, Session, StateBuffers, sessionRunner } from "./session.ts";
import { type Hosted, type TracedFunction, traceFunction } from "./trace.ts";

/** Where a compiled function runs: ONNX Runtime, or jax-js on WebAssembly or WebGPU. */
export type Device = "native" | "wasm" | "webgpu";

/** Options of {@link compile} and {@link compileStep}. */
export interface CompileOptions {
  /** Default `native`. Functions that ONNX Runtime has no kernels for (such as `erf` in float64) move to `wasm`. */
  readonly device?: Device;
  /** Threads inside an operator on `native`; default all cores. */
  readonly threads?: number;
  /** Names of the arguments, for messages. */
  readonly names?: readonly string[];
}

function signatureOf(leaves: readonly HostTensor[]): string {
  return leaves.map(({ dtype, shape }) => `${dtype}${shape.join("x")}`).join(",");
}

function leavesOf(args: readonly unknown[]): HostTensor[] {
  return args.flatMap((arg) => flattenTree<HostTensor>(arg as Tree<HostTensor>).map(([, leaf]) => leaf));
}

/** A traced function loaded on its device. */
interface Executable {
  readonly traced: TracedFunction;
  readonly device: Device;
  readonly reason?: string;
  run(values: readonly HostTensor[], random: readonly HostTensor[]): Promise<HostTensor[]>;
  release(): Promise<void>;
}

async function load(traced: TracedFunction, { device = "native", threads }: CompileOptions): Promise<Executable> {
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
  const cache = new Map<string, Promise<Executable>>();
  let device: Compiled<A, R>["device"];
  const call = async (seed: number | undefined, args: readonly unknown[]): Promise<Hosted<R>> => {
    const leaves = leavesOf(args);
    const key = signatureOf(leaves);
    let pending = cache.get(key);
    if (!pending) {
      const traced = traceFunction(fn as never, args as Tree<HostTensor>[], options.names);
      pending = load(traced, options);
      cache.set(key, pending);
    }
    const executable = await pending;
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
    dispose: {
      value: async () => {
        for (const pending of cache.values()) await (await pending).release();
        cache.clear();
      },
    },
  }) as unknown as Compiled<A, R>;
}

/** A step with state that stays in place: made by {@link compileStep}. */
export interface Stepper<S, B extends readonly unknown[], O> {
  /** Advances the state by one step on `batch` and returns what the step reports. */
  run(seed: number, ...batch: { [K in keyof B]: Hosted<B[K]> }): Promise<Hosted<O>>;
  /** The state now. Read it before the next step but one, or take a copy with `copy`. */
  state(copy?: boolean): Hosted<S>;
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
  const stateLeaves = flattenTree(stateTree).map(([path, leaf]) => ({ path, leaf }));
  const trace = (batch: readonly unknown[]): TracedFunction => {
    const traced = traceFunction(fn as never, [stateTree, ...(batch as Tree<HostTensor>[])], names);
    stateLeaves.forEach(({ path, leaf }, i) => {
      const next = traced.outputs[i];
      if (!next || next.dtype !== leaf.dtype || next.shape.join() !== leaf.shape.join()) {
        throw new ShapeError({
          where: `compileStep at state.${path}`,
          expected: `the next state to be ${leaf.dtype}${formatShape(leaf.shape)}, as the state is`,
          found: next ? `${next.dtype}${formatShape(next.shape)}` : "nothing",
        });
      }
    });
    return traced;
  };
  return (options.device ?? "native") === "native"
    ? nativeStepper<S, B, O>(
        trace,
        stateTree,
        stateLeaves.map(({ leaf }) => leaf),
        options,
      )
    : hostStepper<S, B, O>(
        trace,
        stateTree,
        stateLeaves.map(({ leaf }) => leaf),
        options,
      );
}

/** The report among a step's outputs: what follows the state. */
function reportOf<O>(traced: TracedFunction, stateSize: number, results: readonly HostTensor[]): Hosted<O> {
  const [, report] = traced.outputTree as [Tensors, Tensors];
  return unflattenTree(report, results.slice(stateSize)) as Hosted<O>;
}

function nativeStepper<S, B extends readonly unknown[], O>(
  trace: (batch: readonly unknown[]) => TracedFunction,
  stateTree: Tree<HostTensor>,
  initial: readonly HostTensor[],
  options: CompileOptions,
): Stepper<S, B, O> {
  let buffers: StateBuffers | undefined;
  const cache = new Map<
    string,
    Promise<{ session: Session; step: (leaves: HostTensor[], seed: number) => Promise<Hosted<O>> }>
  >();

  async function prepare(traced: TracedFunction) {
    const session = await Session.create(traced, options.threads === undefined ? {} : { threads: options.threads });
    const { ort } = session;
    buffers ??= new StateBuffers(ort, initial);
    const state = buffers;
    const { inputNames, randomNames, outputNames } = session.lowered;
    const results = traced.outputs.slice(initial.length).map(allocateFor);
    const fetches: Record<string, InstanceType<typeof ort.Tensor>> = {};
    results.forEach(({ dtype, data, shape }, i) => {
      fetches[outputNames[initial.length + i]!] = new ort.Tensor(dtype, data as Float32Array, shape);
    });
    const feeds: typeof fetches = {};
    const step = async (leaves: HostTensor[], seed: number): Promise<Hosted<O>> => {
      initial.forEach((_, i) => {
        if (inputNames[i] !== "") feeds[inputNames[i]!] = state.source[i]!;
        fetches[outputNames[i]!] = state.target[i]!;
      });
      const feed = (name: string, { dtype, data, shape }: HostTensor) => {
        if (name !== "") feeds[name] = new ort.Tensor(dtype, data as Float32Array, shape);
      };
      leaves.forEach((leaf, i) => {
        feed(inputNames[initial.length + i]!, leaf);
      });
      drawUniform(traced.randomInputs, seed).forEach((leaf, i) => {
        feed(randomNames[i]!, leaf);
      });
      await session.run(feeds, fetches);
      state.swap();
      return reportOf<O>(
        traced,
        0,
        results.map((host) => ({ ...host, data: host.data.slice() })),
      );
    };
    return { session, step };
  }

  return {
    async run(seed, ...batch) {
      const leaves = leavesOf(batch);
      const key = signatureOf(leaves);
      let pending = cache.get(key);
      if (!pending) {
        pending = prepare(trace(batch));
        cache.set(key, pending);
      }
      return (await pending).step(leaves, seed);
    },
    state(copy = true) {
      const hosts = buffers?.hosts ?? initial;
      return unflattenTree(
        stateTree,
        copy ? hosts.map((host) => ({ ...host, data: host.data.slice() })) : hosts,
      ) as Hosted<S>;
    },
    async dispose() {
      for (const pending of cache.values()) await (await pending).session.release();
      cache.clear();
    },
  };
}

function hostStepper<S, B extends readonly unknown[], O>(
  trace: (batch: readonly unknown[]) => TracedFunction,
  stateTree: Tree<HostTensor>,
  initial: readonly HostTensor[],
  options: CompileOptions,
): Stepper<S, B, O> {
  let state = initial.map((host) => ({ ...host, data: host.data.slice() }));
  const cache = new Map<string, Promise<Executable>>();
  return {
    async run(seed, ...batch) {
      const leaves = leavesOf(batch);
      const key = signatureOf(leaves);
      let pending = cache.get(key);
      if (!pending) {
        pending = load(trace(batch), options);
        cache.set(key, pending);
      }
      const { traced, run } = await pending;
      const results = await run([...state, ...leaves], drawUniform(traced.randomInputs, seed));
      assert(results.length >= state.length, "a step returned less than its state");
      state = results.slice(0, state.length) as typeof state;
      return reportOf<O>(traced, state.length, results);
    },
    state: () =>
      unflattenTree(
        stateTree,
        state.map((host) => ({ ...host, data: host.data.slice() })),
      ) as Hosted<S>,
    async dispose() {
      for (const pending of cache.values()) await (await pending).release();
      cache.clear();
    },
  };
}
