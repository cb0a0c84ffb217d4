/** What an engine is: it runs rounds, one after the other. @module */
import type { Facts, RunState } from "./work.ts";

/** The engines by name. */
export const engineNames = ["in-process", "threads", "bullmq"] as const;
export type EngineName = (typeof engineNames)[number];

/** How one worker's part of a round went. */
export interface ShareReport {
  readonly worker: number;
  /** Milliseconds of computing. */
  readonly ms: number;
  /** Who computed it, such as `host:4711`. */
  readonly by: string;
  /** How often it was begun anew after a failure or a lost worker. */
  readonly retries: number;
  readonly facts: Facts;
}

/** How a round went. */
export interface RoundReport {
  /** From 0. */
  readonly round: number;
  /** What the averaging measured. */
  readonly facts: Facts;
  /** One for every worker that counted, in the order of the workers. */
  readonly shares: readonly ShareReport[];
  /** Workers that the average went on without; empty unless a quorum allows it. */
  readonly missing: readonly number[];
  /** Bytes of weights and memories handed to workers and back. */
  readonly bytesSent: number;
  /** Shares that were computed anew. */
  readonly retries: number;
  /** Seconds from the start of the round to its end. */
  readonly seconds: number;
}

/** Runs rounds of one run. Every engine gives the same bytes. */
export interface RoundEngine {
  readonly name: EngineName;
  /** Takes the run over where `state` left it. Call it once, before the first round. */
  begin(state: RunState): Promise<void>;
  /**
   * Runs the next round.
   *
   * @param signal - aborted to give the round up: the state stays that before the round
   * @throws {TenfoldError} where a worker failed for good; the message names the round, the worker, and its reason
   */
  round(signal?: AbortSignal): Promise<RoundReport>;
  /** The state after the last whole round, copied: what a checkpoint holds. */
  state(): Promise<RunState>;
  /** Ends workers and connections, and removes what the run has left in Redis. */
  close(): Promise<void>;
}

/** How many workers of a round must succeed. */
export interface RoundPolicy {
  /**
   * Fewest workers that an average is taken of; default all. With fewer, a round goes on without the workers that fail for
   * good, and no theorem covers the result.
   */
  readonly quorum?: number;
}
