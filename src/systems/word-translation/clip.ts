/** Words and images by a CLIP or SigLIP model in a local folder, through transformers.js. Nothing is downloaded. @module */

import { readdir, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { DataError, optionalPackage } from "../../core/index.ts";
import { type Rows, scaleToUnit } from "../../linalg/index.ts";
import { readFailure } from "../../storage/index.ts";

/** A model that puts texts and images into one space. */
export interface ImageTextModel {
  /** float32[texts, dim], not normalised. */
  embedTexts(texts: readonly string[]): Promise<Rows>;
  /** float32[images, dim], not normalised. */
  embedImages(paths: readonly string[]): Promise<Rows>;
  dispose(): Promise<void>;
}

const configSchema = z.looseObject({ model_type: z.string().default("clip") });

/** Files without which a model cannot be loaded. */
const modelFiles = [
  "config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "preprocessor_config.json",
  "onnx/text_model.onnx",
  "onnx/vision_model.onnx",
];

async function readModelType(folder: string): Promise<string> {
  for (const file of modelFiles) {
    // Only whether it can be opened: weights may be large.
    await readdir(dirname(join(folder, file))).then(
      (names) => {
        if (names.includes(basename(file))) return;
        throw new DataError({
          where: folder,
          expected: `a model with ${modelFiles.join(", ")}`,
          found: `no ${file}`,
          hint: "export one with optimum or take one whose onnx/ folder has text_model and vision_model",
        });
      },
      (error: unknown) => {
        throw readFailure(dirname(join(folder, file)), error);
      },
    );
  }
  const path = join(folder, "config.json");
  try {
    return configSchema.parse(JSON.parse(await readFile(path, "utf8"))).model_type;
  } catch (cause) {
    throw new DataError({
      where: path,
      expected: "a model's configuration with its model_type",
      found: "other text",
      cause,
    });
  }
}

/**
 * Opens a model: CLIP (also jina-clip-v1 and others that are like it) or SigLIP.
 *
 * @param folder - with config.json, the tokenizer's and the preprocessor's files, onnx/text_model.onnx and onnx/vision_model.onnx
 * @throws {ConfigError} where transformers.js is not installed
 * @throws {DataError} where a file of the model is missing
 */
export async function openImageTextModel(folder: string): Promise<ImageTextModel> {
  const type = await readModelType(folder);
  const library = await optionalPackage(
    "--model",
    "@huggingface/transformers",
    () => import("@huggingface/transformers"),
  );
  const { AutoTokenizer, AutoProcessor, RawImage, env } = library;
  const siglip = type.startsWith("siglip");
  const path = resolve(folder);
  env.allowRemoteModels = false;
  env.localModelPath = dirname(path);
  const name = basename(path);
  const open = async <T>(what: string, opening: Promise<T>): Promise<T> =>
    opening.catch((cause: unknown) => {
      const found = cause instanceof Error ? cause.message : String(cause);
      const hint = "the folder is damaged, or holds another kind of model";
      throw new DataError({ where: folder, expected: `a ${what} that transformers.js reads`, found, hint, cause });
    });
  const tokenizer = await open("tokenizer", AutoTokenizer.from_pretrained(name));
  const processor = await open("preprocessor", AutoProcessor.from_pretrained(name));
  const TextModel = siglip ? library.SiglipTextModel : library.CLIPTextModelWithProjection;
  const VisionModel = siglip ? library.SiglipVisionModel : library.CLIPVisionModelWithProjection;
  const options = { dtype: "fp32", device: "cpu" } as const;
  const text = await open("text model", TextModel.from_pretrained(name, options));
  const vision = await open("vision model", VisionModel.from_pretrained(name, options));
  const rowsOf = (outputs: Record<string, { data: Float32Array; dims: number[] }>, key: string): Rows => {
    const found = outputs[key] ?? outputs.pooler_output;
    if (!found) {
      throw new DataError({
        where: folder,
        expected: `a model with an output ${key}`,
        found: Object.keys(outputs).join(", "),
      });
    }
    return { data: found.data, count: found.dims[0], dim: found.dims[1] };
  };
  return {
    async embedTexts(texts) {
      const inputs = tokenizer([...texts], { padding: siglip ? "max_length" : true, truncation: true });
      return rowsOf(await text(inputs), "text_embeds");
    },
    async embedImages(paths) {
      const images = await Promise.all(
        paths.map((image) =>
          RawImage.read(image).catch((cause: unknown) => {
            const found = cause instanceof Error ? cause.message : String(cause);
            throw new DataError({
              where: image,
              expected: "an image (PNG, JPEG, WebP, GIF, AVIF, TIFF)",
              found,
              cause,
            });
          }),
        ),
      );
      return rowsOf(await vision(await processor(images)), "image_embeds");
    },
    async dispose() {
      await text.dispose();
      await vision.dispose();
    },
  };
}

const imagePattern = /\.(png|jpe?g|webp|gif|avif|tiff?)$/i;

/** The images of a folder, in the order of their names. */
export async function listImages(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw readFailure(folder, error);
  });
  const images = names.filter((name) => imagePattern.test(name)).sort();
  if (images.length === 0) {
    throw new DataError({ where: folder, expected: "images", found: `${names.length} files, none of them an image` });
  }
  return images;
}

/** Embeddings of many things, some at a time, of length 1. */
async function embedAll(
  things: readonly string[],
  embed: (part: readonly string[]) => Promise<Rows>,
  batch: number,
  onDone: (done: number) => void,
  signal?: AbortSignal,
): Promise<Rows> {
  let out: Rows | undefined;
  for (let start = 0; start < things.length; start += batch) {
    signal?.throwIfAborted();
    const part = await embed(things.slice(start, start + batch));
    out ??= { data: new Float32Array(things.length * part.dim), count: things.length, dim: part.dim };
    out.data.set(part.data, start * part.dim);
    onDone(Math.min(start + batch, things.length));
  }
  if (!out) throw new Error("internal: nothing to embed");
  scaleToUnit(out);
  return out;
}

/** Images of a folder as rows of length 1. */
export function embedImages(
  model: ImageTextModel,
  paths: readonly string[],
  batch: number,
  onDone: (done: number) => void,
  signal?: AbortSignal,
) {
  return embedAll(paths, (part) => model.embedImages(part), batch, onDone, signal);
}

/** Words as rows of length 1: the mean of the embeddings of the prompts. */
export function embedWords(
  model: ImageTextModel,
  words: readonly string[],
  prompts: readonly string[],
  batch: number,
  onDone: (done: number) => void,
  signal?: AbortSignal,
) {
  const embed = async (part: readonly string[]): Promise<Rows> => {
    let sum: Rows | undefined;
    for (const prompt of prompts) {
      const rows = await model.embedTexts(part.map((word) => prompt.replaceAll("{}", word)));
      sum ??= { ...rows, data: new Float32Array(rows.data.length) };
      for (let i = 0; i < rows.data.length; i++) sum.data[i] += rows.data[i] / prompts.length;
    }
    if (!sum) throw new Error("internal: no prompt");
    return sum;
  };
  return embedAll(words, embed, batch, onDone, signal);
}
