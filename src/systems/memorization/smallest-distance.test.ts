import { describe, expect, test } from "vitest";
import { Random } from "../../core/index.ts";
import { distanceOf, type Points } from "./points.ts";
import { randomTask } from "./random-task.ts";
import { findClosestPair } from "./smallest-distance.ts";

function bruteForce(points: Points): number {
  let smallest = Number.POSITIVE_INFINITY;
  for (let i = 0; i < points.count; i++) {
    for (let j = i + 1; j < points.count; j++) smallest = Math.min(smallest, distanceOf(points, i, j));
  }
  return smallest;
}

function ballPoints(count: number, dimensions: number, seed: number): Points {
  const random = new Random(seed, "ball");
  const data = Float64Array.from({ length: count * dimensions }, () => random.uniform(-1, 1) / Math.sqrt(dimensions));
  return { count, dimensions, data, geometry: "ball" };
}

const cases: [string, Points][] = [
  ["2 points", randomTask({ n: 2, d: 3, classes: 2 }, 1).points],
  ["a line", ballPoints(700, 1, 2)],
  ["a plane", ballPoints(900, 2, 3)],
  ["a sphere", randomTask({ n: 600, d: 24, classes: 2 }, 4).points],
  ["a ball", ballPoints(600, 12, 5)],
];

describe.each(cases)("%s", (_, points) => {
  const truth = bruteForce(points);

  test("by the sweep", async () => {
    const found = await findClosestPair(points, new Random(0));
    expect(found).toMatchObject({ kind: "exact", missProbability: 0, distance: truth });
    expect(distanceOf(points, found.first, found.second)).toBe(truth);
    expect(found.first).toBeLessThan(found.second);
  });

  test("by matrix products", async () => {
    const limits = { sweepPairs: 0, productWork: Number.POSITIVE_INFINITY, tables: 0 };
    expect(await findClosestPair(points, new Random(0), {}, limits)).toMatchObject({ kind: "exact", distance: truth });
  });
});

test.each(cases.slice(3))("%s, by hashing, but for a small probability", async (_, points) => {
  const limits = { sweepPairs: 0, productWork: 0, tables: 240 };
  const found = await findClosestPair(points, new Random(0), {}, limits);
  expect(found.kind).toBe("probable");
  expect(found.missProbability).toBeLessThanOrEqual(0.01);
  expect(found.missProbability).toBeGreaterThan(0);
  expect(found.distance).toBe(bruteForce(points));
});

test("several blocks of matrix products", async () => {
  const { points } = randomTask({ n: 4500, d: 6, classes: 2 }, 6);
  const swept = await findClosestPair(points, new Random(0));
  const limits = { sweepPairs: 0, productWork: Number.POSITIVE_INFINITY, tables: 0 };
  expect(await findClosestPair(points, new Random(0), {}, limits)).toEqual(swept);
});
