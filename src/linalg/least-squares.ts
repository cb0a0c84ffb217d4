/**
 * Linear systems with more unknowns than equations, or more equations than unknowns.
 *
 * `orthogonalize` factors without squaring the condition number and is the choice for up to a few thousand equations;
 * `minimumNormByGradients` never forms the matrix and is the choice beyond, for well-conditioned systems.
 *
 * @module
 */
import { assert } from "../core/index.ts";

/** Called between pieces of long work, to let others run or to stop by throwing. */
export type Pause = () => Promise<void> | void;

/** Vectors v_0 … v_{count-1} as V = Q R: V has them for columns, Q is orthogonal, R upper triangular. */
export interface OrthogonalFactors {
  readonly count: number;
  readonly length: number;
  /** R's diagonal, float64[count]. */
  readonly diagonal: Float64Array;
  /** Q [y; rest]: float64[length] from float64[length]. */
  applyQ(y: Float64Array): Float64Array;
  /** Qᵀ x, float64[length]. */
  applyQTransposed(x: Float64Array): Float64Array;
  /** The y with R y = x, float64[count]. Vectors that depend on those before count for nothing. */
  solveR(x: Float64Array): Float64Array;
  /** The y with Rᵀ y = x, float64[count]. Vectors that depend on those before count for nothing. */
  solveRTransposed(x: Float64Array): Float64Array;
  /** Which vectors depend on those before, to rounding. */
  readonly dependent: readonly number[];
  /** Largest over smallest singular value of V, to a few per cent; infinite where vectors are dependent. */
  conditionNumber(): number;
}

/** A vector whose part across those before is less than this share of it depends on them. */
const dependence = 1e-13;

/**
 * Factors vectors by Householder reflections.
 *
 * @param vectors - float64[count, length], row by row, count <= length; overwritten
 * @remarks Source: Golub and Van Loan, section 5.2.1. Left-looking and four vectors at a time: what was factored is read once for all
 * four.
 */
export async function orthogonalize(
  vectors: Float64Array,
  count: number,
  length: number,
  pause?: Pause,
): Promise<OrthogonalFactors> {
  assert(count <= length && vectors.length === count * length, `${count} vectors of ${length}`);
  const diagonal = new Float64Array(count);
  const factor = new Float64Array(count);
  const dependent: number[] = [];
  for (let first = 0; first < count; first += 4) {
    const last = Math.min(first + 4, count);
    if (last === first + 4) {
      for (let k = 0; k < first; k++) reflectFour(vectors, length, k, factor[k]!, first);
    } else {
      for (let j = first; j < last; j++) for (let k = 0; k < first; k++) reflect(vectors, length, k, factor[k]!, j);
    }
    for (let j = first; j < last; j++) {
      for (let k = first; k < j; k++) reflect(vectors, length, k, factor[k]!, j);
      const row = vectors.subarray(j * length, (j + 1) * length);
      const whole = norm(row, 0);
      const across = norm(row, j);
      if (!(across > dependence * whole)) dependent.push(j);
      const lead = row[j]!;
      const size = lead > 0 ? -across : across;
      diagonal[j] = size;
      if (across === 0) continue;
      row[j] = lead - size;
      // v = x - size e_j has |v|² = 2 size (size - lead).
      factor[j] = 1 / (size * (size - lead));
    }
    await pause?.();
  }
  return factorsOf(vectors, count, length, diagonal, factor, dependent);
}

/** Euclidean norm of `row` from element `start`, safe from overflow. */
function norm(row: Float64Array, start: number): number {
  let largest = 0;
  for (let i = start; i < row.length; i++) largest = Math.max(largest, Math.abs(row[i]!));
  if (largest === 0) return 0;
  let sum = 0;
  for (let i = start; i < row.length; i++) sum += (row[i]! / largest) ** 2;
  return largest * Math.sqrt(sum);
}

/** Applies reflection k to row j. */
function reflect(vectors: Float64Array, length: number, k: number, factor: number, j: number): void {
  if (factor === 0) return;
  const v = k * length;
  const x = j * length;
  let dot = 0;
  for (let i = k; i < length; i++) dot += vectors[v + i]! * vectors[x + i]!;
  const share = factor * dot;
  for (let i = k; i < length; i++) vectors[x + i]! -= share * vectors[v + i]!;
}

