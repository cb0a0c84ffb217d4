/**
 * The second backend: the traced graph run by jax-js on WebAssembly or WebGPU. The only file that imports jax-js.
 *
 * @module
 */
import type * as Jax from "@jax-js/jax";
import type { DType, HostTensor, TypedArray } from "../core/index.ts";
import { type Tensor, topologicalOrder } from "./graph.ts";

/** The jax-js module. */
export type JaxModule = typeof Jax;
/** A jax-js array. jax-js moves arrays: an operation consumes its operands, `.ref` keeps one for another use. */
export type JaxArray = Jax.Array;

/** Where jax-js runs. */
export type JaxDevice = "wasm" | "webgpu";

let initialised: Promise<JaxModule> | undefined;

async function loadJax(device: JaxDevice): Promise<JaxModule> {
  initialised ??= import("@jax-js/jax").then(async (jax) => {
    // Node 20 has no Float16Array, which jax-js mentions when it builds float64 arrays; it is never filled here.
    const globals = globalThis as { Float16Array?: unknown };
    globals.Float16Array ??= class Float16Array extends Uint16Array {};
    await jax.init(...(device === "webgpu" ? (["webgpu"] as const) : (["wasm", "cpu"] as const)));
    jax.defaultDevice(device);
    return jax;
  });
  return initialised;
}

/** jax-js keeps booleans in int32. */
function toJax(jax: JaxModule, { data, shape, dtype }: HostTensor): JaxArray {
  const values = (dtype === "bool" ? Int32Array.from(data) : data.slice()) as Float32Array<ArrayBuffer>;
  return jax.numpy.array(values, { shape: [...shape], dtype: jax.numpy[dtype] });
}

function fromJax(dtype: DType, shape: Tensor["shape"], data: ArrayLike<number>): HostTensor {
  const typed: TypedArray =
    dtype === "float64"
      ? Float64Array.from(data)
      : dtype === "int32"
        ? Int32Array.from(data)
        : dtype === "bool"
          ? Uint8Array.from(data)
          : Float32Array.from(data);
  return { shape, dtype, data: typed };
}

/** A graph ready to run: results for the values of its inputs, in order. */
export type RunGraph = (values: readonly HostTensor[]) => Promise<HostTensor[]>;

/** Prepares `outputs` as functions of `inputs` to run under `jit` of jax-js. */
export async function runOnJax(
  inputs: readonly Tensor[],
  outputs: readonly Tensor[],
  device: JaxDevice,
): Promise<RunGraph> {
  const jax = await loadJax(device);
  const order = topologicalOrder([...inputs, ...outputs]);
  const run = jax.jit((...args: JaxArray[]): JaxArray[] => {
    const values = new Map<Tensor, JaxArray>();
    inputs.forEach((input, i) => {
      values.set(input, args[i]!);
    });
    for (const tensor of order) {
      if (values.has(tensor)) continue;
      const operands = tensor.inputs.map((input) => values.get(input)!);
      values.set(tensor, tensor.primitive.jax(jax, operands, tensor.params, tensor));
    }
    return outputs.map((tensor) => values.get(tensor)!.ref);
  });
  return async (hosts) => {
    const results = run(...hosts.map((host) => toJax(jax, host))) as JaxArray[];
    const data = await Promise.all(results.map((result) => result.data()));
    return outputs.map((tensor, i) => fromJax(tensor.dtype, tensor.shape, data[i]!));
  };
}
