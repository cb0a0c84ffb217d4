import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { ConfigError, DataError, hostTensor, Random } from "../core/index.ts";
import {
  byteTokenizer,
  byteTokenizerJson,
  type Dataset,
  type LanguageModel,
  readLanguageModel,
  writeLanguageModel,
} from "../data/index.ts";
import {
  type CausalLanguageModel,
  causalLanguageModel,
  crossEntropy,
  gpt2Config,
  type LanguageModelParams,
  type Layer,
  llamaConfig,
  type Parameters,
  type Traced,
} from "../nn/index.ts";
import { readFailure, sha256, writeFileAtomic } from "../storage/index.ts";
import type { AssembleWork, Assembly } from "./assembly.ts";
import type { Recipe } from "./schema.ts";

type Settings = Extract<Recipe["model"], { kind: "language-model" }>;
type Text = Extract<Recipe["data"], { kind: "text" }>;

/** Files that say what a base's tokens are, copied beside what was trained from it. */
const tokenizerFiles = ["tokenizer.json", "tokenizer_config.json", "generation_config.json"];

/** A language model over rows of tokens: int32 [batch, seq] -> logits float [batch, seq, vocabSize]. */
function tokenLayer(model: CausalLanguageModel): Layer {
  return {
    init: (random) => model.init(random) as unknown as Parameters,
    apply: (params, tokens, mode) => model.apply(params as Traced<LanguageModelParams>, { tokens }, mode),
  };
}

/** A language model that reads text, fresh or from a folder. */
export async function assembleLanguageModel(
  settings: Settings,
  { text, holdOut }: Text,
  { seed, where }: AssembleWork,
): Promise<Assembly> {
  const { context, dropout } = settings;
  const base = settings.base === undefined ? undefined : await readLanguageModel(settings.base);
  const tokenizer = base?.tokenizer ?? byteTokenizer();
  const config = base?.config ?? freshConfig(settings, tokenizer.vocabSize);
  if (context > config.contextLength) {
    throw new ConfigError({
      where: where(["model", "context"]),
      expected: `at most ${config.contextLength} tokens, the context of ${settings.base}`,
      found: `${context}`,
    });
  }
  const model = tokenLayer(causalLanguageModel({ ...config, dropout }));
  const { train, test } = await readRows(
    typeof text === "string" ? [text] : text,
    tokenizer,
    context,
    holdOut,
    where(["data", "text"]),
  );
  return {
    model,
    loss: crossEntropy,
    start: base ? (base.params as unknown as Parameters) : model.init(new Random(seed, "init")),
    train,
    test,
    identity: { model: "language-model", config },
    async save(folder, params) {
      const trained = { config, params: params as unknown as LanguageModelParams };
      await writeLanguageModel(folder, trained, base ? {} : { files: ownTokenizer });
      if (settings.base !== undefined) await copyTokenizer(settings.base, folder);
    },
  };
}

const ownTokenizer = {
  "tokenizer.json": byteTokenizerJson(),
  "tokenizer_config.json": { tokenizer_class: "PreTrainedTokenizerFast", eos_token: "<|endoftext|>" },
};

async function copyTokenizer(from: string, to: string): Promise<void> {
  for (const name of tokenizerFiles) {
    const content = await readFile(join(from, name)).catch(() => undefined);
    if (content) await writeFileAtomic(join(to, name), content);
  }
}

function freshConfig({ family = "gpt2", dim = 64, layers = 2, heads = 4, context }: Settings, vocabSize: number) {
  const make = family === "gpt2" ? gpt2Config : llamaConfig;
  return make({ vocabSize, contextLength: context, dim, numLayers: layers, numHeads: heads });
}

/** The tokens of texts in rows, each with the token after every one; the last rows are held out. */
async function readRows(
  paths: readonly string[],
  tokenizer: LanguageModel["tokenizer"],
  context: number,
  holdOut: number,
  where: string,
): Promise<{ train: Dataset; test: Dataset }> {
  const tokens: number[] = [];
  const hashes: string[] = [];
  for (const path of paths) {
    const bytes = await readFile(path).catch((error: unknown) => {
      throw readFailure(path, error);
    });
    hashes.push(sha256(bytes));
    for (const token of [...tokenizer.startTokens, ...tokenizer.encode(bytes.toString("utf8"))]) tokens.push(token);
    tokens.push(tokenizer.endToken);
  }
  const rows = Math.floor((tokens.length - 1) / context);
  const held = Math.max(1, Math.round(holdOut * rows));
  if (rows - held < 1) {
    throw new DataError({
      where,
      expected: `text for two rows of ${context} tokens at least`,
      found: `${tokens.length} tokens`,
      hint: "more text, or a shorter context",
    });
  }
  const part = (from: number, to: number): Dataset => {
    const cut = (shift: number) =>
      hostTensor(Int32Array.from(tokens.slice(from * context + shift, to * context + shift)), [to - from, context]);
    return {
      name: paths.map((path) => basename(path)).join(", "),
      inputs: cut(0),
      targets: cut(1),
      sha256: sha256(hashes.join()),
    };
  };
  return { train: part(0, rows - held), test: part(rows - held, rows) };
}
