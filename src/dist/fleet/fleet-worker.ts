import { hostname } from "node:os";
import type { Job, Worker } from "bullmq";
import type { Redis } from "ioredis";
import { ConfigError, optionalPackage, RunError } from "../../core/index.ts";
import { type BlobReference, type BlobStore, getBlob, putBlob } from "../blobs/blob-store.ts";
import { isFinal, messageOf, toFailure } from "../failure.ts";
import { sharedBytes, ThreadPool } from "../thread-pool.ts";
import type { Holding, Share } from "../work.ts";
import {
  type AverageJob,
  type AverageResult,
  aliveSeconds,
  keyPrefix,
  keys,
  queueNames,
  type RunMessage,
  type ShareJob,
  type ShareResult,
} from "./messages.ts";
import { openBlobs, openRedis } from "./redis.ts";
import { sweep } from "./sweep.ts";
import { within } from "./within.ts";

/** What a worker tells of its doings, for metrics. */
export interface WorkerEvents {
  /** A share or an average is done. */
  readonly done?: (kind: "share" | "average", seconds: number) => void;
  /** It failed; `final` where nobody will try again. */
  readonly failed?: (kind: "share" | "average", reason: string, final: boolean) => void;
  /** Bytes were read from blobs or written to them. */
  readonly moved?: (direction: "read" | "written", bytes: number) => void;
}

/** Options of {@link startFleetWorker}. */
export interface FleetWorkerOptions {
  /** Address of Redis. */
  readonly redis: string;
  /** URL of the module that exports `openWork`; jobs bring only its options. */
  readonly module: string;
  /** Shares computed at once, each in a thread of its own; default 1. */
  readonly concurrency?: number;
  /** Threads shared with others, instead of some of its own; whoever made them closes them. */
  readonly pool?: ThreadPool;
  /** See `codeVersion()`. */
  readonly codeVersion: string;
  /** Another place for blobs than the run's own address of it, such as where this machine sees the folder. */
  readonly blobs?: string;
  /** Milliseconds without a sign of life after which another worker takes a job over; default 30,000. */
  readonly lockMs?: number;
  readonly events?: WorkerEvents;
  /** For tests: whether a job is to be done a second time, as when Redis delivers it twice. */
  readonly deliverTwice?: (jobId: string) => boolean;
}

/** A worker that listens. */
export interface FleetWorker {
  readonly name: string;
  /** Finishes what it is at, and leaves. */
  close(): Promise<void>;
}

/**
 * Listens to Redis for shares to compute and averages to take, until it is closed. Computing happens in threads, so that
 * this one goes on telling Redis that the job is alive; what a killed worker was at goes to another one.
 *
 * @throws {ConfigError} where Redis or the place for blobs cannot be used, or where all runs that are going on have another version of the code
 */
