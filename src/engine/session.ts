/**
 * ONNX Runtime: sessions over lowered graphs, and state that stays in its buffers from step to step.
 *
 * @module
 */
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { allocate, ConfigError, type HostTensor, Random, sizeOf, TenfoldError } from "../core/index.ts";
import { type Tensor, topologicalOrder } from "./graph.ts";
import { reorderProbe } from "./onnx/emitter.ts";
import { type LoweredFunction, lower } from "./onnx/lower.ts";
import type { TracedFunction } from "./trace.ts";

type Ort = typeof import("onnxruntime-node");

let loaded: Promise<Ort> | undefined;

/** ONNX Runtime, loaded at first use: it takes 50 ms that `--help` should not pay. */
export function loadOrt(): Promise<Ort> {
  loaded ??= import("onnxruntime-node").then((module) => {
    const ort: Ort = "default" in module ? (module.default as Ort) : module;
    // Bundles for browsers have an empty module in its place (`browser` in package.json).
    if (ort.InferenceSession) return ort;
    const expected = "wasm or webgpu, which are the devices of a browser";
    throw new ConfigError({ where: "device", expected, found: "native" });
  });
  return loaded;
}

let probed: Promise<number> | undefined;

/**
 * How many channels ONNX Runtime's blocked convolutions take together on this machine: 8, 16, or 1 where it has none. Read off
 * the order in which it lays out 32 channels of two pixels.
 */
function channelBlock(ort: Ort): Promise<number> {
  probed ??= (async () => {
    const data = Float32Array.from({ length: 64 }, (_, i) => i);
    try {
      const session = await ort.InferenceSession.create(reorderProbe([1, 32, 1, 2]), { logSeverityLevel: 4 });
      const { y } = await session.run({ x: new ort.Tensor("float32", data, [1, 32, 1, 2]) });
      await session.release();
      // Element 1 is the second pixel of the first channel: it comes after a whole block of first pixels.
      return Array.from(y!.data as Float32Array).indexOf(1);
    } catch {
      return 1;
    }
  })();
  return probed;
}

/** How sessions run. */
export interface SessionOptions {
  /** Threads inside an operator; default all cores. */
  readonly threads?: number;
}

export function toOrt(ort: Ort, { dtype, data, shape }: HostTensor): OrtTensor {
  return new ort.Tensor(dtype, data as Float32Array, shape);
}

/** Threads inside an operator. Left to itself, ONNX Runtime takes one on a machine of two cores. */
export function threadCount({ threads }: SessionOptions): number {
  return threads ?? process.getBuiltinModule("node:os").availableParallelism();
}

/** A model loaded into ONNX Runtime. */
export class Session {
  readonly #session: InferenceSession;
  readonly #lowered: LoweredFunction;
  readonly ort: Ort;

  private constructor(ort: Ort, session: InferenceSession, lowered: LoweredFunction) {
    this.ort = ort;
    this.#session = session;
    this.#lowered = lowered;
  }

  /** Lowers and loads `traced`. Rejects with {@link MissingKernelError} where ONNX Runtime lacks a kernel. */
  static async create(traced: TracedFunction, options: SessionOptions): Promise<Session> {
    const ort = await loadOrt();
    const lowered = lower(traced, { portable: false, channelBlock: await channelBlock(ort) });
    try {
      const session = await ort.InferenceSession.create(lowered.model, {
        // What goes wrong is thrown; ONNX Runtime need not print it as well.
        logSeverityLevel: 4,
        // Its extended fusions insert operators that have no float64 kernel, such as QuickGelu.
        graphOptimizationLevel: topologicalOrder(traced.outputs).some(({ dtype }) => dtype === "float64")
          ? "basic"
          : "all",
        intraOpNumThreads: threadCount(options),
      });
      return new Session(ort, session, lowered);
    } catch (error) {
      const missing = /Could not find an implementation for (\w+)/.exec(String(error));
      if (missing) throw new MissingKernelError(missing[1]!);
      throw error;
    }
  }

  get lowered(): LoweredFunction {
    return this.#lowered;
  }

