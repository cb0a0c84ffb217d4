/** How far a quantized target can be from the target, by spectral norms. @module */
import { ConfigError } from "../../core/index.ts";
import { matrixProduct, symmetricEigenvalues, transposed } from "../../linalg/index.ts";
import type { ReluNetwork } from "../../nn/index.ts";
import { dequantize, mostBits, type QuantizedTarget, quantizeTarget, type ScaledTarget } from "./quantized-target.ts";

/** An upper bound of the Euclidean norm of the difference of outputs, over all inputs of a radius. */
export interface ErrorBound {
  /** For exact arithmetic: what quantizing the weights does. */
  readonly quantization: number;
  /** What float64 adds where the target itself is computed. */
  readonly rounding: number;
}

const sumOfSquares = (values: Float64Array) => values.reduce((sum, value) => sum + value * value, 0);
const norm = (values: Float64Array) => Math.sqrt(sumOfSquares(values));

/** Room for the rounding of norms and eigenvalues. */
const slack = 1 + 1e-9;

/**
 * The largest singular value, from above.
 *
 * @param matrix - float64[rows, columns], row by row
 */
export function spectralNorm(matrix: Float64Array, rows: number, columns: number): number {
  const most = matrix.reduce((found, value) => Math.max(found, Math.abs(value)), 0);
  if (most === 0) return 0;
  // Scaled first, so that squares neither vanish nor overflow.
  const scaled = matrix.map((value) => value / most);
  if (rows === 1 || columns === 1) return most * norm(scaled) * slack;
  const wide = rows <= columns;
  const short = wide ? scaled : transposed(scaled, rows, columns);
  const [few, many] = wide ? [rows, columns] : [columns, rows];
  const gram = matrixProduct(short, transposed(short, few, many), few, many, few);
  return most * Math.sqrt(Math.max(0, symmetricEigenvalues(gram, few).at(-1)!)) * slack;
}

/** A lower bound of the largest singular value, without eigenvalues. */
function spectralNormFromBelow(matrix: Float64Array, rows: number, columns: number): number {
  return norm(matrix) / Math.sqrt(Math.min(rows, columns));
}

type NormOf = (matrix: Float64Array, rows: number, columns: number) => number;

/** What does not depend on the bits: norms of the target's layers. */
interface TargetNorms {
  readonly spectral: readonly number[];
  readonly frobenius: readonly number[];
  readonly bias: readonly number[];
}

function normsOf({ layers }: ReluNetwork): TargetNorms {
  return {
    spectral: layers.map(({ weight, outDim, inDim }) => spectralNorm(weight, outDim, inDim)),
    frobenius: layers.map(({ weight }) => norm(weight)),
    bias: layers.map(({ bias }) => norm(bias)),
  };
}

/** Half the distance from 1 to the next float64. */
const unitRoundoff = 2 ** -53;

/**
 * With A = ||W||, D = ||W' - W||, beta = ||b||, d = ||b' - b||, and r the radius of a layer's input, the distance e grows as
 * e <- (A + D) e + D r + d while r <- A r + beta, for ReLU moves no two vectors apart. Without biases this is
 * |x| (prod (A + D) - prod A).
 */
function boundWith(
  normOf: NormOf,
  target: ReluNetwork,
  norms: TargetNorms,
  quantized: ReluNetwork,
  radius: number,
): ErrorBound {
  let [distance, rounding, reach] = [0, 0, radius];
  for (const [l, { weight, bias, outDim, inDim }] of target.layers.entries()) {
    const other = quantized.layers[l]!;
    const difference = normOf(
      weight.map((value, i) => other.weight[i]! - value),
      outDim,
      inDim,
    );
    const shift = norm(bias.map((value, i) => other.bias[i]! - value));
    const [spectral, frobenius, offset] = [norms.spectral[l]!, norms.frobenius[l]!, norms.bias[l]!];
    distance = (spectral + difference) * distance + difference * reach + shift;
    rounding = spectral * rounding + (inDim + 4) * unitRoundoff * (frobenius * (reach + rounding) + offset);
    reach = spectral * reach + offset;
  }
  // Twice: once for the target's own sums, once for taking the quantized weights apart again.
  return { quantization: distance * slack, rounding: 2 * rounding };
}

/**
 * The bound of a quantized target over all inputs of Euclidean norm at most `radius`.
 *
 * @remarks Our derivation; it is in `docs/binary-subnetworks-format.md`.
 */
export function errorBound(target: ReluNetwork, scaled: ScaledTarget, quantized: QuantizedTarget, radius: number) {
  return boundWith(spectralNorm, target, normsOf(target), dequantize(scaled, quantized), radius);
}

/** The sum of the parts of a bound. */
export const totalBound = ({ quantization, rounding }: ErrorBound): number => quantization + rounding;

/**
 * The fewest bits whose bound is at most `eps`.
 *
 * @throws {ConfigError} where float64 weights have not enough bits for that
 */
export function fewestBits(
  target: ReluNetwork,
  scaled: ScaledTarget,
  eps: number,
  radius: number,
): { quantized: QuantizedTarget; bound: ErrorBound } {
  const norms = normsOf(target);
  let least = Number.POSITIVE_INFINITY;
  for (let bits = 0; bits <= mostBits; bits++) {
    const quantized = quantizeTarget(scaled, bits);
    const network = dequantize(scaled, quantized);
    const below = totalBound(boundWith(spectralNormFromBelow, target, norms, network, radius));
    if (below > eps && bits < mostBits) continue;
    const bound = boundWith(spectralNorm, target, norms, network, radius);
    if (totalBound(bound) <= eps) return { quantized, bound };
    least = Math.min(least, totalBound(bound));
  }
  throw new ConfigError({
    where: "--eps",
    expected: `at least ${least.toPrecision(3)}, what ${mostBits} bits a weight can promise for this target and domain`,
    found: `${eps}`,
    hint: "eps is in the units of the target's output",
  });
}
