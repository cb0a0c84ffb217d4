import { describe, expect, it } from "vitest";
import { flattenTree, type HostTensor, hostTensor, mapTree, Random, type Tree } from "../core/index.ts";
import { compile, grad, scalar, stack, type Tensor, type Tensors } from "../engine/index.ts";
import {
  type AnyLayer,
  columnImportance,
  conv2d,
  embedding,
  type Factors,
  factorize,
  isFactors,
  type Layer,
  lambda,
  lenet,
  linear,
  lowRank,
  Mode,
  maskTails,
  mergeUnprofitable,
  mlp,
  multiplyFactors,
  type Parameters,
  profitableRank,
  type RankSampler,
  ranksOf,
  sampleWidths,
  sequential,
  tailPenalty,
  transformerBlock,
  truncateRanks,
} from "./index.ts";

const tree = (params: unknown) => params as Tree<HostTensor>;

/** Runs a model on its parameters, dropout off. */
async function run(model: AnyLayer, params: unknown, x: HostTensor): Promise<HostTensor> {
  const f = compile(((p: never, input: never) => model.apply(p, input, new Mode(false))) as never);
  return (f as unknown as (...args: unknown[]) => Promise<HostTensor>)(tree(params), x);
}

function noise(seed: number, shape: readonly number[]): HostTensor {
  const random = new Random(seed, "noise");
  const size = shape.reduce((product, axis) => product * axis, 1);
  return hostTensor(
    Float32Array.from({ length: size }, () => random.normal()),
    shape,
  );
}

describe("a factored model computes what the whole one does", () => {
  const block = transformerBlock({ dim: 8, numHeads: 2 });
  const cases: { name: string; model: Layer; input: number[] }[] = [
    { name: "linear, tall", model: linear(5, 9) as never, input: [3, 5] },
    { name: "linear, wide, no bias", model: linear(9, 4, { bias: false }) as never, input: [2, 3, 9] },
    { name: "conv2d, stride", model: conv2d(3, 6, 3, { stride: 2, padding: 1 }) as never, input: [2, 3, 9, 8] },
    { name: "conv2d, dilation", model: conv2d(3, 5, 3, { dilation: 2 }) as never, input: [2, 3, 9, 9] },
    { name: "conv2d, asymmetric", model: conv2d(4, 3, [1, 5], { padding: [0, 2] }) as never, input: [1, 4, 6, 7] },
    {
      name: "conv2d, more outputs than inputs",
      model: conv2d(1, 12, [3, 2], { stride: [1, 2] }) as never,
      input: [2, 1, 6, 6],
    },
    { name: "lenet", model: lenet({ channels: 1, height: 12, width: 12 }, 4), input: [2, 1, 12, 12] },
    {
      name: "transformer block",
      model: { init: block.init, apply: (p: never, x: Tensor, mode: Mode) => block.apply(p, { x }, mode) } as never,
      input: [2, 5, 8],
    },
  ];
  it.each(cases)("$name", async ({ model, input }) => {
    const params = model.init(new Random(7));
    const factored = lowRank(model).from(params);
    expect(Object.keys(ranksOf(factored)).length).toBeGreaterThan(0);
    const x = noise(1, input);
    const whole = await run(model, params, x);
    expect(await run(model, factored, x)).toBeAllclose(whole, { rtol: 1e-4, atol: 1e-5 });
    expect(await run(lowRank(model), factored, x)).toBeAllclose(whole, { rtol: 1e-4, atol: 1e-5 });
    expect(await run(model, mergeUnprofitable(factored), x)).toBeAllclose(whole, { rtol: 1e-4, atol: 1e-5 });
  });

  it("at any ranks the truncated model is the masked one, and that of the multiplied truncation", async () => {
    const model = lenet({ channels: 1, height: 12, width: 12 }, 4);
    const factored = lowRank(model).init(new Random(2));
    const x = noise(3, [2, 1, 12, 12]);
    const random = new Random(5);
    for (let repeat = 0; repeat < 4; repeat++) {
      const ranks = Object.fromEntries(
        Object.entries(ranksOf(factored)).map(([path, r]) => [path, 1 + random.integer(r)]),
      );
      const truncated = truncateRanks(factored, ranks);
      const masked = lambdaOf((p, input, mode) =>
        model.apply(
          maskTails(
            p as never,
            Object.values(ranks).map((r) => scalar(r)),
          ) as never,
          input,
          mode,
        ),
      );
      const expected = await run(model, truncated, x);
      expect(await run(masked, factored, x)).toBeAllclose(expected, { rtol: 1e-5, atol: 1e-5 });
      const products = mapFactorsOf(truncated, multiplyFactors);
      expect(await run(model, products, x)).toBeAllclose(expected, { rtol: 1e-4, atol: 1e-5 });
      expect(await run(model, mergeUnprofitable(truncated), x)).toBeAllclose(expected, { rtol: 1e-4, atol: 1e-5 });
    }
  });

  it("submodels share their leading columns bit by bit", () => {
    const { u, v } = factorize(noise(4, [6, 5]));
    const small = truncateRanks({ weight: { u, v } } as never, { weight: 2 }) as unknown as { weight: Factors };
    for (let i = 0; i < 6; i++)
      expect([...small.weight.u.data.slice(2 * i, 2 * i + 2)]).toEqual([...u.data.slice(5 * i, 5 * i + 2)]);
    expect([...small.weight.v.data]).toEqual([...v.data.slice(0, 10)]);
  });
});

