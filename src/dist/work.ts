/** What the workers of a run do, round by round, and what the engines hand to them. @module */

/** What is carried from one round to the next: the weights, and what their holder remembers beside them. */
export interface Holding {
  /** Little-endian elements of the weights; as long in every round. */
  readonly weights: Uint8Array;
  /** What an optimizer remembers, or nothing. */
  readonly memory?: Uint8Array;
}

/** Figures measured on the way, by name; finite numbers. */
export type Facts = Readonly<Record<string, number>>;

/** What a worker, or the averaging, hands back. */
export interface Share extends Holding {
  readonly facts?: Facts;
}

/**
 * A run as pure functions. The same arguments give the same bytes, wherever and however often they are called: so a share may
 * be computed twice, or by another machine after the first was lost, and nothing changes. Whatever is random is derived from
 * a seed, the round and the worker.
 */
export interface Work {
  /** Workers M of every round. */
  readonly workers: number;
  /** Rounds of the whole run. */
  readonly rounds: number;
  /** The state before round 0. */
  start(): Holding | Promise<Holding>;
  /**
   * What worker `worker` makes of the weights in round `round`.
   *
   * @param round - from 0
   * @param worker - from 0
   * @param held - the weights that all workers start the round from, and this worker's own memory of the round before
   */
  share(round: number, worker: number, held: Holding): Share | Promise<Share>;
  /**
   * The next weights, of the shares in the order of the workers.
   *
   * @param held - the weights before the round, and the memory of the averaging
   * @param shares - one of each worker; undefined where it failed and the run goes on without it (quorum)
   */
  combine(round: number, held: Holding, shares: readonly (Share | undefined)[]): Share | Promise<Share>;
}

/** Makes a run of its options, which are plain JSON. A module that exports it as `openWork` can be loaded by any engine. */
export type OpenWork = (options: unknown) => Promise<Work>;

/** A run between two rounds: all that is needed to go on with it, on any engine. */
export interface RunState {
  /** The round that comes next, from 0. */
  readonly round: number;
  readonly held: Holding;
  /** What each worker remembers; undefined for one that remembers nothing. */
  readonly memories: readonly (Uint8Array | undefined)[];
}

/** The state before the first round. */
export async function initialRunState(work: Work): Promise<RunState> {
  return {
    round: 0,
    held: await work.start(),
    memories: Array.from({ length: work.workers }, () => undefined),
  };
}
