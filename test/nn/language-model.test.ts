import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { flattenTree, type HostTensor, hostTensor, mapTree, Random, type Tree } from "../../src/core/index.ts";
import {
  byteTokenizer,
  byteTokenizerJson,
  readAdapter,
  readLanguageModel,
  writeAdapter,
  writeLanguageModel,
} from "../../src/data/index.ts";
import { compile, constant, type Tensor } from "../../src/engine/index.ts";
import {
  addLora,
  causalLanguageModel,
  createDecoder,
  createScorer,
  greedyToken,
  type LanguageModelConfig,
  type LanguageModelInput,
  type LanguageModelParams,
  llamaConfig,
  Mode,
  mergeLora,
} from "../../src/nn/index.ts";
import { describeWithShared } from "../shared.ts";

const golden = fileURLToPath(new URL("../golden/language-models", import.meta.url));
const temporary = mkdtempSync(join(tmpdir(), "language-model-"));
afterAll(() => rmSync(temporary, { recursive: true }));

interface Golden {
  readonly tokens: readonly (readonly number[])[];
  readonly logits: Readonly<Record<string, readonly number[]>>;
}
const recorded = JSON.parse(readFileSync(join(golden, "logits.json"), "utf8")) as Golden;

/** A tokenizer of 40 letters, as small as the golden models' vocabulary. */
const letters = {
  version: "1.0",
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: null,
  post_processor: null,
  decoder: null,
  model: {
    type: "BPE",
    vocab: Object.fromEntries(Array.from({ length: 40 }, (_, i) => [String.fromCharCode(48 + i), i])),
    merges: [],
  },
};

/** A golden model's folder with a tokenizer in it. */
function folderOf(name: string): string {
  const folder = join(temporary, name);
  cpSync(join(golden, name), folder, { recursive: true });
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(letters));
  return folder;
}

const rows = recorded.tokens;
const tokens = hostTensor(Int32Array.from(rows.flat()), [rows.length, rows[0]?.length ?? 0]);

/** Logits of a model for rows of tokens. */
async function forward(
  config: LanguageModelConfig,
  params: LanguageModelParams,
  input: Readonly<Record<string, HostTensor>>,
  scale = 1,
): Promise<HostTensor> {
  const model = causalLanguageModel(config, { scale });
  const run = compile((read: Record<string, Tensor>) => {
    const fixed = mapTree(params as unknown as Tree<HostTensor>, (leaf) => constant(leaf));
    return model.apply(fixed as never, read as unknown as LanguageModelInput, new Mode(false));
  });
  const logits = await run(input);
  await run.dispose();
  return logits;
}

describe.each(Object.keys(recorded.logits))("%s", (name) => {
  test("gives the logits of an independent forward", async () => {
    const { config, params } = await readLanguageModel(folderOf(name));
    expect((await forward(config, params, { tokens })).data).toBeAllclose(recorded.logits[name] ?? [], {
      rtol: 1e-4,
      atol: 1e-4,
    });
  });

  test("computes at a few places what it computes at all", async () => {
    const { config, params } = await readLanguageModel(folderOf(name));
    const [batch, seq] = tokens.shape as [number, number];
    const places = Array.from({ length: batch }, (_, row) => [row, seq - 1]);
    const readAt = hostTensor(Int32Array.from(places.flat()), [batch, 2]);
    const whole = await forward(config, params, { tokens });
    const expected = places.flatMap((columns, row) =>
      columns.flatMap((column) => {
        const at = (row * seq + column) * config.vocabSize;
        return Array.from(whole.data.subarray(at, at + config.vocabSize));
      }),
    );
    const few = await forward(config, params, { tokens, readAt });
    expect(few.shape).toEqual([batch, 2, config.vocabSize]);
    expect(few.data).toBeAllclose(expected, { rtol: 1e-5, atol: 1e-5 });
  });

  test("decodes token by token what it computes at once, whatever lies beside in the batch", async () => {
    const { config, params } = await readLanguageModel(folderOf(name));
    const decoder = createDecoder({ config, params });
    const prompts = rows.map((row, i) => row.slice(0, 4 + i));
    const options = { maxTokens: 6, choose: (_: number, logits: Float32Array) => greedyToken(logits) };
    const [together, again] = await Promise.all([
      decoder.generate(prompts, options),
      decoder.generate([...prompts].reverse(), options),
    ]);
    expect(again).toEqual([...together].reverse());
    const alone = await decoder.generate(prompts.slice(1), options);
    expect(together[1]).toEqual(alone[0]);
    await decoder.dispose();
    // Each token must be the likeliest after the whole text before it.
    for (const [i, prompt] of prompts.entries()) {
      const text = [...prompt, ...(together[i] ?? [])];
      const logits = await forward(config, params, { tokens: hostTensor(Int32Array.from(text), [1, text.length]) });
      const after = (place: number) => logits.data.subarray(place * config.vocabSize, (place + 1) * config.vocabSize);
      const expected = text.slice(prompt.length).map((_, k) => greedyToken(after(prompt.length - 1 + k)));
      expect(together[i]).toEqual(expected);
    }
  });

  test("is written as it was read", async () => {
    const loaded = await readLanguageModel(folderOf(name));
    const folder = mkdtempSync(join(temporary, "written-"));
    await writeLanguageModel(folder, loaded, {
      files: { "tokenizer.json": letters, "generation_config.json": { eos_token_id: 0 } },
    });
    const again = await readLanguageModel(folder);
    expect(again.config).toEqual(loaded.config);
    expect(again.params).toEqual(loaded.params);
  });
});

