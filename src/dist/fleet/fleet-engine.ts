import { randomUUID } from "node:crypto";
import type { FlowProducer, Job, Queue } from "bullmq";
import type { Redis } from "ioredis";
import { assert, optionalPackage, RunError } from "../../core/index.ts";
import { type BlobReference, type BlobStore, getBlob, putBlob } from "../blobs/blob-store.ts";
import type { RoundEngine, RoundPolicy, RoundReport } from "../engine.ts";
import { fromFailureText, roundFailure } from "../failure.ts";
import type { Holding, RunState } from "../work.ts";
import { type Ending, JobEndings } from "./job-endings.ts";
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
import { Pulse } from "./pulse.ts";
import { openBlobs, openRedis, printableAddress } from "./redis.ts";
import { sweep } from "./sweep.ts";
import { within } from "./within.ts";

/** Options of {@link fleet}. */
export interface FleetOptions extends RoundPolicy {
  /** Address of Redis. */
  readonly redis: string;
  /** Where weights lie: `redis` (the default), `s3://bucket/prefix`, or a folder that all machines see. */
  readonly blobs?: string;
  /** What workers open the work with: plain JSON. */
  readonly options: unknown;
  /** See `codeVersion()`. */
  readonly codeVersion: string;
  /** Name of the run among jobs and blobs, of letters, digits and dashes; default a random one. */
  readonly run?: string;
  /** Name under which the run was before, where that ended without clearing up: the blobs it left are removed. */
  readonly before?: string | undefined;
  /** Milliseconds a round may take before what is missing is asked for again; default ten minutes. */
  readonly deadlineMs?: number;
  /** Rounds of asking before a run gives up; default 3. */
  readonly tries?: number;
  /** Told what a person waiting should know, such as that nobody listens. */
  readonly note?: (text: string) => void;
}

/** How often a failed share is tried, and the first wait between tries in milliseconds, which doubles. */
const attempts = 5;
const backoff = { type: "exponential", delay: 250 };

/** Milliseconds of a round, and rounds of asking, where the options do not say. */
const defaultDeadlineMs = 600_000;
const defaultTries = 3;

/** Seconds for which what a run keeps in Redis outlives it: a round must end before the weights it began from go. */
function keepSecondsOf({ deadlineMs = defaultDeadlineMs, tries = defaultTries }: FleetOptions): number {
  return 600 + Math.ceil((tries * deadlineMs) / 1000);
}

/** Milliseconds that are waited for each part of closing. */
const closingMs = 5000;

/** Milliseconds without an answer after which the engine looks who is listening. */
const patienceMs = 3000;

/**
 * Workers anywhere, over BullMQ flows on Redis. A round is one flow: a job that averages waits for a job of every worker. Jobs
 * name weights by key and hash. Their ids follow from run, round, worker and try, so that adding one twice adds it once.
 *
 * What a lost worker was at goes to another one; a round that takes longer than the deadline is asked for again, except for
 * the shares that are there; and a share that fails for good fails the round, or is left out where a quorum allows it.
 *
 * @throws {ConfigError} where Redis cannot be used
 */
export async function fleet(options: FleetOptions): Promise<RoundEngine> {
  const bullmq = await optionalPackage("fleet", "bullmq", () => import("bullmq"));
  const redis = await openRedis(options.redis);
  try {
    const blobs = await openBlobs(options.blobs ?? "redis", redis, keepSecondsOf(options));
    return new Coordinator(bullmq, redis, blobs, options);
  } catch (error) {
    redis.disconnect();
    throw error;
  }
}

/** A run between two rounds, by reference. */
interface References {
  readonly round: number;
  readonly weights: BlobReference;
  readonly memory?: BlobReference;
  readonly memories: readonly (BlobReference | undefined)[];
}

class Coordinator implements RoundEngine {
  readonly name = "bullmq";
  readonly #run: string;
  readonly #options: FleetOptions;
  readonly #redis: Redis;
  readonly #blobs: BlobStore;
  readonly #bullmq: typeof import("bullmq");
  readonly #queues: { readonly share: Queue; readonly average: Queue };
  readonly #flows: FlowProducer;
  readonly #endings: JobEndings;
  readonly #pulse: Pulse;
  /** Average jobs that are still in Redis, with their shares. */
  readonly #jobs = new Set<string>();
  #references: References | undefined;
  #alive: NodeJS.Timeout | undefined;
  #cleaning: Promise<unknown> = Promise.resolve();

