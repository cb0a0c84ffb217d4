/** Language models as folders: config.json, safetensors, tokenizer.json. @module */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  DataError,
  flattenTree,
  formatShape,
  type HostTensor,
  hostTensor,
  sameShape,
  type Tree,
} from "../../core/index.ts";
import { type LanguageModelConfig, type LanguageModelParams, mergeLora } from "../../nn/index.ts";
import { readFailure, readSafetensors, writeFileAtomic, writeSafetensors } from "../../storage/index.ts";
import { fromHuggingFaceConfig, toHuggingFaceConfig } from "./hugging-face-config.ts";
import { huggingFaceNames } from "./hugging-face-names.ts";
import { readTokenizer } from "./hugging-face-tokenizer.ts";
import { isObject, isThere, readJson } from "./json-file.ts";
import { readLlama2c } from "./llama2c.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** A language model in memory. */
export interface LanguageModel {
  readonly config: LanguageModelConfig;
  readonly params: LanguageModelParams;
  readonly tokenizer: Tokenizer;
}

const configFile = "config.json";
const weightsFile = "model.safetensors";
const indexFile = `${weightsFile}.index.json`;

/** Every tensor of a folder's safetensors, with the file it is from. */
type Found = Map<string, { readonly tensor: HostTensor; readonly file: string }>;

async function readWeights(folder: string): Promise<Found> {
  const found: Found = new Map();
  const add = async (file: string): Promise<void> => {
    const { tensors } = await readSafetensors(join(folder, file));
    for (const [name, tensor] of Object.entries(tensors)) found.set(name, { tensor, file });
  };
  if (await isThere(join(folder, weightsFile))) {
    await add(weightsFile);
    return found;
  }
  const index = join(folder, indexFile);
  if (await isThere(index)) {
    const { weight_map: map } = await readJson(index);
    if (!isObject(map)) throw new DataError({ where: index, expected: '"weight_map"', found: "none" });
    for (const file of new Set(Object.values(map).map(String))) await add(file);
    return found;
  }
  const entries = await readdir(folder).catch((error: unknown) => {
    throw readFailure(folder, error);
  });
  const pickled = entries.find((name) => /\.(bin|pt|pth|ckpt)$/.test(name));
  throw new DataError({
    where: folder,
    expected: `${weightsFile}, or ${indexFile} and its shards`,
    found: pickled ? `${pickled}, a pickle, which can run code when it is read` : "neither",
    hint: "save the model as safetensors: model.save_pretrained(folder, safe_serialization=True)",
  });
}

/** Where a prefix such as `transformer.` stands before all names, the names without it. */
function withoutPrefix(found: Found, name: string): Found {
  for (const key of found.keys()) {
    if (key === name) return found;
    if (!key.endsWith(`.${name}`)) continue;
    const prefix = key.slice(0, -name.length);
    return new Map([...found].map(([k, v]) => [k.startsWith(prefix) ? k.slice(prefix.length) : k, v]));
  }
  return found;
}

/** The transpose of a matrix. */
function transposed({ shape, data }: HostTensor): HostTensor {
  const [rows, columns] = shape as [number, number];
  const out = new Float32Array(data.length);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j]!;
  }
  return hostTensor(out, [columns, rows]);
}

/** A tree from leaves by path; numbers in paths are places in lists. */
function treeOfPaths(leaves: ReadonlyMap<string, HostTensor>): Tree<HostTensor> {
  const keys = new Set([...leaves.keys()].map((path) => path.split(".", 1)[0]!));
  if (keys.has("")) return leaves.get("")!;
  const child = (key: string) =>
    treeOfPaths(
      new Map(
        [...leaves].flatMap(([path, leaf]) =>
          path === key
            ? [["", leaf] as const]
            : path.startsWith(`${key}.`)
              ? [[path.slice(key.length + 1), leaf] as const]
              : [],
        ),
      ),
    );
  if (keys.has("0")) return Array.from({ length: keys.size }, (_, i) => child(String(i)));
  return Object.fromEntries([...keys].map((key) => [key, child(key)]));
}

