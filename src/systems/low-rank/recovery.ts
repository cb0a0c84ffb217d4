/** What ordered ranks find on linear maps, where it is known what they should: SVD, PCA, and orders that the data decide. @module */
import { hostTensor, Random } from "../../core/index.ts";
import { mul, square, sub, sum } from "../../engine/index.ts";
import { matrixProduct, randomOrthogonal, svd, transposed } from "../../linalg/index.ts";
import {
  type Factors,
  linear,
  lowRank,
  multiplyFactors,
  type Parameters,
  type RankSampler,
  rankOf,
  truncateRanks,
} from "../../nn/index.ts";
import { sgd } from "../../optim/index.ts";
import { compileTrainStep, initialState } from "../../train/index.ts";

/** A linear map to learn from all of its examples at once. */
export interface LinearProblem {
  /** float64[examples, columns], row by row. */
  readonly inputs: Float64Array;
  /** float64[examples, rows], row by row. */
  readonly targets: Float64Array;
  readonly examples: number;
  readonly columns: number;
  readonly rows: number;
}

/** How {@link learnLinear} trains. */
export interface LearnOptions {
  readonly steps: number;
  readonly seed: number;
  readonly sampler?: RankSampler;
  readonly groupLasso?: number;
  /** Times the largest stable step, in (0, 1]; default 0.25. */
  readonly rate?: number;
  readonly signal?: AbortSignal;
  readonly progress?: (fraction: number) => void;
}

/**
 * Learns y = W x with W = u v by gradient descent on half the mean squared error, one rank b drawn a step.
 *
 * @returns the factors, columns in the order that training gave them; float64
 */
export async function learnLinear(problem: LinearProblem, options: LearnOptions): Promise<Factors> {
  const { inputs, targets, examples, columns, rows } = problem;
  const { steps, seed, sampler = "pairs", groupLasso = 0, rate = 0.25, signal, progress } = options;
  const model = lowRank(linear(columns, rows, { bias: false }) as never, { sampler, groupLasso, shrink: false });
  // float64, started small: what is learned then comes from the data alone.
  const random = new Random(seed, "linear");
  const rank = Math.min(rows, columns);
  const small = (shape: [number, number]) =>
    hostTensor(
      Float64Array.from({ length: shape[0] * shape[1] }, () => random.normal(0, 0.1)),
      shape,
    );
  const params = { weight: { u: small([rows, rank]), v: small([rank, columns]) } };
  const step = {
    model,
    loss: (y: never, t: never) => mul(sum(square(sub(y, t))), 0.5 / examples),
    optimizer: sgd(),
  };
  const trainStep = compileTrainStep(step as never, initialState(step as never, params as never));
  const batch = { inputs: hostTensor(inputs, [examples, columns]), targets: hostTensor(targets, [examples, rows]) };
  const learningRate = rate * stableRate(problem);
  for (let k = 0; k < steps; k++) {
    if (k % 1000 === 0) {
      signal?.throwIfAborted();
      progress?.(k / steps);
    }
    await trainStep.run(batch, { learningRate, step: k, seed: new Random(seed, "step", k).integer(0x7fffffff) });
  }
  const learned = trainStep.state().params as unknown as { weight: Factors };
  await trainStep.dispose();
  return learned.weight;
}

/** 1 over the largest curvature of the loss at balanced factors of the map: twice its norm times the inputs' largest variance. */
function stableRate({ inputs, targets, examples, columns, rows }: LinearProblem): number {
  const { u, s, v, rank } = svd(inputs, examples, columns);
  // The map that the examples show: (pseudo-inverse of the inputs) · targets.
  const seen = matrixProduct(transposed(u, examples, rank), targets, rank, examples, rows);
  const scaled = seen.map((value, i) => {
    const size = s[Math.floor(i / rows)]!;
    return size > 1e-6 * s[0]! ? value / size : 0;
  });
  const map = matrixProduct(transposed(v, rank, columns), scaled, columns, rank, rows);
  return examples / (2 * svd(map, columns, rows).s[0]! * s[0]! ** 2);
}

/** Relative Frobenius distance. */
function distance(found: ArrayLike<number>, wanted: Float64Array): number {
  let error = 0;
  let size = 0;
  for (let i = 0; i < wanted.length; i++) {
    error += (found[i]! - wanted[i]!) ** 2;
    size += wanted[i]! ** 2;
  }
  return Math.sqrt(error / size);
}

/** A random matrix with given singular values: U diag(s) Vᵀ with U and V uniform. */
export function randomMatrix(random: Random, rows: number, columns: number, spectrum: readonly number[]): Float64Array {
  const u = randomOrthogonal(random, rows);
  const v = randomOrthogonal(random, columns);
  const rank = spectrum.length;
  const left = Float64Array.from({ length: rows * rank }, (_, i) => {
    return u[Math.floor(i / rank) * rows + (i % rank)]! * spectrum[i % rank]!;
  });
  return matrixProduct(left, v.slice(0, rank * columns), rows, rank, columns);
}

/** What {@link recoverSvd} found. */
export interface SvdRecovery {
  readonly rows: number;
  readonly columns: number;
  readonly singularValues: readonly number[];
  /** ‖u_b‖ ‖v_b‖ of every learned column, in the order that training gave them. */
  readonly strengths: readonly number[];
  /** Relative distance of the first k columns to the truncated SVD, for k = 1, 2, … up to the map's rank. */
  readonly errors: readonly number[];
}

/** ‖u_b‖ ‖v_b‖ of every column. */
function strengthsOf({ u, v }: Factors): number[] {
  const rank = rankOf({ v });
  const columns = v.data.length / rank;
  const rows = u.data.length / rank;
  return Array.from({ length: rank }, (_, b) => {
    let left = 0;
    let right = 0;
    for (let i = 0; i < rows; i++) left += u.data[i * rank + b]! ** 2;
    for (let j = 0; j < columns; j++) right += v.data[b * columns + j]! ** 2;
    return Math.sqrt(left * right);
  });
}

