/** Small made-up tables with a known difficulty. @module */
import { Random } from "../../core/index.ts";
import type { Table } from "../../data/index.ts";

type Point = readonly [x: number, y: number, label: string];

/** A table of columns x, y and class. */
function planar(name: string, points: readonly Point[]): Table {
  const categories = [...new Set(points.map(([, , label]) => label))].sort();
  const numbers = (column: 0 | 1) => Float64Array.from(points, (point) => Math.round(point[column] * 100) / 100);
  return {
    path: name,
    sha256: "made",
    rows: points.length,
    columns: [
      { name: "x", type: "number", values: numbers(0) },
      { name: "y", type: "number", values: numbers(1) },
      {
        name: "class",
        type: "text",
        categories,
        codes: Int32Array.from(points, ([, , label]) => categories.indexOf(label)),
      },
    ],
  };
}

const letters = "abcdefgh";

/** Points in the plane by class: `n` of them. */
const planes: Readonly<Record<string, (i: number, random: Random) => Point>> = {
  /** Four round clusters at the corners of a square. */
  blobs(i, random) {
    const k = i % 4;
    return [(k % 2) * 6 - 3 + random.normal(), Math.floor(k / 2) * 6 - 3 + random.normal(), letters[k]!];
  },
  /** Two half circles, one in the arms of the other. */
  moons(i, random) {
    const [angle, second] = [Math.PI * random.uniform(), i % 2 === 1];
    const [x, y] = second ? [1 - Math.cos(angle), 0.5 - Math.sin(angle)] : [Math.cos(angle), Math.sin(angle)];
    return [5 * (x + 0.1 * random.normal()), 5 * (y + 0.1 * random.normal()), letters[i % 2]!];
  },
  /** A circle around another. */
  circles(i, random) {
    const [angle, radius] = [2 * Math.PI * random.uniform(), i % 2 === 0 ? 5 : 2.5];
    const around = radius + 0.3 * random.normal();
    return [around * Math.cos(angle), around * Math.sin(angle), letters[i % 2]!];
  },
  /** Opposite quadrants, which no line tells apart. */
  xor(_, random) {
    const [x, y] = [random.uniform(-5, 5), random.uniform(-5, 5)];
    return [x, y, letters[Number(x > 0 !== y > 0)]!];
  },
};

/** Names of {@link madeClasses}. */
export const madeClassNames = Object.keys(planes);

/**
 * A table of points in the plane.
 *
 * @param kind - `blobs`, `moons`, `circles` or `xor`
 */
export function madeClasses(kind: string, n: number, seed: number): Table {
  const random = new Random(seed, "made", kind);
  const draw = planes[kind]!;
  return planar(
    kind,
    Array.from({ length: n }, (_, i) => draw(i, random)),
  );
}

/** Functions of the paper on [-10, 10], with values in about [-9, 9]. */
const functions = {
  linear: (x: number) => 0.9 * x,
  quadratic: (x: number) => ((x * x - 50) * 9) / 50,
  l1: (x: number) => 18 * (Math.abs(x) / 10 - 0.5),
  cosine: (x: number) => 9 * Math.cos((Math.PI * x) / 2),
  piecewise: (x: number) => 18 * ((pieces(x) + 4) / 8 - 0.5),
};

function pieces(x: number): number {
  if (x < -3) return x + 6;
  return x > 3 ? x - 6 : 0;
}

/** A function of the paper. */
export type MadeFunction = keyof typeof functions;

/** The mean of a function over the columns of a row. */
function functionValue(kind: MadeFunction, xs: readonly number[]): number {
  return xs.reduce((sum, x) => sum + functions[kind](x), 0) / xs.length;
}

/**
 * A table of x1, x2, … uniform in [-10, 10] and y, a function of the paper with noise.
 *
 * @param options.noise - standard deviation of the noise as a share of that of y; default 0.1
 * @param options.outliers - how many y are replaced by a number uniform in [20, 100]; default none
 * @param options.spread - the noise's own standard deviation at each x, in place of `noise`
 * @remarks Source: Dinh et al. (2022), appendix on synthetic regression. The paper's outliers are drawn from |N(0, 20)|.
 */
export function madeNumbers(
  kind: MadeFunction,
  n: number,
  seed: number,
  options: {
    readonly dims?: number;
    readonly noise?: number;
    readonly outliers?: number;
    readonly spread?: (x: number) => number;
  } = {},
): Table {
  const { dims = 1, noise = 0.1, outliers = 0, spread } = options;
  const random = new Random(seed, "made", kind);
  const rows = Array.from({ length: n }, () => Array.from({ length: dims }, () => random.uniform(-10, 10)));
  const clean = rows.map((xs) => functionValue(kind, xs));
  const mean = clean.reduce((sum, y) => sum + y, 0) / n;
  const deviation = Math.sqrt(clean.reduce((sum, y) => sum + (y - mean) ** 2, 0) / n);
  const ys = clean.map((y, i) => y + (spread ? spread(rows[i]![0]!) : noise * deviation) * random.normal());
  for (const row of random.permutation(n).subarray(0, outliers)) ys[row] = random.uniform(20, 100);
  const rounded = (values: readonly number[]) => Float64Array.from(values, (value) => Math.round(value * 100) / 100);
  const column = (j: number) => rounded(rows.map((xs) => xs[j]!));
  return {
    path: kind,
    sha256: "made",
    rows: n,
    columns: [
      ...Array.from({ length: dims }, (_, j) => ({ name: `x${j + 1}`, type: "number" as const, values: column(j) })),
      { name: "y", type: "number", values: rounded(ys) },
    ],
  };
}
