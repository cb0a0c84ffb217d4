import { expect, test } from "vitest";
import { Random } from "../../core/index.ts";
import { forward } from "./forward.ts";
import { memorize } from "./memorize.ts";
import { bitOf, drawHyperplanes, findSides } from "./points.ts";
import { randomTask } from "./random-task.ts";

test("the engine and the plain sums give the same answers", async () => {
  const { points, labels } = randomTask({ n: 300, d: 6, classes: 5 }, 1);
  const { network } = await memorize(points, labels, { seed: 1, tight: true });
  const plain = await forward(network, points, {}, "plain");
  const engine = await forward(network, points, {}, "engine");
  expect([...plain.labels]).toEqual([...labels]);
  expect([...engine.labels]).toEqual([...labels]);
  expect([engine.smallestMargin]).toBeAllclose([plain.smallestMargin], { rtol: 1e-9 });
});

test("a changed weight changes the answers", async () => {
  const { points, labels } = randomTask({ n: 100, d: 6, classes: 2 }, 2);
  const { network } = await memorize(points, labels, { seed: 1, tight: true });
  const layers = network.layers.map((layer) =>
    layer.role === "decode"
      ? { ...layer, weights: layer.weights.map((weight, at) => (at < 20 ? -weight : weight)) }
      : layer,
  );
  expect([...(await forward({ layers }, points)).labels]).not.toEqual([...labels]);
});

test("sides of hyperplanes are the same by the engine and one by one", async () => {
  const { points } = randomTask({ n: 4500, d: 40, classes: 2 }, 3);
  const hyperplanes = drawHyperplanes(120, points, new Random(3));
  const { planes, smallestMargin, safe } = await findSides(points, hyperplanes);
  expect(safe).toBe(true);
  let smallest = Number.POSITIVE_INFINITY;
  let different = 0;
  for (let i = 0; i < points.count; i++) {
    for (let k = 0; k < 120; k++) {
      let sum = 0;
      for (let j = 0; j < 40; j++) sum += points.data[i * 40 + j]! * hyperplanes.normals[k * 40 + j]!;
      smallest = Math.min(smallest, Math.abs(sum));
      if ((sum >= 0 ? 1 : 0) !== bitOf(planes[k]!, i)) different++;
    }
  }
  expect(different).toBe(0);
  expect([smallestMargin]).toBeAllclose([smallest], { rtol: 1e-6 });
});

test("a point on a hyperplane is not safe", async () => {
  const points = { count: 2, dimensions: 2, data: Float64Array.of(0, 0, 1, 0), geometry: "sphere" } as const;
  const { safe } = await findSides(points, drawHyperplanes(3, points, new Random(0)));
  expect(safe).toBe(false);
});
