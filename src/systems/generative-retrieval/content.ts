/** Content vectors: of texts, by words or a sentence encoder, or from a file. @module */

import { DataError, type HostTensor } from "../../core/index.ts";
import { readNpy } from "../../data/index.ts";
import type { Rows } from "../../linalg/index.ts";
import type { Item } from "./catalogue.ts";
import { TextEmbedding } from "./content-embedding.ts";
import { encodeSentences } from "./sentence-encoder.ts";

/** How content vectors were made, so that later items get theirs alike. */
export type ContentSource =
  | { readonly kind: "words"; readonly embedding: TextEmbedding }
  | { readonly kind: "encoder"; readonly folder: string }
  | { readonly kind: "file" };

/** What content vectors are asked for. */
export interface ContentOptions {
  readonly embeddings?: string | undefined;
  readonly encoder?: string | undefined;
  readonly contentDim: number;
}

/** Content vectors from a file. */
async function readVectors(path: string, items: readonly Item[], dim?: number): Promise<Rows> {
  const { data, shape, dtype } = await readNpy(path);
  if (
    shape.length !== 2 ||
    shape[0] !== items.length ||
    dtype !== "float32" ||
    (dim !== undefined && shape[1] !== dim)
  ) {
    throw new DataError({
      where: path,
      expected: `float32 [${items.length}, ${dim ?? "dim"}], a row an item`,
      found: `${dtype} [${shape.join(", ")}]`,
    });
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const where = `${path}: row ${Math.floor(bad / shape[1]) + 1}`;
    throw new DataError({ where, expected: "finite numbers", found: String(data[bad]) });
  }
  return { data: data as Float32Array, count: shape[0], dim: shape[1] };
}

/** Makes the content vectors of a catalogue's items. */
export async function fitContent(
  items: readonly Item[],
  { embeddings, encoder, contentDim }: ContentOptions,
  seed: number,
): Promise<{ source: ContentSource; content: Rows }> {
  if (embeddings !== undefined) return { source: { kind: "file" }, content: await readVectors(embeddings, items) };
  const texts = items.map(({ text }) => text);
  if (encoder !== undefined) {
    return { source: { kind: "encoder", folder: encoder }, content: await encodeSentences(encoder, texts) };
  }
  const embedding = TextEmbedding.fit(texts, contentDim, seed);
  return { source: { kind: "words", embedding }, content: embedding.embed(texts) };
}

/**
 * Content vectors of later items.
 *
 * @param file - where the first ones came from a file
 */
export async function embedLater(
  source: ContentSource,
  items: readonly Item[],
  dim: number,
  file?: string,
): Promise<Rows> {
  const texts = items.map(({ text }) => text);
  switch (source.kind) {
    case "words":
      return source.embedding.embed(texts);
    case "encoder":
      return encodeSentences(source.folder, texts);
    case "file":
      if (file !== undefined) return readVectors(file, items, dim);
      throw new DataError({
        where: "new items",
        expected: "content vectors, as the run was fitted with --embeddings",
        found: "none",
        hint: "give theirs with --embeddings FILE.npy",
      });
  }
}

/** A content source as tensors and words, to be saved; the inverse is {@link loadContent}. */
export function saveContent(source: ContentSource): { facts: object; tensors: Record<string, HostTensor> } {
  if (source.kind !== "words") return { facts: source, tensors: {} };
  const { words, tensors } = source.embedding.save();
  return { facts: { kind: "words", words }, tensors: { ...tensors } };
}

/** A content source that was saved. */
export function loadContent(
  facts: { readonly kind: ContentSource["kind"]; readonly words?: readonly string[]; readonly folder?: string },
  tensors: Readonly<Record<string, HostTensor>>,
): ContentSource {
  if (facts.kind === "words") return { kind: "words", embedding: TextEmbedding.load(facts.words ?? [], tensors) };
  return facts.kind === "encoder" ? { kind: "encoder", folder: facts.folder ?? "" } : { kind: "file" };
}