  constructor(bullmq: typeof import("bullmq"), redis: Redis, blobs: BlobStore, options: FleetOptions) {
    this.#options = options;
    this.#run = options.run ?? randomUUID();
    this.#redis = redis;
    this.#blobs = blobs;
    this.#bullmq = bullmq;
    const names = queueNames(options.codeVersion);
    // Without a limit, the streams in which BullMQ tells of jobs would grow with the rounds.
    const settings = { connection: redis, prefix: keyPrefix, streams: { events: { maxLen: 200 } } };
    this.#queues = {
      share: new bullmq.Queue(names.share, settings),
      average: new bullmq.Queue(names.average, settings),
    };
    this.#flows = new bullmq.FlowProducer({ connection: redis, prefix: keyPrefix });
    this.#endings = new JobEndings(
      new bullmq.QueueEvents(names.average, { connection: redis, prefix: keyPrefix }),
      this.#queues.average,
    );
    this.#pulse = new Pulse(redis, printableAddress(options.redis));
    for (const queue of Object.values(this.#queues)) queue.on("error", () => {});
    this.#flows.on("error", () => {});
  }

  begin(state: RunState): Promise<void> {
    return this.#pulse.unless(this.#begin(state));
  }

  async #begin({ round, held, memories }: RunState): Promise<void> {
    const { options, codeVersion, blobs = "redis", before } = this.#options;
    if (before !== undefined) await this.#blobs.clear(before);
    await Promise.all([this.#endings.ready(), ...Object.values(this.#queues).map((queue) => queue.waitUntilReady())]);
    const put = (name: string, bytes: Uint8Array) => putBlob(this.#blobs, `${this.#run}/begin-${name}`, bytes);
    this.#references = {
      round,
      weights: await put("weights", held.weights),
      ...(held.memory && { memory: await put("memory", held.memory) }),
      memories: await Promise.all(memories.map((memory, m) => memory && put(`w${m}-memory`, memory))),
    };
    const keepSeconds = keepSecondsOf(this.#options);
    const message: RunMessage = { options, codeVersion, blobs, keepSeconds };
    await this.#redis.set(keys.run(this.#run), JSON.stringify(message), "EX", keepSeconds);
    await this.#sayAlive();
    const sayAlive = () => this.#sayAlive().catch(() => {});
    this.#alive = setInterval(sayAlive, (aliveSeconds / 3) * 1000).unref();
    // What could not be swept now is swept by a worker, or by the next run.
    await sweep(this.#bullmq, this.#redis).catch(() => {});
  }

  /** Tells workers that the run goes on, and puts off the end of what it keeps in Redis. */
  async #sayAlive(): Promise<void> {
    await this.#redis.set(keys.coordinator(this.#run), this.#options.codeVersion, "EX", aliveSeconds);
    await this.#redis.expire(keys.run(this.#run), keepSecondsOf(this.#options));
    const { weights, memory, memories } = this.#references!;
    await this.#blobs.renew([weights, memory, ...memories].flatMap((reference) => (reference ? [reference.key] : [])));
  }

  async round(signal?: AbortSignal): Promise<RoundReport> {
    const before = this.#references;
    assert(before, "a round before begin()");
    signal?.throwIfAborted();
    const begin = performance.now();
    const workers = before.memories.length;
    const { quorum = workers, deadlineMs = defaultDeadlineMs, tries = defaultTries } = this.#options;
    const stop = AbortSignal.any([this.#pulse.signal, ...(signal ? [signal] : [])]);
    const known = new Map<number, ShareResult>();
    for (let attempt = 0; ; attempt++) {
      const id = `average-${this.#run}-${before.round}-${attempt}`;
      // Once there are enough, nobody else is waited for.
      const asked = known.size >= quorum ? [] : before.memories.flatMap((_, m) => (known.has(m) ? [] : [m]));
      const ending = await this.#ask(id, before, asked, [...known.values()], {
        attempt,
        deadlineMs,
        quorum,
        signal: stop,
      });
      if (ending?.kind === "completed") {
        const result = ending.value as AverageResult;
        this.#advance(before, result);
        return reportOf(before, result, attempt, begin);
      }
      const { done, failed } = await this.#pulse.unless(this.#shares(before.round, asked, attempt));
      if (ending && failed.size === 0) throw fromFailureText(ending.reason);
      if (ending) throw roundFailure(before.round, failed, { workers, quorum });
      for (const share of done) known.set(share.worker, share);
      const missing = before.memories.flatMap((_, m) => (known.has(m) ? [] : [m]));
      if (attempt + 1 >= tries) throw this.#noAnswer(before.round, missing, tries * deadlineMs);
      this.#options.note?.(
        `round ${before.round}: nothing from ${missing.length > 0 ? `worker ${missing.join(", ")}` : "the average"} within ${deadlineMs / 1000} s; asked again`,
      );
    }
  }

  async state(): Promise<RunState> {
    assert(this.#references, "state() before begin()");
    const { round, weights, memory, memories } = this.#references;
    const read = (reference: BlobReference) => this.#pulse.unless(getBlob(this.#blobs, reference));
    const held: Holding = { weights: await read(weights), ...(memory && { memory: await read(memory) }) };
    return { round, held, memories: await Promise.all(memories.map((own) => own && read(own))) };
  }

  async close(): Promise<void> {
    clearInterval(this.#alive);
    const parts = [this.#endings, this.#flows, ...Object.values(this.#queues)];
    // A server that is gone must not keep the run from ending: what it holds goes by itself.
    if (!this.#pulse.signal.aborted) {
      if (this.#references && this.#redis.status === "ready") await within(closingMs, this.#clear());
      await within(closingMs, Promise.allSettled(parts.map((part) => part.close())));
    }
    this.#pulse.close();
    this.#redis.disconnect();
    // Not waited for: a connection that was looking for its server does not say when it has stopped.
    for (const part of parts) part.disconnect().catch(() => {});
  }

  /** Removes the run's jobs, blobs and keys. */
  async #clear(): Promise<void> {
    await this.#cleaning;
    await this.#redis.del(keys.run(this.#run), keys.coordinator(this.#run));
    await this.#removeJobs([...this.#jobs]);
    await this.#blobs.clear(this.#run);
  }

  /** Adds a round's flow and waits for its end; undefined where the deadline passed. */
  async #ask(
    id: string,
    { round, weights, memory, memories }: References,
    asked: readonly number[],
    known: readonly ShareResult[],
    watch: { attempt: number; deadlineMs: number; quorum: number; signal: AbortSignal },
  ): Promise<Ending | undefined> {
    const { codeVersion } = this.#options;
    const { attempt, deadlineMs, quorum, signal } = watch;
    const run = this.#run;
    const workers = memories.length;
    const common = { attempts, backoff };
    // Always one of the two: a child that fails for good without either leaves its parent waiting for ever.
    const onFailure = quorum === workers ? { failParentOnFailure: true } : { ignoreDependencyOnFailure: true };
    const average: AverageJob = {
      run,
      codeVersion,
      round,
      workers,
      quorum,
      weights,
      ...(memory && { memory }),
      known,
    };
    this.#jobs.add(id);
    const added = this.#flows.add({
      name: "average",
      queueName: this.#queues.average.name,
      data: average,
      opts: { jobId: id, ...common },
      children: asked.map((worker) => {
        const own = memories[worker];
        const data: ShareJob = { run, codeVersion, round, worker, weights, ...(own && { memory: own }), deadlineMs };
        const opts = { jobId: this.#shareId(round, worker, attempt), ...common, ...onFailure };
        return { name: "share", queueName: this.#queues.share.name, data, opts };
      }),
    });
    const watchers = setTimeout(() => this.#tellWhoListens().catch(() => {}), patienceMs).unref();
    try {
      return await this.#endings.of(id, added, { deadlineMs, signal });
    } finally {
      clearTimeout(watchers);
    }
  }

  #shareId(round: number, worker: number, attempt: number): string {
    return `share-${this.#run}-${round}-${worker}-${attempt}`;
  }

  /** What has become of the shares that were asked for. */
  async #shares(round: number, asked: readonly number[], attempt: number) {
    const done: ShareResult[] = [];
    const failed = new Map<number, Error>();
    for (const worker of asked) {
      const job: Job | undefined = await this.#bullmq.Job.fromId(
        this.#queues.share,
        this.#shareId(round, worker, attempt),
      );
      if (!job) continue;
      if (job.returnvalue) done.push(job.returnvalue as ShareResult);
      else if (job.failedReason && (await job.isFailed())) {
        failed.set(worker, fromFailureText(job.failedReason));
      }
    }
    return { done, failed };
  }

  /** Takes over the round's result, and clears away what the round before has left. */
  #advance(before: References, result: AverageResult): void {
    const results = new Map(result.shares.map((share) => [share.worker, share]));
    const memories = before.memories.map((memory, m) => (results.has(m) ? results.get(m)!.memory : memory));
    this.#references = {
      round: before.round + 1,
      weights: result.weights,
      ...(result.memory && { memory: result.memory }),
      memories,
    };
    const kept = new Set([result.weights, result.memory, ...memories].map((reference) => reference?.key));
    const old = [
      before.weights,
      before.memory,
      ...before.memories,
      ...result.shares.flatMap((s) => [s.weights, s.memory]),
    ];
    const gone = old.flatMap((reference) => (reference && !kept.has(reference.key) ? [reference.key] : []));
    // A job's id guards against adding it twice only while the job is there: those of this round stay until the next is over.
    const current = `average-${this.#run}-${before.round}-`;
    const finished = [...this.#jobs].filter((id) => !id.startsWith(current));
    this.#cleaning = this.#cleaning
      .then(() => Promise.all([this.#blobs.remove(gone), this.#removeJobs(finished)]))
      // What could not be removed now is removed at the end.
      .catch(() => {});
  }

  async #removeJobs(ids: readonly string[]): Promise<void> {
    await Promise.all(
      ids.map(async (id) => {
        try {
          const job = await this.#bullmq.Job.fromId(this.#queues.average, id);
          await job?.remove({ removeChildren: true });
          this.#jobs.delete(id);
        } catch {
          // A worker is still at it: it stays in the list.
        }
      }),
    );
  }

  #noAnswer(round: number, missing: readonly number[], ms: number): RunError {
    const who = missing.length > 0 ? `worker ${missing.join(", ")}` : "the average";
    const hint = "start workers (tenfold local worker --redis …), or give them longer (--deadline)";
    return new RunError({
      where: `round ${round}`,
      expected: `${who} to answer within ${ms / 1000} s`,
      found: "nothing",
      hint,
    });
  }

  /** Says that nobody listens, and who would but may not. */
  async #tellWhoListens(): Promise<void> {
    const { note, codeVersion } = this.#options;
    if (!note || this.#redis.status !== "ready") return;
    const names = await this.#redis.keys(keys.worker("*"));
    const versions = names.length > 0 ? await this.#redis.mget(...names) : [];
    if (versions.includes(codeVersion)) return;
    const refused = names.flatMap((name, i) =>
      versions[i] ? [`${name.slice(keys.worker("").length)} has ${versions[i]}`] : [],
    );
    note(
      refused.length > 0
        ? `no worker has this run's code, ${codeVersion}: refused are ${refused.join(", ")}`
        : "no worker is listening yet: start some with tenfold local worker --redis …",
    );
  }
}

function reportOf(before: References, result: AverageResult, attempt: number, begin: number): RoundReport {
  const size = (weights: BlobReference, memory?: BlobReference) => weights.bytes + (memory?.bytes ?? 0);
  const down = before.memories.map((memory) => size(before.weights, memory)).reduce((a, b) => a + b, 0);
  return {
    round: before.round,
    facts: result.facts,
    shares: result.shares.map(({ worker, ms, by, retries, facts }) => ({ worker, ms, by, retries, facts })),
    missing: result.missing,
    bytesSent: result.shares.reduce((sum, { weights, memory }) => sum + size(weights, memory), down),
    retries: result.shares.reduce((sum, { retries }) => sum + retries, attempt),
    seconds: (performance.now() - begin) / 1000,
  };
}
