import { expect, test } from "vitest";
import { axisOf } from "./axis.ts";

/** The labels of an axis whose ticks are given. */
function labels(...args: Parameters<typeof axisOf>): string[] {
  const axis = axisOf(...args)!;
  return (axis.ticks as number[]).map(axis.format);
}

test("a log axis has powers of ten, thinned to what there is room for", () => {
  expect(labels("log", [2e-8, 3e-4], 6)).toEqual(["10⁻⁷", "10⁻⁶", "10⁻⁵", "10⁻⁴"]);
  expect(labels("log", [1e-12, 1], 6)).toEqual(["10⁻¹²", "10⁻⁹", "10⁻⁶", "10⁻³", "1"]);
  expect(labels("log", [1, 5000], 6)).toEqual(["1", "10", "100", "1,000"]);
});

test("a short log axis has twos and fives, or three plain numbers", () => {
  expect(labels("log", [0.1, 3], 6)).toEqual(["0.1", "0.2", "0.5", "1", "2"]);
  expect(labels("log", [3.1, 3.9], 6)).toEqual(["3.1", "3.5", "3.9"]);
});

test("ticks lie at the places measured if there is room", () => {
  expect(labels("log", [32, 256], 6, [32, 64, 128, 256])).toEqual(["32", "64", "128", "256"]);
  expect(axisOf("linear", [0, 100], 6, [0, 1, 2, 100])!.ticks).toBe(6);
});

test("what an axis cannot show is left out", () => {
  expect(axisOf("log", [0, -1, Number.NaN], 6)).toBeUndefined();
  expect(axisOf("linear", [], 6)).toBeUndefined();
  expect(axisOf("log", [0, 1, 100, Number.POSITIVE_INFINITY], 6)!.domain[1]).toBeLessThan(150);
});

test("a single value has an axis around it", () => {
  expect(axisOf("linear", [0], 6)!.domain).toEqual([-1, 1]);
  expect(axisOf("linear", [-4], 6)!.domain).toEqual([-6, -2]);
  expect(axisOf("log", [8], 6)!.domain).toEqual([4, 16]);
});
