/** Float64 linear algebra on flat row-major arrays, over ml-matrix; fitted laws with intervals. @module */

/** The k largest. */
export { largest } from "./largest.ts";
export {
  type GradientSolution,
  type LinearOperator,
  minimumNormByGradients,
  type OrthogonalFactors,
  orthogonalize,
  type Pause,
} from "./least-squares.ts";
/** Counts over orders of magnitude. */
export { type HistogramBin, LogHistogram } from "./log-histogram.ts";
export {
  matrixProduct,
  randomOrthogonal,
  type SingularValues,
  solve,
  svd,
  symmetricEigenvalues,
  transposed,
} from "./matrix.ts";
/** Mean and 95% interval of repeated measurements. */
export { meanInterval } from "./mean-interval.ts";
export {
  /** A 95% interval by the bootstrap. */
  bootstrapInterval,
  /** A law's values. */
  evaluatePowerLaw,
  /** The power law through points. */
  fitPowerLaw,
  /** y = exp(intercept) x^slope. */
  type PowerLaw,
} from "./power-law.ts";
/** Matrices whose rows are things, and what is done to rows. */
export { dot, type Rows, rowOf, rowsTensor, scaleToUnit, takeRows, unitRows } from "./rows.ts";
