import { describe, expect, it } from "vitest";
import { hostTensor, isFloat, Random, sizeOf } from "../../src/core/index.ts";
import { compile, constant, mul, pullback, scalar, sum, type Tensor } from "../../src/engine/index.ts";
import { cases, Draw } from "./cases.ts";

const seed = 20260901;

// jax-js computes convolutions for a while where other work has the cores.
const patience = 90_000;

describe.each(cases)("$name", ({ name, inputs, fn, smooth, rtol = 1e-5, atol = 1e-6 }) => {
  const hosts = inputs(new Draw(new Random(seed, name)));

  it("is the same on ONNX Runtime and on jax-js", { timeout: patience }, async () => {
    const native = compile(fn);
    const wasm = compile(fn, { device: "wasm" });
    const [a, b] = [await native(...hosts), await wasm(...hosts)];
    expect(native.device).toEqual({ device: "native" });
    expect(a.shape).toEqual(b.shape);
    expect(a.dtype).toBe(b.dtype);
    expect(a).toBeAllclose(b, { rtol, atol });
    // Races show on repetition only.
    for (let i = 0; i < 5; i++) expect((await native(...hosts)).data).toEqual(a.data);
    await native.dispose();
  });

  if (!smooth) return;

  it("has the same gradient on both", { timeout: patience }, async () => {
    const gradients = (...tensors: Tensor[]): Tensor[] => {
      const y = fn(...tensors);
      const floats = tensors.filter((_, i) => isFloat(hosts[i]!.dtype));
      return pullback(sum(mul(y, weights(y))), floats, scalar(1));
    };
    const native = compile(gradients);
    const wasm = compile(gradients, { device: "wasm" });
    const [a, b] = [await native(...hosts), await wasm(...hosts)];
    a.forEach((gradient, i) => {
      expect(gradient).toBeAllclose(b[i]!, { rtol: rtol * 10, atol: atol * 10 });
    });
    await native.dispose();
  });
});

/** Fixed weights, so that no gradient cancels. */
function weights({ shape }: Tensor): Tensor {
  return constant(
    hostTensor(
      Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.cos(i + 1)),
      shape,
    ),
  );
}
