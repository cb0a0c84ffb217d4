/** A table of recommenders on the users' last items: full ranking, one target a user. @module */

import { Random } from "../../core/index.ts";
import { searchExactly, searchFreely } from "./beam-search.ts";
import type { Catalogue } from "./catalogue-file.ts";
import type { LevelDecoder } from "./level-decoder.ts";
import { coverage, type Metrics, meanEntropy, metricsOf, placesOf, recallGain } from "./metrics.ts";
import type { Histories, Recommender } from "./recommender.ts";
import { beamRecommender, inBlocks, queriesOf } from "./retriever.ts";
import { idOf } from "./semantic-ids.ts";
import type { Cases } from "./split.ts";
import { leafCounts } from "./trie.ts";

/** Targets by how often they occur in the training part. */
const buckets = [
  { name: "never", from: 0, to: 0 },
  { name: "1 to 5", from: 1, to: 5 },
  { name: "6 to 20", from: 6, to: 20 },
  { name: "above 20", from: 21, to: Number.POSITIVE_INFINITY },
] as const;

/** A row of the table. */
export interface Row extends Metrics {
  readonly model: string;
  /** Different items among all lists of ten, as a share of the catalogue. */
  readonly coverage: number;
  /** Recall@10 by how often the target occurs in the training part, with the users of each. */
  readonly byFrequency: readonly { readonly bucket: string; readonly users: number; readonly recall: number }[];
}

/** A row and the place of each user's target, for comparisons. */
export interface Measured {
  readonly row: Row;
  readonly places: Int32Array;
  readonly lists: readonly Int32Array[];
}

/** Measures a recommender on all cases. */
export async function measure(
  recommender: Recommender,
  cases: Cases,
  counts: Int32Array,
  exclude: boolean,
): Promise<Measured> {
  const lists = await recommender.recommend(cases, 10, exclude);
  const places = placesOf(lists, cases.targets);
  const byFrequency = buckets.map(({ name, from, to }) => {
    const users = Array.from(cases.targets.keys()).filter((user) => {
      const count = counts[cases.targets[user]];
      return count >= from && count <= to;
    });
    const hits = users.filter((user) => places[user] >= 0).length;
    return { bucket: name, users: users.length, recall: users.length > 0 ? hits / users.length : 0 };
  });
  const row = { model: recommender.name, ...metricsOf(places), coverage: coverage(lists, counts.length), byFrequency };
  return { row, places, lists };
}

/** What is asked of the model beside its row. */
export interface Diagnostics {
  /** Share of the IDs that the search through the trie found that are items': 1 by construction, counted all the same. */
  readonly validIdRate: number;
  /** Share of the first ten and twenty IDs of a search without the trie that are no item's. */
  readonly invalidAt10Unconstrained: number;
  readonly invalidAt20Unconstrained: number;
  readonly sampledUsers: number;
  /** Recall@10 of the sampled users by beam search and by exact scoring; null where the layout cannot. */
  readonly recallByBeam: number;
  readonly recallByExactScoring: number | null;
  /** Different items among the first ten of the sampled users. */
  readonly distinctItems: number;
  /** Recall@10 of the sampled users with another user's history. */
  readonly recallOfSwappedHistories: number;
  /** Share of the first ten that stay with another user's history. */
  readonly overlapOfSwappedHistories: number;
  /** By temperature: entropy of the first code in lists of ten, in bits, and Recall@10. */
  readonly sampling: readonly { readonly temperature: number; readonly entropy: number; readonly recall: number }[];
}

const recallOf = (places: Int32Array) => places.filter((place) => place >= 0).length / Math.max(1, places.length);

/** Takes a few cases by chance. */
function sampleCases({ users, histories, targets }: Cases, size: number, seed: number): Cases {
  const some = new Random(seed, "recommend", "sample").permutation(users.length).subarray(0, size).sort();
  return {
    users: Int32Array.from(some, (i) => users[i]),
    histories: Array.from(some, (i) => histories[i]),
    targets: Int32Array.from(some, (i) => targets[i]),
  };
}

/** Looks into a model on a sample of the cases. */
export async function diagnoseModel(
  decoder: LevelDecoder,
  { trie, ids }: Catalogue,
  cases: Cases,
  options: {
    readonly beamSize: number;
    readonly exclude: boolean;
    readonly sample: number;
    readonly seed: number;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Diagnostics> {
  const { beamSize, exclude, seed, signal } = options;
  const some = sampleCases(cases, options.sample, seed);
  const allowed = leafCounts(trie, () => true);
  const queries = queriesOf(some, allowed, exclude);
  const beam = (name: string, sample?: { temperature: number; random: Random }) =>
    beamRecommender(name, decoder, trie, { beamSize, sample }, signal);
  const lists = await beam("beam").recommend(some, 10, exclude);
  const found = lists.flatMap((list) => Array.from(list));
  const freely = async (k: number) => {
    const searches = await inBlocks(queries, async (part) => [await searchFreely(decoder, trie, part, beamSize, k)], {
      signal,
    });
    const total = (key: "ids" | "invalid") => searches.reduce((sum, search) => sum + search[key], 0);
    return total("invalid") / Math.max(1, total("ids"));
  };
  const exactly = Number.isFinite(decoder.maxBeams)
    ? undefined
    : await inBlocks(queries, (part) => searchExactly(decoder, trie, part, 10), { signal, size: 16 });
  const swapped: Histories = {
    histories: some.histories.map((_, i) => some.histories[(i + 1) % some.histories.length]),
  };
  const others = await beam("swapped").recommend(swapped, 10, exclude);
  const kept = lists.map(
    (list, i) => list.filter((item) => others[i].includes(item)).length / Math.max(1, list.length),
  );
  const sampling = [];
  for (const temperature of [1, 1.5, 2]) {
    const random = new Random(seed, "recommend", "temperature");
    const drawn = await beam("sampled", { temperature, random }).recommend(some, 10, exclude);
    const entropy = meanEntropy(drawn, (item) => String(ids.codes[item * ids.levels]));
    sampling.push({ temperature, entropy, recall: recallOf(placesOf(drawn, some.targets)) });
  }
  const exactLists = exactly?.map((list) => list.map(({ item }) => item));
  return {
    validIdRate: found.filter((item) => trie.find(idOf(ids, item)) !== undefined).length / Math.max(1, found.length),
    invalidAt10Unconstrained: await freely(Math.min(10, beamSize)),
    invalidAt20Unconstrained: await freely(Math.min(20, beamSize)),
    sampledUsers: some.targets.length,
    recallByBeam: recallOf(placesOf(lists, some.targets)),
    recallByExactScoring: exactLists ? recallOf(placesOf(exactLists, some.targets)) : null,
    distinctItems: new Set(found).size,
    recallOfSwappedHistories: recallOf(placesOf(others, some.targets)),
    overlapOfSwappedHistories: kept.reduce((sum, share) => sum + share, 0) / Math.max(1, kept.length),
    sampling,
  };
}

/** Recall@10 of the first row less that of each other, on the same users. */
export function gainsOver(rows: readonly Measured[], seed: number) {
  const [first, ...others] = rows;
  return others.map(({ row, places }) => ({ over: row.model, ...recallGain(first.places, places, seed) }));
}
