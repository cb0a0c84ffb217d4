import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { Queue } from "bullmq";
import { Redis } from "ioredis";
import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { sweep } from "../../src/dist/fleet/sweep.ts";
import {
  type FleetWorker,
  type FleetWorkerOptions,
  fleet,
  initialRunState,
  inProcess,
  startFleetWorker,
  ThreadPool,
} from "../../src/dist/index.ts";
import { sha256 } from "../../src/storage/index.ts";
import { openWork } from "../../src/systems/local-sgd/index.ts";
import { type FaultyOptions, faultyModule } from "../fixtures/faulty-work.ts";
import { describeWith } from "../programs.ts";
import { type RedisServer, redisServer, startRedis } from "../redis-server.ts";
import { finish, smallRun } from "./runs.ts";

const codeVersion = "test";

describeWith(redisServer, "a fleet over BullMQ and Redis", () => {
  const folder = mkdtempSync(join(tmpdir(), "tenfold-fleet-"));
  let redis: RedisServer;
  let redisClient: Redis;
  let shareQueue: Queue;
  const open: (FleetWorker | { close(): unknown })[] = [];

  const pool = new ThreadPool(2);

  beforeAll(async () => {
    redis = await startRedis();
    redisClient = new Redis(redis.url, { maxRetriesPerRequest: null });
    redisClient.on("error", () => {});
    shareQueue = new Queue(`share-${codeVersion}`, { connection: redisClient, prefix: "tenfold" });
    shareQueue.on("error", () => {});
  });
  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
  }, 30_000);
  afterAll(async () => {
    await shareQueue.close();
    redisClient.disconnect();
    await redis.stop();
    await pool.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const worker = async (options: Partial<FleetWorkerOptions> = {}): Promise<FleetWorker> => {
    const settings = {
      redis: redis.url,
      module: faultyModule,
      codeVersion,
      concurrency: 2,
      lockMs: 1000,
      pool,
      ...options,
    };
    const started = await startFleetWorker(settings);
    open.push(started);
    return started;
  };
  const faulty = (workers: number, options: Partial<FaultyOptions> = {}): FaultyOptions => ({
    run: smallRun(workers),
    folder: mkdtempSync(join(folder, "marks-")),
    ...options,
  });
  const engineFor = (options: FaultyOptions, settings: Partial<Parameters<typeof fleet>[0]> = {}) =>
    fleet({ redis: redis.url, options, codeVersion, deadlineMs: 20_000, ...settings });
  const reference = async (options: FaultyOptions) => {
    const work = await openWork(options.run);
    return { work, ...(await finish(inProcess(work), work)) };
  };
  /** A worker in a process of its own, once it listens. */
  const workerProcess = async (): Promise<ChildProcess> => {
    const script = join(import.meta.dirname, "..", "fixtures", "fleet-worker.ts");
    const child = spawn(process.execPath, ["--import", "tsx", script, redis.url, codeVersion], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    open.push({ close: () => child.kill("SIGKILL") });
    for await (const line of createInterface({ input: child.stdout! })) if (line === "listening") return child;
    throw new Error("the worker ended before it listened");
  };
  const activeShares = (): Promise<number> => shareQueue.getActiveCount();

  it("ends with the bytes of one process, with 2 to 8 workers", { timeout: 60_000 }, async () => {
    await worker();
    for (let workers = 2; workers <= 8; workers++) {
      const options = faulty(workers);
      const { work, sha, reports } = await reference(options);
      const found = await finish(await engineFor(options), work);
      expect(found.sha, `${workers} workers`).toBe(sha);
      expect(found.reports.map(({ facts, bytesSent }) => ({ facts, bytesSent }))).toEqual(
        reports.map(({ facts, bytesSent }) => ({ facts, bytesSent })),
      );
    }
  });

  it("leaves nothing of a run in Redis, and no more with the rounds", { timeout: 60_000 }, async () => {
    await worker();
    const options = faulty(6);
    const { work } = await reference(options);
    const counts: number[] = [];
    await finish(await engineFor(options), work, async () => {
      counts.push(await redisClient.dbsize());
    });
    // What a round leaves is cleared while the next one runs: at any time there are a few rounds' keys, not all rounds'.
    expect(Math.max(...counts.slice(6))).toBeLessThanOrEqual(Math.max(...counts.slice(0, 6)) + 8);
    const left = (await redisClient.keys("*")).filter((key) =>
      /blob|run:|coordinator|share-.*-\d+-\d+|average-.*-\d+-\d+/.test(key),
    );
    expect(left).toEqual([]);
  });

  it("ends with the same bytes when a fifth of all jobs are delivered twice", { timeout: 60_000 }, async () => {
    let twice = 0;
    let all = 0;
    await worker({
      deliverTwice: (id) => {
        all++;
        const again = Number.parseInt(sha256(id).slice(0, 8), 16) % 5 === 0;
        if (again) twice++;
        return again;
      },
    });
    const options = faulty(5);
    const { work, sha } = await reference(options);
    expect((await finish(await engineFor(options), work)).sha).toBe(sha);
    expect(all).toBe(12 * 6);
    expect(twice).toBeGreaterThan(4);
  });

  it("ends with the same bytes when a worker is killed in the middle of a round", { timeout: 120_000 }, async () => {
    const options = faulty(4, { slowMs: 60 });
    const { work, sha } = await reference(options);
    const victim = await workerProcess();
    const engine = await engineFor(options, { deadlineMs: 60_000 });
    let killed = false;
    const { sha: found, reports } = await finish(engine, work, async ({ round }) => {
      if (round !== 1) return;
      // The next round begins only after this callback: the kill waits for it beside us.
      void (async () => {
        while ((await activeShares()) === 0) await setTimeout(2);
        victim.kill("SIGKILL");
        killed = true;
        await worker();
      })();
    });
    expect(killed).toBe(true);
    expect(found).toBe(sha);
    expect(reports[2]!.retries).toBeGreaterThan(0);
  });

  it("ends with the same bytes when Redis is started anew in the middle", { timeout: 120_000 }, async () => {
    const options = faulty(3, { slowMs: 50 });
    const { work, sha } = await reference(options);
    await worker();
    let restarted: Promise<void> | undefined;
    const found = await finish(await engineFor(options, { deadlineMs: 15_000 }), work, ({ round }) => {
      if (round === 3) {
        restarted = (async () => {
          while ((await activeShares()) === 0) await setTimeout(2);
          await redis.restart();
        })();
      }
    });
    await restarted;
    expect(restarted).toBeDefined();
    expect(found.sha).toBe(sha);
  });

  it("ends when Redis has been silent for ten seconds, and says so", { timeout: 60_000 }, async () => {
    const frozen = await startRedis();
    open.push({ close: () => frozen.stop() });
    const mute = createServer().listen(0, "127.0.0.1");
    open.push({ close: () => mute.close() });
    await once(mute, "listening");
    const { port } = mute.address() as AddressInfo;
    const options = faulty(2);
    const { work } = await reference(options);
    const engine = await engineFor(options, { redis: frozen.url, deadlineMs: 60_000 });
    await engine.begin(await initialRunState(work));
    const begin = performance.now();
    frozen.freeze();
    const told = expect(engine.round()).rejects.toThrow(
      `Redis at ${frozen.url}: expected a server that answers, found silence for 10 seconds`,
    );
    const refused = expect(engineFor(options, { redis: `redis://127.0.0.1:${port}` })).rejects.toThrow(
      `--redis redis://127.0.0.1:${port}: expected a Redis server, found no answer within 10 seconds`,
    );
    await Promise.all([told, refused]);
    await expect(engine.state()).rejects.toThrow("found silence for 10 seconds");
    await engine.close();
    const seconds = (performance.now() - begin) / 1000;
    expect(seconds).toBeGreaterThan(9);
    expect(seconds).toBeLessThan(14);
  });

  it("lets what a killed run left go: weights by their age, jobs by a sweep", { timeout: 60_000 }, async () => {
    // Its coordinator is killed while the shares of a round wait: nobody listens.
    const script = join(import.meta.dirname, "..", "fixtures", "fleet-run.ts");
    const child = spawn(process.execPath, ["--import", "tsx", script, redis.url, codeVersion], {
      stdio: "inherit",
    });
    open.push({ close: () => child.kill("SIGKILL") });
    while ((await shareQueue.getWaitingCount()) < 3) await setTimeout(10);
    const { run } = (await shareQueue.getWaiting())[0]!.data as { run: string };
    child.kill("SIGKILL");
    await once(child, "exit");
    const keysOfRun = async () => (await redisClient.keys("*")).filter((key) => key.includes(run));
    const left = await keysOfRun();
    expect(left.filter((key) => /:(share|average)-/.test(key)).length).toBeGreaterThan(2);
    const ours = left.filter((key) => /^tenfold:(blob|run|coordinator):/.test(key));
    expect(ours.some((key) => key.startsWith("tenfold:blob:"))).toBe(true);
    // Three deadlines of 20 seconds, and ten minutes.
    for (const key of ours) {
      const seconds = await redisClient.ttl(key);
      expect(seconds, key).toBeGreaterThan(0);
      expect(seconds, key).toBeLessThanOrEqual(660);
    }
    const bullmq = await import("bullmq");
    const coordinator = `tenfold:coordinator:${run}`;
    await sweep(bullmq, redisClient, { olderThanMs: 0 });
    expect((await keysOfRun()).length, "while its coordinator counts as alive").toBe(left.length);
    await redisClient.del(coordinator);
    await sweep(bullmq, redisClient, { olderThanMs: 60_000 });
    expect((await keysOfRun()).length, "while its jobs are young").toBe(left.length - 1);
    // A worker of this version listens, and so the queue stays; jobs that it is at are left to a later sweep.
    await worker();
    await vi.waitFor(
      async () => {
        await sweep(bullmq, redisClient, { olderThanMs: 0 });
        expect((await keysOfRun()).filter((key) => /:(share|average)-/.test(key))).toEqual([]);
      },
      { timeout: 20_000, interval: 50 },
    );
    expect(await redisClient.exists(`tenfold:share-${codeVersion}:meta`)).toBe(1);
  });

  it("removes the queues of versions that nobody has any more", { timeout: 60_000 }, async () => {
    const old = new Queue("share-of-old", { connection: redisClient, prefix: "tenfold" });
    await old.add("share", { run: "gone" });
    await old.close();
    await worker();
    const options = faulty(2);
    const { work } = await reference(options);
    await finish(await engineFor(options), work);
    expect(await redisClient.keys("tenfold:share-of-old:*"), "its job is young").not.toEqual([]);
    await sweep(await import("bullmq"), redisClient, { olderThanMs: 0 });
    expect(await redisClient.keys("tenfold:share-of-old:*")).toEqual([]);
  });

  it("ends a share that hangs at the deadline, and computes it anew", { timeout: 60_000 }, async () => {
    const options = faulty(2, { faults: [{ round: 1, worker: 1, kind: "hang" }] });
    const { work, sha } = await reference(options);
    await worker();
    const found = await finish(await engineFor(options, { deadlineMs: 2500 }), work);
    expect(found.sha).toBe(sha);
    expect(found.reports[1]!.retries).toBeGreaterThan(0);
  });

  it("tries a share again whose file is not there", { timeout: 60_000 }, async () => {
    const options = faulty(3, { faults: [{ round: 0, worker: 2, kind: "missing", times: 2 }] });
    const { work, sha } = await reference(options);
    const reasons: string[] = [];
    await worker({ events: { failed: (_, reason) => reasons.push(reason) } });
    const found = await finish(await engineFor(options), work);
    expect(found.sha).toBe(sha);
    expect(found.reports[0]!.shares.map(({ retries }) => retries)).toEqual([0, 0, 2]);
    expect(reasons).toEqual(Array(2).fill("shard-3.csv: expected a readable file, found nothing there"));
  });

  it("fails a round on numbers that are none at once, and names worker and step", { timeout: 60_000 }, async () => {
    const options = faulty(3, { faults: [{ round: 2, worker: 1, kind: "nan", times: 9 }] });
    const { work } = await reference(options);
    await worker();
    const engine = await engineFor(options);
    await engine.begin(await initialRunState(work));
    open.push(engine);
    await engine.round();
    await engine.round();
    const before = await engine.state();
    // The error that the worker had: what any engine says.
    await expect(engine.round()).rejects.toThrow(
      /^round 2, worker 1, step 1: expected finite weights, (?!.*Hint.*Hint).*Hint: begin anew with a learning rate below/,
    );
    expect(await engine.state()).toEqual(before);
  });

  it("goes on without a worker where a quorum allows it", { timeout: 60_000 }, async () => {
    const options = faulty(3, { faults: [{ round: 1, worker: 0, kind: "nan", times: 9 }] });
    const { work } = await reference(options);
    await worker();
    const { sha, reports } = await finish(await engineFor(options, { quorum: 2 }), work);
    expect(reports.map(({ missing }) => missing)).toEqual(reports.map(({ round }) => (round === 1 ? [0] : [])));
    // The same worker left out in one process: the same bytes.
    const alone = faulty(3, { faults: [{ round: 1, worker: 0, kind: "nan" }] });
    const { openWork: openFaulty } = await import("../fixtures/faulty-work.ts");
    const faultyWork = await openFaulty(alone);
    expect((await finish(inProcess(faultyWork, { quorum: 2 }), faultyWork)).sha).toBe(sha);
  });

  it("goes on at the deadline with those who answered, where a quorum allows it", { timeout: 60_000 }, async () => {
    const options = faulty(2, { faults: [{ round: 0, worker: 1, kind: "hang", times: 9 }] });
    const { work } = await reference(options);
    await worker({ concurrency: 2 });
    const notes: string[] = [];
    const engine = await engineFor(options, { quorum: 1, deadlineMs: 2000, note: (text) => notes.push(text) });
    open.push(engine);
    await engine.begin(await initialRunState(work));
    const report = await engine.round();
    expect(report.missing).toEqual([1]);
    expect(notes.join()).toContain("round 0: nothing from worker 1 within 2 s; asked again");
  });

  it("says that nobody listens, and gives up in the end", { timeout: 60_000 }, async () => {
    const options = faulty(2);
    const { work } = await reference(options);
    const notes: string[] = [];
    const engine = await engineFor(options, { deadlineMs: 500, tries: 2, note: (text) => notes.push(text) });
    open.push(engine);
    await engine.begin(await initialRunState(work));
    await expect(engine.round()).rejects.toThrow(
      /^round 0: expected worker 0, 1 to answer within 1 s, found nothing. Hint: start workers \(tenfold local worker/,
    );
    expect(notes).toContain("round 0: nothing from worker 0, 1 within 0.5 s; asked again");
  });

  it("refuses workers of another version of the code", { timeout: 60_000 }, async () => {
    const other = await worker({ codeVersion: "older" });
    const options = faulty(2);
    const { work } = await reference(options);
    const notes: string[] = [];
    const engine = await engineFor(options, { deadlineMs: 3500, tries: 1, note: (text) => notes.push(text) });
    open.push(engine);
    await engine.begin(await initialRunState(work));
    await expect(worker({ codeVersion: "older" })).rejects.toThrow(
      "worker: expected the code of the run that is going on, test, found older. Hint: install the same version",
    );
    await expect(engine.round()).rejects.toThrow(/found nothing/);
    expect(notes).toContain(`no worker has this run's code, test: refused are ${other.name} has older`);
  });

  it("keeps weights in a folder", { timeout: 60_000 }, async () => {
    const options = faulty(3);
    const blobs = mkdtempSync(join(folder, "blobs-"));
    const { work, sha } = await reference(options);
    await worker();
    let most = 0;
    // What the same run left when it was killed, under the name it had then.
    mkdirSync(join(blobs, "killed"));
    writeFileSync(join(blobs, "killed", "r7-average-weights"), "");
    const found = await finish(await engineFor(options, { blobs, before: "killed" }), work, () => {
      most = Math.max(most, readdirSync(blobs, { recursive: true }).length);
    });
    expect(found.sha).toBe(sha);
    expect(most).toBeGreaterThan(0);
    expect(readdirSync(blobs)).toEqual([]);
  });

  it("says what is wrong with Redis", { timeout: 60_000 }, async () => {
    const options = faulty(2);
    await expect(engineFor(options, { redis: "redis://127.0.0.1:1" })).rejects.toThrow(
      /^--redis redis:\/\/127.0.0.1:1: expected a Redis server, found connect ECONNREFUSED/,
    );
    await expect(engineFor(options, { redis: "127.0.0.1" })).rejects.toThrow(
      '--redis: expected an address such as redis://127.0.0.1:6379, found "127.0.0.1"',
    );
    const locked = await startRedis({ requirepass: "secret" });
    open.push({ close: () => locked.stop() });
    const wrong = `redis://:wrong@127.0.0.1:${locked.port}`;
    await expect(engineFor(options, { redis: wrong })).rejects.toThrow(
      new RegExp(`^--redis redis://…@127.0.0.1:${locked.port}: expected to be let in, found .*(WRONGPASS|NOAUTH)`),
    );
    await expect(engineFor(options, { redis: locked.url })).rejects.toThrow(/expected to be let in, found NOAUTH/);
    const right = await engineFor(options, { redis: `redis://:secret@127.0.0.1:${locked.port}` });
    await right.close();
    const forgetful = await startRedis({ maxmemory: "100mb", "maxmemory-policy": "allkeys-lru" });
    open.push({ close: () => forgetful.stop() });
    await expect(engineFor(options, { redis: forgetful.url })).rejects.toThrow(
      /expected maxmemory-policy noeviction, .*, found allkeys-lru\. Hint: redis-cli config set/,
    );
  });

  it("refuses a place for weights of a kind that it does not know", async () => {
    const message = '--blobs: expected redis, s3://bucket/prefix, or a folder that all machines see, found "http://x"';
    await expect(engineFor(faulty(2), { blobs: "http://x" })).rejects.toThrow(message);
    await expect(worker({ blobs: "http://x" })).rejects.toThrow(message);
  });

  it("says that Redis is full, and loses nothing", { timeout: 60_000 }, async () => {
    const small = await startRedis({ maxmemory: "3mb", "maxmemory-policy": "noeviction" });
    // Redis goes before the run that uses it: closing must not wait for it.
    open.push({ close: () => small.stop() });
    const engine = await engineFor(faulty(2), { redis: small.url });
    open.push(engine);
    const held = { weights: new Uint8Array(4_000_000) };
    const state = { round: 0, held, memories: [undefined, undefined] };
    await expect(
      (async () => {
        // The first write may still find room that the second does not.
        for (let i = 0; i < 3; i++) await engine.begin({ ...state, held: { weights: held.weights.fill(i) } });
      })(),
    ).rejects.toThrow(/^blob .*: expected room in Redis, found OOM .* Hint: raise maxmemory, or keep blobs elsewhere/);
  });
});
