import { expect, test } from "vitest";
import { LogHistogram } from "./log-histogram.ts";

test("values are counted by their size, zeros apart, with the empty bins between them", () => {
  const histogram = new LogHistogram(1);
  for (const value of [0, 2e-3, -5e-3, 0.2, 0]) histogram.add(value);
  expect(histogram.zeros).toBe(2);
  expect(histogram.bins().map(({ count }) => count)).toEqual([2, 0, 1]);
  expect(histogram.bins()[0]!.from).toBeCloseTo(1e-3, 12);
  expect(histogram.bins()[2]!.to).toBeCloseTo(1, 12);
});

test("nothing but zeros has no bins", () => {
  const histogram = new LogHistogram();
  histogram.add(0);
  expect(histogram.bins()).toEqual([]);
});
