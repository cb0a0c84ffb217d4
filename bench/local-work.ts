/** Work of a given size that computes almost nothing: what is left is what an engine costs. */
import type { OpenWork } from "../src/dist/index.ts";

export interface EmptyWorkOptions {
  readonly workers: number;
  readonly rounds: number;
  /** Bytes of the weights. */
  readonly bytes: number;
}

export const emptyModule = import.meta.url;

/** Every worker changes one byte; the average is the first one's share. */
export const openWork: OpenWork = async (options) => {
  const { workers, rounds, bytes } = options as EmptyWorkOptions;
  return {
    workers,
    rounds,
    start: () => ({ weights: new Uint8Array(bytes) }),
    share(round, worker, { weights }) {
      const own = weights.slice();
      own[round % bytes] = worker + 1;
      return { weights: own };
    },
    combine: (_, __, shares) => ({ weights: shares[0]!.weights.slice() }),
  };
};
