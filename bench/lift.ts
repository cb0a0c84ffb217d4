/** Tokens a second of training a language model beside PyTorch, and of decoding. */
import { spawnSync } from "node:child_process";
import { Random } from "../src/core/index.ts";
import { readLanguageModel } from "../src/data/index.ts";
import { causalLanguageModel, createDecoder, gpt2Config, greedyToken } from "../src/nn/index.ts";
import { adamW } from "../src/optim/index.ts";
import { compileTrainStep, completionLoss, initialState, packedModel, packTexts } from "../src/train/index.ts";

/** Sizes of a model and a batch. */
interface Workload {
  readonly name: string;
  readonly dim: number;
  readonly layers: number;
  readonly heads: number;
  readonly hidden: number;
  readonly vocab: number;
  readonly seq: number;
  readonly batch: number;
  /** Places a row whose next token is learned. */
  readonly reads: number;
  /** Threads inside an operator; PyTorch has all cores. */
  readonly threads: number;
}

const workloads: readonly Workload[] = [
  {
    name: "table rows",
    dim: 64,
    layers: 2,
    heads: 4,
    hidden: 128,
    vocab: 257,
    seq: 32,
    batch: 32,
    reads: 2,
    threads: 1,
  },
  {
    name: "small model, completions",
    dim: 256,
    layers: 4,
    heads: 8,
    hidden: 1024,
    vocab: 4096,
    seq: 128,
    batch: 8,
    reads: 8,
    threads: 2,
  },
  {
    name: "small model, every token",
    dim: 256,
    layers: 4,
    heads: 8,
    hidden: 1024,
    vocab: 4096,
    seq: 128,
    batch: 8,
    reads: 127,
    threads: 2,
  },
];

export interface LiftBenchOptions {
  readonly steps: number;
  /** Script that times the same steps in PyTorch. */
  readonly peer?: string;
  readonly python: string;
  /** A llama2.c checkpoint to decode from. */
  readonly model?: string;
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function trainOurs(w: Workload, steps: number): Promise<number[]> {
  const config = gpt2Config({
    vocabSize: w.vocab,
    contextLength: w.seq,
    dim: w.dim,
    numLayers: w.layers,
    numHeads: w.heads,
    hiddenDim: w.hidden,
  });
  const model = causalLanguageModel(config);
  const random = new Random(0, "bench", "lift");
  const draw = (n: number) => Array.from({ length: n }, () => random.integer(w.vocab));
  const examples = Array.from({ length: w.batch }, () => ({
    prompt: draw(w.seq + 1 - w.reads),
    completion: draw(w.reads),
  }));
  const packed = packTexts(examples, { name: "bench", sha256: "" });
  const options = {
    model: packedModel(model, packed),
    loss: completionLoss,
    optimizer: adamW({ weightDecay: 0.01 }),
    clipNorm: 1,
    compile: { threads: w.threads },
  };
  const step = compileTrainStep(options, initialState(options, model.init(new Random(0))));
  const seconds: number[] = [];
  const { inputs, targets } = packed.dataset;
  for (let i = 0; i < steps; i++) {
    const began = performance.now();
    await step.run({ inputs, targets }, { learningRate: 1e-3, step: i, seed: 0 });
    seconds.push((performance.now() - began) / 1000);
  }
  await step.dispose();
  return seconds;
}

function trainPeer(w: Workload, steps: number, peer: string, python: string): number[] {
  const sizes = [w.vocab, w.dim, w.layers, w.heads, w.hidden, w.seq, w.batch, w.reads, steps].map(String);
  const { status, stdout, stderr } = spawnSync(python, [peer, ...sizes]);
  if (status !== 0) throw new Error(`${peer}: ${stderr}`);
  return (JSON.parse(stdout.toString()) as { seconds: number[] }).seconds;
}

/** Tokens a second of greedy decoding, one text. */
async function decodeOurs(path: string, tokens: number): Promise<number> {
  const { config, params, tokenizer } = await readLanguageModel(path);
  const decoder = createDecoder({ config, params }, { batchSize: 1, threads: 1 });
  const choose = (_: number, logits: Float32Array) => greedyToken(logits);
  await decoder.generate([[...tokenizer.startTokens]], { maxTokens: tokens, choose });
  const began = performance.now();
  await decoder.generate([[...tokenizer.startTokens]], { maxTokens: tokens, choose });
  const seconds = (performance.now() - began) / 1000;
  await decoder.dispose();
  return tokens / seconds;
}

/** Measures training in turns with the peer, then decoding. */
export async function measureLift({ steps, peer, python, model }: LiftBenchOptions) {
  const training = [];
  for (const w of workloads) {
    const [ours, theirs]: [number[], number[]] = [[], []];
    for (let turn = 0; turn < 3; turn++) {
      ours.push(median((await trainOurs(w, steps)).slice(3)));
      if (peer) theirs.push(median(trainPeer(w, steps, peer, python).slice(3)));
    }
    const tokens = w.seq * w.batch;
    training.push({
      name: w.name,
      tokensPerSecond: Math.round(tokens / median(ours)),
      peerTokensPerSecond: peer ? Math.round(tokens / median(theirs)) : null,
      ratio: peer ? Number((median(theirs) / median(ours)).toFixed(2)) : null,
    });
  }
  const decoding = model ? { tokensPerSecond: Math.round(await decodeOurs(model, 199)) } : null;
  return { training, decoding };
}
