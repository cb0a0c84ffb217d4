import { expect, test } from "vitest";
import { hostTensor, Random } from "../../core/index.ts";
import { compile, type Tensor } from "../../engine/index.ts";
import { hostTopMask, topMask } from "./top-mask.ts";

const random = new Random(3, "top-mask");
const cases: [name: string, values: number[]][] = [
  ["spread", Array.from({ length: 500 }, () => random.uniform())],
  ["tiny", Array.from({ length: 500 }, () => 1e-20 * random.uniform())],
  ["ties", Array.from({ length: 500 }, () => random.integer(4))],
  ["zeros", Array.from({ length: 40 }, () => 0)],
];

test.each(cases)("exactly k are kept, and the largest: %s", async (_, values) => {
  const host = hostTensor(Float32Array.from(values), [values.length / 10, 10]);
  for (const k of [1, 7, values.length / 2, values.length]) {
    const compiled = compile((x: Tensor) => topMask(x, k));
    const { data } = (await compiled(host)) as unknown as { data: Float32Array };
    await compiled.dispose();
    expect(data.reduce((sum, value) => sum + value, 0)).toBe(k);
    const kept = values.filter((_, i) => data[i] === 1);
    const masked = values.filter((_, i) => data[i] === 0);
    expect(Math.min(...kept)).toBeGreaterThanOrEqual(Math.max(0, ...masked));
    expect([...hostTopMask(host.data as Float32Array, k)]).toEqual([...data]);
  }
});
