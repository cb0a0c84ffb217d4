import { add, div, maximum, mul, scalar, sqrt, square, sum, type Tensor } from "../engine/index.ts";

/** The Euclidean norm of all gradients taken as one vector. */
export function globalNorm(gradients: readonly Tensor[]): Tensor {
  return sqrt(
    gradients.map((g) => sum(square(g))).reduce((total, part) => add(total, part), scalar(0, gradients[0]?.dtype)),
  );
}

/**
 * Gradients scaled down together so that their global norm is at most `maxNorm`.
 *
 * @remarks Source: Pascanu, Mikolov and Bengio (2013), Algorithm 1.
 */
export function clipByGlobalNorm(gradients: readonly Tensor[], maxNorm: number): { gradients: Tensor[]; norm: Tensor } {
  const norm = globalNorm(gradients);
  const scale = div(maxNorm, maximum(norm, maxNorm));
  return { gradients: gradients.map((g) => mul(g, scale)), norm };
}
