import type { Device } from "../engine/index.ts";

/** The part of the WebGPU interface that is asked here; TypeScript's DOM types of this version have none. */
interface WithGpu {
  readonly gpu?: { requestAdapter(): Promise<unknown> };
}

/**
 * The faster device that answers: `webgpu` where the browser has an adapter, otherwise `wasm`.
 *
 * @example
 * ```ts
 * const double = compile((x: Tensor) => mul(x, 2), { device: await pickDevice() });
 * ```
 */
export async function pickDevice(): Promise<Exclude<Device, "native">> {
  const { gpu } = (globalThis.navigator ?? {}) as WithGpu;
  const adapter = await gpu?.requestAdapter().catch(() => undefined);
  return adapter ? "webgpu" : "wasm";
}
