import { describe, expect, it, vi } from "vitest";
import { hostTensor } from "../../src/core/index.ts";
import {
  add,
  compile,
  compileStep,
  conv2d,
  erf,
  grad,
  matmul,
  mean,
  mul,
  randomUniform,
  sin,
  square,
  stack,
  sub,
  sum,
  type Tensor,
  take,
  toOnnx,
  valueAndGrad,
} from "../../src/engine/index.ts";

const floats = (values: number[], shape = [values.length]) => hostTensor(Float32Array.from(values), shape);

describe("compile", () => {
  it("traces once for every set of shapes", async () => {
    const fn = vi.fn((x: Tensor) => mul(x, 2));
    const double = compile(fn);
    expect((await double(floats([1, 2]))).data).toEqual(Float32Array.of(2, 4));
    expect((await double(floats([3, 4]))).data).toEqual(Float32Array.of(6, 8));
    expect(fn).toHaveBeenCalledTimes(1);
    expect((await double(floats([1, 2, 3]))).data).toEqual(Float32Array.of(2, 4, 6));
    expect(fn).toHaveBeenCalledTimes(2);
  });

  it("takes and returns trees, numbers and host tensors", async () => {
    const fn = compile((tree: { a: Tensor; list: Tensor[] }) => ({
      total: add(tree.a, tree.list[0]!),
      one: 1 as never as Tensor,
    }));
    const { total, one } = await fn({ a: floats([1]), list: [floats([2])] });
    expect([total.data[0], one.data[0]]).toEqual([3, 1]);
  });

  it("tells trees apart by their paths, not by their order", async () => {
    const difference = compile((p: { a: Tensor; b: Tensor }) => sub(p.a, p.b));
    expect((await difference({ a: floats([1]), b: floats([10]) })).data[0]).toBe(-9);
    expect((await difference({ b: floats([10]), a: floats([1]) })).data[0]).toBe(-9);
  });

  it("does not keep a failure", async () => {
    let fail = true;
    const fn = compile((x: Tensor) => {
      if (fail) throw new Error("not yet");
      return mul(x, 2);
    });
    await expect(fn(floats([1]))).rejects.toThrow("not yet");
    fail = false;
    expect((await fn(floats([1]))).data[0]).toBe(2);
    await fn.dispose();
  });

  it("takes graphs as deep as memory allows", async () => {
    const deep = compile((x: Tensor) => {
      let y = x;
      for (let i = 0; i < 5000; i++) y = sin(y);
      return y;
    });
    expect((await deep(floats([1]))).data[0]).toBeGreaterThan(0);
  });

  it("differentiates by the argument only, not by what equals it", async () => {
    const slope = compile((w: Tensor) => grad((v: Tensor) => sum(mul(v, w)))(w));
    expect((await slope(floats([3]))).data[0]).toBe(3);
    const both = compile((w: Tensor) => grad((v: { a: Tensor; b: Tensor }) => sum(mul(v.a, v.b)))({ a: w, b: w }));
    const { a, b } = await both(floats([3]));
    expect([a.data[0], b.data[0]]).toEqual([3, 3]);
  });

  it("refuses fractions beside integers", async () => {
    const half = compile((x: Tensor) => mul(x, 0.5));
    await expect(half(hostTensor(Int32Array.of(3), [1]))).rejects.toThrow(
      /0\.5 beside arg: expected a whole number, as arg is int32, found 0\.5/,
    );
  });

  it("stacks along axes counted from the end", async () => {
    const stacked = compile((x: Tensor) => stack([x, mul(x, 2)], -1));
    const { shape, data } = await stacked(floats([1, 2], [2]));
    expect([shape, Array.from(data)]).toEqual([
      [2, 2],
      [1, 2, 2, 4],
    ]);
  });

  it("draws the same random numbers from the same seed, others from another", async () => {
    const noise = compile((x: Tensor) => add(x, randomUniform([1000])));
    const zeros = floats(Array(1000).fill(0));
    const [a, b, c] = [await noise.seeded(1, zeros), await noise.seeded(1, zeros), await noise.seeded(2, zeros)];
    expect(a.data).toEqual(b.data);
    expect(a.data).not.toEqual(c.data);
    expect(Math.min(...a.data)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...a.data)).toBeLessThan(1);
    const average = Array.from(a.data).reduce((total, value) => total + value, 0) / 1000;
    expect(Math.abs(average - 0.5)).toBeLessThan(0.05);
    await expect(noise(zeros)).rejects.toThrow(/call it as f\.seeded/);
  });

  it("says which operation does not fit, with shapes and paths", async () => {
    const fn = compile((params: { layer: { weight: Tensor } }, x: Tensor) => matmul(x, params.layer.weight), {
      names: ["params", "x"],
    });
    const params = { layer: { weight: floats([1, 2, 3, 4, 5, 6], [3, 2]) } };
    await expect(fn(params, floats([1, 2], [1, 2]))).rejects.toThrow(
      "matmul of x and params.layer.weight: expected [..., m, k] times [..., k, n] with leading axes that broadcast, found [1, 2] times [3, 2]",
    );
    await expect(compile((x: Tensor) => conv2d(x, x))(floats([1], [1]))).rejects.toThrow(
      /conv2d of arg by arg: expected x \[batch/,
    );
    await expect(compile((x: Tensor) => add(x, take(x, x)))(floats([1]))).rejects.toThrow(
      /expected int32 positions, found float32/,
    );
    await expect(compile((x: Tensor) => grad((y: Tensor) => mul(y, 2))(x))(floats([1, 2]))).rejects.toThrow(
      /expected a scalar, found \[2\]\. Hint: reduce it with mean\(\) or sum\(\)/,
    );
  });

  it("says which position is out of range when it runs", async () => {
    const fn = compile((table: Tensor, at: Tensor) => take(table, at), { names: ["table", "at"] });
    const at = hostTensor(Int32Array.of(0, 7), [2]);
    await expect(fn(floats([1, 2, 3]), at)).rejects.toThrow(
      /take\(table, at\): expected every position inside the axis, found .*idx=7/,
    );
  });

  it("moves what has no kernel to jax-js, and says why", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const fn = compile((x: Tensor) => erf(x));
    const y = await fn(hostTensor(Float64Array.of(0.5), [1]));
    expect(y.data[0]).toBeCloseTo(0.5204998778, 5);
    expect(fn.device).toEqual({ device: "wasm", reason: "ONNX Runtime has no Erf kernel for these dtypes" });
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
  });
});

