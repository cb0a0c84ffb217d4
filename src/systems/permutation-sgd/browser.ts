/** The part of the room that runs in a browser: quadratics, orders on them, and slopes. @module */
export { benchQuadratic, type OrderRates, type QuadraticBench } from "./bench.ts";
export type { QuadraticConfig } from "./config.ts";
export {
  type QuadraticFamily,
  type QuadraticProblem,
  quadraticError,
  quadraticProblem,
  runQuadratic,
} from "./quadratic.ts";
export { bootstrapSlope, slopeWindows, summarize } from "./slopes.ts";
