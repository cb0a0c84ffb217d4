/** Long computations that let signals in. @module */
import { setImmediate } from "node:timers/promises";

/** Milliseconds of work between two looks at the signal. */
const stretch = 50;

/**
 * A function to call often while computing: every 50 ms it lets other events in.
 *
 * @returns whether it did; with a `signal` it throws where that is aborted
 */
export function pacer(signal?: AbortSignal): () => Promise<boolean> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < stretch) return false;
    await setImmediate();
    last = performance.now();
    signal?.throwIfAborted();
    return true;
  };
}
