import type { Redis } from "ioredis";
import { RunError } from "../../core/index.ts";
import type { BlobStore } from "./blob-store.ts";

/**
 * Blobs as strings in Redis, up to 512 MB each.
 *
 * @param keepSeconds - seconds after which a blob that is neither removed nor renewed goes by itself: what a killed run left
 */
export function redisBlobs(redis: Redis, keepSeconds: number): BlobStore {
  const name = (key: string) => `tenfold:blob:${key}`;
  return {
    async write(key, bytes) {
      try {
        await redis.set(name(key), Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), "EX", keepSeconds);
      } catch (cause) {
        const found = cause instanceof Error ? cause.message : String(cause);
        const hint = found.startsWith("OOM")
          ? "raise maxmemory, or keep blobs elsewhere: --blobs s3://bucket/prefix, or a folder that all machines see"
          : undefined;
        throw new RunError({ where: `blob ${key}`, expected: "room in Redis", found, hint, cause });
      }
    },
    async read(key) {
      return (await redis.getBuffer(name(key))) ?? undefined;
    },
    async remove(keys) {
      if (keys.length > 0) await redis.unlink(...keys.map(name));
    },
    async renew(keys) {
      const pipeline = redis.pipeline();
      for (const key of keys) pipeline.expire(name(key), keepSeconds);
      await pipeline.exec();
    },
    async clear(folder) {
      const stream = redis.scanStream({ match: `${name(folder)}/*`, count: 1000 });
      for await (const keys of stream as AsyncIterable<string[]>) if (keys.length > 0) await redis.unlink(...keys);
    },
  };
}
