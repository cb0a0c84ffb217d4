/** Linear maps of two languages into one space, from pairs of words. @module */
import { hostTensor } from "../../core/index.ts";
import { matrixProduct, type Rows, scaleToUnit, svd, transposed } from "../../linalg/index.ts";
import {
  crossProduct,
  orthogonalFactors,
  procrustes,
  type RobustOptions,
  robustProcrustes,
  type VectorPairs,
} from "./procrustes.ts";
import { type Products, paddedRows } from "./similarity.ts";

/** The kinds of maps. */
export const mapKinds = ["orthogonal", "whitened", "ridge"] as const;
export type MapKind = (typeof mapKinds)[number];

/** A recipe for a map. */
export interface MapRecipe {
  readonly kind: MapKind;
  /** Added to each variance before it is divided by, as a share of their mean; of `whitened` and `ridge`. */
  readonly shrinkage: number;
  /** Of `whitened`: the power of the cross-correlation that each side's directions are weighed by. */
  readonly reweight: number;
  /** Of `orthogonal`: weigh down pairs that do not fit. */
  readonly robust: RobustOptions & { readonly iterations: number };
}

/** Both languages' maps: a row vector times its matrix lies in the common space. */
export interface Mapping {
  readonly dim: number;
  /** float64[dim, dim], row by row */
  readonly source: Float64Array;
  /** float64[dim, dim], row by row */
  readonly target: Float64Array;
}

function identity(dim: number): Float64Array {
  return Float64Array.from({ length: dim * dim }, (_, i) => (i % (dim + 1) === 0 ? 1 : 0));
}

/** A symmetric positive matrix as a function of its eigenvalues: f(matrix) for any f, from one decomposition. */
function spectral(matrix: Float64Array, dim: number): (f: (eigenvalue: number) => number) => Float64Array {
  const { s, v } = svd(matrix, dim, dim);
  const columns = transposed(v, dim, dim);
  return (f) => {
    const scaled = v.map((value, i) => value * f(s[Math.floor(i / dim)]));
    return matrixProduct(columns, scaled, dim, dim, dim);
  };
}

const meanOfDiagonal = (matrix: Float64Array, dim: number) => {
  let trace = 0;
  for (let i = 0; i < dim; i++) trace += matrix[i * (dim + 1)];
  return trace / dim;
};

/** Below this share of the mean variance a direction is taken to have none. */
const leastShrinkage = 1e-8;

/** Whitening, rotation, reweighting by cross-correlation, and back from whitening. */
async function fitWhitened({ x, y, dim }: VectorPairs, recipe: MapRecipe, products: Products): Promise<Mapping> {
  const power = async (side: Float64Array) => {
    const covariance = await crossProduct(side, side, dim, products);
    const added = Math.max(recipe.shrinkage, leastShrinkage) * meanOfDiagonal(covariance, dim);
    const functionOf = spectral(covariance, dim);
    return (exponent: number) => functionOf((eigenvalue) => (eigenvalue + added) ** exponent);
  };
  const [powerX, powerY] = [await power(x), await power(y)];
  const product = (a: Float64Array, b: Float64Array) => matrixProduct(a, b, dim, dim, dim);
  const [whitenX, whitenY] = [powerX(-0.5), powerY(-0.5)];
  const cross = product(product(whitenX, await crossProduct(x, y, dim, products)), whitenY);
  const { u, s, v } = orthogonalFactors(cross, dim);
  /** whiten, turn, weigh, turn back from whitening: A W (Wᵀ A⁻¹ W) of the direction matrix W, weighed in between. */
  const mapOf = (whiten: Float64Array, unwhiten: Float64Array, directions: Float64Array) => {
    const columns = transposed(directions, dim, dim);
    const turned = product(whiten, columns).map((value, i) => value * s[i % dim] ** recipe.reweight);
    return product(turned, product(product(directions, unwhiten), columns));
  };
  return { dim, source: mapOf(whitenX, powerX(0.5), u), target: mapOf(whitenY, powerY(0.5), v) };
}

/** The least-squares map with a penalty on its size. */
async function fitRidge({ x, y, dim }: VectorPairs, { shrinkage }: MapRecipe, products: Products): Promise<Mapping> {
  const covariance = await crossProduct(x, x, dim, products);
  const added = Math.max(shrinkage, leastShrinkage) * meanOfDiagonal(covariance, dim);
  const inverse = spectral(covariance, dim)((eigenvalue) => 1 / (eigenvalue + added));
  const cross = await crossProduct(x, y, dim, products);
  return { dim, source: matrixProduct(inverse, cross, dim, dim, dim), target: identity(dim) };
}

/**
 * The map of a recipe for pairs of vectors.
 *
 * @remarks Sources: `orthogonal` (Schönemann 1966, robust as in WALIP); `whitened` (Artetxe, Labaka, Agirre 2018, steps 1 to 4);
 * `ridge` (Mikolov, Le, Sutskever 2013, with a penalty). Deviation: variances are shrunk towards their mean, so that `whitened`
 * and `ridge` also work with fewer pairs than dimensions.
 */
export async function fitMapping(
  pairs: VectorPairs,
  recipe: MapRecipe,
  products: Products,
  signal?: AbortSignal,
): Promise<Mapping> {
  if (recipe.kind === "whitened") return fitWhitened(pairs, recipe, products);
  if (recipe.kind === "ridge") return fitRidge(pairs, recipe, products);
  const { dim } = pairs;
  const source =
    recipe.robust.iterations > 0
      ? (await robustProcrustes(pairs, products, { ...recipe.robust, signal })).matrix
      : await procrustes(pairs, products);
  return { dim, source, target: identity(dim) };
}

/** Rows a product takes at once. */
const blockRows = 4096;

/** Rows times a matrix, then of length 1: float32[count, dim]. */
async function mapRows({ data, count, dim }: Rows, matrix: Float64Array, products: Products): Promise<Rows> {
  const factor = hostTensor(Float32Array.from(matrix), [dim, dim]);
  const out = new Float32Array(count * dim);
  for (let start = 0; start < count; start += blockRows) {
    const end = Math.min(start + blockRows, count);
    const product = await products.plain(paddedRows({ data, count, dim }, start, end), factor);
    out.set((product.data as Float32Array).subarray(0, (end - start) * dim), start * dim);
  }
  const mapped = { data: out, count, dim };
  scaleToUnit(mapped);
  return mapped;
}

/** Both languages in the common space, rows of length 1. */
export async function mapBoth(source: Rows, target: Rows, mapping: Mapping, products: Products) {
  return {
    source: await mapRows(source, mapping.source, products),
    target: await mapRows(target, mapping.target, products),
  };
}
