import { join } from "node:path";
import { ConfigError, hostTensor } from "../../core/index.ts";
import { chunksOf, linesOf } from "../../data/index.ts";
import type { Rows } from "../../linalg/index.ts";
import { readFileBytes, requireNewFile, writeFileAtomic, writeNpy } from "../../storage/index.ts";
import { type CommonOptions, openTerminal } from "../../terminal/index.ts";
import { embedImages, embedWords, listImages, openImageTextModel } from "./clip.ts";
import type { FingerprintConfig } from "./config.ts";
import { imageListPath } from "./fingerprint-file.ts";
import { Products } from "./similarity.ts";
import { normalizeWord } from "./vocabulary.ts";
import { readWordVectors } from "./word-vectors.ts";

/** Whether a text's first line ends in several numbers, as GloVe's do; a word of a list does not. */
async function looksLikeVectors(path: string): Promise<boolean> {
  for await (const [first = ""] of linesOf(chunksOf(path)))
    return /(?:[ \t]-?\d*\.?\d+(?:[eE][-+]?\d+)?){4}\s*$/.test(first);
  return false;
}

/** The words to fingerprint and the rows of their file, so that fingerprints have the rows of the vectors. */
async function readWords({ words, maxWords, keepCase }: FingerprintConfig) {
  if (/\.(vec|bin|gz)$/.test(words) || (await looksLikeVectors(words))) {
    const { words: list, rows, rowsRead } = await readWordVectors(words, { maxWords, keepCase });
    return { list, rows, rowsRead };
  }
  const lines = new TextDecoder().decode(await readFileBytes(words)).split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  const list = lines.slice(0, maxWords).map((word) => normalizeWord(word, keepCase));
  return { list, rows: Int32Array.from(list.keys()), rowsRead: list.length };
}

/** Rows at their places among `count`, zeros elsewhere. */
function spread({ data, dim }: Rows, places: Int32Array, count: number) {
  const out = new Float32Array(count * dim);
  places.forEach((place, i) => {
    out.set(data.subarray(i * dim, (i + 1) * dim), place * dim);
  });
  return hostTensor(out, [count, dim]);
}

/** `tenfold translate fingerprint` */
export async function runFingerprint(config: FingerprintConfig, raw: CommonOptions): Promise<void> {
  const terminal = openTerminal(raw);
  const { out, images: folder, prompts, batch, force } = config;
  if (!out.endsWith(".npy"))
    throw new ConfigError({ where: "--out", expected: "a name that ends in .npy", found: out });
  const unmarked = prompts.find((prompt) => !prompt.includes("{}"));
  if (unmarked !== undefined) {
    throw new ConfigError({ where: "--prompts", expected: "texts with {} for the word", found: `"${unmarked}"` });
  }
  const [listFile, textFile] = [imageListPath(out), out.replace(/\.npy$/, ".text.npy")];
  if (!force) for (const path of [out, listFile, textFile]) await requireNewFile(path);
  const { list, rows, rowsRead } = await readWords(config);
  const names = await listImages(folder);
  const model = await openImageTextModel(config.model);
  const products = new Products();
  const progress = terminal.progress("fingerprint", list.length + names.length);
  try {
    const paths = names.map((name) => join(folder, name));
    const images = await embedImages(model, paths, batch, (done) => progress.update(done, "images"), terminal.signal);
    const onWords = (done: number) => progress.update(names.length + done, "words");
    const texts = await embedWords(model, list, prompts, batch, onWords, terminal.signal);
    const { data } = await products.byRows(
      hostTensor(texts.data, [texts.count, texts.dim]),
      hostTensor(images.data, [images.count, images.dim]),
    );
    const similarities = { data: data as Float32Array, count: texts.count, dim: images.count };
    await writeFileAtomic(listFile, `${names.join("\n")}\n`);
    await writeNpy(textFile, spread(texts, rows, rowsRead));
    await writeNpy(out, spread(similarities, rows, rowsRead));
  } finally {
    progress.stop();
    await products.dispose();
    await model.dispose();
  }
  terminal.print(`${rowsRead} words x ${names.length} images; written: ${out}, ${listFile}, ${textFile}`);
  terminal.result({ words: rowsRead, images: names.length, files: [out, listFile, textFile] });
}
