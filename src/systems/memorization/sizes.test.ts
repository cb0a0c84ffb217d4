import { describe, expect, test } from "vitest";
import { boundSizes, codeSize, firstLayerSize, groupSizes, otherConstructions, planWidths } from "./sizes.ts";

const question = { points: 1000, dimensions: 20, delta: 0.5, labelBits: 1, eta: 0.01, geometry: "sphere" } as const;

describe("first layer", () => {
  test("is the formula", () => {
    expect(firstLayerSize(question)).toBe(Math.ceil((2 * Math.log(1000) + Math.log(100)) / (0.5 / Math.PI)));
    expect(firstLayerSize({ ...question, geometry: "ball" })).toBe(
      Math.ceil((2 * Math.log(1000) + Math.log(100)) / (0.25 / Math.PI)),
    );
  });

  test("grows ten times with a tenth of the distance", () => {
    for (const delta of [1, 0.1, 0.01]) {
      const ratio = firstLayerSize({ ...question, delta: delta / 10 }) / firstLayerSize({ ...question, delta });
      expect(ratio).toBeGreaterThan(9.6);
      expect(ratio).toBeLessThanOrEqual(10);
    }
  });
});

describe("codes", () => {
  test("take 2 log2 n + 1 bits", () => {
    expect(codeSize(1000)).toBe(21);
    expect(codeSize(1_000_000)).toBe(41);
  });

  test("beyond 52 bits are refused", () => {
    expect(codeSize(2 ** 25)).toBe(51);
    expect(() => codeSize(50_000_000)).toThrow(/at most 33554432 points, whose codes fit into 52 bits, found 50000000/);
  });
});

describe("widths", () => {
  test("groups hold all points", () => {
    for (const points of [2, 3, 10, 99, 100, 101, 12_345]) {
      for (const labelBits of [1, 2, 4, 17]) {
        const { groupSize, groups } = groupSizes(points, labelBits);
        expect(groupSize * groups).toBeGreaterThanOrEqual(points);
        expect(groupSize * (groups - 1)).toBeLessThan(points);
      }
    }
  });

  test("bounds are the sums of the derivation", () => {
    const widths = planWidths(question);
    expect(widths).toEqual({
      firstLayer: 116,
      codeBits: 21,
      fan: 8,
      groupSize: 32,
      groups: 32,
      labelBits: 1,
      dimensions: 20,
    });
    expect(boundSizes(widths)).toEqual({
      depth: 8,
      neurons: 116 + 21 * 14 + (32 + 32 + 32 + 1 + 21 + 32),
      weights: 116 * 21 + 21 * 54 + (32 * 43 + 21 * 3 + 32 * 53 + 64 + 32 * 35 + 33),
      decodeNeurons: 150,
    });
  });

  test("a small first layer is the code itself", () => {
    const widths = planWidths({ ...question, points: 2 ** 20, delta: 2 });
    expect(widths.fan).toBe(4);
    expect(planWidths({ ...question, points: 2 ** 20, delta: 2, eta: 0.9 }).codeBits).toBe(41);
  });
});

test("other constructions have their own laws", () => {
  const [baum, vershynin] = otherConstructions({ ...question, delta: 0.02 });
  expect(baum).toMatchObject({ neurons: 50, kind: "exact" });
  expect(vershynin).toMatchObject({ neurons: null, kind: "order" });
  expect(vershynin!.log10Neurons).toBeCloseTo(2500 / Math.LN10, 6);
});
