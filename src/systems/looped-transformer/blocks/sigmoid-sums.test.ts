import { describe, expect, it } from "vitest";
import { fitSigmoids, sumOfSigmoids } from "./sigmoid-sums.ts";

describe("sums of sigmoids", () => {
  const largestError = (target: (x: number) => number, terms: number) => {
    const fitted = fitSigmoids(target, 2 ** -8, 2 ** 8, terms);
    const points = Array.from({ length: 2001 }, (_, i) => 2 ** (-8 + (16 * i) / 2000));
    return Math.max(...points.map((x) => Math.abs(sumOfSigmoids(fitted, x) / target(x) - 1)));
  };

  it("24 of them start Newton's iteration within 1e-5", () => {
    expect(largestError((x) => 1 / x, 24)).toBeLessThan(1e-5);
    expect(largestError((x) => x ** -0.5, 24)).toBeLessThan(1e-5);
  });

  it("the error falls geometrically with their number", () => {
    for (const target of [(x: number) => 1 / x, (x: number) => x ** -0.5]) {
      const errors = [12, 16, 20, 24].map((terms) => largestError(target, terms));
      for (const [i, error] of errors.slice(1).entries()) expect(error).toBeLessThan(errors[i]! / 4);
    }
  });
});
