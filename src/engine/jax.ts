/**
 * The second backend: the traced graph run by jax-js on WebAssembly or WebGPU. The only file that imports jax-js.
 *
 * @module
 */
import type * as Jax from "@jax-js/jax";
import { ConfigError, type DType, type HostTensor, sizeOf, type TypedArray } from "../core/index.ts";
import { type Tensor, topologicalOrder } from "./graph.ts";

/** The jax-js module. */
export type JaxModule = typeof Jax;
/** A jax-js array. jax-js moves arrays: an operation consumes its operands, `.ref` keeps one for another use. */
export type JaxArray = Jax.Array;

/** Where jax-js runs. */
export type JaxDevice = "wasm" | "webgpu";

const initialised = new Map<JaxDevice, Promise<JaxModule>>();

/** jax-js with `device` ready. Which device is the default is set anew before every run: the module has one for all. */
function loadJax(device: JaxDevice): Promise<JaxModule> {
  const loading = initialised.get(device) ?? initialise(device);
  initialised.set(device, loading);
  return loading;
}

async function initialise(device: JaxDevice): Promise<JaxModule> {
  // Node 20 has no Float16Array, which jax-js mentions when it builds float64 arrays; it is never filled here.
  const globals = globalThis as { Float16Array?: unknown };
  globals.Float16Array ??= class Float16Array extends Uint16Array {};
  const jax = await import("@jax-js/jax");
  if (device === "webgpu" && !(globalThis.navigator as (Navigator & { gpu?: unknown }) | undefined)?.gpu) {
    const hint = 'take "native" or "wasm", or a browser that has WebGPU';
    throw new ConfigError({ where: "device", expected: "a device that this platform has", found: device, hint });
  }
  // The constants of a traced function are made on the CPU on Node, which wants it named.
  await jax.init(...(device === "webgpu" ? (["webgpu"] as const) : (["wasm", "cpu"] as const)));
  return jax;
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
  const filled = ({ shape }: Tensor) => sizeOf(shape) > 0;
  const given = inputs.filter(filled);
  const wanted = outputs.filter(filled);
  const order = topologicalOrder([...given, ...wanted]).filter(filled);
  const run = jax.jit((...args: JaxArray[]): JaxArray[] => {
    const values = new Map<Tensor, JaxArray>();
    given.forEach((input, i) => {
      values.set(input, args[i]!);
    });
    for (const tensor of order) {
      if (values.has(tensor)) continue;
      const operands = tensor.inputs.flatMap((input) => values.get(input) ?? []);
      const whole = operands.length === tensor.inputs.length || tensor.primitive.name === "concat";
      // jax-js has no arrays without elements; what is made of nothing else is a sum over nothing.
      const value = whole
        ? tensor.primitive.jax(jax, operands, tensor.params, tensor)
        : jax.numpy.zeros([...tensor.shape], { dtype: jax.numpy[tensor.dtype] });
      values.set(tensor, value);
    }
    return wanted.map((tensor) => values.get(tensor)!.ref);
  });
  return async (hosts) => {
    jax.defaultDevice(device);
    const args = hosts.filter(({ data }) => data.length > 0).map((host) => toJax(jax, host));
    const results = wanted.length > 0 ? (run(...args) as JaxArray[]) : [];
    const data = await Promise.all(results.map((result) => result.data()));
    return outputs.map((tensor) => {
      const index = wanted.indexOf(tensor);
      return fromJax(tensor.dtype, tensor.shape, index < 0 ? [] : data[index]!);
    });
  };
}
