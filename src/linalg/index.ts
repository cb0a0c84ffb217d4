/** Float64 linear algebra on flat row-major arrays, over ml-matrix. @module */
export { randomOrthogonal, solve, symmetricEigenvalues } from "./matrix.ts";