  /** Runs the model; results are written into the data of `fetches`. */
  async run(feeds: Record<string, OrtTensor>, fetches: Record<string, OrtTensor>): Promise<void> {
    try {
      await this.#session.run(feeds, fetches);
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /** Frees the model. */
  release(): Promise<void> {
    return this.#session.release();
  }

  /** Names the traced operation behind ONNX Runtime's message. */
  #explain(error: unknown): unknown {
    const message = String(error);
    const node = /running (\w+) node\. Name:'([^']*)' Status Message: (.*)/s.exec(message);
    if (!node) return error;
    const [, op, name, status] = node;
    const label = this.#lowered.labels.get(name!) ?? op!;
    const reason = status!
      .replace(/^.*?\.cc:\d+ \S+ /, "")
      .replaceAll("\n", " ")
      .trim();
    return new TenfoldError("runtime", {
      where: label,
      expected: op === "Gather" ? "every position inside the axis" : "values the operation takes",
      found: reason,
      cause: error,
    });
  }
}

/** ONNX Runtime has no kernel for an operator at the dtype asked for. */
export class MissingKernelError extends Error {
  readonly operator: string;

  constructor(operator: string) {
    super(`ONNX Runtime has no ${operator} kernel for these dtypes`);
    this.operator = operator;
  }
}

/** float32 uniform in [0, 1) for the random inputs of a graph, a stream for each input. */
export function drawUniform(tensors: readonly Tensor[], seed: number): HostTensor[] {
  return tensors.map(({ shape }, i) => {
    const random = new Random(seed, "uniform", i);
    const data = new Float32Array(sizeOf(shape));
    for (let k = 0; k < data.length; k++) data[k] = (random.bits() >>> 8) * 2 ** -24;
    return { shape, dtype: "float32", data };
  });
}

/** Memory for a value of the graph. */
export function allocateFor({ shape, dtype }: Pick<Tensor, "shape" | "dtype">): HostTensor {
  return { shape, dtype, data: allocate(dtype, sizeOf(shape)) };
}

/** A stateless function on ONNX Runtime: fresh result memory at every call. */
export function sessionRunner(session: Session, traced: TracedFunction) {
  const { inputNames, randomNames, outputNames } = session.lowered;
  return async (values: readonly HostTensor[], random: readonly HostTensor[]): Promise<HostTensor[]> => {
    const feeds: Record<string, OrtTensor> = {};
    const feed = (names: readonly string[], hosts: readonly HostTensor[]) => {
      names.forEach((name, i) => {
        if (name !== "") feeds[name] = toOrt(session.ort, hosts[i]!);
      });
    };
    feed(inputNames, values);
    feed(randomNames, random);
    const results = traced.outputs.map(allocateFor);
    await session.run(feeds, Object.fromEntries(outputNames.map((name, i) => [name, toOrt(session.ort, results[i]!)])));
    return results;
  };
}

/**
 * The state of a training step in two sets of buffers: a step reads one and writes the other, then they change places.
 * A leaf that the step returns unchanged has one buffer only.
 */
export class StateBuffers {
  readonly #sets: [OrtTensor[], OrtTensor[]];
  readonly #hosts: [HostTensor[], HostTensor[]];
  #current: 0 | 1 = 0;

  /** @param initial - copied */
  constructor(ort: Ort, initial: readonly HostTensor[]) {
    const copy = (): HostTensor[] => initial.map((host) => ({ ...host, data: host.data.slice() }));
    this.#hosts = [copy(), copy()];
    this.#sets = [this.#hosts[0].map((host) => toOrt(ort, host)), this.#hosts[1].map((host) => toOrt(ort, host))];
  }

  /** Tensors to read the state from. */
  get source(): readonly OrtTensor[] {
    return this.#sets[this.#current];
  }

  /** Tensors to write the next state to. */
  get target(): readonly OrtTensor[] {
    return this.#sets[1 - this.#current]!;
  }

  /** The state in memory; the next step but one overwrites it. */
  get hosts(): readonly HostTensor[] {
    return this.#hosts[this.#current];
  }

  /** Replaces the current state by one of the same shapes and dtypes; copied. */
  load(state: readonly HostTensor[]): void {
    for (const [i, { data }] of state.entries()) this.#hosts[this.#current][i]!.data.set(data);
  }

  /** Makes the written state the current one. */
  swap(): void {
    this.#current = this.#current === 0 ? 1 : 0;
  }
}