function lambdaOf(apply: (p: unknown, x: Tensor, mode: Mode) => Tensor): AnyLayer {
  return { init: () => ({}), apply: apply as never };
}

/** Factors replaced by their products, by hand. */
function mapFactorsOf(node: unknown, fn: (factors: Factors) => HostTensor): unknown {
  if (isFactors<HostTensor>(node)) return fn(node);
  if (Array.isArray(node)) return node.map((child) => mapFactorsOf(child, fn));
  if (node === null || typeof node !== "object" || "shape" in node) return node;
  return Object.fromEntries(Object.entries(node).map(([key, child]) => [key, mapFactorsOf(child, fn)]));
}

describe("which layers are factored", () => {
  it("linear maps are; embeddings and norms are not", () => {
    const tokens = embedding(11, 8);
    const block = transformerBlock({ dim: 8, numHeads: 2 });
    const model = {
      init: (random: Random) => ({ tokens: tokens.init(random), block: block.init(random) }),
      apply: () => undefined as never,
    } as unknown as Layer;
    expect(Object.keys(lowRank(model).fullRanks)).toEqual([
      "block.attention.qkv.weight",
      "block.attention.out.weight",
      "block.feedForward.up.weight",
      "block.feedForward.down.weight",
    ]);
  });

  it("grouped convolutions stay whole, and are named", () => {
    const model = sequential([conv2d(4, 8, 3, { groups: 2 }), conv2d(8, 4, 1)]);
    const low = lowRank(model);
    expect(low.keptWhole).toEqual({ "0.weight": "a grouped convolution" });
    expect(Object.keys(ranksOf(low.init(new Random(0))))).toEqual(["1.weight"]);
  });

  it("skip takes layers by path or by predicate, and knows what it does not know", () => {
    const model = mlp(6, [5, 4], 3);
    expect(Object.keys(lowRank(model, { skip: ["1"] }).fullRanks)).toEqual(["3.weight", "5.weight"]);
    expect(Object.keys(lowRank(model, { skip: (path) => path !== "3.weight" }).fullRanks)).toEqual(["3.weight"]);
    expect(() => lowRank(model, { skip: ["7"] }).fullRanks).toThrow(/layers among 1, 3, 5, found "7"/);
  });

  it("rank starts layers with a share of their rank", () => {
    const params = lowRank(mlp(8, [8], 4), { rank: 0.25 }).init(new Random(1));
    expect(Object.values(ranksOf(params))).toEqual([2, 1]);
  });

  it.each([
    [{ groupLasso: -1 }, "groupLasso"],
    [{ shrink: 1.5 }, "shrink"],
    [{ rank: 0 }, "rank"],
    [{ sampler: "other" as RankSampler }, "sampler"],
  ])("refuses %o", (options, name) => {
    expect(() => lowRank(mlp(4, [3], 2), options)).toThrow(`lowRank ${name}`);
  });

  it("zero and too large ranks are refused", () => {
    const params = lowRank(mlp(4, [3], 2)).init(new Random(0));
    expect(() => truncateRanks(params, { "1.weight": 0 })).toThrow("expected a rank in [1, 3], found 0");
    expect(() => truncateRanks(params, { "1.weight": 4 })).toThrow("found 4");
    expect(() => truncateRanks(params, { other: 1 })).toThrow("factored layers among 1.weight, 3.weight");
  });
});

