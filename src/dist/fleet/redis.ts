import type { Redis } from "ioredis";
import { ConfigError, optionalPackage } from "../../core/index.ts";
import type { BlobStore } from "../blobs/blob-store.ts";
import { folderBlobs } from "../blobs/folder-blobs.ts";
import { redisBlobs } from "../blobs/redis-blobs.ts";
import { s3Blobs } from "../blobs/s3-blobs.ts";
import { within } from "./within.ts";

/** An address as it may be printed: without its password. */
export function printableAddress(url: string): string {
  return url.replace(/\/\/.*@/, "//…@");
}

/** An address as it may be kept in a file: with its user, without the password. */
export function withoutPassword(url: string): string {
  if (!isAddress(url)) return url;
  const address = new URL(url);
  address.password = "";
  return address.href;
}

/** The variable that holds the password, where it shall stand neither on the command line nor in a file. */
const passwordVariable = "TENFOLD_REDIS_PASSWORD";

/** `url` with the password of the environment, where it has none itself. */
function withPassword(url: string): string {
  const password = process.env[passwordVariable];
  const address = new URL(url);
  if (!password || address.password) return url;
  address.password = encodeURIComponent(password);
  return address.href;
}

/** Milliseconds that a server may take to let one in. */
const connectMs = 10_000;

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
 * @param url - `redis://[user:password@]host:port[/database]`, or `rediss://` with TLS; a password that is missing is taken from
 * `TENFOLD_REDIS_PASSWORD`
 * @throws {ConfigError} where no server answers, it refuses the password, or it may throw keys away when memory is short
 */
export async function openRedis(url: string): Promise<Redis> {
  const { Redis } = await optionalPackage("fleet", "ioredis", () => import("ioredis"));
  if (!/^rediss?:\/\/[^/]/.test(url) || !isAddress(url)) {
    const expected = "an address such as redis://127.0.0.1:6379";
    const hint = "ports go to 65535; in a password write / as %2F, # as %23, @ as %40 and % as %25";
    throw new ConfigError({ where: "--redis", expected, found: `"${printableAddress(url)}"`, hint });
  }
  const redis = new Redis(withPassword(url), {
    lazyConnect: true,
    connectTimeout: 5000,
    maxRetriesPerRequest: null,
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 6), 2000),
  });
  const where = `--redis ${printableAddress(url)}`;
  let memory: string;
  try {
    const connected = new Promise<string>((resolve, reject) => {
      redis.once("error", reject);
      redis.connect().then(() => redis.info("memory").then(resolve, reject), reject);
    });
    const answer = await within(connectMs, connected);
    if (answer === undefined) throw new Error(`no answer within ${connectMs / 1000} seconds`);
    memory = answer;
  } catch (cause) {
    redis.disconnect();
    const found = cause instanceof Error ? cause.message : String(cause);
    const refused = /WRONGPASS|NOAUTH|AUTH/i.test(found);
    const hint = refused
      ? `put the password into ${passwordVariable}, or into the address: --redis redis://:PASSWORD@host:port`
      : "is it running, and reachable?";
    throw new ConfigError({ where, expected: refused ? "to be let in" : "a Redis server", found, hint, cause });
  }
  // From here on the connection heals itself, and commands wait for it.
  redis.on("error", () => {});
  const policy = /maxmemory_policy:(\S+)/.exec(memory)?.[1];
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
 * @param keepSeconds - seconds for which weights in Redis are kept, where nobody renews them
 * @throws {ConfigError} for any other kind of address
 */
export async function openBlobs(place: string, redis: Redis, keepSeconds: number): Promise<BlobStore> {
  if (place === "redis") return redisBlobs(redis, keepSeconds);
  if (place.startsWith("s3:")) return s3Blobs(place);
  if (/^[a-z][a-z0-9+.-]+:/i.test(place)) {
    const expected = "redis, s3://bucket/prefix, or a folder that all machines see";
    throw new ConfigError({ where: "--blobs", expected, found: `"${place}"` });
  }
  return folderBlobs(place);
}
