import { availableParallelism } from "node:os";
import type { RoundEngine, RoundPolicy } from "./engine.ts";
import { type ComputeShares, LocalRounds } from "./local-rounds.ts";
import { sharedBytes, ThreadPool, type WorkReference } from "./thread-pool.ts";
import type { OpenWork } from "./work.ts";

/** Options of {@link threads}. */
export interface ThreadsOptions extends RoundPolicy {
  /** Threads that compute at once; default as many as there are cores, at most one for each worker. */
  readonly threads?: number;
  /** Threads that several runs share, instead of some of its own; whoever made them closes them. */
  readonly pool?: ThreadPool;
  /** Milliseconds after which a share has failed; default never. */
  readonly deadlineMs?: number;
}

/**
 * Workers in threads of this process. The weights lie once in shared memory, and each worker's answer in a place of its own
 * beside them; only what optimizers remember is copied.
 *
 * @param reference - a module that exports `openWork`, loaded once in every thread, and the work's options
 */
export async function threads(reference: WorkReference, options: ThreadsOptions = {}): Promise<RoundEngine> {
  const { openWork } = (await import(reference.module)) as { openWork: OpenWork };
  const work = await openWork(reference.options);
  const own = options.pool
    ? undefined
    : new ThreadPool(options.threads ?? Math.min(work.workers, availableParallelism()));
  const pool = options.pool ?? own!;
  const task = { module: reference.module, options: JSON.stringify(reference.options) };
  let weights = sharedBytes(0);
  let answers: Uint8Array[] = [];
  const compute: ComputeShares = (round, holdings, signal) => {
    const size = holdings[0]!.weights.byteLength;
    if (weights.byteLength !== size) {
      weights = sharedBytes(size);
      answers = holdings.map(() => sharedBytes(size));
    }
    weights.set(holdings[0]!.weights);
    const watch = { signal, deadlineMs: options.deadlineMs };
    return Promise.allSettled(
      holdings.map(async ({ memory }, worker) => {
        const held = { weights, ...(memory && { memory }) };
        const timed = await pool.run({ ...task, round, worker, held, into: answers[worker]! }, watch);
        return { ...timed, share: { ...timed.share, weights: answers[worker]! } };
      }),
    );
  };
  return new LocalRounds("threads", work, compute, options, async () => own?.close());
}