test("scores are sums of log-probabilities, and those of all continuations make 1", async () => {
  const { config, params } = await readLanguageModel(folderOf("llama"));
  const scorer = createScorer({ config, params }, { batchTokens: 64 });
  const prompt = [1, 2, 3];
  const all = Array.from({ length: 40 }, (_, token) => ({ prompt, completion: [token] }));
  const single = await scorer.score(all);
  expect(single.reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 5);
  const [pair, second] = await scorer.score([
    { prompt, completion: [5, 6] },
    { prompt: [...prompt, 5], completion: [6] },
  ]);
  expect(pair).toBeCloseTo((single[5] ?? 0) + (second ?? 0), 4);
  await scorer.dispose();
});

describe("segments", () => {
  test("texts that share a row give the logits that each gives alone", async () => {
    const { config, params } = await readLanguageModel(folderOf("gpt2"));
    const ints = (...values: number[]) => hostTensor(Int32Array.from(values), [1, values.length]);
    const packed = await forward(config, params, {
      tokens: ints(7, 8, 9, 4, 5),
      positions: ints(0, 1, 2, 0, 1),
      segments: ints(0, 0, 0, 1, 1),
    });
    const alone = await forward(config, params, { tokens: ints(4, 5) });
    expect(packed.data.slice(3 * 40)).toBeAllclose(alone.data, { rtol: 1e-4, atol: 1e-5 });
  });
});

describe("low-rank additions", () => {
  const targets = (path: string) => /\.(query|value|qkv|down)$/.test(path);

  /** Additions that change something. */
  const filled = (params: LanguageModelParams, seed: number): LanguageModelParams => {
    const random = new Random(seed, "fill");
    return mapTree(params as unknown as Tree<HostTensor>, (leaf, path) =>
      path.endsWith("lora.up")
        ? hostTensor(
            Float32Array.from(leaf.data, () => random.normal(0, 0.2)),
            leaf.shape,
          )
        : leaf,
    ) as unknown as LanguageModelParams;
  };
  const logits = async (config: LanguageModelConfig, params: LanguageModelParams, scale: number) =>
    (await forward(config, params, { tokens }, scale)).data;

  test("change nothing at first; merged, they are what they were beside the weights", async () => {
    const { config, params } = await readLanguageModel(folderOf("qwen2"));
    const fresh = addLora(params, { rank: 3, targets }, new Random(1));
    expect(await logits(config, fresh, 2)).toEqual(await logits(config, params, 1));
    const trained = filled(fresh, 2);
    const beside = await logits(config, trained, 2);
    expect(Math.max(...beside.map((value, i) => Math.abs(value - (recorded.logits.qwen2?.[i] ?? 0))))).toBeGreaterThan(
      0.1,
    );
    expect(await logits(config, mergeLora(trained, 2), 1)).toBeAllclose(beside, { rtol: 1e-4, atol: 1e-4 });
  });

  test.each(["gpt2", "llama"])("of %s go to PEFT's files and back", async (name) => {
    const { config, params } = await readLanguageModel(folderOf(name));
    const trained = filled(addLora(params, { rank: 2, targets }, new Random(1)), 3);
    const folder = mkdtempSync(join(temporary, "adapter-"));
    const settings = { rank: 2, alpha: 4, dropout: 0.1 };
    await writeAdapter(folder, { config, params: trained }, settings, "base");
    const again = await readAdapter(folder, { config, params });
    expect(again).toEqual({ params: trained, settings });
    const file = JSON.parse(readFileSync(join(folder, "adapter_config.json"), "utf8"));
    expect(file).toMatchObject({ r: 2, lora_alpha: 4, fan_in_fan_out: name === "gpt2" });
    const leaves = flattenTree(trained as unknown as Tree<HostTensor>).filter(([path]) => path.endsWith("lora.down"));
    expect(leaves.length).toBe(name === "gpt2" ? 4 : 6);
  });
});

