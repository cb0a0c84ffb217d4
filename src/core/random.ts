/**
 * Seeded random numbers, the only source of randomness in Tenfold: the same seed gives the same bytes on every machine.
 *
 * @module
 */
import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import type { JumpableRandomGenerator } from "pure-rand/types/JumpableRandomGenerator";

/** Four well-mixed int32 words from `text` (FNV-1a, then the finaliser of MurmurHash3 with a word's own salt). */
function hashWords(text: string): number[] {
  return [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344].map((salt) => {
    let hash = salt ^ 0x811c9dc5;
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
    return (hash ^ (hash >>> 16)) | 0;
  });
}

/**
 * A xoroshiro128+ stream with the distributions Tenfold needs. A stream is state: draw from it in one place only, and
 * give every user a stream of its own by its labels.
 *
 * @example
 * ```ts
 * const a = new Random(0, "init").normal();
 * const b = new Random(0, "init").normal();
 * a === b; // true
 * ```
 */
export class Random {
  #generator: JumpableRandomGenerator;
  #spareNormal: number | undefined;

  /**
   * @param seed - an integer; every safe integer names its own stream
   * @param labels - words that pick an independent stream under the same seed, such as `"init"` or `"epoch", 3`
   */
  constructor(seed: number, ...labels: (string | number)[]) {
    this.#generator = xoroshiro128plusFromState(hashWords([seed, ...labels].join("/")));
  }

  /** The stream that continues where `state` was taken. */
  static fromState(state: readonly number[]): Random {
    const random = new Random(0);
    const [hasSpare, spare, ...generator] = state;
    random.#generator = xoroshiro128plusFromState(generator);
    random.#spareNormal = hasSpare ? spare : undefined;
    return random;
  }

  /** All that is needed to continue this stream later, as JSON-safe numbers; see {@link Random.fromState}. */
  get state(): number[] {
    const spare = this.#spareNormal;
    return [spare === undefined ? 0 : 1, spare ?? 0, ...this.#generator.getState()];
  }

  /** The next 32 random bits, as an integer in [-2^31, 2^31). */
  bits(): number {
    return this.#generator.next();
  }

  /** A float64 with 53 random bits, uniform in [low, high). */
  uniform(low = 0, high = 1): number {
    const upper = this.#generator.next() >>> 5;
    const lower = this.#generator.next() >>> 6;
    return low + (high - low) * ((upper * 67108864 + lower) / 9007199254740992);
  }

  /** An integer uniform in [0, n), without modulo bias. */
  integer(n: number): number {
    return uniformInt(this.#generator, 0, n - 1);
  }

  /** A float64 from the normal distribution (Box-Muller, both halves used). */
  normal(mean = 0, standardDeviation = 1): number {
    let z = this.#spareNormal;
    if (z === undefined) {
      const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
      const angle = 2 * Math.PI * this.uniform();
      this.#spareNormal = radius * Math.sin(angle);
      z = radius * Math.cos(angle);
    } else {
      this.#spareNormal = undefined;
    }
    return mean + standardDeviation * z;
  }

  /** A permutation of 0 … n-1, each of the n! equally likely (Fisher-Yates). */
  permutation(n: number): Int32Array {
    return this.shuffle(Int32Array.from({ length: n }, (_, i) => i));
  }

  /** Shuffles `values` in place and returns it. */
  shuffle<T extends Int32Array | unknown[]>(values: T): T {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [values[i], values[j]] = [values[j]!, values[i]!];
    }
    return values;
  }
}
