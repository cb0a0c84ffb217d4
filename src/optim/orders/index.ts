/** In which order the examples are visited: random, fixed, flip-flop, or balanced by gradients. @module */
export {
  createOrder,
  isFlipFlop,
  type OrderName,
  type OrderOptions,
  orderNames,
  parseOrderName,
  restoreOrder,
} from "./create-order.ts";
export { GrabOrder } from "./grab.ts";
export { GrabPairOrder } from "./grab-pair.ts";
export {
  flipFlop,
  incremental,
  type OrderSchedule,
  randomReshuffling,
  ScheduledOrder,
  singleShuffle,
} from "./schedule.ts";
