/** Greedy decoding beside transformers.js: the same weights, the same ONNX Runtime, the same threads, in turns. */
import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { median } from "simple-statistics";
import { Random } from "../src/core/index.ts";
import { byteTokenizerJson, writeLanguageModel } from "../src/data/index.ts";
import { causalLanguageModel, createDecoder, gpt2Config, greedyToken } from "../src/nn/index.ts";

/** Sizes of a model, and how many texts are continued at once. */
interface DecodingWorkload {
  readonly name: string;
  readonly dim: number;
  readonly layers: number;
  readonly heads: number;
  readonly vocab: number;
  readonly batch: number;
  /** Inside an operator, of both. */
  readonly threads: number;
}

const workloads: readonly DecodingWorkload[] = [
  { name: "dim 64, 2 layers, one text", dim: 64, layers: 2, heads: 4, vocab: 257, batch: 1, threads: 1 },
  { name: "dim 64, 2 layers, 16 texts", dim: 64, layers: 2, heads: 4, vocab: 257, batch: 16, threads: 1 },
  { name: "dim 512, 6 layers, one text", dim: 512, layers: 6, heads: 8, vocab: 8192, batch: 1, threads: 2 },
  { name: "dim 512, 6 layers, 16 texts", dim: 512, layers: 6, heads: 8, vocab: 8192, batch: 16, threads: 2 },
];

/** Tokens of a prompt, and of what is generated after it. */
const [promptLength, generated] = [16, 96];

export interface DecodingOptions {
  /** Script that writes onnx/model.onnx beside the weights. */
  readonly exporter: string;
  readonly python: string;
  readonly turns: number;
}

/** A way to continue prompts, which all have the same length. */
type Generate = (prompts: readonly (readonly number[])[]) => Promise<number[][]>;

/** Opens the model in `folder` in transformers.js. */
async function openPeer(folder: string, threads: number): Promise<{ generate: Generate; close: () => Promise<void> }> {
  const { AutoModelForCausalLM, Tensor, env } = await import("@huggingface/transformers");
  env.allowRemoteModels = false;
  env.localModelPath = dirname(folder);
  const model = await AutoModelForCausalLM.from_pretrained(basename(folder), {
    dtype: "fp32",
    device: "cpu",
    session_options: { intraOpNumThreads: threads },
  });
  const tensor = (rows: readonly (readonly number[])[], value: (token: number) => number) => {
    const data = BigInt64Array.from(rows.flat(), (token) => BigInt(value(token)));
    return new Tensor("int64", data, [rows.length, rows[0]!.length]);
  };
  const generate: Generate = async (prompts) => {
    const inputs = { input_ids: tensor(prompts, (token) => token), attention_mask: tensor(prompts, () => 1) };
    const wanted = { ...inputs, max_new_tokens: generated, do_sample: false, eos_token_id: -1 };
    const { data, dims } = (await model.generate(wanted as never)) as unknown as {
      data: BigInt64Array;
      dims: number[];
    };
    const tokens = Array.from(data, Number);
    return prompts.map((prompt, row) => tokens.slice(row * dims[1]! + prompt.length, (row + 1) * dims[1]!));
  };
  return { generate, close: async () => void (await model.dispose()) };
}

/** Tokens a second of both, in turns, and whether they are the same tokens. */
export async function measureDecoding({ exporter, python, turns }: DecodingOptions) {
  const results = [];
  for (const w of workloads) {
    const folder = await mkdtemp(join(tmpdir(), "tenfold-decode-"));
    const config = gpt2Config({
      vocabSize: w.vocab,
      contextLength: 128,
      dim: w.dim,
      numLayers: w.layers,
      numHeads: w.heads,
      hiddenDim: 4 * w.dim,
    });
    const params = causalLanguageModel(config).init(new Random(0));
    await writeLanguageModel(folder, { config, params }, { files: { "tokenizer.json": byteTokenizerJson() } });
    const { status, stderr } = spawnSync(python, [exporter, folder]);
    if (status !== 0) throw new Error(`${exporter}: ${stderr}`);
    const decoder = createDecoder({ config, params }, { batchSize: w.batch, threads: w.threads });
    const choose = (_: number, logits: Float32Array) => greedyToken(logits);
    const ours: Generate = (prompts) => decoder.generate(prompts, { maxTokens: generated, choose });
    const peer = await openPeer(folder, w.threads);
    const random = new Random(0, "bench", "decode");
    const draw = () => Array.from({ length: promptLength }, () => random.integer(256));
    const prompts = Array.from({ length: w.batch }, draw);
    const [mine, theirs] = [await ours(prompts), await peer.generate(prompts)];
    const seconds = { ours: [] as number[], peer: [] as number[] };
    for (let turn = 0; turn < turns; turn++) {
      for (const [side, generate] of [
        ["ours", ours],
        ["peer", peer.generate],
      ] as const) {
        const began = performance.now();
        await generate(prompts);
        seconds[side].push((performance.now() - began) / 1000);
      }
    }
    await decoder.dispose();
    await peer.close();
    await rm(folder, { recursive: true });
    const tokens = w.batch * generated;
    results.push({
      name: w.name,
      tokensPerSecond: Math.round(tokens / median(seconds.ours)),
      peerTokensPerSecond: Math.round(tokens / median(seconds.peer)),
      ratio: Number((median(seconds.peer) / median(seconds.ours)).toFixed(2)),
      sameTokens: JSON.stringify(mine) === JSON.stringify(theirs),
    });
  }
  return results;
}