/** The first `k` columns multiplied out: float64[rows, columns]. */
function leadingProduct(factors: Factors, k: number): ArrayLike<number> {
  const params = truncateRanks({ weight: factors } as unknown as Parameters, { weight: k });
  return multiplyFactors((params as unknown as { weight: Factors }).weight).data;
}

function identity(n: number): Float64Array {
  return Float64Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0));
}

/**
 * Learns a random linear map from the unit vectors and compares every truncation with the truncated SVD of the map.
 *
 * @param map - float64[rows, columns] of rank `rank`
 * @remarks Source: Horvath et al. (2024), section 3.4: on isotropic inputs the optimum over all ranks is the SVD.
 */
export async function recoverSvd(
  map: Float64Array,
  { rows, columns, rank }: { readonly rows: number; readonly columns: number; readonly rank: number },
  options: LearnOptions,
): Promise<SvdRecovery> {
  const targets = transposed(map, rows, columns);
  const learned = await learnLinear({ inputs: identity(columns), targets, examples: columns, columns, rows }, options);
  const { u, s, v, rank: full } = svd(map, rows, columns);
  const truth = (k: number) => {
    const left = Float64Array.from({ length: rows * k }, (_, i) => u[Math.floor(i / k) * full + (i % k)]! * s[i % k]!);
    return matrixProduct(left, v.slice(0, k * columns), rows, k, columns);
  };
  const errors = Array.from({ length: rank }, (_, i) => distance(leadingProduct(learned, i + 1), truth(i + 1)));
  return { rows, columns, singularValues: [...s.slice(0, rank)], strengths: strengthsOf(learned), errors };
}

/** What {@link recoverPca} found. */
export interface PcaRecovery {
  /** Share of the leading k principal components' space that the first k columns span, for k up to the data's rank; 1 is all. */
  readonly overlaps: readonly number[];
  readonly strengths: readonly number[];
}

/** Orthonormal columns that span those of `a`, float64[rows, k], by its left singular vectors. */
function span(a: Float64Array, rows: number, k: number): Float64Array {
  return svd(a, rows, k).u;
}

/**
 * Learns the identity on data of low rank: a linear autoencoder, whose leading columns should be the principal components.
 *
 * @param data - float64[examples, columns] of rank `rank`, mean 0
 */
export async function recoverPca(
  data: Float64Array,
  { examples, columns, rank }: { readonly examples: number; readonly columns: number; readonly rank: number },
  options: LearnOptions,
): Promise<PcaRecovery> {
  const learned = await learnLinear({ inputs: data, targets: data, examples, columns, rows: columns }, options);
  const components = svd(data, examples, columns).v;
  const overlaps = Array.from({ length: rank }, (_, i) => {
    const k = i + 1;
    const found = Float64Array.from(
      { length: columns * k },
      (_unused, at) => learned.u.data[Math.floor(at / k) * columns + (at % k)]!,
    );
    const basis = span(found, columns, k);
    const cosines = matrixProduct(components.slice(0, k * columns), basis, k, columns, k);
    return cosines.reduce((sum, value) => sum + value * value, 0) / k;
  });
  return { overlaps, strengths: strengthsOf(learned) };
}

/** What {@link recoverReversed} found. */
export interface ReversedRecovery {
  readonly singularValues: readonly number[];
  /** ‖u_b‖ ‖v_b‖ of the leading columns. */
  readonly strengths: readonly number[];
  /** |cosine| between learned column b and the map's left singular vector r - 1 - b. */
  readonly cosines: readonly number[];
  /** |cosine| between learned column b and the map's left singular vector b, as SVD would order them. */
  readonly cosinesOfSvd: readonly number[];
}

/**
 * Learns a map on data that stress its directions in the reverse of its singular values: a layer's own SVD would order them the
 * other way round, what matters for the data is its last direction first.
 *
 * @param map - float64[rows, columns] with singular values `spectrum`
 * @param stress - what singular value times the data's scale is along each direction; ascending reverses the order
 */
export async function recoverReversed(
  map: Float64Array,
  { rows, columns, stress }: { readonly rows: number; readonly columns: number; readonly stress: readonly number[] },
  options: LearnOptions,
): Promise<ReversedRecovery> {
  const { u, s, v, rank: full } = svd(map, rows, columns);
  const r = stress.length;
  // Example j is the j-th right singular vector at the scale that stresses it so much.
  const inputs = Float64Array.from({ length: r * columns }, (_, i) => {
    const j = Math.floor(i / columns);
    return (v[i]! * stress[j]!) / s[j]!;
  });
  const targets = matrixProduct(inputs, transposed(map, rows, columns), r, columns, rows);
  const learned = await learnLinear({ inputs, targets, examples: r, columns, rows }, options);
  const rank = rankOf(learned);
  const cosine = (b: number, k: number) => {
    let dot = 0;
    let norm = 0;
    for (let i = 0; i < rows; i++) {
      dot += learned.u.data[i * rank + b]! * u[i * full + k]!;
      norm += learned.u.data[i * rank + b]! ** 2;
    }
    return Math.abs(dot) / Math.sqrt(norm);
  };
  const each = <T>(value: (b: number) => T) => Array.from({ length: r }, (_, b) => value(b));
  return {
    singularValues: [...s.slice(0, r)],
    strengths: strengthsOf(learned).slice(0, r),
    cosines: each((b) => cosine(b, r - 1 - b)),
    cosinesOfSvd: each((b) => cosine(b, b)),
  };
}
