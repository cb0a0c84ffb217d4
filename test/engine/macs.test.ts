import { describe, expect, it } from "vitest";
import { ShapeError } from "../../src/core/index.ts";
import { conv2d, countMacs, matmul, mul, sum, type Tensor, valueAndGrad } from "../../src/engine/index.ts";

const float = (...shape: number[]) => ({ shape, dtype: "float32" as const });

describe("countMacs", () => {
  it("counts a matrix product as rows x inner x columns, batches and all", () => {
    const product = (a: Tensor, b: Tensor) => matmul(a, b);
    expect(countMacs(product, [float(3, 4), float(4, 5)])).toBe(60);
    expect(countMacs(product, [float(2, 3, 4), float(4, 5)])).toBe(120);
  });

  it("counts a convolution at every pixel of its output, groups apart", () => {
    const convolution = (options: object) => (x: Tensor, w: Tensor) => conv2d(x, w, options);
    expect(countMacs(convolution({ padding: 1 }), [float(2, 3, 8, 8), float(5, 3, 3, 3)])).toBe(2 * 64 * 5 * 27);
    const grouped = convolution({ stride: 2, groups: 2 });
    expect(countMacs(grouped, [float(1, 4, 9, 9), float(6, 2, 3, 3)])).toBe(16 * 6 * 18);
  });

  it("backward costs as much again for each operand", () => {
    const step = (w: Tensor, x: Tensor) => valueAndGrad((v: Tensor) => sum(mul(matmul(x, v), 2)))(w);
    expect(countMacs(step, [float(4, 5), float(3, 4)])).toBe(60 + 60);
    const filter = (w: Tensor, x: Tensor) => valueAndGrad((v: Tensor) => sum(conv2d(x, v, { padding: 1 })))(w);
    expect(countMacs(filter, [float(5, 3, 3, 3), float(2, 3, 8, 8)])).toBe(2 * (2 * 64 * 5 * 27));
  });

  it("leaves out what is no product, and refuses what cannot be traced", () => {
    expect(countMacs((x: Tensor) => sum(mul(x, x)), [float(100)])).toBe(0);
    expect(() => countMacs((a: Tensor, b: Tensor) => matmul(a, b), [float(3, 4), float(5, 6)])).toThrow(ShapeError);
  });
});
