import type { TypedArray } from "../core/index.ts";

/** What an {@link Order} needs to continue later: JSON-safe values, and arrays to be stored exactly. */
export interface OrderState {
  readonly name: string;
  readonly values: Readonly<Record<string, number | string | readonly number[]>>;
  readonly arrays: Readonly<Record<string, TypedArray>>;
}

/**
 * In which order the examples are visited. An order is driven epoch by epoch:
 * `permutation()` gives the current epoch's order (stable until `endEpoch()`), `observe()` hands over the gradients that
 * an adaptive order asks for, `endEpoch()` moves on.
 */
export interface Order {
  /** Canonical name, such as `rr`, `ff-ss`, `grab`, `grab-pair`. */
  readonly name: string;
  /** Number of examples, n. */
  readonly size: number;
  /** Epochs completed so far. */
  readonly epoch: number;
  /** Whether {@link Order.observe} must be called for every example of an epoch, in the order of the permutation. */
  readonly needsGradients: boolean;
  /** The current epoch's order: each of 0 … n-1 once. Not to be changed by the caller. */
  permutation(): Int32Array;
  /**
   * Reports the gradient of the example at `position` of the current permutation, measured at the iterate before its step.
   * Positions come in order, 0 … n-1. The gradient is read, not kept.
   */
  observe(position: number, gradient: ArrayLike<number>): void;
  /** Ends the current epoch. */
  endEpoch(): void;
  /** A snapshot to continue from, at any moment of an epoch. */
  state(): OrderState;
}