/** The parameters of `config` out of the tensors of a folder. */
function assemble(config: LanguageModelConfig, all: Found, folder: string): LanguageModelParams {
  const names = huggingFaceNames(config);
  const found = withoutPrefix(all, names[0]!.name);
  const missing = names.filter(({ name }) => !found.has(name)).map(({ name }) => name);
  if (missing.length > 0) {
    const more = missing.length > 3 ? ` and ${missing.length - 3} more` : "";
    throw new DataError({
      where: folder,
      expected: `the ${names.length} tensors that ${configFile} asks for`,
      found: `no ${missing.slice(0, 3).join(", ")}${more}`,
    });
  }
  const leaves = names.map(({ path, name, shape, transposed: flipped }): [string, HostTensor] => {
    const { tensor, file } = found.get(name)!;
    const wanted = flipped ? [...shape].reverse() : shape;
    if (!sameShape(tensor.shape, wanted) || tensor.dtype !== "float32") {
      throw new DataError({
        where: `${join(folder, file)}: tensor ${name}`,
        expected: `float32${formatShape(wanted)}, as ${configFile} says`,
        found: `${tensor.dtype}${formatShape(tensor.shape)}`,
      });
    }
    return [path, flipped ? transposed(tensor) : tensor];
  });
  return treeOfPaths(new Map(leaves)) as unknown as LanguageModelParams;
}

/**
 * Reads a language model: a folder as Hugging Face writes it (config.json, model.safetensors or its shards in F32, F16 or BF16,
 * tokenizer.json), or a llama2.c checkpoint `name.bin` with its tokenizer `tok….bin` beside it. See
 * `fromHuggingFaceConfig` for the families.
 *
 * @throws {DataError} where a file is missing, damaged or of another family, or a tensor is missing or of another shape; pickled
 * weights are refused
 * @example
 * ```ts
 * const { config, params, tokenizer } = await readLanguageModel("SmolLM2-135M");
 * ```
 */
export async function readLanguageModel(path: string): Promise<LanguageModel> {
  if (path.endsWith(".bin")) return readLlama2c(path);
  const where = join(path, configFile);
  const config = fromHuggingFaceConfig(await readJson(where), where);
  const params = assemble(config, await readWeights(path), path);
  const tokenizer = await readTokenizer(path);
  if (tokenizer.vocabSize > config.vocabSize) {
    throw new DataError({
      where: path,
      expected: `at most ${config.vocabSize} tokens, as ${configFile} says`,
      found: `${tokenizer.vocabSize} in tokenizer.json`,
    });
  }
  return { config, params, tokenizer };
}

/**
 * Writes config.json and model.safetensors into a folder that is there, as other tools read them. Additions are merged.
 *
 * @param options - `scale`: of the additions, default 1; `tokenizer`: contents of files to write beside, by name
 * @throws {RunError} where a file cannot be written
 */
export async function writeLanguageModel(
  folder: string,
  { config, params }: Pick<LanguageModel, "config" | "params">,
  { scale = 1, files = {} }: { readonly scale?: number; readonly files?: Readonly<Record<string, unknown>> } = {},
): Promise<void> {
  const leaves = new Map(flattenTree(mergeLora(params, scale) as unknown as Tree<HostTensor>));
  const tensors = huggingFaceNames(config).map(({ path, name, transposed: flipped }): [string, HostTensor] => {
    const leaf = leaves.get(path)!;
    return [name, flipped ? transposed(leaf) : leaf];
  });
  await writeSafetensors(join(folder, weightsFile), Object.fromEntries(tensors), { format: "pt" });
  for (const [name, content] of Object.entries({ ...files, [configFile]: toHuggingFaceConfig(config) })) {
    await writeFileAtomic(join(folder, name), `${JSON.stringify(content, null, 2)}\n`);
  }
}