export async function startFleetWorker(options: FleetWorkerOptions): Promise<FleetWorker> {
  const bullmq = await optionalPackage("fleet", "bullmq", () => import("bullmq"));
  const redis = await openRedis(options.redis);
  try {
    await refuseOtherVersions(redis, options.codeVersion);
    // Said now rather than by the first job; runs say how long what they write is kept.
    if (options.blobs !== undefined) await openBlobs(options.blobs, redis, 1);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
  const worker = new Listener(bullmq, redis, options);
  await worker.listen();
  return worker;
}

/** @throws {ConfigError} where runs are going on, and none of them has this version of the code */
async function refuseOtherVersions(redis: Redis, codeVersion: string): Promise<void> {
  const running = await redis.keys(keys.coordinator("*"));
  if (running.length === 0) return;
  const versions = (await redis.mget(...running)).filter((version) => version !== null);
  if (versions.length === 0 || versions.includes(codeVersion)) return;
  throw new ConfigError({
    where: "worker",
    expected: `the code of the run that is going on, ${[...new Set(versions)].join(" or ")}`,
    found: codeVersion,
    hint: "install the same version of Tenfold and Node here as where the run was started",
  });
}

/** What a run needs of a worker, loaded once. */
interface OpenRun extends RunMessage {
  readonly store: BlobStore;
  /** The options as JSON, the key under which threads keep the work. */
  readonly json: string;
}

/** How many runs' settings, and how many rounds' weights, are kept at hand. */
const keptRuns = 8;
const keptBlobs = 8;

/** What trying again would not change. */
class FinalRunError extends RunError {}

/** Milliseconds between two sweeps of what dead runs have left. */
const sweepMs = 60_000;

class Listener implements FleetWorker {
  readonly name = `${hostname()}:${process.pid}`;
  readonly #redis: Redis;
  readonly #options: FleetWorkerOptions;
  readonly #pool: ThreadPool;
  readonly #bullmq: typeof import("bullmq");
  readonly #workers: Worker[] = [];
  readonly #runs = new Map<string, Promise<OpenRun>>();
  readonly #blobs = new Map<string, Promise<Uint8Array>>();
  #alive: NodeJS.Timeout | undefined;
  #sweeping: NodeJS.Timeout | undefined;

  constructor(bullmq: typeof import("bullmq"), redis: Redis, options: FleetWorkerOptions) {
    this.#bullmq = bullmq;
    this.#redis = redis;
    this.#options = options;
    this.#pool = options.pool ?? new ThreadPool(options.concurrency ?? 1);
  }

  async listen(): Promise<void> {
    const { codeVersion, concurrency = 1, lockMs = 30_000 } = this.#options;
    const names = queueNames(codeVersion);
    const settings = {
      connection: this.#redis,
      prefix: keyPrefix,
      lockDuration: lockMs,
      stalledInterval: lockMs,
      // A job that was lost with its worker is tried again as often as one that failed.
      maxStalledCount: 4,
    };
    const share = this.#handle("share", (job) => this.#share(job as Job<ShareJob>));
    const average = this.#handle("average", (job) => this.#average(job as Job<AverageJob>));
    this.#workers.push(
      new this.#bullmq.Worker(names.share, share, { ...settings, concurrency }),
      new this.#bullmq.Worker(names.average, average, { ...settings, concurrency: 2 }),
    );
    // Connections heal themselves, and failed jobs are told of below.
    for (const worker of this.#workers) worker.on("error", () => {});
    await Promise.all(this.#workers.map((worker) => worker.waitUntilReady()));
    const say = () => this.#redis.set(keys.worker(this.name), codeVersion, "EX", aliveSeconds).catch(() => {});
    await say();
    this.#alive = setInterval(say, (aliveSeconds / 3) * 1000).unref();
    // What a killed run left is cleared by whoever is there: workers stay, runs come and go.
    const clear = () => sweep(this.#bullmq, this.#redis).catch(() => {});
    this.#sweeping = setInterval(clear, sweepMs).unref();
  }

  async close(): Promise<void> {
    clearInterval(this.#alive);
    clearInterval(this.#sweeping);
    if (this.#redis.status === "ready") {
      await Promise.all(this.#workers.map((worker) => worker.close()));
      await within(1000, this.#redis.del(keys.worker(this.name)));
    } else {
      // Without Redis nobody could be told what became of a job: it goes to another worker.
      await within(1000, Promise.all(this.#workers.map((worker) => worker.close(true))));
    }
    if (!this.#options.pool) await this.#pool.close();
    this.#redis.disconnect();
    // Not waited for: a connection that was looking for its server does not say when it has stopped.
    for (const worker of this.#workers) worker.disconnect().catch(() => {});
  }

  /** A processor that does a job, tells of it, and says whether a failure is final. */
  #handle<T>(kind: "share" | "average", work: (job: Job) => Promise<T>): (job: Job) => Promise<T> {
    const { events = {}, deliverTwice } = this.#options;
    return async (job) => {
      const begin = performance.now();
      try {
        const { codeVersion } = job.data as { codeVersion: string };
        if (codeVersion !== this.#options.codeVersion) {
          const expected = `a job of this worker's code, ${this.#options.codeVersion}`;
          throw new ConfigError({ where: kind, expected, found: codeVersion });
        }
        if (deliverTwice?.(job.id!)) await work(job);
        const result = await work(job);
        events.done?.(kind, (performance.now() - begin) / 1000);
        return result;
      } catch (error) {
        const final = isFinal(error) || error instanceof FinalRunError;
        events.failed?.(kind, messageOf(error), final);
        // As data, so that the run's coordinator has the error as it was.
        const reason = JSON.stringify(toFailure(error));
        throw final ? new this.#bullmq.UnrecoverableError(reason) : new Error(reason);
      }
    };
  }

  async #share(job: Job<ShareJob>): Promise<ShareResult> {
    const { run, round, worker, weights, memory, deadlineMs } = job.data;
    const { store, json } = await this.#run(run);
    const held: Holding = {
      weights: await this.#read(store, weights),
      ...(memory && { memory: await this.#read(store, memory) }),
    };
    const into = sharedBytes(held.weights.byteLength);
    const task = { module: this.#options.module, options: json, round, worker, held, into };
    const { share, ms } = await this.#pool.run(task, { deadlineMs });
    const written = await this.#put(store, `${run}/r${round}-w${worker}`, { ...share, weights: into });
    const retries = job.attemptsStarted - 1;
    return { round, worker, ...written, facts: share.facts ?? {}, ms, by: this.name, retries };
  }

  async #average(job: Job<AverageJob>): Promise<AverageResult> {
    const { run, round, workers, quorum, weights, memory, known } = job.data;
    const { store, json } = await this.#run(run);
    const results = new Map<number, ShareResult>();
    for (const result of [...known, ...Object.values(await job.getChildrenValues<ShareResult>())]) {
      // A worker may answer after its round has gone on without it, or twice.
      if (result.round === round && !results.has(result.worker)) results.set(result.worker, result);
    }
    const missing = Array.from({ length: workers }, (_, m) => m).filter((m) => !results.has(m));
    if (results.size < quorum) {
      const found = `${results.size}, without worker ${missing.join(", ")}`;
      throw new FinalRunError({ where: `round ${round}`, expected: `shares of at least ${quorum} workers`, found });
    }
    const read = async ({ weights, memory }: { weights: BlobReference; memory?: BlobReference }): Promise<Share> => ({
      weights: await this.#read(store, weights),
      ...(memory && { memory: await this.#read(store, memory) }),
    });
    const inOrder = [...results.values()].sort((a, b) => a.worker - b.worker);
    const shares = new Array<Share | undefined>(workers).fill(undefined);
    // What workers remember is theirs; the average is of their weights.
    await Promise.all(
      inOrder.map(async ({ worker, weights, facts }) => {
        shares[worker] = { ...(await read({ weights })), facts };
      }),
    );
    const held = await read({ weights, ...(memory && { memory }) });
    const into = sharedBytes(held.weights.byteLength);
    const task = { module: this.#options.module, options: json, round, held, shares, into };
    const { share } = await this.#pool.run(task);
    const written = await this.#put(store, `${run}/r${round}-average`, { ...share, weights: into });
    return { ...written, facts: share.facts ?? {}, shares: inOrder, missing };
  }

  /** A run's settings, asked of Redis once. */
  #run(run: string): Promise<OpenRun> {
    return remember(this.#runs, keptRuns, run, async () => {
      const text = await this.#redis.get(keys.run(run));
      if (text === null) {
        throw new FinalRunError({ where: "job", expected: "a run that goes on", found: `${run}, which has ended` });
      }
      const message = JSON.parse(text) as RunMessage;
      const store = await openBlobs(this.#options.blobs ?? message.blobs, this.#redis, message.keepSeconds);
      return { ...message, store, json: JSON.stringify(message.options) };
    });
  }

  /** A blob in memory that threads see without a copy; read once for all shares that need it. */
  #read(store: BlobStore, reference: BlobReference): Promise<Uint8Array> {
    return remember(this.#blobs, keptBlobs, reference.key, async () => {
      const bytes = await getBlob(store, reference);
      this.#options.events?.moved?.("read", bytes.byteLength);
      const shared = sharedBytes(bytes.byteLength);
      shared.set(bytes);
      return shared;
    });
  }

  async #put(
    store: BlobStore,
    path: string,
    share: Share,
  ): Promise<{ weights: BlobReference; memory?: BlobReference }> {
    const put = async (name: string, bytes: Uint8Array) => {
      const reference = await putBlob(store, `${path}-${name}`, bytes);
      this.#options.events?.moved?.("written", bytes.byteLength);
      // Whoever needs it next may be in this process: the average, or the next round.
      remember(this.#blobs, keptBlobs, reference.key, async () => bytes);
      return reference;
    };
    const weights = await put("weights", share.weights);
    return { weights, ...(share.memory && { memory: await put("memory", share.memory) }) };
  }
}

/** The value of a key, made once; the oldest of more than `limit` is forgotten, and so is a failure. */
function remember<T>(cache: Map<string, Promise<T>>, limit: number, key: string, make: () => Promise<T>): Promise<T> {
  const known = cache.get(key);
  if (known) return known;
  const value = make();
  cache.set(key, value);
  value.catch(() => cache.delete(key));
  for (const old of [...cache.keys()].slice(0, -limit)) cache.delete(old);
  return value;
}
