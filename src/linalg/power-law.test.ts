import { describe, expect, it } from "vitest";
import { Random } from "../core/index.ts";
import { bootstrapInterval, evaluatePowerLaw, fitPowerLaw } from "./power-law.ts";

describe("power laws", () => {
  it("recovers an exact law and draws it through its points", () => {
    const x = [32, 64, 128, 256];
    const y = x.map((k) => 5 * k ** -3);
    const law = fitPowerLaw(x, y);
    expect(law.slope).toBeCloseTo(-3, 12);
    expect(Math.exp(law.intercept)).toBeCloseTo(5, 10);
    evaluatePowerLaw(law, x).forEach((value, i) => {
      expect(value / y[i]!).toBeCloseTo(1, 10);
    });
  });

  it("an interval holds the true mean about as often as it says, and is a function of its stream", () => {
    let covered = 0;
    for (let trial = 0; trial < 100; trial++) {
      const noise = new Random(trial, "noise");
      const values = Array.from({ length: 30 }, () => noise.normal());
      const interval = () =>
        bootstrapInterval(30, new Random(trial, "draw"), (drawn) => drawn.reduce((sum, i) => sum + values[i]! / 30, 0));
      const [low, high] = interval();
      expect(interval()).toEqual([low, high]);
      if (low <= 0 && high >= 0) covered++;
    }
    expect(covered).toBeGreaterThanOrEqual(86);
  });
});
