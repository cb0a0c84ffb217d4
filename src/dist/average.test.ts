import { describe, expect, it } from "vitest";
import { Random } from "../core/index.ts";
import { averageInOrder, bytesOf, float32sOf, float64sOf } from "./average.ts";

describe("averageInOrder", () => {
  it("adds in the order given, so that the bytes depend on it and on nothing else", () => {
    const shares = [1e16, 1, -1e16].map((value) => Float64Array.of(value));
    expect(averageInOrder(shares)).toEqual(Float64Array.of((1e16 + 1 - 1e16) / 3));
    expect(averageInOrder([shares[0]!, shares[2]!, shares[1]!])).toEqual(Float64Array.of(1 / 3));
  });

  it("adds float32 numbers in float64, and leaves the shares alone", () => {
    const shares = [Float32Array.of(1, 2), Float32Array.of(2 ** -30, 4)];
    const mean = averageInOrder(shares);
    expect(mean).toBeInstanceOf(Float32Array);
    expect(mean).toEqual(Float32Array.of((1 + 2 ** -30) / 2, 3));
    expect(shares[0]).toEqual(Float32Array.of(1, 2));
  });

  it("is the same however many blocks it takes", () => {
    const random = new Random(3);
    const shares = [1, 2, 3].map(() => Float64Array.from({ length: 5000 }, () => random.normal()));
    const expected = shares[0]!.map((first, j) => (first + shares[1]![j]! + shares[2]![j]!) / 3);
    expect(averageInOrder(shares)).toEqual(expected);
  });

  it("refuses nothing, and shares of different lengths", () => {
    expect(() => averageInOrder([])).toThrow("internal: an average of nothing");
    expect(() => averageInOrder([Float64Array.of(1), Float64Array.of(1, 2)])).toThrow("internal: shares of 2 and 1");
  });
});

describe("bytes and numbers", () => {
  it("go to and fro, also from shared memory and from within a larger buffer", () => {
    const values = Float64Array.of(1.5, -0, Number.MIN_VALUE);
    expect(float64sOf(bytesOf(values))).toEqual(values);
    const shared = new Uint8Array(new SharedArrayBuffer(24));
    shared.set(bytesOf(values));
    expect(float64sOf(shared)).toEqual(values);
    const part = Float32Array.of(1, 2, 3).subarray(1);
    expect(float32sOf(bytesOf(part))).toEqual(Float32Array.of(2, 3));
    // Where they lie, unless that is not where numbers can begin.
    expect(float64sOf(shared).buffer).toBe(shared.buffer);
    const odd = new Uint8Array(25).subarray(1);
    odd.set(bytesOf(values));
    expect(float64sOf(odd)).toEqual(values);
    expect(() => float64sOf(new Uint8Array(7))).toThrow("internal: 7 bytes are no float64 numbers");
  });
});
