/** A trained model over a catalogue, as a recommender. @module */
import { setImmediate } from "node:timers/promises";
import { type BeamOptions, type Found, type Query, searchBeams } from "./beam-search.ts";
import type { LevelDecoder } from "./level-decoder.ts";
import type { Histories, Recommender } from "./recommender.ts";
import { type LeafCounts, leafCounts, type Trie } from "./trie.ts";

/** Histories searched together. */
const block = 256;

/** Runs `search` on queries a block at a time, between turns of the event loop. */
export async function inBlocks<T>(
  queries: readonly Query[],
  search: (some: readonly Query[]) => Promise<T[]>,
  { signal, size = block }: { readonly signal?: AbortSignal | undefined; readonly size?: number } = {},
): Promise<T[]> {
  const found: T[] = [];
  for (let start = 0; start < queries.length; start += size) {
    await setImmediate();
    signal?.throwIfAborted();
    found.push(...(await search(queries.slice(start, start + size))));
  }
  return found;
}

/** Queries for all of `allowed`, with or without the items of the histories. */
export function queriesOf({ histories, users }: Histories, allowed: LeafCounts, exclude: boolean): Query[] {
  return histories.map((history, i) => ({
    history,
    allowed,
    user: users?.[i],
    exclude: exclude ? history : undefined,
  }));
}

/** A model and its catalogue as a recommender by beam search. */
export function beamRecommender(
  name: string,
  decoder: LevelDecoder,
  trie: Trie,
  options: BeamOptions,
  signal?: AbortSignal,
): Recommender {
  const allowed = leafCounts(trie, () => true);
  return {
    name,
    async recommend(cases, k, exclude) {
      const own = { ...options, beamSize: Math.max(options.beamSize, k) };
      const search = (some: readonly Query[]): Promise<Found[][]> => searchBeams(decoder, trie, some, own);
      const lists = await inBlocks(queriesOf(cases, allowed, exclude), search, { signal });
      return lists.map((list) => Int32Array.from(list.slice(0, k), ({ item }) => item));
    },
  };
}