describe("compileStep", () => {
  const step = (w: Tensor, x: Tensor, y: Tensor) => {
    const { value, gradient } = valueAndGrad((v: Tensor) => mean(square(sub(mul(v, x), y))))(w);
    return [sub(w, mul(gradient, 0.05)), value] as const;
  };

  it.each(["native", "wasm"] as const)("keeps the state from step to step on %s", async (device) => {
    const stepper = compileStep(step, floats([0], []), { device });
    let loss = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 50; i++) loss = (await stepper.run(0, floats([1, 2, 3]), floats([2, 4, 6]))).data[0]!;
    expect(loss).toBeLessThan(1e-9);
    expect(stepper.state().data[0]).toBeCloseTo(2, 5);
    await stepper.dispose();
  });

  it("takes batches of other sizes on the way", async () => {
    const stepper = compileStep(step, floats([0], []));
    await stepper.run(0, floats([1, 2]), floats([2, 4]));
    const before = stepper.state().data[0]!;
    await stepper.run(0, floats([1, 2, 3]), floats([2, 4, 6]));
    const [w] = [before - 0.05 * 2 * ((1 + 4 + 9) / 3) * (before - 2)];
    expect(stepper.state().data[0]).toBeCloseTo(w!, 5);
    await stepper.dispose();
  });

  it("does not lend out the memory of its state", async () => {
    const initial = floats([1], []);
    const stepper = compileStep((w: Tensor, x: Tensor) => [add(w, sum(x)), w] as const, initial);
    await stepper.run(0, floats([1]));
    const taken = stepper.state();
    await stepper.run(0, floats([1]));
    await stepper.run(0, floats([1]));
    expect([initial.data[0], taken.data[0], stepper.state().data[0]]).toEqual([1, 2, 4]);
    await stepper.dispose();
  });

  it.each(["native", "wasm"] as const)("goes on from a state that is loaded, on %s", async (device) => {
    const initial = floats([1], []);
    const stepper = compileStep((w: Tensor, x: Tensor) => [add(w, sum(x)), w] as const, initial, { device });
    const loaded = floats([5], []);
    await stepper.load(loaded);
    expect(stepper.state().data[0]).toBe(5);
    await stepper.run(0, floats([1]));
    void stepper.run(0, floats([1]));
    // Steps that were called before are taken first.
    await stepper.load(floats([20], []));
    await stepper.run(0, floats([2]));
    expect([initial.data[0], loaded.data[0], stepper.state().data[0]]).toEqual([1, 5, 22]);
    await expect(stepper.load(floats([1, 2]))).rejects.toThrow("load at state");
    await stepper.dispose();
  });

  it("pairs the next state with the state by paths", async () => {
    const initial = { a: floats([1]), b: floats([10]) };
    type S = { a: Tensor; b: Tensor };
    const stepper = compileStep((s: S, x: Tensor) => [{ b: add(s.b, x), a: s.a }, sum(x)] as const, initial);
    expect((await stepper.run(0, floats([1]))).data[0]).toBe(1);
    expect([stepper.state().a.data[0], stepper.state().b.data[0]]).toEqual([1, 11]);
    await stepper.dispose();
    const more = compileStep((s: { a: Tensor }, x: Tensor) => [{ a: s.a, extra: x }, sum(x)] as never, {
      a: floats([1]),
    } as never);
    await expect(more.run(0, floats([1]) as never)).rejects.toThrow(
      /state\.extra: expected the next state to have the leaves of the state and no other/,
    );
  });

  it.each(["native", "wasm"] as const)("takes steps one after the other when nobody waits, on %s", async (device) => {
    const stepper = compileStep((w: Tensor, x: Tensor) => [add(w, sum(x)), add(w, sum(x))] as const, floats([0], []), {
      device,
    });
    const reports = await Promise.all([floats([1]), floats([10]), floats([50, 50])].map((x) => stepper.run(0, x)));
    expect(reports.map(({ data }) => data[0])).toEqual([1, 11, 111]);
    expect(stepper.state().data[0]).toBe(111);
    await stepper.dispose();
  });

  it("moves a step without kernels to jax-js, with its state", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    const initial = hostTensor(Float64Array.of(2), [1]);
    const stepper = compileStep((w: Tensor, x: Tensor) => [add(w, x), erf(w)] as const, initial);
    const report = await stepper.run(0, hostTensor(Float64Array.of(1), [1]));
    expect(report.data[0]).toBeCloseTo(0.995322, 5);
    expect(stepper.state().data[0]).toBe(3);
    expect(warn).toHaveBeenCalledOnce();
    warn.mockRestore();
    await stepper.dispose();
  });

  it("refuses a next state of another shape", async () => {
    const stepper = compileStep((w: Tensor, x: Tensor) => [add(w, x), x] as const, floats([1], [1]));
    await expect(stepper.run(0, floats([1, 2]))).rejects.toThrow(
      /expected the next state to be float32\[1\], as the state is, found float32\[2\]/,
    );
  });
});

describe("toOnnx", () => {
  it("wants a name of its own for every input and output", () => {
    const weight = { weight: floats([1]) };
    const names = { inputNames: ["x"], outputNames: ["x"] };
    const export_ = () =>
      toOnnx((p: { weight: Tensor }, x: Tensor) => mul(x, p.weight) as never, weight, [floats([1], [1, 1])], names);
    expect(export_).toThrow(/toOnnx: expected a name of its own for every input and output, found "x" twice/);
  });
});
