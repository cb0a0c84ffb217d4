import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { initialRunState, inProcess, ThreadPool, threads, type Work } from "../../src/dist/index.ts";
import { networkSchema, openWork, workModule } from "../../src/systems/local-sgd/index.ts";
import { type FaultyOptions, faultyModule, openWork as openFaulty } from "../fixtures/faulty-work.ts";
import { finish, smallRun } from "./runs.ts";

const pool = new ThreadPool(2);
const folder = mkdtempSync(join(tmpdir(), "tenfold-engines-"));
afterAll(async () => {
  await pool.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("in this process and in threads", () => {
  it.each([2, 3, 4, 5, 6, 7, 8])("end with the same bytes with %i workers", { timeout: 60_000 }, async (workers) => {
    const run = smallRun(workers);
    const work = await openWork(run);
    const reference = await finish(inProcess(work), work);
    const parallel = await finish(await threads({ module: workModule, options: run }, { pool }), work);
    expect(parallel.sha).toBe(reference.sha);
    expect(parallel.reports.map(({ facts }) => facts)).toEqual(reference.reports.map(({ facts }) => facts));
    expect(parallel.reports.map(({ bytesSent }) => bytesSent)).toEqual(
      reference.reports.map(({ bytesSent }) => bytesSent),
    );
    expect(reference.reports).toHaveLength(12);
    expect(reference.reports[0]!.bytesSent).toBe(2 * workers * 20 * 8);
  });

  it("end with other bytes for another seed", async () => {
    const shas = await Promise.all(
      [1, 2].map(async (seed) => {
        const work = await openWork(smallRun(2, seed));
        return (await finish(inProcess(work), work)).sha;
      }),
    );
    expect(shas[0]).not.toBe(shas[1]);
  });

  it("go on from a state as if there had been no break", async () => {
    const work = await openWork(smallRun(3));
    const whole = await finish(inProcess(work), work);
    const first = inProcess(work);
    await first.begin(await initialRunState(work));
    for (let round = 0; round < 5; round++) await first.round();
    const second = inProcess(work);
    await second.begin(await first.state());
    for (let round = 5; round < work.rounds; round++) await second.round();
    const { sha256 } = await import("../../src/storage/index.ts");
    expect(sha256((await second.state()).held.weights)).toBe(whole.sha);
  });
});

describe("the functions of a run", () => {
  it("leave what they are given as it was", async () => {
    const network = networkSchema.parse({ workers: 2, hidden: [4], epochs: 1, outer: "nesterov", optimizer: "adamw" });
    for (const run of [smallRun(2), { kind: "network", config: network, seed: 1 } as const]) {
      const work = await openWork(run);
      const held = await work.start();
      const before = structuredClone(held);
      const shares = [
        await work.share(0, 0, { weights: held.weights }),
        await work.share(0, 1, { weights: held.weights }),
      ];
      const given = structuredClone(shares);
      const next = await work.combine(0, held, shares);
      expect(await work.combine(0, held, shares)).toEqual(next);
      expect(held).toEqual(before);
      expect(shares).toEqual(given);
      const again = structuredClone(shares[0]!);
      await work.share(1, 0, { weights: next.weights, ...(again.memory && { memory: again.memory }) });
      expect(again).toEqual(shares[0]);
    }
  });
});

describe("two runs that share a thread", () => {
  it("take turns without being opened anew", { timeout: 30_000 }, async () => {
    const one = new ThreadPool(1);
    const runs = await Promise.all(
      [1, 2].map(async (seed) => {
        const options = { run: smallRun(2, seed), folder: mkdtempSync(join(folder, "turns-")) };
        const engine = await threads({ module: faultyModule, options }, { pool: one });
        await engine.begin(await initialRunState(await openWork(options.run)));
        return { engine, openings: join(options.folder, "openings") };
      }),
    );
    for (let round = 0; round < 4; round++) await Promise.all(runs.map(({ engine }) => engine.round()));
    await one.close();
    // Once here, for what the engine must know of the work, and once in the thread.
    for (const { openings } of runs) expect(readFileSync(openings, "utf8")).toBe("opened\nopened\n");
  });
});

describe("a worker that fails", () => {
  const faulty = (name: string, faults: FaultyOptions["faults"]): FaultyOptions => ({
    run: smallRun(3),
    folder: mkdtempSync(join(folder, `${name}-`)),
    faults: faults ?? [],
  });

  it("fails the round, and the error names round, worker and step", async () => {
    const options = faulty("nan", [{ round: 2, worker: 1, kind: "nan" }]);
    const work = await openFaulty(options);
    await expect(finish(inProcess(work), work)).rejects.toThrow(/^round 2, worker 1, step 1: expected finite weights/);
    const inThreads = await threads(
      { module: faultyModule, options: { ...options, folder: mkdtempSync(join(folder, "nan-")) } },
      { pool },
    );
    await expect(finish(inThreads, work)).rejects.toThrow(/^round 2, worker 1, step 1: expected finite weights/);
  });

  it("leaves the state before the round", async () => {
    const work = await openFaulty(faulty("crash", [{ round: 1, worker: 0, kind: "crash" }]));
    const engine = inProcess(work);
    await engine.begin(await initialRunState(work));
    await engine.round();
    const before = await engine.state();
    await expect(engine.round()).rejects.toThrow(
      "round 1: expected a share of each of 3 workers, found worker 0: a crash on purpose",
    );
    expect(await engine.state()).toEqual(before);
    // The fault is over: the same engine goes on.
    expect((await engine.round()).round).toBe(1);
  });

  it("is left out where a quorum allows it, and is told of", async () => {
    const work: Work = await openFaulty(faulty("quorum", [{ round: 1, worker: 2, kind: "crash" }]));
    const { reports } = await finish(inProcess(work, { quorum: 2 }), work);
    expect(reports.map(({ missing }) => missing)).toEqual(reports.map(({ round }) => (round === 1 ? [2] : [])));
    const tooFew = await openFaulty(
      faulty("quorum", [
        { round: 1, worker: 2, kind: "crash" },
        { round: 1, worker: 0, kind: "crash" },
      ]),
    );
    await expect(finish(inProcess(tooFew, { quorum: 2 }), tooFew)).rejects.toThrow(
      /^round 1: expected shares of at least 2 workers, found worker 0: a crash on purpose; worker 2: a crash/,
    );
  });

  it("that hangs in a thread is ended at the deadline", { timeout: 30_000 }, async () => {
    const options = faulty("hang", [{ round: 0, worker: 1, kind: "hang" }]);
    const engine = await threads({ module: faultyModule, options }, { threads: 2, deadlineMs: 8000 });
    await expect(finish(engine, await openFaulty(options))).rejects.toThrow(
      "round 0, worker 1: expected a share within 8 seconds, found none: its thread was ended",
    );
  });
});
