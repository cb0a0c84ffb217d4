/** Random points with random labels: what no rule fits and only memory can learn. @module */
import { Random } from "../../core/index.ts";
import type { Points } from "./points.ts";

/** Points and a label for each. */
export interface RandomTask {
  readonly points: Points;
  readonly labels: Uint32Array;
}

/** Points uniform on the unit sphere and labels uniform in [0, classes). */
export function randomTask(size: { n: number; d: number; classes: number }, seed: number): RandomTask {
  const { n, d, classes } = size;
  const random = new Random(seed, "memorize", "random-task");
  const data = new Float64Array(n * d);
  for (let i = 0; i < n; i++) {
    let square = 0;
    for (let j = i * d; j < (i + 1) * d; j++) {
      data[j] = random.normal();
      square += data[j]! * data[j]!;
    }
    for (let j = i * d; j < (i + 1) * d; j++) data[j]! /= Math.sqrt(square);
  }
  const labels = Uint32Array.from({ length: n }, () => random.integer(classes));
  return { points: { count: n, dimensions: d, data, geometry: "sphere" }, labels };
}

/** Pairs of points at exactly the distance `delta` on the unit sphere, elsewhere at random. */
export function pairsTask(size: { n: number; d: number; delta: number }, seed: number): RandomTask {
  const { n, d, delta } = size;
  const half = Math.ceil(n / 2);
  const { points: centres, labels } = randomTask({ n: half, d, classes: 2 }, seed);
  const random = new Random(seed, "memorize", "pairs-task");
  const data = new Float64Array(2 * half * d);
  // Two points at an angle of a on the unit sphere are 2 sin(a / 2) apart.
  const angle = 2 * Math.asin(delta / 2);
  for (let i = 0; i < half; i++) {
    const centre = centres.data.subarray(i * d, (i + 1) * d);
    const direction = Float64Array.from({ length: d }, () => random.normal());
    const along = direction.reduce((sum, value, j) => sum + value * centre[j]!, 0);
    for (let j = 0; j < d; j++) direction[j]! -= along * centre[j]!;
    const norm = Math.sqrt(direction.reduce((sum, value) => sum + value * value, 0));
    data.set(centre, 2 * i * d);
    for (let j = 0; j < d; j++) {
      data[(2 * i + 1) * d + j] = Math.cos(angle) * centre[j]! + (Math.sin(angle) * direction[j]!) / norm;
    }
  }
  const points: Points = { count: 2 * half, dimensions: d, data, geometry: "sphere" };
  return {
    points,
    labels: Uint32Array.from({ length: 2 * half }, (_, i) => (i % 2 ? 1 - labels[i >> 1]! : labels[i >> 1]!)),
  };
}
