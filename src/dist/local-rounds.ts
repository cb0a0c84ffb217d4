/** The rounds of an engine whose weights lie in this process. @module */
import { assert } from "../core/index.ts";
import type { EngineName, RoundEngine, RoundPolicy, RoundReport } from "./engine.ts";
import { roundFailure } from "./failure.ts";
import type { Holding, RunState, Share, Work } from "./work.ts";

/** A share, and how long it took whom. */
export interface TimedShare {
  readonly share: Share;
  readonly ms: number;
  readonly by: string;
}

/** Computes the shares of a round: a result or an error for each worker, in their order. */
export type ComputeShares = (
  round: number,
  holdings: readonly Holding[],
  signal: AbortSignal | undefined,
) => Promise<PromiseSettledResult<TimedShare>[]>;

/** Bytes of weights and memory. */
function sizeOfHolding({ weights, memory }: Holding): number {
  return weights.byteLength + (memory?.byteLength ?? 0);
}

/** {@link RoundEngine} over a function that computes the shares; averages here, in the order of the workers. */
export class LocalRounds implements RoundEngine {
  readonly name: EngineName;
  readonly #work: Work;
  readonly #quorum: number;
  readonly #compute: ComputeShares;
  readonly #release: () => Promise<void>;
  #state: RunState | undefined;

  constructor(
    name: EngineName,
    work: Work,
    compute: ComputeShares,
    { quorum = work.workers }: RoundPolicy,
    release: () => Promise<void> = async () => {},
  ) {
    this.name = name;
    this.#work = work;
    this.#compute = compute;
    this.#quorum = quorum;
    this.#release = release;
  }

  async begin(state: RunState): Promise<void> {
    this.#state = state;
  }

  async round(signal?: AbortSignal): Promise<RoundReport> {
    const state = this.#state;
    assert(state, "a round before begin()");
    signal?.throwIfAborted();
    const begin = performance.now();
    const { round, held, memories } = state;
    const { workers } = this.#work;
    const holdings = memories.map((memory) => ({ weights: held.weights, ...(memory && { memory }) }));
    const settled = await this.#compute(round, holdings, signal);
    signal?.throwIfAborted();
    const failures = new Map(settled.flatMap((part, m) => (part.status === "rejected" ? [[m, part.reason]] : [])));
    if (workers - failures.size < this.#quorum) {
      throw roundFailure(round, failures, { workers, quorum: this.#quorum });
    }
    const timed = settled.map((part) => (part.status === "fulfilled" ? part.value : undefined));
    const shares = timed.map((part) => part?.share);
    const next = await this.#work.combine(round, held, shares);
    this.#state = {
      round: round + 1,
      held: { weights: next.weights, ...(next.memory && { memory: next.memory }) },
      // A worker that failed begins the next round with what it remembered before.
      memories: memories.map((memory, m) => (shares[m] ? shares[m].memory : memory)),
    };
    const sent = holdings.map(sizeOfHolding).reduce((a, b) => a + b, 0);
    return {
      round,
      facts: next.facts ?? {},
      shares: timed.flatMap((part, worker) =>
        part ? [{ worker, ms: part.ms, by: part.by, retries: 0, facts: part.share.facts ?? {} }] : [],
      ),
      missing: [...failures.keys()],
      bytesSent: shares.reduce((sum, share) => sum + (share ? sizeOfHolding(share) : 0), sent),
      retries: 0,
      seconds: (performance.now() - begin) / 1000,
    };
  }

  async state(): Promise<RunState> {
    assert(this.#state, "state() before begin()");
    const { round, held, memories } = this.#state;
    return {
      round,
      held: { weights: held.weights.slice(), ...(held.memory && { memory: held.memory.slice() }) },
      memories: memories.map((memory) => memory?.slice()),
    };
  }

  close(): Promise<void> {
    return this.#release();
  }
}
