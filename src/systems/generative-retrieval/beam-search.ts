/** Beam search through the catalogue's trie, or without it. @module */

import type { Random } from "../../core/index.ts";
import { largest } from "../../linalg/index.ts";
import type { BeamRows, Decoding, LevelDecoder } from "./level-decoder.ts";
import { idOf } from "./semantic-ids.ts";
import { type LeafCounts, leavesWithin, type Reach, reaches, type Trie } from "./trie.ts";

/** An item that a search found. */
export interface Found {
  readonly item: number;
  /** log-probability of its ID given the history, in nats. */
  readonly score: number;
}

/** A history to find items for. */
export interface Query {
  /** Places of items in order of time, at least one. */
  readonly history: Int32Array;
  /** The subset of the catalogue to find items in; see `leafCounts`. */
  readonly allowed: LeafCounts;
  /** Items not to be found; default none. */
  readonly exclude?: Iterable<number> | undefined;
  /** The user's place, for models with user tokens. */
  readonly user?: number | undefined;
}

/** What a search keeps of one history at one level. */
export interface KeptPrefixes {
  /** The history's place among the queries. */
  readonly query: number;
  /** Codes that the prefixes are long, from 1. */
  readonly depth: number;
  /** Prefixes that were weighed: those of items that may be found, one code longer than a prefix kept before. */
  readonly considered: number;
  /** In the order in which they were kept, best first. */
  readonly kept: readonly {
    readonly prefix: Int32Array;
    /** log-probability of the prefix given the history, in nats. */
    readonly score: number;
  }[];
}

/** Which search. */
export interface BeamOptions {
  /** Prefixes that are kept at each level. */
  readonly beamSize: number;
  /**
   * Draws items without replacement instead of taking the likeliest: at temperature 1 by the model's probabilities, above it more evenly.
   */
  readonly sample?: { readonly temperature: number; readonly random: Random } | undefined;
  /** Of each query: prefixes less likely than this are dropped, in nats; default none. */
  readonly floors?: ArrayLike<number> | undefined;
  /** Told of each history at each level, once it is known what is kept. */
  readonly observe?: ((level: KeptPrefixes) => void) | undefined;
}

/** A beam: a node of the trie and how likely its prefix is. */
interface Beam {
  readonly node: number;
  readonly row: number;
  readonly code: number;
  readonly score: number;
  /** What beams are ranked by: the score, or in sampling the score with Gumbel noise. */
  readonly rank: number;
  /** In sampling: the tempered log-probability that the noise was added to. */
  readonly tempered: number;
}

/**
 * The likeliest items of the catalogue after each history, best first; of equals the first by ID. Every beam is a prefix of an item
 * that may be found, so that as many items are found as there are, up to the beam size.
 *
 * @remarks Sampling: Kool, van Hoof and Welling (2019), "Stochastic beams and where to find them", Algorithm 1, over what is allowed.
 */
export async function searchBeams(
  decoder: LevelDecoder,
  trie: Trie,
  queries: readonly Query[],
  options: BeamOptions,
): Promise<Found[][]> {
  const decoding = await begin(decoder, trie, queries);
  const reach = queries.map(({ allowed, exclude = [] }): Reach => {
    return { counts: allowed, without: leavesWithin(trie, allowed, exclude) };
  });
  let beams: Beam[][] = queries.map((_, row) => [{ node: 0, row, code: -1, score: 0, rank: 0, tempered: 0 }]);
  let logProbabilities = await decoding.first();
  for (let depth = 0; depth < decoder.levels; depth++) {
    if (depth > 0) {
      const rows = rowsOf(beams);
      if (rows.users.length === 0) break;
      logProbabilities = await decoding.next(rows);
      beams = renumber(beams);
    }
    const level = { trie, depth, logProbabilities, codebookSize: decoder.codebookSize };
    beams = beams.map((own, query) => {
      const floor = options.floors?.[query] ?? Number.NEGATIVE_INFINITY;
      const { considered, kept } = grow(own, level, reach[query], options, floor);
      options.observe?.({ query, depth: depth + 1, considered, kept: withPrefixes(trie, depth + 1, kept) });
      return kept;
    });
  }
  return beams.map((own) => own.map(({ node, score }) => ({ item: trie.items[node], score })));
}

/**
 * The k likeliest items of the catalogue, exactly: no prefix of them is less likely than the k-th item that a beam search finds, so
 * that a second search which keeps all others finds them.
 *
 * @param beamSize - of the first search; at least k
 */
export async function searchExactly(
  decoder: LevelDecoder,
  trie: Trie,
  queries: readonly Query[],
  k: number,
  beamSize = 50,
): Promise<Found[][]> {
  const first = await searchBeams(decoder, trie, queries, { beamSize: Math.max(k, beamSize) });
  // Less a margin for rounding: batches of other sizes may add in another order.
  const floors = first.map((found) => (found[k - 1]?.score ?? Number.NEGATIVE_INFINITY) - 1e-3);
  const all = await searchBeams(decoder, trie, queries, { beamSize: Number.POSITIVE_INFINITY, floors });
  return all.map((found) => found.slice(0, k));
}

/** Beams with the codes that lead to their nodes. */
function withPrefixes(trie: Trie, depth: number, beams: readonly Beam[]): KeptPrefixes["kept"] {
  const { leaves } = trie.depths[depth];
  return beams.map(({ node, score }) => ({
    prefix: idOf(trie.ids, trie.items[leaves[node]]).subarray(0, depth),
    score,
  }));
}

