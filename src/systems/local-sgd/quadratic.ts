/** Quadratics and the skewed function of the lower bounds, with their spreads set by hand. @module */
import { Random } from "../../core/index.ts";
import type { Problem } from "./problem.ts";

/** What sets a synthetic problem. */
export interface SyntheticOptions {
  readonly task: "quadratic" | "skewed";
  readonly workers: number;
  readonly components: number;
  /** Number of weights, d. */
  readonly dim: number;
  /** L and mu. */
  readonly smoothness: number;
  readonly strongConvexity: number;
  /** nu: how far a component's gradient lies from its worker's mean. */
  readonly intra: number;
  /** tau: how far a worker's mean lies from that of all; also gives half the workers curvature mu and half L. */
  readonly inter: number;
  /** lambda: how far component i of a worker lies from component i of the others, beside tau. */
  readonly componentWise: number;
  readonly start: number;
  readonly seed: number;
}

/**
 * `skewed`: f_i(x) = (L 1[x <= 0] + mu 1[x > 0]) x^2 / 2 + z_i nu x, the same for all workers, with z = 1 for half of the
 * components and -1 for the others. With d weights it is the sum of d such functions with nu over the root of d, each with
 * halves of its own: d runs that share their order.
 *
 * `quadratic`: f_i^m(x) = x'H_m x / 2 + (nu z_i + lambda w_i^m + tau t_m)'x with diagonal H_m between mu and L; z_i are unit
 * vectors that sum to 0, w_i^m of length about 1 that sum to 0 over i and over m, t_m is 1 for the first half of the workers and -1
 * for the second, in every coordinate divided by the root of d. With tau above 0 the first half has H_m = L and the second mu.
 *
 * Both have their minimum F* = 0 at x = 0.
 *
 * @remarks Source: Yun, Rajput and Sra (2022), lower bounds: Theorems 3 and 4 (`skewed`), Proposition 5 (`quadratic`, with tau).
 */
export function syntheticProblem(options: SyntheticOptions): Problem {
  const { task, workers, components, dim, smoothness, strongConvexity, start } = options;
  const common = {
    workers,
    components,
    dim,
    smoothness,
    strongConvexity,
    optimum: 0,
    start: new Float64Array(dim).fill(start / Math.sqrt(dim)),
  };
  return task === "skewed" ? { ...common, ...skewed(options) } : { ...common, ...quadratic(options) };
}

type Functions = Pick<Problem, "descend" | "objective">;

function skewed({ components, smoothness: L, strongConvexity: mu, intra, dim, seed }: SyntheticOptions): Functions {
  const random = new Random(seed, "local", "problem");
  const pull = new Float64Array(components * dim);
  for (let j = 0; j < dim; j++) {
    const order = random.permutation(components);
    for (let i = 0; i < components; i++)
      pull[order[i]! * dim + j] = (i < components / 2 ? intra : -intra) / Math.sqrt(dim);
  }
  const curvature = (x: number) => (x <= 0 ? L : mu);
  return {
    descend(_, component, at, rate, into) {
      const from = component * dim;
      for (let j = 0; j < dim; j++) {
        const x = at[j]!;
        // (x - |x|) / 2 is the negative part of x, without a branch that would be guessed wrong half of the time.
        into[j]! -= rate * (mu * x + (L - mu) * 0.5 * (x - Math.abs(x)) + pull[from + j]!);
      }
    },
    objective: (x) => 0.5 * x.reduce((sum, xj) => sum + curvature(xj) * xj * xj, 0),
  };
}

function quadratic(options: SyntheticOptions): Functions {
  const { workers, components, dim, smoothness: L, strongConvexity: mu, intra, inter, componentWise, seed } = options;
  const random = new Random(seed, "local", "problem");
  const z = pairedUnitVectors(components, dim, random);
  const w = componentWise > 0 ? doublyCentred(workers, components, dim, random) : undefined;
  const at = (j: number) => (dim === 1 ? L : L * (mu / L) ** (j / (dim - 1)));
  const curvature = new Float64Array(workers * dim);
  const linear = new Float64Array(workers * components * dim);
  for (let m = 0; m < workers; m++) {
    const sign = m < workers / 2 ? 1 : -1;
    for (let j = 0; j < dim; j++) {
      curvature[m * dim + j] = inter > 0 ? (sign > 0 ? L : mu) : at(j);
      for (let i = 0; i < components; i++) {
        const own = w ? componentWise * w[(m * components + i) * dim + j]! : 0;
        linear[(m * components + i) * dim + j] = intra * z[i * dim + j]! + own + (sign * inter) / Math.sqrt(dim);
      }
    }
  }
  const meanCurvature = Float64Array.from({ length: dim }, (_, j) => {
    let sum = 0;
    for (let m = 0; m < workers; m++) sum += curvature[m * dim + j]!;
    return sum / workers;
  });
  return {
    descend(worker, component, x, rate, into) {
      const h = worker * dim;
      const b = (worker * components + component) * dim;
      for (let j = 0; j < dim; j++) into[j]! -= rate * (curvature[h + j]! * x[j]! + linear[b + j]!);
    },
    objective(x) {
      let sum = 0;
      for (let j = 0; j < dim; j++) sum += meanCurvature[j]! * x[j]! * x[j]!;
      return 0.5 * sum;
    },
  };
}

/** float64 [count, dim]: unit vectors of which the second half are the first half's opposites; a zero where count is odd. */
function pairedUnitVectors(count: number, dim: number, random: Random): Float64Array {
  const vectors = new Float64Array(count * dim);
  const half = Math.floor(count / 2);
  for (let i = 0; i < half; i++) {
    const v = Float64Array.from({ length: dim }, () => random.normal());
    const length = Math.hypot(...v);
    for (let j = 0; j < dim; j++) {
      vectors[i * dim + j] = v[j]! / length;
      vectors[(half + i) * dim + j] = -v[j]! / length;
    }
  }
  return vectors;
}

/** float64 [workers, components, dim]: normal numbers, centred over workers and over components, of mean square 1 / dim. */
function doublyCentred(workers: number, components: number, dim: number, random: Random): Float64Array {
  const values = Float64Array.from({ length: workers * components * dim }, () => random.normal(0, 1 / Math.sqrt(dim)));
  const centre = (groups: number, members: number, index: (group: number, member: number) => number) => {
    for (let group = 0; group < groups; group++) {
      for (let j = 0; j < dim; j++) {
        let sum = 0;
        for (let member = 0; member < members; member++) sum += values[index(group, member) * dim + j]!;
        for (let member = 0; member < members; member++) values[index(group, member) * dim + j]! -= sum / members;
      }
    }
  };
  centre(components, workers, (i, m) => m * components + i);
  centre(workers, components, (m, i) => m * components + i);
  return values;
}
