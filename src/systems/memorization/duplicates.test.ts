import { expect, test } from "vitest";
import { findDistinct, resolveLabels } from "./duplicates.ts";

const points = {
  count: 6,
  dimensions: 2,
  data: Float64Array.of(1, 2, 3, 4, 1, 2, 1, 2, 3, 5, 3, 4),
  geometry: "ball",
} as const;

test("rows that are the same are one point", () => {
  const { firsts, pointOf } = findDistinct(points);
  expect([...firsts]).toEqual([0, 1, 4]);
  expect([...pointOf]).toEqual([0, 1, 0, 0, 2, 1]);
});

test("labels are resolved by majority, ties to the smaller", () => {
  const distinct = findDistinct(points);
  const { labels, conflicts, overruled } = resolveLabels(distinct, Int32Array.of(0, 1, 2, 2, 1, 0));
  expect([...labels]).toEqual([2, 0, 1]);
  expect(conflicts).toEqual([{ rows: [0, 2, 3] }, { rows: [1, 5] }]);
  expect(overruled).toBe(2);
  expect(resolveLabels(distinct, Int32Array.of(1, 0, 1, 1, 1, 0))).toMatchObject({ conflicts: [], overruled: 0 });
});

test("many rows, by brute force", () => {
  const count = 500;
  const data = Float64Array.from({ length: 2 * count }, (_, at) => (at * 7919) % 13);
  const { firsts, pointOf } = findDistinct({ count, dimensions: 2, data, geometry: "ball" });
  const keys = Array.from({ length: count }, (_, row) => `${data[2 * row]},${data[2 * row + 1]}`);
  expect(firsts.length).toBe(new Set(keys).size);
  for (const [row, key] of keys.entries()) expect(keys[firsts[pointOf[row]!]!]).toBe(key);
});
