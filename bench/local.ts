/**
 * What the engines of local-sgd cost: `node --import tsx bench/local.ts overhead|growth|threads`. The first two need a Redis
 * (`redis-server --save "" --appendonly no --port 6399`, and `--redis redis://127.0.0.1:6399`).
 */
import { Command } from "commander";
import { Redis } from "ioredis";
import { median, quantile } from "simple-statistics";
import { fleet, initialRunState, inProcess, type RoundEngine, startFleetWorker } from "../src/dist/index.ts";
import { engineSchema, execute, networkSchema } from "../src/systems/local-sgd/index.ts";
import { type EmptyWorkOptions, emptyModule, openWork } from "./local-work.ts";

const codeVersion = "bench";

/** Milliseconds of every round. */
async function timeRounds(engine: RoundEngine, options: EmptyWorkOptions, each = async () => {}): Promise<number[]> {
  const times: number[] = [];
  try {
    await engine.begin(await initialRunState(await openWork(options)));
    for (let round = 0; round < options.rounds; round++) {
      const begin = performance.now();
      await engine.round();
      times.push(performance.now() - begin);
      await each();
    }
  } finally {
    await engine.close();
  }
  return times;
}

const program = new Command("local").description("what the engines of local-sgd cost");

program
  .command("overhead")
  .description("milliseconds a round of BullMQ beside the same round in one process")
  .option("--redis <url>", "address of Redis", "redis://127.0.0.1:6399")
  .option("--workers <n>", "workers", "2")
  .option("--bytes <n>", "bytes of the weights", "1000000")
  .option("--rounds <n>", "rounds", "200")
  .action(async ({ redis, ...raw }) => {
    const options = { workers: Number(raw.workers), rounds: Number(raw.rounds), bytes: Number(raw.bytes) };
    const worker = await startFleetWorker({ redis, module: emptyModule, codeVersion, concurrency: 2 });
    const far = await timeRounds(await fleet({ redis, options, codeVersion }), options);
    await worker.close();
    const near = await timeRounds(inProcess(await openWork(options)), options);
    const [counted, alone] = [far.slice(20), median(near.slice(20))];
    const overheadMs = median(counted) - alone;
    // On a machine that others use, the fastest tenth says what a free one would need.
    console.log({ ...options, overheadMs, fastestTenthMs: quantile(counted, 0.1) - alone, inProcessMs: alone });
  });

program
  .command("growth")
  .description("Redis's memory and keys along the rounds of a large model")
  .option("--redis <url>", "address of Redis", "redis://127.0.0.1:6399")
  .option("--workers <n>", "workers", "32")
  .option("--bytes <n>", "bytes of the weights", "10000000")
  .option("--rounds <n>", "rounds", "1000")
  .action(async ({ redis, ...raw }) => {
    const options = { workers: Number(raw.workers), rounds: Number(raw.rounds), bytes: Number(raw.bytes) };
    const worker = await startFleetWorker({ redis, module: emptyModule, codeVersion, concurrency: 2 });
    const client = new Redis(redis);
    const seen: { round: number; megabytes: number; keys: number }[] = [];
    let round = 0;
    const times = await timeRounds(await fleet({ redis, options, codeVersion }), options, async () => {
      round++;
      if (round % Math.ceil(options.rounds / 10) !== 0) return;
      const used = Number(/used_memory:(\d+)/.exec(await client.info("memory"))![1]);
      seen.push({ round, megabytes: Math.round(used / 1e6), keys: await client.dbsize() });
    });
    await worker.close();
    const after = Number(/used_memory:(\d+)/.exec(await client.info("memory"))![1]);
    console.table(seen);
    console.log({
      ...options,
      msARound: median(times),
      megabytesAfter: Math.round(after / 1e6),
      keysAfter: await client.dbsize(),
    });
    client.disconnect();
  });

program
  .command("threads")
  .description("a network on two workers: seconds with one thread and with two")
  .option("--data <name>", "name of a dataset, a folder or a file", "digits")
  .option("--hidden <n>", "width of its two hidden layers", "512")
  .option("--epochs <n>", "epochs", "20")
  .option("--local-steps <n>", "steps of 50 examples a round", "7")
  .action(async ({ data, ...raw }) => {
    const hidden = Number(raw.hidden);
    const sizes = {
      data,
      workers: 2,
      hidden: [hidden, hidden],
      batchSize: 50,
      localSteps: Number(raw.localSteps),
      epochs: Number(raw.epochs),
    };
    const run = { kind: "network", config: networkSchema.parse(sizes), seed: 0 } as const;
    const timed = async (threads: number) => {
      const times: number[] = [];
      const outcome = await execute(run, engineSchema.parse({ engine: "threads", threads }), {
        onRound: ({ seconds }) => times.push(seconds),
      });
      // The first rounds load data and compile the step.
      return { ms: 1000 * median(times.slice(2)), sha256: outcome.weightsSha256 };
    };
    const results = { one: [] as number[], two: [] as number[] };
    const shas = new Set<string>();
    for (let turn = 0; turn < 2; turn++) {
      for (const [name, threads] of [
        ["one", 1],
        ["two", 2],
      ] as const) {
        const { ms, sha256 } = await timed(threads);
        results[name].push(ms);
        shas.add(sha256);
      }
    }
    const [one, two] = [median(results.one), median(results.two)];
    console.log({ ...sizes, oneThreadMs: one, twoThreadsMs: two, speedUp: one / two, sameBytes: shas.size === 1 });
  });

await program.parseAsync(process.argv);
