import { describe, expect, it } from "vitest";
import { Random } from "../../core/index.ts";
import { bootstrapSlope, summarize } from "./slopes.ts";

describe("slopes", () => {
  it("puts the true slope inside the bootstrap interval about as often as it says", () => {
    const x = [16, 32, 64, 128];
    let covered = 0;
    for (let trial = 0; trial < 60; trial++) {
      const noise = new Random(trial, "noise");
      const groups = Array.from({ length: 20 }, () => [x.map((k) => k ** -2 * Math.exp(noise.normal(0, 0.5)))]);
      const [low, high] = bootstrapSlope(x, groups, new Random(trial, "bootstrap"), 200);
      expect(low).toBeLessThan(high);
      if (low <= -2 && -2 <= high) covered++;
    }
    expect(covered).toBeGreaterThanOrEqual(50);
  });

  it("is a function of its stream", () => {
    const groups = Array.from({ length: 5 }, (_, i) => [[1, 2, 3].map((k) => k ** -(1 + i / 5))]);
    const interval = () => bootstrapSlope([1, 2, 3], groups, new Random(1, "b"), 50);
    expect(interval()).toEqual(interval());
  });

  it("summarizes by median and quartiles", () => {
    expect(summarize([5, 1, 4, 2, 3])).toEqual({ median: 3, quartiles: [2, 4] });
    expect(summarize([1, 2]).median).toBe(1.5);
  });
});
