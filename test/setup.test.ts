import { expect, test } from "vitest";
import { hostTensor } from "../src/core/index.ts";

test("toBeAllclose accepts what is within its tolerance", () => {
  expect([1, Number.NaN, Number.POSITIVE_INFINITY]).toBeAllclose([1 + 1e-6, Number.NaN, Number.POSITIVE_INFINITY]);
  expect(new Float32Array([1, 2])).toBeAllclose([1.1, 2], { rtol: 0.2 });
  expect(hostTensor(new Float32Array([1, 2]), [2, 1])).toBeAllclose([1, 2]);
  expect([1]).not.toBeAllclose([1.1]);
});

test("toBeAllclose names the worst index", () => {
  const received = hostTensor(new Float64Array([1, 2, 3, 4.5]), [2, 2]);
  expect(() => expect(received).toBeAllclose([1, 2.1, 3, 4])).toThrow(
    /2 of 4 .* worst at \[1, 1\]: expected 4, received 4.5/,
  );
  expect(() => expect([Number.NaN, 9]).toBeAllclose([1, 2])).toThrow(
    /worst at \[1\]|worst at \[0\]: expected 1, received NaN/,
  );
  expect(() => expect([1]).toBeAllclose([Number.POSITIVE_INFINITY])).toThrow(/expected Infinity, received 1/);
});

test("toBeAllclose compares shapes", () => {
  expect(() => expect([1, 2]).toBeAllclose([1])).toThrow("expected 1 numbers, received 2 numbers");
  const [flat, square] = [[4], [2, 2]].map((shape) => hostTensor(new Float32Array(4), shape));
  expect(() => expect(flat).toBeAllclose(square!)).toThrow("expected shape [2, 2], received shape [4]");
});
