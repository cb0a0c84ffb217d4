import { BalancedOrder } from "./balanced-order.ts";

/**
 * GraB with pair balance: the difference of two neighbours is balanced, and the two go to opposite ends of the next order.
 * It needs no mean, which is stale where the learning rate is large or epochs are few. The last of an odd number of examples
 * takes the slot that remains.
 *
 * @remarks Source: Cooper, Guo, Pham, Yuan, Ruan, Lu and De Sa (2023), "Coordinating Distributed Example Orders for Provably
 * Accelerated Training" (CD-GraB), pair balance.
 */
export class GrabPairOrder extends BalancedOrder {
  #pending = new Float64Array(0);

  protected override resize(dim: number): void {
    super.resize(dim);
    this.#pending = new Float64Array(dim);
  }

  protected override vectors(): Record<string, Float64Array> {
    return { pending: this.#pending };
  }

  protected override balance(position: number, gradient: ArrayLike<number>): void {
    const sum = this.sum;
    const pending = this.#pending;
    if (position % 2 === 0) {
      for (let j = 0; j < sum.length; j++) pending[j] = gradient[j]!;
      if (position === this.size - 1) this.place(position, true);
      return;
    }
    let dot = 0;
    for (let j = 0; j < sum.length; j++) dot += sum[j]! * (pending[j]! - gradient[j]!);
    const plus = this.takesPlus(dot);
    const sign = plus ? 1 : -1;
    for (let j = 0; j < sum.length; j++) sum[j]! += sign * (pending[j]! - gradient[j]!);
    this.place(position - 1, plus);
    this.place(position, !plus);
  }

  protected override startEpoch(): void {
    this.#pending.fill(0);
  }
}
