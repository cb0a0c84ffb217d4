import { describe, expect, test } from "vitest";
import { Random } from "../../core/index.ts";
import { buildDecoder, sortCodes } from "./decode.ts";
import { forward } from "./forward.ts";
import { countNetwork, type Term } from "./network.ts";
import { groupSizes } from "./sizes.ts";

/** Different random codes of `bits` bits and a label for each. */
function randomCodes(count: number, bits: number, labelBits: number, seed: number) {
  const random = new Random(seed, "codes");
  const codes = new Set<number>();
  while (codes.size < count) codes.add(Math.floor(random.uniform(0, 2 ** bits)));
  const labels = Uint32Array.from({ length: count }, () => random.integer(2 ** labelBits));
  return { codes: Float64Array.from(codes), labels };
}

/** The decoder's answers to codes given as bits. */
async function decode(codes: Float64Array, labels: Uint32Array, bits: number, labelBits: number) {
  const sizes = { ...groupSizes(codes.length, labelBits), labelBits };
  const terms = Array.from({ length: bits }, (_, bit): Term[] => [[bit, 1]]);
  const layers = buildDecoder(sortCodes(codes, labels)!, terms, bits, sizes);
  const data = Float64Array.from({ length: codes.length * bits }, (_, at) => {
    return Math.floor(codes[Math.floor(at / bits)]! / 2 ** (at % bits)) % 2;
  });
  const points = { count: codes.length, dimensions: bits, data, geometry: "ball" } as const;
  return { layers, answers: (await forward({ layers }, points)).labels };
}

describe("the decoder knows every code's label", () => {
  test.each([
    [1, 3, 1],
    [2, 1, 1],
    [7, 4, 3],
    [16, 4, 1],
    [50, 20, 2],
    [120, 52, 5],
    [400, 30, 1],
  ])("%i codes of %i bits, %i label bits", async (count, bits, labelBits) => {
    for (let seed = 0; seed < 3; seed++) {
      const { codes, labels } = randomCodes(count, bits, labelBits, seed);
      const { layers, answers } = await decode(codes, labels, bits, labelBits);
      expect([...answers]).toEqual([...labels]);
      expect(countNetwork({ layers })).toMatchObject({ integerWeights: true, decodeTernary: true });
      expect(countNetwork({ layers }).largestInteger).toBeLessThanOrEqual(2 ** bits);
    }
  });

  test("a code that is not there gets the label of one that is, or 0", async () => {
    const codes = Float64Array.of(4, 8, 9);
    const { layers } = await decode(codes, Uint32Array.of(1, 0, 1), 4, 1);
    const data = Float64Array.of(0, 0, 1, 0, 1, 1, 1, 1, 1, 0, 0, 0);
    const { labels } = await forward({ layers }, { count: 3, dimensions: 4, data, geometry: "ball" });
    expect([...labels]).toEqual([1, 1, 0]);
  });
});

test("codes that are not different are noticed", () => {
  expect(sortCodes(Float64Array.of(3, 1, 3), Uint32Array.of(0, 1, 1))).toBeUndefined();
});
