/** How many values lie between `from` and `to`. */
export interface HistogramBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/**
 * Counts of sizes over orders of magnitude, in equal steps of the logarithm.
 *
 * @example
 * ```ts
 * const histogram = new LogHistogram();
 * for (const error of [0, 2e-7, 3e-7, 1e-3]) histogram.add(error);
 * histogram.zeros; // 1
 * histogram.bins(); // from the bin of 2e-7 to that of 1e-3
 * ```
 */
export class LogHistogram {
  readonly #counts = new Map<number, number>();
  #zeros = 0;
  readonly #binsPerDecade: number;

  /** @param binsPerDecade - bins between a power of ten and the next */
  constructor(binsPerDecade = 4) {
    this.#binsPerDecade = binsPerDecade;
  }

  /** Counts a value by its size; its sign does not matter. */
  add(value: number): void {
    if (value === 0) {
      this.#zeros++;
      return;
    }
    const bin = Math.floor(Math.log10(Math.abs(value)) * this.#binsPerDecade);
    this.#counts.set(bin, (this.#counts.get(bin) ?? 0) + 1);
  }

  /** How many values were exactly 0: no bin has them. */
  get zeros(): number {
    return this.#zeros;
  }

  /** The bins from the least to the greatest value, empty ones between them included. */
  bins(): HistogramBin[] {
    if (this.#counts.size === 0) return [];
    const [low, high] = [Math.min(...this.#counts.keys()), Math.max(...this.#counts.keys())];
    const edge = (bin: number) => 10 ** (bin / this.#binsPerDecade);
    return Array.from({ length: high - low + 1 }, (_, i) => ({
      from: edge(low + i),
      to: edge(low + i + 1),
      count: this.#counts.get(low + i) ?? 0,
    }));
  }
}
