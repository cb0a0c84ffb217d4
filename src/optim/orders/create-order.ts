import { ConfigError, nearest, RunError } from "../../core/index.ts";
import type { Order, OrderState } from "../order.ts";
import type { BalancedOrder } from "./balanced-order.ts";
import { GrabOrder } from "./grab.ts";
import { GrabPairOrder } from "./grab-pair.ts";
import {
  flipFlop,
  incremental,
  type OrderSchedule,
  randomReshuffling,
  ScheduledOrder,
  singleShuffle,
} from "./schedule.ts";

const schedules = {
  rr: randomReshuffling,
  ss: singleShuffle,
  igd: (size) => incremental(size),
  "ff-rr": (size, seed) => flipFlop(randomReshuffling(size, seed)),
  "ff-ss": (size, seed) => flipFlop(singleShuffle(size, seed)),
  "ff-igd": (size) => flipFlop(incremental(size)),
} satisfies Record<string, (size: number, seed: number) => OrderSchedule>;

const balanced = { grab: GrabOrder, "grab-pair": GrabPairOrder } as const;

/** Name of an order that {@link createOrder} makes. */
export type OrderName = keyof typeof schedules | keyof typeof balanced;

/** All names that {@link createOrder} takes. */
export const orderNames = [...Object.keys(schedules), ...Object.keys(balanced)] as readonly OrderName[];

/** What an order is made from. */
export interface OrderOptions {
  /** Number of examples, n; at least 1. */
  readonly size: number;
  /** Any safe integer; the same seed gives the same orders. */
  readonly seed: number;
}

function isOrderName(name: string): name is OrderName {
  return (orderNames as readonly string[]).includes(name);
}

/**
 * The name as it stands, checked.
 *
 * @throws {ConfigError} for a name that is not in {@link orderNames}, with the nearest that is
 */
export function parseOrderName(name: string, where = "order"): OrderName {
  if (isOrderName(name)) return name;
  const near = nearest(name, orderNames);
  throw new ConfigError({
    where,
    expected: `one of ${orderNames.join(", ")}`,
    found: `"${name}"`,
    ...(near !== undefined && { hint: `did you mean "${near}"?` }),
  });
}

/** Whether the order uses each permutation twice, forwards and backwards, and so wants an even number of epochs. */
export function isFlipFlop(name: OrderName): boolean {
  return name.startsWith("ff-");
}

/**
 * Makes an order by name: `rr` random reshuffling, `ss` single shuffle, `igd` incremental, `ff-*` FlipFlop around any of
 * these, `grab` and `grab-pair` gradient balancing.
 *
 * @throws {ConfigError} for an unknown name, a size that is no positive integer, or a seed that is no safe integer
 * @example
 * ```ts
 * const order = createOrder("ff-igd", { size: 3, seed: 0 });
 * order.permutation(); // Int32Array [0, 1, 2]
 * order.endEpoch();
 * order.permutation(); // Int32Array [2, 1, 0]
 * ```
 */
export function createOrder(name: string, options: OrderOptions): Order {
  return makeOrder(parseOrderName(name), options, 0);
}

/**
 * The order that continues exactly where `state` was taken, in the middle of an epoch too.
 *
 * @throws {ConfigError} for an unknown name
 * @throws {RunError} for a state in which values or arrays are missing
 */
export function restoreOrder(state: OrderState): Order {
  const name = parseOrderName(state.name, "order state");
  const number = (key: string): number => {
    const value = state.values[key];
    if (typeof value === "number" && Number.isSafeInteger(value)) return value;
    throw new RunError({ where: "order state", expected: `an integer "${key}" for ${name}`, found: String(value) });
  };
  const order = makeOrder(name, { size: number("size"), seed: number("seed") }, number("epoch"));
  if (isBalanced(order)) {
    for (const key of ["position", "front", "placed"]) number(key);
    for (const [key, array] of Object.entries(order.state().arrays)) requireArray(state, key, array.length);
    order.restore(state);
  }
  return order;
}

function makeOrder(name: OrderName, options: OrderOptions, epoch: number): Order {
  const { size, seed } = options;
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new ConfigError({ where: `order ${name}`, expected: "a size of at least 1 example", found: String(size) });
  }
  if (!Number.isSafeInteger(seed)) {
    throw new ConfigError({ where: `order ${name}`, expected: "an integer seed", found: String(seed) });
  }
  if (name === "grab" || name === "grab-pair") return new balanced[name](name, options);
  return new ScheduledOrder(name, { size, seed, epoch }, schedules[name](size, seed));
}

function isBalanced(order: Order): order is BalancedOrder {
  return order.needsGradients;
}

/** Vectors may have any length, as d is not known before the first gradient; but all must have the same. */
function requireArray(state: OrderState, key: string, sizeOfOrders: number): void {
  const found = state.arrays[key]?.length;
  const expected = sizeOfOrders > 0 ? sizeOfOrders : state.arrays.sum?.length;
  if (found !== undefined && found === expected) return;
  throw new RunError({
    where: "order state",
    expected: `an array "${key}" of ${expected ?? "d"} numbers for ${state.name}`,
    found: found === undefined ? "none" : `${found} numbers`,
  });
}