/** Applies reflection k to rows j … j + 3. */
function reflectFour(vectors: Float64Array, length: number, k: number, factor: number, j: number): void {
  if (factor === 0) return;
  const v = vectors.subarray(k * length + k, (k + 1) * length);
  const row = (offset: number) => vectors.subarray((j + offset) * length + k, (j + offset + 1) * length);
  const [x0, x1, x2, x3] = [row(0), row(1), row(2), row(3)];
  let [d0, d1, d2, d3] = [0, 0, 0, 0];
  const size = v.length;
  for (let i = 0; i < size; i++) {
    const value = v[i]!;
    d0 += value * x0[i]!;
    d1 += value * x1[i]!;
    d2 += value * x2[i]!;
    d3 += value * x3[i]!;
  }
  d0 *= factor;
  d1 *= factor;
  d2 *= factor;
  d3 *= factor;
  for (let i = 0; i < size; i++) {
    const value = v[i]!;
    x0[i]! -= d0 * value;
    x1[i]! -= d1 * value;
    x2[i]! -= d2 * value;
    x3[i]! -= d3 * value;
  }
}

function factorsOf(
  vectors: Float64Array,
  count: number,
  length: number,
  diagonal: Float64Array,
  factor: Float64Array,
  dependent: readonly number[],
): OrthogonalFactors {
  const skipped = new Set(dependent);
  const reflectVector = (k: number, x: Float64Array) => {
    const v = k * length;
    let dot = 0;
    for (let i = k; i < length; i++) dot += vectors[v + i]! * x[i]!;
    const share = factor[k]! * dot;
    for (let i = k; i < length; i++) x[i]! -= share * vectors[v + i]!;
  };
  const solveR = (x: Float64Array) => {
    const y = x.slice(0, count);
    for (let j = count - 1; j >= 0; j--) {
      y[j] = skipped.has(j) ? 0 : y[j]! / diagonal[j]!;
      const row = j * length;
      for (let k = 0; k < j; k++) y[k]! -= y[j]! * vectors[row + k]!;
    }
    return y;
  };
  const solveRTransposed = (x: Float64Array) => {
    const y = new Float64Array(count);
    for (let j = 0; j < count; j++) {
      let sum = x[j]!;
      const row = j * length;
      for (let k = 0; k < j; k++) sum -= vectors[row + k]! * y[k]!;
      y[j] = skipped.has(j) ? 0 : sum / diagonal[j]!;
    }
    return y;
  };
  /** R y. */
  const multiplyR = (y: Float64Array) => {
    const out = new Float64Array(count);
    for (let j = 0; j < count; j++) {
      const row = j * length;
      for (let k = 0; k < j; k++) out[k]! += vectors[row + k]! * y[j]!;
      out[j]! += diagonal[j]! * y[j]!;
    }
    return out;
  };
  /** Rᵀ y. */
  const multiplyRTransposed = (y: Float64Array) => {
    const out = new Float64Array(count);
    for (let j = 0; j < count; j++) {
      const row = j * length;
      let sum = diagonal[j]! * y[j]!;
      for (let k = 0; k < j; k++) sum += vectors[row + k]! * y[k]!;
      out[j] = sum;
    }
    return out;
  };
  return {
    count,
    length,
    diagonal,
    dependent,
    applyQ(y) {
      const x = y.slice();
      for (let k = count - 1; k >= 0; k--) reflectVector(k, x);
      return x;
    },
    applyQTransposed(x) {
      const y = x.slice();
      for (let k = 0; k < count; k++) reflectVector(k, y);
      return y;
    },
    solveR,
    solveRTransposed,
    conditionNumber() {
      if (count === 0) return 1;
      if (dependent.length > 0) return Number.POSITIVE_INFINITY;
      const largest = growth(count, (y) => multiplyRTransposed(multiplyR(y)));
      const inverse = growth(count, (y) => solveR(solveRTransposed(y)));
      return Math.sqrt(largest * inverse);
    },
  };
}

/** The largest eigenvalue of a symmetric positive map, by the power method. */
function growth(size: number, apply: (y: Float64Array) => Float64Array): number {
  // A start without structure, the same every time.
  let y: Float64Array = Float64Array.from({ length: size }, (_, i) => 1 + 0.5 * Math.sin(12.9898 * (i + 1)));
  let value = 0;
  for (let step = 0; step < 40; step++) {
    const size = norm(y, 0);
    y = apply(y.map((element) => element / size));
    const next = norm(y, 0);
    const settled = Math.abs(next - value) < 1e-4 * next;
    value = next;
    if (settled && step > 4) break;
  }
  return value;
}