describe("sampling", () => {
  const ranks = [3, 5, 2];
  async function draw(sampler: RankSampler, count: number): Promise<number[][]> {
    const f = compile(() => stack(sampleWidths(ranks, sampler))) as unknown as {
      seeded(seed: number): Promise<HostTensor>;
    };
    const rows: number[][] = [];
    for (let seed = 0; seed < count; seed++) rows.push([...(await f.seeded(seed)).data]);
    return rows;
  }
  const count = 3000;
  /** Pearson's statistic of counts that should all be equal. */
  const chiSquare = (counts: readonly number[], draws: number) => {
    const expected = draws / counts.length;
    return counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0);
  };

  it("pairs: one layer a step, uniform over all (layer, rank) pairs", async () => {
    const counts = ranks.map((rank) => new Array<number>(rank).fill(0));
    for (const row of await draw("pairs", count)) {
      expect(row.every((width, i) => Number.isInteger(width) && width >= 1 && width <= ranks[i]!)).toBe(true);
      const truncated = row.flatMap((width, i) => (width < ranks[i]! ? [i] : []));
      expect(truncated.length).toBeLessThanOrEqual(1);
      for (const i of truncated) counts[i]![row[i]! - 1]!++;
    }
    // Pairs with b = r leave every layer whole and look the same: the others are counted, 7 of 10.
    const seen = counts.flatMap((list) => list.slice(0, -1));
    const total = seen.reduce((sum, n) => sum + n, 0);
    expect(total / count).toBeCloseTo(0.7, 1);
    expect(chiSquare(seen, total)).toBeLessThan(22.5); // 0.1% quantile with 6 degrees of freedom
  });

  it("layers: uniform over layers first", async () => {
    const rows = await draw("layers", count);
    const share = (i: number) => rows.filter((row) => row[i]! < ranks[i]!).length / count;
    ranks.forEach((rank, i) => {
      expect(share(i)).toBeCloseTo((1 / 3) * ((rank - 1) / rank), 1);
    });
    expect(rows.every((row) => row.filter((width, i) => width < ranks[i]!).length <= 1)).toBe(true);
  });

  it("independent: every layer uniform over its ranks", async () => {
    const rows = await draw("independent", count);
    ranks.forEach((rank, i) => {
      const counts = new Array<number>(rank).fill(0);
      for (const row of rows) counts[row[i]! - 1]!++;
      expect(chiSquare(counts, count)).toBeLessThan(20);
    });
  });

  it("none: every layer whole", async () => {
    expect(await draw("none", 2)).toEqual([ranks, ranks]);
  });
});

