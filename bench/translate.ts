/** Top-10 by CSLS of all words of two vocabularies: seconds and memory, beside NumPy. */
import { spawnSync } from "node:child_process";
import { Random } from "../src/core/index.ts";
import { cslsScoring, densities, Products, type Rows, selectBest } from "../src/systems/word-translation/index.ts";
import { openTerminal } from "../src/terminal/index.ts";

export interface TranslateOptions {
  readonly words: number;
  readonly dim: number;
  readonly neighbours: number;
  readonly repeats: number;
  /** Script that does the same in NumPy. */
  readonly peer?: string;
  readonly python: string;
}

export interface TranslateResult {
  readonly words: number;
  readonly dim: number;
  /** Seconds of each run. */
  readonly seconds: readonly number[];
  readonly peakMegabytes: number;
  /** Seconds of the peer's runs, each right after one of ours. */
  readonly peerSeconds: readonly number[];
  /** Share of words with the same best target in both; the vectors are the same. */
  readonly same: number | null;
}

/** Vectors of length 1 that a peer can make as well: a linear congruential generator in integers. */
function vectorsOf(words: number, dim: number, seed: number): Rows {
  const data = new Float32Array(words * dim);
  let state = new Random(seed, "bench", "translate").integer(2 ** 31);
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    data[i] = state / 2 ** 31;
  }
  for (let i = 0; i < words; i++) {
    const row = data.subarray(i * dim, (i + 1) * dim);
    const length = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
    for (let j = 0; j < dim; j++) row[j]! /= length;
  }
  return { data, count: words, dim };
}

/** Runs the peer on the same vectors: it reads them as raw float32 from standard input and prints seconds and best targets. */
function runPeer(source: Rows, target: Rows, neighbours: number, peer: string, python: string) {
  const input = Buffer.concat([source, target].map(({ data }) => Buffer.from(data.buffer)));
  const sizes = [source.count, source.dim, neighbours].map(String);
  const { status, stdout, stderr } = spawnSync(python, [peer, ...sizes], { input, maxBuffer: 2 ** 30 });
  if (status !== 0) throw new Error(`${peer}: ${stderr}`);
  return JSON.parse(stdout.toString()) as { seconds: number; best: number[] };
}

export async function measureTranslate(options: TranslateOptions): Promise<TranslateResult> {
  const { words, dim, neighbours, repeats, peer, python } = options;
  const [source, target] = [vectorsOf(words, dim, 1), vectorsOf(words, dim, 2)];
  const work = { products: new Products() };
  const seconds: number[] = [];
  const peerSeconds: number[] = [];
  let same: number | null = null;
  for (let repeat = 0; repeat < repeats; repeat++) {
    const start = performance.now();
    const progress = openTerminal({}).progress("translate", 2);
    const around = await densities(source, target, neighbours, work, (fraction) => progress.update(fraction));
    const scoring = cslsScoring([{ source, target, densities: around, weight: 1 }]);
    const { source: best } = await selectBest(scoring, { sourceK: 10, targetK: 0 }, work, (fraction) =>
      progress.update(1 + fraction),
    );
    progress.stop();
    seconds.push((performance.now() - start) / 1000);
    if (peer === undefined) continue;
    const found = runPeer(source, target, neighbours, peer, python);
    peerSeconds.push(found.seconds);
    same = found.best.filter((index, word) => index === best.indices[word * best.k]).length / words;
  }
  await work.products.dispose();
  const peakMegabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  return { words, dim, seconds, peakMegabytes, peerSeconds, same };
}
