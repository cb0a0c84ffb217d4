/** Float64 linear algebra on flat row-major arrays, over ml-matrix. @module */

export {
  type GradientSolution,
  type LinearOperator,
  minimumNormByGradients,
  type OrthogonalFactors,
  orthogonalize,
  type Pause,
} from "./least-squares.ts";
export {
  matrixProduct,
  randomOrthogonal,
  type SingularValues,
  solve,
  svd,
  symmetricEigenvalues,
  transposed,
} from "./matrix.ts";
