/**
 * Orders that do not look at the data: a pure function of the seed and the epoch, so that their state is two numbers.
 *
 * @module
 */
import { Random } from "../../core/index.ts";
import type { Order, OrderState } from "../order.ts";

/** The permutation of an epoch, counted from 0. A pure function: the same epoch gives the same order. */
export type OrderSchedule = (epoch: number) => Int32Array;

/**
 * Random reshuffling (RR): a fresh permutation every epoch, each of the n! equally likely.
 *
 * @param size - number of examples, n
 * @param seed - names the stream of permutations
 */
export function randomReshuffling(size: number, seed: number): OrderSchedule {
  return (epoch) => new Random(seed, "order", "rr", epoch).permutation(size);
}

/** Single shuffle (SS): one random permutation, the same in every epoch. */
export function singleShuffle(size: number, seed: number): OrderSchedule {
  return () => new Random(seed, "order", "ss", 0).permutation(size);
}

/** Incremental gradient descent (IGD): the order in which the examples lie, 0 … n-1. */
export function incremental(size: number): OrderSchedule {
  return () => Int32Array.from({ length: size }, (_, i) => i);
}

/**
 * FlipFlop: every permutation of `schedule` is used twice, first forwards, then exactly reversed. Every pass counts as an
 * epoch, so that 2m epochs use the first m permutations of `schedule`.
 *
 * @remarks Source: Rajput, Lee and Papailiopoulos (2022), "Permutation-Based SGD: Is Random Optimal?", FlipFlop.
 * @example
 * ```ts
 * const order = flipFlop(incremental(3));
 * order(0); // Int32Array [0, 1, 2]
 * order(1); // Int32Array [2, 1, 0]
 * ```
 */
export function flipFlop(schedule: OrderSchedule): OrderSchedule {
  return (epoch) => (epoch % 2 === 0 ? schedule(epoch / 2) : schedule((epoch - 1) / 2).toReversed());
}

/** An {@link Order} that follows a {@link OrderSchedule}; gradients that are handed over are ignored. */
export class ScheduledOrder implements Order {
  readonly name: string;
  readonly size: number;
  readonly needsGradients = false;
  readonly #seed: number;
  readonly #schedule: OrderSchedule;
  #epoch: number;
  #permutation: Int32Array | undefined;

  /**
   * @param options - `seed` is kept for {@link ScheduledOrder.state} only: `schedule` must already depend on it;
   * `epoch` is the number of epochs already completed (default 0)
   */
  constructor(
    name: string,
    options: { size: number; seed: number; epoch?: number | undefined },
    schedule: OrderSchedule,
  ) {
    this.name = name;
    this.size = options.size;
    this.#seed = options.seed;
    this.#epoch = options.epoch ?? 0;
    this.#schedule = schedule;
  }

  get epoch(): number {
    return this.#epoch;
  }

  permutation(): Int32Array {
    this.#permutation ??= this.#schedule(this.#epoch);
    return this.#permutation;
  }

  observe(): void {}

  endEpoch(): void {
    this.#epoch += 1;
    this.#permutation = undefined;
  }

  state(): OrderState {
    return { name: this.name, values: { size: this.size, seed: this.#seed, epoch: this.#epoch }, arrays: {} };
  }
}
