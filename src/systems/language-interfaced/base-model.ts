/** What is fine-tuned: a model from a folder, our own small one of bytes, or random weights. @module */
import { mkdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { ConfigError, flattenTree, type HostTensor, hostTensor, Random, type Tree } from "../../core/index.ts";
import {
  byteTokenizer,
  byteTokenizerJson,
  cacheDirectory,
  type LanguageModel,
  readLanguageModel,
  writeLanguageModel,
} from "../../data/index.ts";
import { causalLanguageModel, gpt2Config, type LanguageModelParams } from "../../nn/index.ts";
import { sha256 } from "../../storage/index.ts";
import { drawQuestions } from "./pretext.ts";
import { trainTexts } from "./training.ts";

/** A model to fine-tune. */
export interface BaseModel extends LanguageModel {
  /** `none`, `bytes`, or the folder it is from. */
  readonly name: string;
  /** Whether it reads bytes and knows no words: values are written short for it. */
  readonly ownBytes: boolean;
  /** SHA-256 of its parameters. */
  readonly sha256: string;
}

/** Sizes of our own model: as small as learns tables of ten columns in seconds. */
const sizes = { vocabSize: byteTokenizer().vocabSize, dim: 64, numLayers: 2, numHeads: 4, hiddenDim: 128 };
const contextLength = 96;

/** How our own model is trained; the cache's name is made of it. */
const recipe = {
  version: 1,
  sizes,
  contextLength,
  questions: 60_000,
  epochs: 2,
  batchSize: 64,
  learningRate: 3e-3,
  seed: 0,
};

/** Files that a tool needs beside the weights of our own model. */
export const byteTokenizerFiles = {
  "tokenizer.json": byteTokenizerJson(),
  "tokenizer_config.json": { eos_token: "<|endoftext|>", tokenizer_class: "PreTrainedTokenizerFast" },
};

/** SHA-256 over all parameters, in the order of the tree. */
export function hashParams(params: LanguageModelParams): string {
  const parts = flattenTree(params as unknown as Tree<HostTensor>).map(([path, { shape, data }]) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return `${path} ${shape.join("x")} ${sha256(bytes)}`;
  });
  return sha256(parts.join("\n"));
}

/** Our own model with random weights. */
function freshModel(seed: number): LanguageModel {
  const config = gpt2Config({ ...sizes, contextLength });
  const params = causalLanguageModel(config).init(new Random(seed, "base"));
  return { config, params, tokenizer: byteTokenizer() };
}

/** What opening a base tells of itself. */
export interface BaseHooks {
  readonly signal?: AbortSignal;
  /** The share done of training our own model, where that has to be done. */
  readonly progress?: (fraction: number) => void;
  /** Where our own model is kept; default the user's cache. */
  readonly cache?: string;
}

/**
 * Opens a base model.
 *
 * @param name - `bytes`: our own small model, trained once on questions about digits and kept in the user's cache; `none`: the same
 * without that training; else a folder or llama2.c checkpoint for {@link readLanguageModel}
 * @throws {DataError} where a folder holds no model that can be read
 */
export async function openBase(name: string, seed: number, hooks: BaseHooks = {}): Promise<BaseModel> {
  if (name === "none") {
    const model = freshModel(seed);
    return { ...model, name, ownBytes: true, sha256: hashParams(model.params) };
  }
  if (name !== "bytes") {
    const model = await readLanguageModel(name);
    return { ...model, name, ownBytes: false, sha256: hashParams(model.params) };
  }
  const folder = join(hooks.cache ?? cacheDirectory(), `lift-bytes-${sha256(JSON.stringify(recipe)).slice(0, 12)}`);
  const model = await readLanguageModel(folder).catch(() => trainOwn(folder, hooks));
  return { ...model, tokenizer: byteTokenizer(), name, ownBytes: true, sha256: hashParams(model.params) };
}

/** Trains our own model on questions about digits and keeps it. */
async function trainOwn(folder: string, { signal, progress }: BaseHooks): Promise<LanguageModel> {
  const fresh = freshModel(recipe.seed);
  const { tokenizer } = fresh;
  const pairs = drawQuestions(recipe.questions, new Random(recipe.seed, "questions"));
  const examples = pairs.map(({ prompt, answer }) => ({
    prompt: tokenizer.encode(prompt),
    completion: [...tokenizer.encode(answer), tokenizer.endToken],
  }));
  const { params, stopped } = await trainTexts(fresh, examples, {
    tune: "full",
    length: { epochs: recipe.epochs },
    batchSize: recipe.batchSize,
    learningRate: recipe.learningRate,
    seed: recipe.seed,
    ...(signal && { signal }),
    onStep: ({ step, totalSteps }) => progress?.(step / totalSteps),
  });
  if (stopped) signal?.throwIfAborted();
  // Another process may train the same: whichever is done last wins, with the same bytes.
  const temporary = `${folder}.${process.pid}`;
  await mkdir(temporary, { recursive: true });
  await writeLanguageModel(temporary, { config: fresh.config, params }, { files: byteTokenizerFiles });
  await rm(folder, { recursive: true, force: true });
  await rename(temporary, folder);
  return { ...fresh, params };
}

/**
 * A model whose context holds at least `tokens`: our own grows, by random vectors for the positions it lacks.
 *
 * @throws {ConfigError} where a model from elsewhere is too short
 */
export function withContext(base: BaseModel, tokens: number, seed: number): BaseModel {
  const { config, params } = base;
  if (tokens <= config.contextLength) return base;
  if (!base.ownBytes || !params.positions) {
    throw new ConfigError({
      where: `--base ${base.name}`,
      expected: `rows of at most ${config.contextLength} tokens, its context`,
      found: `${tokens}`,
      hint: "leave out columns with --features, or take --template short",
    });
  }
  const { dim } = config;
  const random = new Random(seed, "positions");
  const longer = Float32Array.from({ length: tokens * dim }, () => random.normal(0, 0.02));
  longer.set(params.positions.weight.data as Float32Array);
  const grown = { ...params, positions: { weight: hostTensor(longer, [tokens, dim]) } };
  return { ...base, config: { ...config, contextLength: tokens }, params: grown };
}
