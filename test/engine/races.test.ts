import { expect, it } from "vitest";
import { hostTensor, Random } from "../../src/core/index.ts";
import { compile, grad, mul, sum, type Tensor, take } from "../../src/engine/index.ts";

it("sums the gradient of an embedding the same 200 times, with positions that repeat, on two threads", async () => {
  const [rows, dim, count] = [1100, 128, 2560];
  const random = new Random(1);
  // Few distinct rows: two threads meet at the same row all the time. Small whole numbers: every order of summing is exact.
  const positions = hostTensor(
    Int32Array.from({ length: count }, () => random.integer(97)),
    [count],
  );
  const upstream = hostTensor(
    Float32Array.from({ length: count * dim }, () => random.integer(17) - 8),
    [count, dim],
  );
  const table = hostTensor(new Float32Array(rows * dim), [rows, dim]);
  const expected = new Float32Array(rows * dim);
  positions.data.forEach((row, i) => {
    for (let k = 0; k < dim; k++) expected[row * dim + k]! += upstream.data[i * dim + k]!;
  });
  const gradient = compile(
    (weights: Tensor, at: Tensor, ct: Tensor) => grad((w: Tensor) => sum(mul(take(w, at), ct)))(weights),
    { threads: 2 },
  );
  for (let i = 0; i < 200; i++) {
    const { data } = await gradient(table, positions, upstream);
    expect(Buffer.compare(Buffer.from(data.buffer), Buffer.from(expected.buffer)), `repetition ${i}`).toBe(0);
  }
}, 180_000);
