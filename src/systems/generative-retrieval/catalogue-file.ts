/** A catalogue with its IDs in one file: read and replaced as a whole, so that no reader sees half of a change. @module */

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { hostTensor, RunError } from "../../core/index.ts";
import { type Rows, rowsTensor, unitRows } from "../../linalg/index.ts";
import { readSafetensors, writeSafetensors } from "../../storage/index.ts";
import type { Item } from "./catalogue.ts";
import { appendIds, type SemanticIds } from "./semantic-ids.ts";
import { Trie } from "./trie.ts";

/** The items there are, what they are like and how they are called. Never changed: one that grows is another. */
export interface Catalogue {
  readonly items: readonly Item[];
  readonly ids: SemanticIds;
  readonly content: Rows;
  /** int32[items]: how often each occurs in the training part; 0 for one that was added later. */
  readonly counts: Int32Array;
  /** What follows: the content with rows of length 1, the IDs as a trie, and items by id. */
  readonly unit: Rows;
  readonly trie: Trie;
  readonly placeOf: ReadonlyMap<string, number>;
}

/** A catalogue from its parts. */
export function makeCatalogue(parts: Pick<Catalogue, "items" | "ids" | "content" | "counts">): Catalogue {
  return {
    ...parts,
    unit: unitRows(parts.content),
    trie: new Trie(parts.ids),
    placeOf: new Map(parts.items.map(({ id }, place) => [id, place])),
  };
}

/** A catalogue with more items at its end, whose IDs come from `quantised` codes; those there are keep theirs. */
export function growCatalogue(
  catalogue: Catalogue,
  items: readonly Item[],
  content: Rows,
  quantised: Int32Array,
): Catalogue {
  const data = new Float32Array(catalogue.content.data.length + content.data.length);
  data.set(catalogue.content.data);
  data.set(content.data, catalogue.content.data.length);
  const count = catalogue.items.length + items.length;
  const counts = new Int32Array(count);
  counts.set(catalogue.counts);
  return makeCatalogue({
    items: [...catalogue.items, ...items],
    ids: appendIds(catalogue.ids, quantised),
    content: { data, count, dim: catalogue.content.dim },
    counts,
  });
}

const fileName = "catalogue.safetensors";

/** What tells one version of a folder's catalogue from the next: it is replaced as a whole whenever it grows. */
export async function catalogueVersion(folder: string): Promise<string> {
  const { ino, size, mtimeMs } = await stat(join(folder, fileName));
  return `${ino} ${size} ${mtimeMs}`;
}

/** Writes a catalogue whole or not at all. */
export async function writeCatalogue(folder: string, { items, ids, content, counts }: Catalogue): Promise<void> {
  const { codes, count, levels, codebookSize } = ids;
  const tensors = {
    codes: hostTensor(codes, [count, levels]),
    content: rowsTensor(content),
    counts: hostTensor(counts, [count]),
  };
  const metadata = { items: JSON.stringify(items), codebookSize: String(codebookSize) };
  await writeSafetensors(join(folder, fileName), tensors, metadata);
}

/**
 * Reads a catalogue.
 *
 * @throws {RunError} where the folder has none, or it is not whole
 */
export async function readCatalogue(folder: string): Promise<Catalogue> {
  const path = join(folder, fileName);
  const { tensors, metadata } = await readSafetensors(path);
  const { codes, content, counts } = tensors;
  if (!codes || !content || !counts || metadata.items === undefined) {
    throw new RunError({ where: path, expected: "a catalogue as recommend fit writes it", found: "something else" });
  }
  const [count, levels] = codes.shape;
  return makeCatalogue({
    items: JSON.parse(metadata.items) as Item[],
    ids: { codes: codes.data as Int32Array, count, levels, codebookSize: Number(metadata.codebookSize) },
    content: { data: content.data as Float32Array, count, dim: content.shape[1] },
    counts: counts.data as Int32Array,
  });
}
