import { BalancedOrder } from "./balanced-order.ts";

/**
 * GraB with mean balance: gradients are centred by the mean of the previous epoch, then balanced, so that the next order's
 * prefixes have centred gradients that almost cancel.
 *
 * @remarks Source: Lu, Guo and De Sa (2022), "GraB: Finding Provably Better Data Permutations than Random Reshuffling". In the first epoch the mean is zero, as there.
 */
export class GrabOrder extends BalancedOrder {
  #mean = new Float64Array(0);
  #total = new Float64Array(0);

  protected override resize(dim: number): void {
    super.resize(dim);
    this.#mean = new Float64Array(dim);
    this.#total = new Float64Array(dim);
  }

  protected override vectors(): Record<string, Float64Array> {
    return { mean: this.#mean, total: this.#total };
  }

  protected override balance(position: number, gradient: ArrayLike<number>): void {
    const sum = this.sum;
    const mean = this.#mean;
    const total = this.#total;
    let dot = 0;
    for (let j = 0; j < sum.length; j++) dot += sum[j]! * (gradient[j]! - mean[j]!);
    const plus = this.takesPlus(dot);
    const sign = plus ? 1 : -1;
    for (let j = 0; j < sum.length; j++) {
      const g = gradient[j]!;
      sum[j]! += sign * (g - mean[j]!);
      total[j]! += g;
    }
    this.place(position, plus);
  }

  protected override startEpoch(): void {
    for (let j = 0; j < this.#mean.length; j++) this.#mean[j] = this.#total[j]! / this.size;
    this.#total.fill(0);
  }
}
