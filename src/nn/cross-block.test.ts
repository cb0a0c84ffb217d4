import { expect, it } from "vitest";
import { hostTensor, Random } from "../core/index.ts";
import { compile, reshape, type Tensor } from "../engine/index.ts";
import { crossBlock, emptyCache, Mode, type Traced } from "./index.ts";

it("gives position by position, for several beams of one memory, what whole sequences give", async () => {
  const [batch, beams, seq, dim, memorySeq] = [2, 3, 4, 8, 5];
  const options = { dim, numHeads: 2, headDim: 6, hiddenDim: 16 };
  const block = crossBlock(options);
  const random = new Random(5);
  const params = block.init(random);
  type P = Traced<typeof params>;
  const draw = (shape: number[]) => {
    const size = shape.reduce((product, n) => product * n, 1);
    return hostTensor(
      Float32Array.from({ length: size }, () => random.normal()),
      shape,
    );
  };
  const memory = draw([batch, memorySeq, dim]);
  const x = draw([batch * beams, seq, dim]);
  const repeated = new Float32Array(batch * beams * memorySeq * dim);
  for (let row = 0; row < batch * beams; row++) {
    const from = Math.floor(row / beams) * memorySeq * dim;
    repeated.set(memory.data.subarray(from, from + memorySeq * dim), row * memorySeq * dim);
  }
  const whole = compile((p: P, input: Tensor, read: Tensor) =>
    block.apply(p, { x: input, memory: read }, new Mode(false)),
  );
  const expected = await whole(params as never, x, hostTensor(repeated, [batch * beams, memorySeq, dim]));
  const step = compile((p: P, input: Tensor, read: Tensor, cache: { key: Tensor; value: Tensor }, position: Tensor) =>
    block.step(p, {
      x: reshape(input, [batch * beams, 1, dim]),
      cache,
      position: reshape(position, []),
      memory: block.project(p, read),
    }),
  );
  let cache = emptyCache(batch * beams, seq, options);
  for (let position = 0; position < seq; position++) {
    const at = (row: number) => (row * seq + position) * dim;
    const column = Float32Array.from(
      { length: batch * beams * dim },
      (_, i) => x.data[at(Math.floor(i / dim)) + (i % dim)],
    );
    const wanted = column.map((_, i) => expected.data[at(Math.floor(i / dim)) + (i % dim)]);
    const input = hostTensor(column, [batch * beams, dim]);
    const found = await step(params as never, input, memory, cache as never, hostTensor(Int32Array.of(position), [1]));
    cache = found.cache as never;
    expect((found.y as { data: Float32Array }).data).toBeAllclose(wanted, { rtol: 1e-4, atol: 1e-5 });
  }
});
