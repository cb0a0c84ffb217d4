import { describe, expect, it } from "vitest";
import { hostTensor, Random } from "../core/index.ts";
import { compile, type Tensor } from "../engine/index.ts";
import { emptyCache, Mode, paddingBias, selfAttention, type Traced, transformerBlock } from "./index.ts";

const options = { dim: 8, numHeads: 2, causal: true } as const;
const random = new Random(3);
const x = hostTensor(
  Float32Array.from({ length: 2 * 5 * 8 }, () => random.normal()),
  [2, 5, 8],
);

describe("cached decoding", () => {
  it("gives at every position what the whole sequence gives", async () => {
    const block = transformerBlock({ ...options, hiddenDim: 16 });
    const params = block.init(random);
    type P = Traced<typeof params>;
    const whole = compile((p: P, input: Tensor) => block.apply(p, { x: input }, new Mode(false)));
    const step = compile((p: P, input: Tensor, cache: { key: Tensor; value: Tensor }, position: Tensor) =>
      block.step(p, input, cache, position),
    );
    const expected = await whole(params as never, x);
    let cache = emptyCache(2, 7, options);
    for (let position = 0; position < 5; position++) {
      const row = Float32Array.from(
        { length: 2 * 8 },
        (_, i) => x.data[Math.floor(i / 8) * 40 + position * 8 + (i % 8)]!,
      );
      const out = await step(
        params as never,
        hostTensor(row, [2, 1, 8]),
        cache as never,
        hostTensor(Int32Array.of(position), []),
      );
      cache = out.cache as never;
      const wanted = Float32Array.from(
        { length: 16 },
        (_, i) => expected.data[Math.floor(i / 8) * 40 + position * 8 + (i % 8)]!,
      );
      expect((out.y as { data: Float32Array }).data).toBeAllclose(wanted, { rtol: 1e-4, atol: 1e-5 });
    }
  });
});

describe("masks", () => {
  const attention = selfAttention({ dim: 8, numHeads: 2, causal: true });
  const params = attention.init(new Random(4));
  type P = Traced<typeof params>;

  it("causal: what comes later changes nothing before it", async () => {
    const run = compile((p: P, input: Tensor) => attention.apply(p, { x: input }, new Mode(false)));
    const a = await run(params as never, x);
    const changed = { ...x, data: x.data.map((value, i) => (Math.floor(i / 8) % 5 >= 3 ? value + 1 : value)) };
    const b = await run(params as never, changed);
    const before = (_: number, i: number) => Math.floor(i / 8) % 5 < 3;
    expect(a.data.filter(before)).toBeAllclose(b.data.filter(before), { atol: 1e-6 });
    expect(a.data.every((value, i) => value === b.data[i])).toBe(false);
  });

  it("padding: what is masked changes nothing", async () => {
    const open = selfAttention({ dim: 8, numHeads: 2 });
    const run = compile((p: P, input: Tensor, present: Tensor) =>
      open.apply(p, { x: input, bias: paddingBias(present) }, new Mode(false)),
    );
    const present = hostTensor(
      Uint8Array.from({ length: 10 }, (_, i) => Number(i % 5 < 4)),
      [2, 5],
    );
    const a = await run(params as never, x, present);
    const changed = { ...x, data: x.data.map((value, i) => (Math.floor(i / 8) % 5 === 4 ? value - 2 : value)) };
    const b = await run(params as never, changed, present);
    const real = (_: number, i: number) => Math.floor(i / 8) % 5 < 4;
    expect(a.data.filter(real)).toBeAllclose(b.data.filter(real), { atol: 1e-6 });
  });
});
