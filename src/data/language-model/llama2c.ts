/** Checkpoints and tokenizers of llama2.c. @module */
import { readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DataError, type HostTensor, hostTensor, sizeOf, type Tree } from "../../core/index.ts";
import { type LanguageModelConfig, type LanguageModelParams, llamaConfig } from "../../nn/index.ts";
import { readFailure, readFileBytes } from "../../storage/index.ts";
import type { LanguageModel } from "./model-folder.ts";
import { type ScoredPiece, scoredTokenizer } from "./scored-tokenizer.ts";
import type { Tokenizer } from "./tokenizer.ts";

const headerInts = 7;

function readConfig(view: DataView, where: string): { config: LanguageModelConfig } {
  const [dim, hiddenDim, numLayers, numHeads, numKeyValueHeads, vocab, contextLength] = Array.from(
    { length: headerInts },
    (_, i) => view.getInt32(4 * i, true),
  ) as [number, number, number, number, number, number, number];
  const sizes = [dim, hiddenDim, numLayers, numHeads, numKeyValueHeads, Math.abs(vocab), contextLength];
  if (
    sizes.some((value) => value < 1 || value > 1 << 24) ||
    dim % numHeads !== 0 ||
    numHeads % numKeyValueHeads !== 0
  ) {
    const found = sizes.join(", ");
    throw new DataError({ where, expected: "the seven sizes of a llama2.c checkpoint, version 0", found });
  }
  // A negative vocabulary size says that the output matrix is one of its own.
  const tiedHead = vocab > 0;
  const own = { vocabSize: Math.abs(vocab), contextLength, dim, numLayers, numHeads };
  return { config: llamaConfig({ ...own, numKeyValueHeads, hiddenDim, tiedHead }) };
}

/** Rows of each head from pairs beside one another, as llama2.c turns them, to pairs half a head apart. */
function splitPairs({ shape, data }: HostTensor, headDim: number): HostTensor {
  const [rows, columns] = shape as [number, number];
  const out = new Float32Array(data.length);
  const half = headDim / 2;
  for (let row = 0; row < rows; row++) {
    const [head, place] = [row - (row % headDim), row % headDim];
    const from = head + (place < half ? 2 * place : 2 * (place - half) + 1);
    out.set(data.subarray(from * columns, (from + 1) * columns) as Float32Array, row * columns);
  }
  return hostTensor(out, [rows, columns]);
}

/**
 * Reads a llama2.c checkpoint of version 0 (seven int32 sizes, then float32 weights) and the tokenizer beside it, the one file there
 * whose name begins with `tok`.
 *
 * @throws {DataError} where a file is missing, too short, or holds something else
 */
export async function readLlama2c(path: string): Promise<LanguageModel> {
  const bytes = await readFileBytes(path);
  if (bytes.length < 4 * headerInts) {
    throw new DataError({ where: path, expected: "a llama2.c checkpoint", found: `${bytes.length} bytes` });
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { config } = readConfig(view, path);
  const { vocabSize, contextLength, dim, hiddenDim, numLayers, headDim, numHeads, numKeyValueHeads } = config;
  const floats = Float32Array.from({ length: bytes.length / 4 - headerInts }, (_, i) =>
    view.getFloat32(4 * (headerInts + i), true),
  );
  let at = 0;
  const next = (...shape: number[]): HostTensor => {
    const end = at + sizeOf(shape);
    if (end > floats.length) {
      throw new DataError({
        where: path,
        expected: `at least ${end} weights for its sizes`,
        found: `${floats.length}`,
      });
    }
    const tensor = hostTensor(floats.slice(at, end), shape);
    at = end;
    return tensor;
  };
  const layers = (...shape: number[]) => Array.from({ length: numLayers }, () => next(...shape));
  const [queryDim, keyDim] = [numHeads * headDim, numKeyValueHeads * headDim];
  const embedding = next(vocabSize, dim);
  const attentionNorm = layers(dim);
  const query = layers(queryDim, dim).map((weight) => splitPairs(weight, headDim));
  const key = layers(keyDim, dim).map((weight) => splitPairs(weight, headDim));
  const [value, out, feedForwardNorm] = [layers(keyDim, dim), layers(dim, queryDim), layers(dim)];
  const [gate, down, up] = [layers(hiddenDim, dim), layers(dim, hiddenDim), layers(hiddenDim, dim)];
  const norm = next(dim);
  next(contextLength, headDim); // Cosines and sines of all angles, which are computed here.
  const head = config.tiedHead ? undefined : { weight: next(vocabSize, dim) };
  const parts = { attentionNorm, query, key, value, out, feedForwardNorm, gate, up, down };
  const blocks = Array.from({ length: numLayers }, (_, i) =>
    Object.fromEntries(Object.entries(parts).map(([name, list]) => [name, { weight: list[i]! }])),
  );
  const params: Tree<HostTensor> = {
    embedding: { weight: embedding },
    blocks,
    norm: { weight: norm },
    ...(head && { head }),
  };
  const tokenizer = await readLlama2cTokenizer(await tokenizerBeside(path), vocabSize);
  return { config, params: params as unknown as LanguageModelParams, tokenizer };
}

async function tokenizerBeside(path: string): Promise<string> {
  const folder = dirname(path);
  const entries = await readdir(folder).catch((error: unknown) => {
    throw readFailure(folder, error);
  });
  const found = entries.filter((name) => /^tok.*\.bin$/.test(name));
  if (found.length === 1) return join(folder, found[0]!);
  throw new DataError({
    where: folder,
    expected: "one tokenizer tok….bin beside the checkpoint",
    found: found.length === 0 ? "none" : found.join(", "),
  });
}

/**
 * Reads a tokenizer of llama2.c: the longest piece's length, then for each token its score, length and bytes.
 *
 * @throws {DataError} where the file is shorter than `vocabSize` tokens
 */
async function readLlama2cTokenizer(path: string, vocabSize: number): Promise<Tokenizer> {
  const bytes = await readFileBytes(path);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder();
  const pieces: ScoredPiece[] = [];
  let at = 4;
  while (pieces.length < vocabSize) {
    const length = at + 8 <= bytes.length ? view.getInt32(at + 4, true) : -1;
    if (length < 0 || at + 8 + length > bytes.length) {
      throw new DataError({ where: path, expected: `${vocabSize} tokens`, found: `${pieces.length}` });
    }
    const text = decoder.decode(bytes.subarray(at + 8, at + 8 + length));
    pieces.push({ score: view.getFloat32(at, true), text });
    at += 8 + length;
  }
  return scoredTokenizer(pieces);
}