function begin(decoder: LevelDecoder, { ids }: Trie, queries: readonly Query[]): Promise<Decoding> {
  const users = Int32Array.from(queries, ({ user = -1 }) => user);
  return decoder.begin(
    queries.map(({ history }) => history),
    ids,
    users,
  );
}

/** Beams with the rows that the last step gave them. */
function renumber<B extends { readonly row: number }>(beams: readonly (readonly B[])[]): B[][] {
  let row = 0;
  return beams.map((own) => own.map((beam) => ({ ...beam, row: row++ })));
}

function rowsOf(beams: readonly (readonly Pick<Beam, "row" | "code">[])[]): BeamRows {
  const flat = beams.flatMap((own, user) => own.map(({ row, code }) => ({ user, row, code })));
  return {
    users: Int32Array.from(flat, ({ user }) => user),
    parents: Int32Array.from(flat, ({ row }) => row),
    codes: Int32Array.from(flat, ({ code }) => code),
  };
}

/** The step from one depth to the next. */
interface Level {
  readonly trie: Trie;
  readonly depth: number;
  readonly logProbabilities: Float32Array;
  readonly codebookSize: number;
}

/** The best children of a history's beams, and how many there were to choose from. */
function grow(
  beams: readonly Beam[],
  { trie, depth, logProbabilities, codebookSize }: Level,
  reach: Reach,
  { beamSize, sample }: BeamOptions,
  floor: number,
): { readonly considered: number; readonly kept: Beam[] } {
  const { children } = trie.depths[depth];
  const { codes, leaves } = trie.depths[depth + 1];
  const candidates: Beam[] = [];
  for (const { node, row, score, rank, tempered } of beams) {
    const first = candidates.length;
    for (let child = children[node]; child < children[node + 1]; child++) {
      const own = score + logProbabilities[row * codebookSize + codes[child]];
      if (own < floor || !reaches(reach, leaves[child], leaves[child + 1])) continue;
      candidates.push({ node: child, row, code: codes[child], score: own, rank: own, tempered: own });
    }
    if (sample) perturb(candidates, first, { score, rank, tempered }, sample);
  }
  const best = largest(
    Float64Array.from(candidates, ({ rank }) => rank),
    beamSize,
  );
  return { considered: candidates.length, kept: Array.from(best, (place) => candidates[place]) };
}

/** Replaces candidates from `first` on by ones with Gumbel noise, whose largest rank is their parent's. */
function perturb(
  candidates: Beam[],
  first: number,
  parent: Pick<Beam, "score" | "rank" | "tempered">,
  { temperature, random }: { readonly temperature: number; readonly random: Random },
): void {
  const own = candidates.slice(first);
  const raw = own.map(({ score }) => (score - parent.score) / temperature);
  const top = Math.max(...raw);
  const normaliser = top + Math.log(raw.reduce((sum, value) => sum + Math.exp(value - top), 0));
  const tempered = raw.map((value) => parent.tempered + value - normaliser);
  const noisy = tempered.map((value) => value - Math.log(-Math.log(1 - random.uniform())));
  const highest = Math.max(...noisy);
  for (const [i, beam] of own.entries()) {
    // The noise given that the largest is the parent's, in a form that does not overflow (Kool et al., appendix B.3).
    const v = parent.rank - noisy[i] + Math.log1p(-Math.exp(noisy[i] - highest));
    const rank = parent.rank - Math.max(0, v) - Math.log1p(Math.exp(-Math.abs(v)));
    candidates[first + i] = { ...beam, rank, tempered: tempered[i] };
  }
}

/** A search without the trie: what share of the IDs it finds are no item's. */
export interface FreeSearch {
  /** The items among the first `k` IDs of each history, best first, of those that are items. */
  readonly items: number[][];
  /** IDs looked at and those that are no item's. */
  readonly ids: number;
  readonly invalid: number;
}

/**
 * Plain beam search over codes, as in the paper: it may end at IDs that no item has.
 *
 * @param k - IDs of each history that count, at most the beam size
 */
export async function searchFreely(
  decoder: LevelDecoder,
  trie: Trie,
  queries: readonly Query[],
  beamSize: number,
  k: number,
): Promise<FreeSearch> {
  const { levels, codebookSize } = decoder;
  const decoding = await begin(decoder, trie, queries);
  let beams: { row: number; score: number; codes: number[] }[][] = queries.map((_, row) => [
    { row, score: 0, codes: [] },
  ]);
  let logProbabilities = await decoding.first();
  for (let depth = 0; depth < levels; depth++) {
    if (depth > 0) {
      const rows = rowsOf(beams.map((own) => own.map((beam) => ({ ...beam, code: beam.codes[depth - 1] }))));
      logProbabilities = await decoding.next(rows);
      beams = renumber(beams);
    }
    beams = beams.map((own) => {
      const scores = own.flatMap(({ row, score }) =>
        Array.from(logProbabilities.subarray(row * codebookSize, (row + 1) * codebookSize), (value) => score + value),
      );
      return Array.from(largest(scores, beamSize), (place) => {
        const from = own[Math.floor(place / codebookSize)];
        return { row: from.row, score: scores[place], codes: [...from.codes, place % codebookSize] };
      });
    });
  }
  let invalid = 0;
  const items = beams.map((own) =>
    own.slice(0, k).flatMap(({ codes }) => {
      const leaf = trie.find(codes);
      if (leaf !== undefined) return [trie.items[leaf]];
      invalid++;
      return [];
    }),
  );
  return { items, ids: beams.reduce((sum, own) => sum + Math.min(k, own.length), 0), invalid };
}
