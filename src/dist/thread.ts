/** What runs in a worker thread: opens the work once, then computes shares and averages. Loaded by {@link ThreadPool}. @module */
import { type Failure, toFailure } from "./failure.ts";
import type { Holding, OpenWork, Share, Work } from "./work.ts";

/** What a thread is asked for. */
export interface ThreadTask {
  /** URL of a module that exports `openWork`. */
  readonly module: string;
  /** What the work is opened with, as JSON: the key under which a thread keeps it. */
  readonly options: string;
  readonly round: number;
  readonly held: Holding;
  /** The worker whose share is wanted; or the shares to average. */
  readonly worker?: number;
  readonly shares?: readonly (Share | undefined)[];
  /** Shared memory that takes the weights of the answer, which then come back empty. */
  readonly into?: Uint8Array;
}

/** What it answers. */
export interface ThreadAnswer {
  readonly share?: Share;
  readonly ms?: number;
  readonly failure?: Failure;
}

/** Milliseconds for which a work that nobody asks for is kept, as its data and graphs may be large. */
const keptMs = 60_000;

/** Works that are open. A thread serves the runs of a fleet by turns, and opening one costs more than many a share. */
const opened = new Map<string, { readonly work: Promise<Work>; usedAt: number }>();

function open({ module, options }: ThreadTask): Promise<Work> {
  const key = `${module}\n${options}`;
  const now = performance.now();
  let entry = opened.get(key);
  if (!entry) {
    const load = async () => {
      const { openWork } = (await import(module)) as { openWork: OpenWork };
      return openWork(JSON.parse(options));
    };
    entry = { work: load(), usedAt: now };
    opened.set(key, entry);
    // A failure is not kept: a missing file may be there the next time.
    entry.work.catch(() => opened.delete(key));
  }
  entry.usedAt = now;
  for (const [other, { usedAt }] of opened) if (now - usedAt > keptMs) opened.delete(other);
  return entry.work;
}

export default async function run(task: ThreadTask): Promise<ThreadAnswer> {
  try {
    const work = await open(task);
    const begin = performance.now();
    const { round, worker, held, shares = [], into } = task;
    const share = await (worker === undefined ? work.combine(round, held, shares) : work.share(round, worker, held));
    const ms = performance.now() - begin;
    if (!into) return { share, ms };
    into.set(share.weights);
    return { share: { ...share, weights: new Uint8Array() }, ms };
  } catch (error) {
    return { failure: toFailure(error) };
  }
}
