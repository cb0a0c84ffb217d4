/** What coordinator and workers of a fleet say to each other over Redis. Weights are named, never sent. @module */
import type { BlobReference } from "../blobs/blob-store.ts";
import type { Facts } from "../work.ts";

/** Prefix of BullMQ's keys. */
export const keyPrefix = "tenfold";

/** Names of the queues of one version of the code: a worker of another version never hears of its jobs. */
export function queueNames(codeVersion: string): { share: string; average: string } {
  return { share: `share-${codeVersion}`, average: `average-${codeVersion}` };
}

/** Keys of our own in Redis, beside those of BullMQ. */
export const keys = {
  /** What workers must know of a run. */
  run: (run: string) => `tenfold:run:${run}`,
  /** There while a run's coordinator lives: the version of its code. */
  coordinator: (run: string) => `tenfold:coordinator:${run}`,
  /** There while a worker lives: the version of its code. */
  worker: (name: string) => `tenfold:worker:${name}`,
};

/** Seconds after which one who has not said that he lives is taken for dead; he says it three times as often. */
export const aliveSeconds = 15;

/** What workers must know of a run. */
export interface RunMessage {
  readonly options: unknown;
  readonly codeVersion: string;
  /** `redis`, `s3://…` or a folder. */
  readonly blobs: string;
  /** Seconds after which weights in Redis go by themselves, where nobody renews them. */
  readonly keepSeconds: number;
}

/** Asks for one worker's share. */
export interface ShareJob {
  readonly run: string;
  readonly codeVersion: string;
  readonly round: number;
  readonly worker: number;
  readonly weights: BlobReference;
  readonly memory?: BlobReference;
  readonly deadlineMs: number;
}

/** A share that was computed. */
export interface ShareResult {
  readonly round: number;
  readonly worker: number;
  readonly weights: BlobReference;
  readonly memory?: BlobReference;
  readonly facts: Facts;
  readonly ms: number;
  readonly by: string;
  readonly retries: number;
}

/** Asks for the average of a round: the job that waits for its shares. */
export interface AverageJob {
  readonly run: string;
  readonly codeVersion: string;
  readonly round: number;
  readonly workers: number;
  readonly quorum: number;
  readonly weights: BlobReference;
  readonly memory?: BlobReference;
  /** Shares that are there already, from a try before. */
  readonly known: readonly ShareResult[];
}

/** The round's result. */
export interface AverageResult {
  readonly weights: BlobReference;
  readonly memory?: BlobReference;
  readonly facts: Facts;
  /** In the order of the workers. */
  readonly shares: readonly ShareResult[];
  readonly missing: readonly number[];
}
