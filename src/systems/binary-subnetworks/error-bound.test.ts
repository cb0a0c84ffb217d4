import { expect, test } from "vitest";
import { ConfigError, Random } from "../../core/index.ts";
import { applyReluNetwork, type ReluNetwork } from "../../nn/index.ts";
import { fewestBits, spectralNorm, totalBound } from "./error-bound.ts";
import { dequantize, quantizeTarget, scaleTarget } from "./quantized-target.ts";
import { randomTarget } from "./random-target.ts";

const domain = { kind: "ball", radius: 1 } as const;

test("spectral norms of matrices that are known, of any scale", () => {
  for (const scale of [1e-200, 1, 1e200]) {
    const matrix = (values: number[]) => Float64Array.from(values, (value) => value * scale);
    expect(spectralNorm(matrix([3, 0, 0, -4]), 2, 2) / scale).toBeCloseTo(4, 6);
    expect(spectralNorm(matrix([1, 1, 1, 1, 1, 1]), 2, 3) / scale).toBeCloseTo(Math.sqrt(6), 6);
    expect(spectralNorm(matrix([3, 4]), 1, 2) / scale).toBeCloseTo(5, 6);
  }
  expect(spectralNorm(new Float64Array(4), 2, 2)).toBe(0);
});

test("the fewest bits are the fewest, and the bound holds for the quantized network", () => {
  const random = new Random(7);
  for (let t = 0; t < 10; t++) {
    const { layers } = randomTarget([4, 5, 3], random);
    const target: ReluNetwork = {
      layers: layers.map((layer) => ({ ...layer, bias: layer.bias.map(() => random.normal()) })),
    };
    const scaled = scaleTarget(target, domain);
    const { quantized, bound } = fewestBits(target, scaled, 0.05, 1);
    expect(totalBound(bound)).toBeLessThanOrEqual(0.05);
    const other = dequantize(scaled, quantized);
    for (let n = 0; n < 50; n++) {
      const x = Float64Array.from({ length: 4 }, () => random.normal());
      const norm = Math.hypot(...x);
      const unit = x.map((value) => value / norm);
      const y = applyReluNetwork(target, unit);
      const distance = Math.hypot(...applyReluNetwork(other, unit).map((value, i) => value - y[i]!));
      expect(distance).toBeLessThanOrEqual(totalBound(bound));
    }
    expect(() => fewestBits(target, scaled, 1e-18, 1)).toThrow(ConfigError);
  }
});

test("weights that are whole numbers on their scale take no bits at all, and halves round away from zero", () => {
  const layer = { outDim: 2, inDim: 2, weight: Float64Array.of(3, -3, 0, 3), bias: new Float64Array(2) };
  const scaled = scaleTarget({ layers: [layer] }, domain);
  expect(fewestBits({ layers: [layer] }, scaled, 1e-9, 1).quantized).toMatchObject({ bits: 0, outputScale: 3 });
  const halves = { ...layer, weight: Float64Array.of(1, 0.25, -0.25, 0.75) };
  expect([...quantizeTarget(scaleTarget({ layers: [halves] }, domain), 1).layers[0]!.weight]).toEqual([2, 1, -1, 2]);
});
