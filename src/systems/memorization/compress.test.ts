import { describe, expect, test } from "vitest";
import { Random } from "../../core/index.ts";
import { buildParityTree, codesFrom, drawSubsets, parityPlanes } from "./compress.ts";

/** Runs bits through layers, and reads sums of terms at the end. */
function parities(subsets: number[][], width: number, bits: number[]): { values: number[]; neurons: number } {
  const tree = buildParityTree(subsets, width);
  let values = bits;
  let neurons = 0;
  for (const { outputs, rowStarts, columns, weights, bias } of tree.layers) {
    neurons += outputs;
    values = Array.from({ length: outputs }, (_, row) => {
      let sum = bias[row]!;
      for (let at = rowStarts[row]!; at < rowStarts[row + 1]!; at++) sum += weights[at]! * values[columns[at]!]!;
      return sum >= 0 ? 1 : 0;
    });
  }
  return {
    values: tree.bits.map((terms) => terms.reduce((sum, [column, weight]) => sum + weight * values[column]!, 0)),
    neurons,
  };
}

describe("parity trees", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("of %i bits are right for every input", (size) => {
    const subsets = [Array.from({ length: size }, (_, i) => i), [0]];
    for (let input = 0; input < 2 ** size; input++) {
      const bits = Array.from({ length: size }, (_, i) => (input >> i) & 1);
      const { values } = parities(subsets, size, bits);
      expect(values).toEqual([bits.reduce((sum, bit) => sum + bit, 0) % 2, bits[0]]);
    }
  });

  test.each([2, 4, 8, 16, 32])("have at most 2 (fan - 1) neurons a bit, also where draws cancel (fan %i)", (fan) => {
    for (let seed = 0; seed < 20; seed++) {
      const subsets = drawSubsets(10, fan, 40, new Random(seed, "subsets"));
      const { neurons } = parities(subsets, 40, new Array(40).fill(0));
      expect(neurons).toBeLessThanOrEqual(10 * 2 * (fan - 1));
    }
  });

  test("need no layer where each bit is one neuron", () => {
    expect(buildParityTree([[0], [1]], 2)).toEqual({
      layers: [],
      outputs: 2,
      bits: [[[0, 1]], [[1, 1]]],
    });
  });
});

test("two points differ in a bit of the code as often as the derivation says", () => {
  const [width, different, fan, draws] = [60, 6, 8, 60_000];
  const subsets = drawSubsets(draws, fan, width, new Random(1, "rate"));
  const share = subsets.filter((subset) => subset.filter((at) => at < different).length % 2 === 1).length / draws;
  expect(share).toBeCloseTo((1 - (1 - (2 * different) / width) ** (fan - 1)) / 2, 2);
});

test("opposite points, which differ in every bit, differ in every bit of the code", () => {
  const subsets = drawSubsets(30, 8, 12, new Random(8, "opposite"));
  expect(subsets.map(({ length }) => length % 2)).toEqual(subsets.map(() => 1));
});

test("codes are the parities as whole numbers", () => {
  // Points 0, 1, 2 with first-layer bits 101, 011, 110 (neuron 0 first).
  const planes = [Uint32Array.of(0b101), Uint32Array.of(0b110), Uint32Array.of(0b011)];
  const parity = parityPlanes(planes, [[0, 1], [2]]);
  expect([...codesFrom(parity, 3)]).toEqual([3, 3, 0]);
  expect([...codesFrom(planes, 3)]).toEqual([5, 6, 3]);
});
