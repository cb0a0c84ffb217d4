/** Sentence vectors by an encoder in a local folder, through transformers.js. Nothing is downloaded. @module */

import { readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { DataError, optionalPackage } from "../../core/index.ts";
import type { Rows } from "../../linalg/index.ts";
import { readFailure } from "../../storage/index.ts";

/** Texts a call. */
const batch = 32;

/**
 * The mean of an encoder's token states for each text, of unit length.
 *
 * @param folder - with config.json, tokenizer.json, tokenizer_config.json and onnx/model.onnx
 * @throws {ConfigError} where transformers.js is not installed
 * @throws {DataError} where a file of the model is missing
 */
export async function encodeSentences(folder: string, texts: readonly string[]): Promise<Rows> {
  for (const [file, within] of [
    ["config.json", folder],
    ["tokenizer.json", folder],
    ["model.onnx", join(folder, "onnx")],
  ] as const) {
    const names = await readdir(within).catch((error: unknown) => {
      throw readFailure(within, error);
    });
    if (!names.includes(file)) throw new DataError({ where: within, expected: `a ${file}`, found: "none" });
  }
  const transformers = () => import("@huggingface/transformers");
  const library = await optionalPackage("--encoder", "@huggingface/transformers", transformers);
  const path = resolve(folder);
  library.env.allowRemoteModels = false;
  library.env.localModelPath = dirname(path);
  const encode = await library.pipeline("feature-extraction", basename(path), { dtype: "fp32", device: "cpu" });
  const rows: Float32Array[] = [];
  for (let start = 0; start < texts.length; start += batch) {
    const some = texts.slice(start, start + batch).map((text) => text || " ");
    const { data, dims } = await encode(some, { pooling: "mean", normalize: true });
    for (let i = 0; i < some.length; i++) rows.push((data as Float32Array).slice(i * dims[1], (i + 1) * dims[1]));
  }
  await encode.dispose();
  const dim = rows[0]?.length ?? 0;
  const data = new Float32Array(rows.length * dim);
  for (const [i, row] of rows.entries()) data.set(row, i * dim);
  return { data, count: rows.length, dim };
}
