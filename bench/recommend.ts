/** Generative retrieval: training steps beside the same model in PyTorch, and a served run under load from this process. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { median, quantile } from "simple-statistics";
import { Random } from "../src/core/index.ts";
import { adamW } from "../src/optim/index.ts";
import {
  compactModel,
  idCrossEntropy,
  leafCounts,
  openGenerator,
  packExamples,
  readRun,
  searchBeams,
} from "../src/systems/generative-retrieval/index.ts";
import { compileTrainStep, gatherRows, initialState } from "../src/train/index.ts";

export interface RecommendTrainingOptions {
  readonly steps: number;
  /** Script that takes the same steps in PyTorch. */
  readonly peer?: string;
  readonly python: string;
}

export interface RecommendTrainingResult {
  readonly usersPerStep: number;
  readonly tenfoldMs: number;
  readonly torchMs: number | null;
  readonly tenfoldUsersPerSecond: number;
  readonly torchUsersPerSecond: number | null;
}

const warmupSteps = 5;

/** Trains on packed histories of the lengths of Amazon Beauty (4 to 20 items, 7 on average), step by step in turns with the peer. */
export async function measureRecommendTraining(options: RecommendTrainingOptions): Promise<RecommendTrainingResult> {
  const sizes = {
    levels: 4,
    codebookSize: 256,
    length: 20,
    dim: 128,
    numLayers: 2,
    numHeads: 4,
    hiddenDim: 256,
    dropout: 0.2,
  };
  const { levels, length, codebookSize } = sizes;
  const random = new Random(0, "bench", "recommend");
  const items = 12_101;
  const codes = Int32Array.from({ length: items * levels }, () => random.integer(codebookSize));
  const sequences = Array.from({ length: 2000 }, () => {
    const size = Math.min(20, 4 + Math.floor(-3 * Math.log(1 - random.uniform())));
    return Int32Array.from({ length: size }, () => random.integer(items));
  });
  const { inputs, targets } = packExamples(sequences, length, { codes, width: levels });
  const rows = random.permutation(inputs.shape[0]).subarray(0, 64);
  const batch = { inputs: gatherRows(inputs, rows), targets: gatherRows(targets, rows) };
  const features = 2 + 2 * levels;
  const users = new Set(
    Array.from({ length: 64 * length }, (_, i) => `${Math.floor(i / length)} ${batch.inputs.data[i * features]}`),
  ).size;
  const model = compactModel(sizes);
  const training = { model, loss: idCrossEntropy, optimizer: adamW({ weightDecay: 0.05 }), clipNorm: 1 };
  const step = compileTrainStep(training, initialState(training, model.init(random)));
  const peer =
    options.peer === undefined ? undefined : startPeer(options.python, options.peer, sizes, batch.inputs.data);
  const [ours, theirs]: number[][] = [[], []];
  for (let i = 0; i < options.steps + warmupSteps; i++) {
    const start = performance.now();
    await step.run(batch, { learningRate: 1e-3, step: i, seed: i });
    ours.push(performance.now() - start);
    if (peer) theirs.push(await peer.step());
  }
  peer?.close();
  await step.dispose();
  const mine = median(ours.slice(warmupSteps));
  const torch = peer ? median(theirs.slice(warmupSteps)) : null;
  return {
    usersPerStep: users,
    tenfoldMs: mine,
    torchMs: torch,
    tenfoldUsersPerSecond: Math.round((1000 * users) / mine),
    torchUsersPerSecond: torch === null ? null : Math.round((1000 * users) / torch),
  };
}

function startPeer(python: string, script: string, sizes: Readonly<Record<string, number>>, batch: ArrayBufferView) {
  const { length, levels, codebookSize, dim, numLayers, numHeads, hiddenDim, dropout } = sizes;
  const words = [64, length, levels, codebookSize, dim, numLayers, numHeads, hiddenDim, dropout].map(String);
  const child = spawn(python, [script, ...words], { stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.write(Buffer.from(batch.buffer, batch.byteOffset, batch.byteLength));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async step(): Promise<number> {
      child.stdin.write("\n");
      const { value, done } = await lines.next();
      if (done) throw new Error("the peer ended early; its message is above");
      return (JSON.parse(value) as { ms: number }).ms;
    },
    close: () => child.stdin.end(),
  };
}

export interface RecommendLoadResult {
  /** One request at a time. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Many at a time. */
  readonly concurrency: number;
  readonly usersPerSecond: number;
  /** Milliseconds of one search in this process, the median, by beam size. */
  readonly beamMs: Readonly<Record<string, number>>;
}

/** The median time of searches for one history at each beam size. */
async function measureBeams(run: string, beamSizes: readonly number[]): Promise<Record<string, number>> {
  const { spec, params, catalogue } = await readRun(run);
  const allowed = leafCounts(catalogue.trie, () => true);
  const decoder = await openGenerator(spec, params, Math.max(...beamSizes), { threads: 1 });
  const random = new Random(0, "bench", "beams");
  const result: Record<string, number> = {};
  for (const beamSize of beamSizes) {
    const times: number[] = [];
    for (let i = 0; i < 120; i++) {
      const history = Int32Array.from({ length: 8 }, () => random.integer(catalogue.items.length));
      const start = performance.now();
      await searchBeams(decoder, catalogue.trie, [{ history, allowed }], { beamSize });
      times.push(performance.now() - start);
    }
    result[beamSize] = median(times.slice(20));
  }
  await decoder.dispose();
  return result;
}

/** Serves a run in a process of its own and asks it: one request at a time, then `concurrency` at a time. */
export async function measureRecommendLoad(
  run: string,
  requests: number,
  concurrency: number,
): Promise<RecommendLoadResult> {
  const beamMs = await measureBeams(run, [10, 20, 50, 100]);
  const words = ["--import", "tsx", "src/cli/main.ts", "recommend", "serve", run, "--port", "0", "--json"];
  const server = spawn(process.execPath, words, { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      let text = "";
      server.once("exit", () => reject(new Error("the server ended early; its message is above")));
      server.stdout.on("data", (chunk) => {
        text += String(chunk);
        const found = /"url": "([^"]+)"/.exec(text)?.[1];
        if (found !== undefined) resolve(found);
      });
    });
    const random = new Random(0, "bench", "load");
    const ask = async (): Promise<number> => {
      const history = Array.from({ length: 3 + random.integer(10) }, () => 1 + random.integer(12_000));
      const body = JSON.stringify({ history, k: 10, excludeSeen: true });
      const start = performance.now();
      const response = await fetch(`${url}/recommend`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      if (!response.ok) throw new Error(await response.text());
      await response.json();
      return performance.now() - start;
    };
    for (let i = 0; i < 50; i++) await ask();
    const times: number[] = [];
    for (let i = 0; i < requests; i++) times.push(await ask());
    const begin = performance.now();
    await Promise.all(
      Array.from({ length: concurrency }, async () => {
        for (let i = 0; i < requests / concurrency; i++) await ask();
      }),
    );
    const seconds = (performance.now() - begin) / 1000;
    const [p50Ms, p99Ms] = quantile(times, [0.5, 0.99]) as [number, number];
    const usersPerSecond = Math.round(requests / seconds);
    return { p50Ms, p99Ms, concurrency, usersPerSecond, beamMs };
  } finally {
    server.kill("SIGTERM");
  }
}
