import { assert, ConfigError, DivergenceError, Random, ShapeError, type TypedArray } from "../../core/index.ts";
import type { Order, OrderState } from "../order.ts";

/**
 * What mean and pair balance share: a running signed sum of vectors that is kept short, and the next epoch's order, filled
 * from the front by examples signed + and from the back by examples signed -.
 *
 * @remarks Source: Lu, Guo and De Sa (2022), "GraB: Finding Provably Better Data Permutations than Random Reshuffling",
 * Algorithm 3 (reordering by signs). The balancing is deterministic: a vector takes the sign under which the sum gets the
 * shorter. Memory: O(n) for two orders and O(d) for the vectors.
 */
export abstract class BalancedOrder implements Order {
  readonly name: string;
  readonly size: number;
  readonly needsGradients = true;
  readonly #seed: number;
  #epoch = 0;
  #position = 0;
  /** Next free slot at the front of the next order; the back follows from it and the number placed. */
  #front = 0;
  #placed = 0;
  #permutation: Int32Array;
  #next: Int32Array;
  /** The running signed sum, float64[d]; empty until the first gradient tells d. */
  protected sum: Float64Array = new Float64Array(0);

  /** The first epoch's order is random: the permutation of `seed` and `name`. */
  constructor(name: string, options: { size: number; seed: number }) {
    this.name = name;
    this.size = options.size;
    this.#seed = options.seed;
    this.#permutation = new Random(options.seed, "order", name, 0).permutation(options.size);
    this.#next = new Int32Array(options.size);
  }

  get epoch(): number {
    return this.#epoch;
  }

  permutation(): Int32Array {
    return this.#permutation;
  }

  /**
   * @throws {ConfigError} where positions do not come in order, 0 … n-1
   * @throws {ShapeError} where gradients differ in length
   * @throws {DivergenceError} where a gradient is NaN or infinite
   */
  observe(position: number, gradient: ArrayLike<number>): void {
    if (position !== this.#position || position >= this.size) {
      throw new ConfigError({
        where: `order ${this.name}`,
        expected:
          this.#position < this.size
            ? `the gradient at position ${this.#position} of ${this.size}`
            : `endEpoch() after ${this.size} gradients`,
        found: `the gradient at position ${position}`,
        hint: "call observe() once for every position of an epoch, in order",
      });
    }
    if (this.sum.length === 0) this.resize(gradient.length);
    if (gradient.length !== this.sum.length) {
      throw new ShapeError({
        where: `order ${this.name}`,
        expected: `a gradient of ${this.sum.length} numbers as before`,
        found: `${gradient.length}`,
      });
    }
    this.balance(position, gradient);
    this.#position += 1;
  }

  endEpoch(): void {
    if (this.#position !== this.size) {
      throw new ConfigError({
        where: `order ${this.name}`,
        expected: `a gradient for each of ${this.size} examples before endEpoch()`,
        found: `${this.#position}`,
        hint: "the order of the next epoch is made from this epoch's gradients; finish the epoch",
      });
    }
    assert(this.#placed === this.size, "every example has a place in the next order");
    [this.#permutation, this.#next] = [this.#next, this.#permutation];
    this.#epoch += 1;
    this.#position = 0;
    this.#front = 0;
    this.#placed = 0;
    this.sum.fill(0);
    this.startEpoch();
  }

  state(): OrderState {
    const { size, name } = this;
    const values = {
      size,
      seed: this.#seed,
      epoch: this.#epoch,
      position: this.#position,
      front: this.#front,
      placed: this.#placed,
    };
    const arrays = { permutation: this.#permutation, next: this.#next, sum: this.sum, ...this.vectors() };
    return {
      name,
      values,
      arrays: Object.fromEntries(Object.entries(arrays).map(([key, array]) => [key, array.slice()])),
    };
  }

  /** Takes over a snapshot of the same kind of order; the arrays are copied. */
  restore(state: OrderState): void {
    const value = (key: string) => Number(state.values[key]);
    this.#epoch = value("epoch");
    this.#position = value("position");
    this.#front = value("front");
    this.#placed = value("placed");
    this.#permutation = Int32Array.from(state.arrays.permutation!);
    this.#next = Int32Array.from(state.arrays.next!);
    this.resize(state.arrays.sum!.length);
    this.sum.set(state.arrays.sum!);
    for (const [key, vector] of Object.entries(this.vectors())) vector.set(state.arrays[key]!);
  }

  /** Allocates the vectors for gradients of `dim` numbers, all zero. */
  protected resize(dim: number): void {
    this.sum = new Float64Array(dim);
  }

  /** The O(d) vectors that belong to the state besides the sum, by name. */
  protected abstract vectors(): Record<string, TypedArray>;

  /** Signs the example at `position` and calls {@link BalancedOrder.place} for every example whose sign is then known. */
  protected abstract balance(position: number, gradient: ArrayLike<number>): void;

  /** Prepares the vectors for the next epoch. */
  protected abstract startEpoch(): void;

  /** Puts the example at `position` into the next order: at the front for sign +, at the back for sign -. */
  protected place(position: number, front: boolean): void {
    const back = this.size - 1 - (this.#placed - this.#front);
    this.#next[front ? this.#front : back] = this.#permutation[position]!;
    if (front) this.#front += 1;
    this.#placed += 1;
  }

  /**
   * Whether sign + keeps the sum shorter: |s + v| <= |s - v|, which is the same as <s, v> <= 0.
   *
   * @param dot - <s, v>
   * @throws {DivergenceError} where `dot` is not finite
   */
  protected takesPlus(dot: number): boolean {
    if (!Number.isFinite(dot)) {
      throw new DivergenceError({
        where: `order ${this.name}, epoch ${this.#epoch + 1}, example ${this.#permutation[this.#position]}`,
        expected: "finite gradients",
        found: `an inner product of ${dot}`,
        hint: "lower the learning rate",
      });
    }
    return dot <= 0;
  }
}
