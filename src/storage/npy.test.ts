import { expect, test } from "vitest";
import { hostTensor } from "../core/index.ts";
import { decodeNpy } from "../data/index.ts";
import { encodeNpy } from "./index.ts";

test.each([
  ["a matrix", hostTensor(Float32Array.of(1, -2, 3, 4, 5, 6.5), [2, 3])],
  ["a vector", hostTensor(Float64Array.of(0.1, 1e300), [2])],
  ["a scalar", hostTensor(Int32Array.of(7), [])],
  ["nothing", hostTensor(new Float32Array(), [0, 5])],
])("%s is read back as it was", (_, tensor) => {
  expect(decodeNpy(encodeNpy(tensor), "x.npy")).toEqual(tensor);
});

test("the data of a part of a larger array are its own, and begin at a multiple of 64 bytes", () => {
  const whole = Float32Array.from({ length: 10 }, (_, i) => i);
  const bytes = encodeNpy(hostTensor(whole.subarray(3, 6), [3]));
  expect((bytes.length - 12) % 64).toBe(0);
  expect(Array.from(decodeNpy(bytes, "x.npy").data)).toEqual([3, 4, 5]);
});