/** A matrix known by what it does to vectors. */
export interface LinearOperator {
  /** K x, float64[rows] from float64[columns]. */
  apply(x: Float64Array): Promise<Float64Array>;
  /** Kᵀ y, float64[columns] from float64[rows]. */
  applyTransposed(y: Float64Array): Promise<Float64Array>;
}

/** What {@link minimumNormByGradients} found. */
export interface GradientSolution {
  /** float64[columns] */
  readonly x: Float64Array;
  /** Largest over smallest singular value that the iteration met. */
  readonly conditionNumber: number;
  readonly iterations: number;
}

/**
 * The smallest x with K x = w, by conjugate gradients on K Kᵀ (Craig's method), started anew from the true residual until that no
 * longer falls.
 *
 * @param w - float64[rows]
 * @param options - `columns`: length of x; `maxIterations`: in all
 * @remarks Source: Golub and Van Loan, section 11.3.9. The condition number is that of the tridiagonal matrix of the iteration, and
 * comes out a little small where it ends early.
 */
export async function minimumNormByGradients(
  operator: LinearOperator,
  w: Float64Array,
  { columns, maxIterations, pause }: { columns: number; maxIterations: number; pause?: Pause },
): Promise<GradientSolution> {
  let x: Float64Array = new Float64Array(columns);
  let residual: Float64Array = w.slice();
  let best = dot(w, w);
  const smallest = best * 1e-31;
  const main: number[] = [];
  const off: number[] = [];
  let iterations = 0;
  for (let restart = 0; restart < 4 && best > smallest && iterations < maxIterations; restart++) {
    const current = x.slice();
    const r = residual.slice();
    const p = residual.slice();
    let size = best;
    let before = { alpha: 0, beta: 0 };
    while (size > smallest * 1e-2 && size > best * 1e-26 && iterations < maxIterations) {
      const s = await operator.applyTransposed(p);
      const alpha = size / dot(s, s);
      const q = await operator.apply(s);
      for (let i = 0; i < columns; i++) current[i]! += alpha * s[i]!;
      for (let i = 0; i < r.length; i++) r[i]! -= alpha * q[i]!;
      const next = dot(r, r);
      const beta = next / size;
      if (restart === 0) {
        main.push(1 / alpha + (before.alpha > 0 ? before.beta / before.alpha : 0));
        off.push(Math.sqrt(beta) / alpha);
      }
      for (let i = 0; i < r.length; i++) p[i] = r[i]! + beta * p[i]!;
      before = { alpha, beta };
      size = next;
      iterations++;
      if (!Number.isFinite(size)) break;
      await pause?.();
    }
    const product = await operator.apply(current);
    const remains = w.map((value, i) => value - product[i]!);
    const found = dot(remains, remains);
    if (!(found < best)) break;
    const gained = best / found;
    x = current;
    residual = remains;
    best = found;
    if (gained < 4) break;
  }
  return { x, conditionNumber: conditionOfTridiagonal(main, off), iterations };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** sqrt of the largest over the smallest eigenvalue of a symmetric positive tridiagonal matrix, by bisection with Sturm counts. */
function conditionOfTridiagonal(main: readonly number[], off: readonly number[]): number {
  const size = main.length;
  if (size === 0) return 1;
  /** How many eigenvalues lie below `at`. */
  const below = (at: number) => {
    let count = 0;
    let pivot = 1;
    for (let i = 0; i < size; i++) {
      const coupling = i === 0 ? 0 : off[i - 1]! ** 2;
      pivot = main[i]! - at - coupling / (pivot === 0 ? Number.MIN_VALUE : pivot);
      if (pivot < 0) count++;
    }
    return count;
  };
  const most = Math.max(...main.map((value, i) => value + off[i]! + (i === 0 ? 0 : off[i - 1]!)));
  const find = (wanted: number) => {
    let [low, high] = [0, most];
    for (let step = 0; step < 60; step++) {
      // Geometric where it can be: the smallest eigenvalue may be many orders below.
      const middle = low > 0 ? Math.sqrt(low * high) : Math.max(high * 1e-3, most * 1e-24);
      if (middle >= high) break;
      if (below(middle) >= wanted) high = middle;
      else low = middle;
    }
    return high;
  };
  return Math.sqrt(find(size) / find(1));
}
