/** Orders in which examples are visited. @module */

export { accumulate } from "./accumulate.ts";
export { type AdamWOptions, adamW } from "./adamw.ts";
export { clipByGlobalNorm, globalNorm } from "./clip.ts";
export type { Optimizer, StepInfo } from "./optimizer.ts";
export type { Order, OrderState } from "./order.ts";
export * from "./orders/index.ts";
export {
  constantSchedule,
  cosineSchedule,
  inverseSquareRootSchedule,
  type Schedule,
  type ScheduleOptions,
} from "./schedule.ts";
export { type SgdOptions, sgd } from "./sgd.ts";
