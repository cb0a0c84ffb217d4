import { expect, test } from "vitest";
import { hostTensor } from "../core/index.ts";
import { encodeNpy } from "./index.ts";

/** Header and data as numpy.lib.format describes them. */
function parts(bytes: Uint8Array): { header: string; data: Uint8Array } {
  const start = 10 + bytes[8]! + 256 * bytes[9]!;
  expect([...bytes.subarray(0, 8)]).toEqual([0x93, ...Buffer.from("NUMPY"), 1, 0]);
  expect(start % 64).toBe(0);
  return { header: Buffer.from(bytes.subarray(10, start)).toString("latin1"), data: bytes.slice(start) };
}

test.each([
  ["a matrix", hostTensor(Float32Array.of(1, -2, 3, 4, 5, 6.5), [2, 3]), "<f4", "(2, 3)"],
  ["a vector", hostTensor(Float64Array.of(0.1, 1e300), [2]), "<f8", "(2,)"],
  ["a scalar", hostTensor(Int32Array.of(7), []), "<i4", "()"],
  ["nothing", hostTensor(new Float32Array(), [0, 5]), "<f4", "(0, 5)"],
])("%s is written as NumPy writes it", (_, tensor, descr, shape) => {
  const { header, data } = parts(encodeNpy(tensor));
  expect(header).toMatch(/^\{.*\} *\n$/);
  expect(header).toContain(`'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`);
  expect(Buffer.compare(data, Buffer.from(tensor.data.buffer))).toBe(0);
});

test("of a part of a larger array only the part is written", () => {
  const whole = Float32Array.from({ length: 10 }, (_, i) => i);
  const { data } = parts(encodeNpy(hostTensor(whole.subarray(3, 6), [3])));
  expect([...new Float32Array(data.buffer)]).toEqual([3, 4, 5]);
});