describe("folders that are no models", () => {
  const change = (name: string, fn: (folder: string) => void) => {
    const folder = mkdtempSync(join(temporary, "bad-"));
    cpSync(folderOf(name), folder, { recursive: true });
    fn(folder);
    return readLanguageModel(folder);
  };
  const config = (folder: string, changes: object) => {
    const path = join(folder, "config.json");
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), ...changes }));
  };
  test.each<[string, string, (folder: string) => void, RegExp]>([
    ["no config.json", "gpt2", (f) => rmSync(join(f, "config.json")), /config\.json: expected a readable file/],
    [
      "another family",
      "gpt2",
      (f) => config(f, { model_type: "bert" }),
      /"model_type": expected one of gpt2, llama.*found "bert"/,
    ],
    ["a size that is none", "llama", (f) => config(f, { hidden_size: -3 }), /"hidden_size": expected .*found -3/],
    [
      "a wrong shape",
      "llama",
      (f) => config(f, { intermediate_size: 25 }),
      /shard|safetensors: tensor model\.layers\.0\.mlp\.gate_proj\.weight: expected float32\[25, 16\].*found float32\[24, 16\]/,
    ],
    [
      "missing tensors",
      "llama",
      (f) => config(f, { num_hidden_layers: 3 }),
      /expected the \d+ tensors.*found no model\.layers\.2\.input_layernorm\.weight.* and \d+ more/,
    ],
    [
      "a missing shard",
      "llama",
      (f) => rmSync(join(f, "model-00002-of-00002.safetensors")),
      /model-00002-of-00002\.safetensors: expected a readable file/,
    ],
    [
      "pickled weights",
      "gpt2",
      (f) => {
        rmSync(join(f, "model.safetensors"));
        writeFileSync(join(f, "pytorch_model.bin"), "x");
      },
      /found pytorch_model\.bin, a pickle.*safe_serialization/,
    ],
    [
      "unknown rope scaling",
      "llama",
      (f) => config(f, { rope_scaling: { rope_type: "yarn" } }),
      /rope scaling: expected default, linear or llama3, found "yarn"/,
    ],
    ["no end token", "gpt2", (f) => config(f, { eos_token_id: null }), /expected a token that ends texts/],
    [
      "a tokenizer too large",
      "gpt2",
      (f) => writeFileSync(join(f, "tokenizer.json"), JSON.stringify(byteTokenizerJson())),
      /expected at most 40 tokens/,
    ],
  ])("%s", async (_, name, fn, message) => {
    await expect(change(name, fn)).rejects.toThrow(message);
  });
});

test("a model that does not fit together is refused", () => {
  const sizes = { vocabSize: 5, contextLength: 8, dim: 8, numLayers: 1, numHeads: 4 };
  expect(() => causalLanguageModel(llamaConfig({ ...sizes, numKeyValueHeads: 3 }))).toThrow(
    /a divisor of the 4 heads, found 3/,
  );
});

test("bytes as tokens are those of the tokenizer.json that other tools read", async () => {
  const folder = mkdtempSync(join(temporary, "bytes-"));
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(byteTokenizerJson()));
  writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify({ eos_token: "<|endoftext|>" }));
  const { readTokenizer } = await import("../../src/data/index.ts");
  const [own, read] = [byteTokenizer(), await readTokenizer(folder)];
  for (const text of ["5.1 -3.5#", "a\\#b @@@ ###", "é 日本 🙂", "line\nbreak\ttab  two  spaces"]) {
    expect(read.encode(text)).toEqual(own.encode(text));
    expect(own.decode(own.encode(text))).toBe(text);
  }
  expect([read.vocabSize, read.endToken]).toEqual([own.vocabSize, own.endToken]);
  expect([53, 46].map((token) => read.tokenText(token))).toEqual(["5", "."]);
});

describeWithShared("stories260K", (path) => {
  test("tells greedily what llama2.c tells", async () => {
    const { config, params, tokenizer } = await readLanguageModel(path("stories260K/stories260K.bin"));
    const decoder = createDecoder({ config, params }, { batchSize: 1 });
    const choose = (_: number, logits: Float32Array) => greedyToken(logits);
    const [generated] = await decoder.generate([[...tokenizer.startTokens]], { maxTokens: 199, choose });
    await decoder.dispose();
    const expected = JSON.parse(readFileSync(join(golden, "stories.json"), "utf8")) as number[];
    expect([1, ...(generated ?? [])]).toEqual(expected);
    expect(tokenizer.decode([1, ...(generated ?? [])])).toMatch(
      /^Once upon a time, there was a little girl named Lily\. She loved to play outside in the park\. One day, she saw a big, red ball\./,
    );
  });

  test("its tokenizer reads its own text back", async () => {
    const { tokenizer } = await readLanguageModel(path("stories260K/stories260K.bin"));
    for (const text of ["Once upon a time", 'Lily\'s mom said, "no"', "é ü 🙂", "  two  spaces", ""]) {
      expect(tokenizer.decode([1, ...tokenizer.encode(text)])).toBe(text);
    }
    expect(tokenizer.encode("Once upon a time")).toEqual([403, 407, 261, 378]);
  });
});
