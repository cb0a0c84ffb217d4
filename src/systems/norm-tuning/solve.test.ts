import { describe, expect, it } from "vitest";
import { Random } from "../../core/index.ts";
import type { ReluLayer } from "../../nn/index.ts";
import { freezeBlock } from "./frozen.ts";
import { neededWidth, type Scales, solveScales } from "./solve.ts";

function layerOf(outDim: number, inDim: number, value: (j: number, i: number) => number): ReluLayer {
  const weight = Float64Array.from({ length: outDim * inDim }, (_, at) => value(Math.floor(at / inDim), at % inDim));
  return { outDim, inDim, weight, bias: new Float64Array(outDim) };
}

/** diag(second) B diag(first) A by its definition. */
function product(frozen: ReturnType<typeof freezeBlock>, { first, second }: Scales): Float64Array {
  const { inDim, width, outDim } = frozen;
  return Float64Array.from({ length: outDim * inDim }, (_, at) => {
    const [j, i] = [Math.floor(at / inDim), at % inDim];
    let sum = 0;
    for (let k = 0; k < width; k++) sum += frozen.second[j * width + k]! * first[k]! * frozen.first[k * inDim + i]!;
    return second[j]! * sum;
  });
}

const shapes: [outDim: number, inDim: number][] = [
  [1, 1],
  [1, 6],
  [6, 1],
  [3, 5],
  [7, 4],
];

describe("solveScales", () => {
  it.each(shapes)("reaches a %i x %i layer at the least width, with and without the second scales", async (m, n) => {
    const random = new Random(21, "solve", m, n);
    const layer = layerOf(m, n, () => random.normal());
    for (const minimal of [false, true]) {
      const size = { inDim: n, outDim: m, width: neededWidth(layer, minimal) };
      const frozen = freezeBlock(m + n, 0, size);
      const scales = await solveScales(layer, frozen, { minimal });
      expect(scales.residual).toBeLessThan(1e-11);
      expect(product(frozen, scales)).toBeAllclose(layer.weight, { atol: 1e-10 });
    }
  });

  it("one neuron less is out of reach, and the residual is that of the closest weights", async () => {
    const random = new Random(22, "solve");
    const layer = layerOf(3, 4, () => random.normal());
    for (const minimal of [false, true]) {
      for (const short of [1, 2]) {
        const width = neededWidth(layer, minimal) - short;
        const frozen = freezeBlock(5, 0, { inDim: 4, outDim: 3, width });
        const scales = await solveScales(layer, frozen, { minimal });
        expect(scales.residual).toBeGreaterThan(1e-4);
        if (minimal) continue;
        // Least squares: any step away makes it worse.
        for (let k = 0; k < width; k++) {
          for (const step of [1e-3, -1e-3]) {
            const first = scales.first.with(k, scales.first[k]! + step) as Float64Array;
            const error = (s: Scales) =>
              product(frozen, s).reduce((sum, value, at) => {
                const size = s.second[Math.floor(at / 4)]!;
                return sum + ((value - layer.weight[at]!) / size) ** 2;
              }, 0);
            expect(error({ ...scales, first })).toBeGreaterThan(error(scales));
          }
        }
      }
    }
  });

  it("rows of zeros are 0 exactly, and rows of other sizes lose nothing to large ones", async () => {
    const random = new Random(23, "solve");
    const sizes = [1e6, 0, 1e-6, 1];
    const layer = layerOf(4, 3, (j) => sizes[j]! * random.normal());
    for (const minimal of [false, true]) {
      const frozen = freezeBlock(6, 0, { inDim: 3, outDim: 4, width: neededWidth(layer, minimal) });
      const found = product(frozen, await solveScales(layer, frozen, { minimal }));
      for (const [j, size] of sizes.entries()) {
        for (let i = 0; i < 3; i++) {
          const at = j * 3 + i;
          expect(Math.abs(found[at]! - layer.weight[at]!)).toBeLessThanOrEqual(1e-10 * size);
        }
      }
    }
  });
});
