import { describe, expect, it } from "vitest";
import { runNoOrderHelps } from "./no-order-helps.ts";

/** All orders of 0 … n-1, one by one. */
function permutations(n: number): number[][] {
  if (n === 0) return [[]];
  return permutations(n - 1).flatMap((rest) =>
    Array.from({ length: n }, (_, at) => [...rest.slice(0, at), n - 1, ...rest.slice(at)]),
  );
}

describe("no order helps", () => {
  it("chooses as a plain search through all orders does", () => {
    const n = 4;
    const learningRate = 4 / (n * 3);
    let x = new Array<number>(n).fill(0);
    for (let epoch = 0; epoch < 3; epoch++) {
      const ends = permutations(n).map((order) => {
        let y = x;
        for (const i of order) {
          y = y.map((v, j) => v - learningRate * ((v < 0 ? 4 : 1) * v + (j === i ? 1 : -1 / (n - 1))));
        }
        return y;
      });
      expect(ends).toHaveLength(24);
      x = ends.toSorted((a, b) => Math.hypot(...a) - Math.hypot(...b))[0]!;
    }
    const options = { n, epochs: [3, 6], contraction: 4, repeats: 3, seed: 0 };
    expect(runNoOrderHelps(options).errors[0]).toBeCloseTo(Math.hypot(...x) ** 2, 13);
  });

  it.each([2, 5, 7])("keeps an error of order alpha^2 with n = %i", (n) => {
    const found = runNoOrderHelps({ n, epochs: [16, 32, 64], contraction: 4, repeats: 15, seed: 4 });
    expect(found.slopeInAlpha).toBeGreaterThan(1.8);
    expect(found.slopeInAlpha).toBeLessThan(2.4);
    found.errors.forEach((error, k) => {
      expect(error).toBeGreaterThan(0.5 * found.randomReshuffling[k]!);
    });
  });

  it("stops when asked", () => {
    const options = { n: 8, epochs: [1000, 2000], contraction: 4, repeats: 1, seed: 0, signal: AbortSignal.abort() };
    expect(() => runNoOrderHelps(options)).toThrow(/abort/i);
  });
});