describe("the group lasso", () => {
  const params = () =>
    mapTree(tree(lowRank(mlp(5, [4], 3)).init(new Random(8))), (leaf) =>
      hostTensor(Float64Array.from(leaf.data), leaf.shape),
    );
  const penalty = compile(((p: never) => tailPenalty(p)) as never) as unknown as (p: unknown) => Promise<HostTensor>;

  it("is the sum of the norms of all tails, of u and of v", async () => {
    const p = params();
    let expected = 0;
    const leaves = Object.fromEntries(flattenTree(p));
    for (const path of Object.keys(ranksOf(p))) {
      const [u, v] = [leaves[`${path}.u`]!, leaves[`${path}.v`]!];
      const rank = v.shape[0]!;
      for (let b = 0; b < rank; b++) {
        let [left, right] = [0, 0];
        u.data.forEach((value, i) => {
          if (i % rank >= b) left += value ** 2;
        });
        v.data.forEach((value, i) => {
          if (Math.floor(i / v.shape[1]!) >= b) right += value ** 2;
        });
        expected += Math.sqrt(left) + Math.sqrt(right);
      }
    }
    expect((await penalty(p)).data[0]).toBeCloseTo(expected, 6);
  });

  it("has the gradient that finite differences find, and a finite one at zero", async () => {
    const p = params();
    const gradient = compile((q: Tensors) => grad((r: Tensors) => tailPenalty(r as never))(q)) as unknown as (
      q: unknown,
    ) => Promise<Tree<HostTensor>>;
    const found = Object.fromEntries(flattenTree(await gradient(p)));
    for (const [path, leaf] of flattenTree(p).filter(([name]) => /\.[uv]$/.test(name))) {
      for (const i of [0, leaf.data.length - 1]) {
        const at = async (step: number) => {
          const moved = mapTree(p, (other, name) => {
            const data = other.data.slice();
            if (name === path) data[i]! += step;
            return { ...other, data };
          });
          return (await penalty(moved)).data[0]!;
        };
        expect(found[path]!.data[i]!).toBeCloseTo(((await at(1e-6)) - (await at(-1e-6))) / 2e-6, 5);
      }
    }
    const zeros = mapTree(p, (leaf) => ({ ...leaf, data: leaf.data.map(() => 0) }));
    for (const [, leaf] of flattenTree(await gradient(zeros))) expect(leaf.data.every(Number.isFinite)).toBe(true);
  });
});

describe("importance and shrinking", () => {
  it("importance never rises, and is the product of the tails' norms", () => {
    const factors = factorize(noise(9, [7, 4]));
    const importance = [...columnImportance(factors)];
    expect([...importance].sort((a, b) => b - a)).toEqual(importance);
    const last =
      Math.hypot(...[0, 1, 2, 3, 4, 5, 6].map((i) => factors.u.data[4 * i + 3]!)) *
      Math.hypot(...factors.v.data.slice(12));
    expect(importance[3]).toBeCloseTo(last, 5);
  });

  it("takes away the columns below the threshold from parameters and keeps the rest", () => {
    const model = lowRank(linear(4, 4) as never, { shrink: 0.1 });
    const { u, v } = factorize(noise(10, [4, 4]));
    const weak = (value: number, column: number) => (column >= 2 ? value * 1e-3 : value);
    const params = {
      weight: {
        u: { ...u, data: u.data.map((value, i) => weak(value, i % 4)) },
        v: { ...v, data: v.data.map((value, i) => weak(value, Math.floor(i / 4))) },
      },
      bias: noise(11, [4]),
    };
    const shrink = model.shrink(params as unknown as Parameters)!;
    expect(shrink("weight.u", params.weight.u).shape).toEqual([4, 2]);
    expect(shrink("weight.v", params.weight.v).shape).toEqual([2, 4]);
    expect(shrink("bias", params.bias)).toBe(params.bias);
    expect(lowRank(linear(4, 4) as never, { shrink: false }).shrink(params as never)).toBeUndefined();
    expect(lowRank(linear(4, 4) as never).shrink({ ...params, weight: { u, v } } as never)).toBeUndefined();
  });

  it("a layer gone to zero is said, by its name", () => {
    const zero = { u: hostTensor(new Float32Array(8), [4, 2]), v: hostTensor(new Float32Array(6), [2, 3]) };
    expect(() => lowRank(linear(3, 4) as never).shrink({ weight: zero } as never)).toThrow(
      /^weight: expected a layer that the group lasso leaves something of.*smaller group lasso/,
    );
  });

  it("factors pay below rows columns / (rows + columns)", () => {
    expect(profitableRank([6, 25])).toBe(4);
    expect(profitableRank([10, 10])).toBe(4); // at 5 both cost 100
    expect(profitableRank([1, 9])).toBe(0);
  });
});

it("lambda layers have no ranks", () => {
  expect(ranksOf(lambda((x: Tensor) => x).init(new Random(0)) as never)).toEqual({});
});
