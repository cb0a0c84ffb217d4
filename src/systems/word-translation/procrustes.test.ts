import { afterAll, describe, expect, test } from "vitest";
import { Random } from "../../core/index.ts";
import { matrixProduct, randomOrthogonal, scaleToUnit, transposed } from "../../linalg/index.ts";
import { fitMapping, type MapRecipe, mapBoth } from "./mapping.ts";
import { procrustes, robustProcrustes, type VectorPairs } from "./procrustes.ts";
import { Products } from "./similarity.ts";

const products = new Products();
afterAll(() => products.dispose());

/** Pairs related by a rotation; the first `wrong` share of them are not. */
function rotated(seed: number, count: number, dim: number, wrong = 0): VectorPairs & { truth: Float64Array } {
  const random = new Random(seed, "rotated");
  const truth = randomOrthogonal(random, dim);
  const x = Float64Array.from({ length: count * dim }, () => random.normal() / Math.sqrt(dim));
  const y = matrixProduct(x, truth, count, dim, dim);
  for (let i = 0; i < Math.floor(wrong * count) * dim; i++) y[i] = random.normal() / Math.sqrt(dim);
  return { x, y, count, dim, truth };
}

const distance = (a: Float64Array, b: Float64Array) => Math.hypot(...a.map((value, i) => value - b[i]!));

function expectOrthogonal(matrix: Float64Array, dim: number): void {
  const gram = matrixProduct(transposed(matrix, dim, dim), matrix, dim, dim, dim);
  const identity = gram.map((_, i) => (i % (dim + 1) === 0 ? 1 : 0));
  expect(gram).toBeAllclose(identity, { atol: 1e-10 });
}

test("the rotation is found exactly, and is orthogonal", async () => {
  const pairs = rotated(1, 300, 40);
  const matrix = await procrustes(pairs, products);
  expect(distance(matrix, pairs.truth)).toBeLessThan(1e-10);
  expectOrthogonal(matrix, 40);
});

test.each([
  ["fewer pairs than dimensions", 10],
  ["one pair", 1],
])("%s give an orthogonal matrix all the same", async (_, count) => {
  const pairs = rotated(2, count, 30);
  const matrix = await procrustes(pairs, products);
  expectOrthogonal(matrix, 30);
  // What the pairs do say is respected.
  expect(matrixProduct(pairs.x, matrix, count, 30, 30)).toBeAllclose(pairs.y, { atol: 1e-6 });
});

test("pairs that come many times, and zeros, give no NaN", async () => {
  const { x, y, dim } = rotated(3, 2, 20);
  const rows = (a: Float64Array) => Float64Array.from([...a, ...a, ...a, ...new Float64Array(dim)]);
  const pairs = { x: rows(x), y: rows(y), count: 7, dim };
  expectOrthogonal(await procrustes(pairs, products), dim);
  expectOrthogonal((await robustProcrustes(pairs, products)).matrix, dim);
});

describe("robust Procrustes", () => {
  test.each([0.3, 0.5])("with %d of the pairs wrong it is a hundred times nearer than plain", async (wrong) => {
    const pairs = rotated(4, 500, 50, wrong);
    const plain = distance(await procrustes(pairs, products), pairs.truth);
    const { matrix, weights } = await robustProcrustes(pairs, products);
    expect(plain).toBeGreaterThan(1);
    expect(distance(matrix, pairs.truth)).toBeLessThan(plain / 100);
    const wrongPairs = Math.floor(wrong * 500);
    expect(Math.max(...weights.subarray(0, wrongPairs))).toBeLessThan(0.1);
    expect(Math.min(...weights.subarray(wrongPairs))).toBeGreaterThan(0.5);
  });

  test("at two iterations the released code's compounding weights come to much the same", async () => {
    const pairs = rotated(5, 500, 50, 0.3);
    const errorOf = async (compat: boolean) =>
      distance((await robustProcrustes(pairs, products, { iterations: 2, compat })).matrix, pairs.truth);
    expect(await errorOf(true)).toBeLessThan(0.1);
    expect(await errorOf(false)).toBeLessThan(0.1);
    expect(await errorOf(true)).not.toBe(await errorOf(false));
  });
});

test("a ridge map undoes a linear distortion that a rotation cannot", async () => {
  const dim = 12;
  const { x, y, count } = rotated(6, 400, dim);
  const stretched = y.map((value, i) => value * (1 + 3 * ((i % dim) / dim)));
  const recipe = (kind: MapRecipe["kind"]): MapRecipe => ({
    kind,
    shrinkage: 0,
    reweight: 0,
    robust: { iterations: 0 },
  });
  const meanCosine = async (kind: MapRecipe["kind"]) => {
    const mapping = await fitMapping({ x, y: stretched, count, dim }, recipe(kind), products);
    const rows = (data: Float64Array) => ({ data: Float32Array.from(data), count, dim });
    const { source, target } = await mapBoth(rows(x), rows(stretched), mapping, products);
    for (const side of [source, target]) scaleToUnit(side);
    return source.data.reduce((sum, value, i) => sum + value * target.data[i]!, 0) / count;
  };
  expect(await meanCosine("orthogonal")).toBeLessThan(0.97);
  expect(await meanCosine("ridge")).toBeCloseTo(1, 4);
});
