import type { Redis } from "ioredis";
import { ConfigError, optionalPackage } from "../../core/index.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import { folderBlobs } from "../blobs/folder-blobs.ts";
import { redisBlobs } from "../blobs/redis-blobs.ts";
import { s3Blobs } from "../blobs/s3-blobs.ts";

/** An address as it may be printed: without its password. */
function withoutPassword(url: string): string {
  return url.replace(/\/\/.*@/, "//…@");
}

function isAddress(url: string): boolean {
  try {
    decodeURIComponent(new URL(url).password);
    return true;
  } catch {
    return false;
  }
}

/**
 * A connection to Redis that comes back by itself when the server does.
 *
 * @param url - `redis://[user:password@]host:port[/database]`, or `rediss://` with TLS
 * @throws {ConfigError} where no server answers, it refuses the password, or it may throw keys away when memory is short
 */
export async function openRedis(url: string): Promise<Redis> {
  const { Redis } = await optionalPackage("fleet", "ioredis", () => import("ioredis"));
  if (!/^rediss?:\/\/[^/]/.test(url) || !isAddress(url)) {
    const expected = "an address such as redis://127.0.0.1:6379";
    const hint = "ports go to 65535; in a password write / as %2F, # as %23, @ as %40 and % as %25";
    throw new ConfigError({ where: "--redis", expected, found: `"${withoutPassword(url)}"`, hint });
  }
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: 5000,
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), 2000),
  });
  const where = `--redis ${withoutPassword(url)}`;
  try {
    await new Promise<void>((resolve, reject) => {
      redis.once("error", reject);
      redis.connect().then(resolve, reject);
    });
  } catch (cause) {
    redis.disconnect();
    const found = cause instanceof Error ? cause.message : String(cause);
    const refused = /WRONGPASS|NOAUTH|AUTH/i.test(found);
    const hint = refused
      ? "put the password into the address: redis://:PASSWORD@host:port"
      : "is it running, and reachable?";
    throw new ConfigError({ where, expected: refused ? "to be let in" : "a Redis server", found, hint, cause });
  }
  // From here on the connection heals itself, and commands wait for it.
  redis.on("error", () => {});
  const policy = /maxmemory_policy:(\S+)/.exec(await redis.info("memory"))?.[1];
  if (policy !== undefined && policy !== "noeviction") {
    redis.disconnect();
    throw new ConfigError({
      where,
      expected: "maxmemory-policy noeviction, so that no job or weights are thrown away",
      found: policy,
      hint: "redis-cli config set maxmemory-policy noeviction",
    });
  }
  return redis;
}

/**
 * The store that `--blobs` names.
 *
 * @param place - `redis`, `s3://bucket/prefix`, or a folder
 */
export async function openBlobs(place: string, redis: Redis): Promise<BlobStore> {
  if (place === "redis") return redisBlobs(redis);
  return place.startsWith("s3:") ? s3Blobs(place) : folderBlobs(place);
}
