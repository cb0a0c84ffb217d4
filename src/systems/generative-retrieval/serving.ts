/** A run or a bundle, loaded to answer and to grow. @module */
import { DataError } from "../../core/index.ts";
import { isBundle, readBundle } from "./bundle.ts";
import { type Item, readItems } from "./catalogue.ts";
import { type Catalogue, growCatalogue } from "./catalogue-file.ts";
import { embedLater } from "./content.ts";
import { openGenerator } from "./fit.ts";
import { openDecoder } from "./generator.ts";
import { quantize } from "./quantizer.ts";
import { Answerer } from "./recommend.ts";
import { type ItemCoder, readItemCoder, readRun } from "./run-folder.ts";
import { idOf } from "./semantic-ids.ts";

/** Requests come a few at a time. */
const runtime = { threads: 1 } as const;

/** A loaded model. Dispose it to free the sessions. */
export interface Served {
  readonly answerer: Answerer;
  dispose(): Promise<void>;
}

/**
 * Loads a run or an exported bundle.
 *
 * @param atLeast - prefixes to be kept, where more than the run's are asked for
 */
export async function openServed(folder: string, atLeast = 1): Promise<Served> {
  if (isBundle(folder)) {
    const { spec, graphs, catalogue, beamSize } = await readBundle(folder);
    const decoder = await openDecoder(spec, graphs, beamSize, runtime);
    const answerer = new Answerer(decoder, catalogue, Math.max(beamSize, atLeast));
    return { answerer, dispose: () => decoder.dispose() };
  }
  const { spec, params, catalogue, config } = await readRun(folder);
  const beamSize = Math.max(config.beamSize, atLeast);
  const decoder = await openGenerator(spec, params, beamSize, runtime);
  return { answerer: new Answerer(decoder, catalogue, beamSize), dispose: () => decoder.dispose() };
}

/** A catalogue that grew, and the IDs that the new items got. */
export interface Grown {
  readonly catalogue: Catalogue;
  readonly items: readonly { readonly id: string; readonly semanticId: readonly number[] }[];
}

/**
 * Gives new items IDs by the frozen item coder; those there are keep theirs.
 *
 * @param vectors - path of content vectors, where the first ones came from a file
 * @throws {DataError} where an item is there already, or twice among the new ones
 */
export async function growWith(
  coder: ItemCoder,
  catalogue: Catalogue,
  items: readonly Item[],
  vectors?: string,
): Promise<Grown> {
  const seen = new Set<string>();
  for (const { id } of items) {
    const found = catalogue.placeOf.has(id) ? "one of the catalogue" : seen.has(id) ? "the same twice" : undefined;
    if (found !== undefined) throw new DataError({ where: `item ${id}`, expected: "a new item", found });
    seen.add(id);
  }
  const content = await embedLater(coder.source, items, catalogue.content.dim, vectors);
  const codes = await quantize(
    coder.quantizer,
    content,
    items.map(({ id }) => id),
  );
  const grown = growCatalogue(catalogue, items, content, codes);
  const named = items.map(({ id }, i) => ({ id, semanticId: Array.from(idOf(grown.ids, catalogue.items.length + i)) }));
  return { catalogue: grown, items: named };
}

/** Gives the items of a file IDs, by the item coder of a run or bundle. */
export async function addItems(folder: string, catalogue: Catalogue, path: string, vectors?: string): Promise<Grown> {
  const { items } = await readItems(path);
  return growWith(await readItemCoder(folder), catalogue, items, vectors);
}
