import type { Job } from "bullmq";
import type { Redis } from "ioredis";
import { keyPrefix, keys, queueNames } from "./messages.ts";

/** Milliseconds after which a job of a run that does not live is removed: its coordinator may only have been cut off for a moment. */
const patienceMs = 60_000;

/** All keys that match, by turns that let others through. */
async function keysLike(redis: Redis, match: string): Promise<string[]> {
  const found = new Set<string>();
  for await (const part of redis.scanStream({ match, count: 1000 }) as AsyncIterable<string[]>) {
    for (const key of part) found.add(key);
  }
  return [...found];
}

/** What the keys hold, without those that are gone. */
async function valuesOf(redis: Redis, names: readonly string[]): Promise<string[]> {
  if (names.length === 0) return [];
  return (await redis.mget(...names)).filter((value) => value !== null);
}

/**
 * Removes what runs that were killed, or stopped while workers were at their jobs, have left in the queues; and the queues of
 * versions of the code that nobody has any more. Blobs go by themselves.
 *
 * @param olderThanMs - age from which a job is removed; default a minute
 */
export async function sweep(
  bullmq: typeof import("bullmq"),
  redis: Redis,
  { olderThanMs = patienceMs }: { readonly olderThanMs?: number } = {},
): Promise<void> {
  const coordinators = await keysLike(redis, keys.coordinator("*"));
  const live = new Set(coordinators.map((key) => key.slice(keys.coordinator("").length)));
  const versions = await valuesOf(redis, [...coordinators, ...(await keysLike(redis, keys.worker("*")))]);
  const inUse = new Set(versions.flatMap((version) => Object.values(queueNames(version))));
  const now = Date.now();
  const isOrphan = ({ data, timestamp }: Job) => !live.has(data.run) && now - timestamp >= olderThanMs;
  for (const key of await keysLike(redis, `${keyPrefix}:*:meta`)) {
    const name = key.slice(keyPrefix.length + 1, -":meta".length);
    const queue = new bullmq.Queue(name, { connection: redis, prefix: keyPrefix, skipMetasUpdate: true });
    queue.on("error", () => {});
    try {
      const jobs = (await queue.getJobs()).filter((job) => job !== undefined);
      const orphans = jobs.filter(isOrphan);
      if (!inUse.has(name) && orphans.length === jobs.length) await queue.obliterate({ force: true });
      // A job that a worker is at is left to a later sweep.
      else await Promise.allSettled(orphans.map((job) => job.remove()));
    } finally {
      await queue.close();
    }
  }
}
