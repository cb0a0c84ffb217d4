/** One history in, a list of items out: what `top` prints and `serve` answers. @module */

import { DataError, Random } from "../../core/index.ts";
import { dot, largest, rowOf } from "../../linalg/index.ts";
import { contentQuery } from "./baselines/content.ts";
import { type Found, type KeptPrefixes, type Query, searchBeams } from "./beam-search.ts";
import type { Catalogue } from "./catalogue-file.ts";
import type { ColdLane } from "./config.ts";
import type { LevelDecoder } from "./level-decoder.ts";
import { idOf } from "./semantic-ids.ts";
import { type LeafCounts, leafCounts } from "./trie.ts";

/** What is asked for. */
export interface Request {
  /** Ids of items in order of time. */
  readonly history: readonly string[];
  readonly k: number;
  readonly excludeSeen: boolean;
  /** Only these items. */
  readonly allow?: readonly string[] | undefined;
  /** None of these. */
  readonly deny?: readonly string[] | undefined;
  /** Only items with this value in this column. */
  readonly where?: { readonly column: string; readonly value: string } | undefined;
  /** 0: the likeliest items. */
  readonly temperature: number;
  readonly seed: number;
  readonly cold: ColdLane;
  readonly coldShare: number;
}

/** A recommended item. */
export interface Recommended {
  readonly id: string;
  /** log-probability in nats of an item that the model found, a count of a popular one, a cosine of a neighbour. */
  readonly score: number;
  readonly semanticId: readonly number[];
  readonly source: "model" | "popular" | "prefix" | "neighbour";
}

/** An answer. */
export interface Answer {
  readonly items: readonly Recommended[];
  /** Ids of the history that the catalogue does not have; they were skipped. */
  readonly unknown: readonly string[];
  /** What the asker should know, such as that nothing was known of the history. */
  readonly notes: readonly string[];
}

/** A request with everything looked up in one catalogue, which it keeps to the end. */
interface Prepared {
  readonly request: Request;
  readonly catalogue: Catalogue;
  readonly query: Query;
  readonly allowed: (item: number) => boolean;
  readonly unknown: readonly string[];
  readonly notes: string[];
}

function prepare(request: Request, catalogue: Catalogue, everything: LeafCounts): Prepared {
  const { placeOf, items, trie } = catalogue;
  const unknown = request.history.filter((id) => !placeOf.has(id));
  const history = Int32Array.from(request.history.flatMap((id) => placeOf.get(id) ?? []));
  const notes: string[] = [];
  const places = (ids: readonly string[] | undefined, name: string): Set<number> | undefined => {
    if (ids === undefined) return undefined;
    const known = ids.flatMap((id) => placeOf.get(id) ?? []);
    if (known.length < ids.length) notes.push(`${ids.length - known.length} items of ${name} are not in the catalogue`);
    return new Set(known);
  };
  const [allow, deny] = [places(request.allow, "allow"), places(request.deny, "deny")];
  const { where } = request;
  if (where && !items.some(({ fields }) => where.column in fields)) {
    const columns = [...new Set(items.flatMap(({ fields }) => Object.keys(fields)))].join(", ");
    throw new DataError({ where: "where", expected: `a column of the items (${columns})`, found: where.column });
  }
  const filtered = allow !== undefined || deny !== undefined || where !== undefined;
  const allowed = (item: number) =>
    (allow?.has(item) ?? true) && !deny?.has(item) && (!where || items[item].fields[where.column] === where.value);
  const query = {
    history,
    allowed: filtered ? leafCounts(trie, allowed) : everything,
    exclude: request.excludeSeen ? history : undefined,
  };
  return { request, catalogue, query, allowed, unknown, notes };
}

/** Popular items, for those of whom nothing is known. */
function popular({ request, catalogue, allowed }: Prepared): Recommended[] {
  const { counts, items } = catalogue;
  const scores = Float64Array.from(counts, (count, item) => (allowed(item) ? count : Number.NEGATIVE_INFINITY));
  return Array.from(largest(scores, request.k), (item) => ({
    id: items[item].id,
    score: counts[item],
    semanticId: Array.from(idOf(catalogue.ids, item)),
    source: "popular",
  }));
}

/** Items that nobody interacted with, the most fitting first. */
function coldItems(prepared: Prepared, found: readonly Found[]): Recommended[] {
  const { request, catalogue, query, allowed } = prepared;
  const { counts, ids, items, unit } = catalogue;
  const open = Array.from(counts.keys()).filter((item) => counts[item] === 0 && allowed(item));
  const named = (item: number, score: number, source: Recommended["source"]) => ({
    id: items[item].id,
    score,
    semanticId: Array.from(idOf(ids, item)),
    source,
  });
  const seen = new Set(query.history);
  const fresh = request.excludeSeen ? open.filter((item) => !seen.has(item)) : open;
  if (request.cold === "prefix") {
    const prefixOf = (item: number) =>
      idOf(ids, item)
        .subarray(0, ids.levels - 1)
        .join();
    return found.flatMap(({ item, score }) => {
      const prefix = prefixOf(item);
      return fresh.filter((other) => prefixOf(other) === prefix).map((other) => named(other, score, "prefix"));
    });
  }
  const wanted = contentQuery(unit, query.history);
  const length = Math.hypot(...wanted) || 1;
  const cosines = fresh.map((item) => dot(wanted, rowOf(unit, item)) / length);
  return Array.from(largest(cosines, request.k), (i) => named(fresh[i], cosines[i], "neighbour"));
}

/**
 * The model's list with cold items in its last places, at most the asked share of them.
 *
 * @remarks Source: Rajput et al. (2023), section 4.3: epsilon is the largest share of unseen items; which of them, and where they go, the
 * paper leaves open.
 */
function withCold(prepared: Prepared, found: readonly Found[]): Recommended[] {
  const { request, catalogue } = prepared;
  const own = found.map(
    ({ item, score }): Recommended => ({
      id: catalogue.items[item].id,
      score,
      semanticId: Array.from(idOf(catalogue.ids, item)),
      source: "model",
    }),
  );
  if (request.cold === "off") return own.slice(0, request.k);
  const listed = new Set(own.slice(0, request.k).map(({ id }) => id));
  const cold: Recommended[] = [];
  for (const item of coldItems(prepared, found)) {
    if (listed.has(item.id)) continue;
    listed.add(item.id);
    cold.push(item);
  }
  const places = Math.min(Math.floor(request.coldShare * request.k), cold.length);
  return [...own.slice(0, request.k - places), ...cold.slice(0, places)];
}

/** A few names, and how many more there are. */
function nameSome(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(", ");
  return names.length > 3 ? `${shown} and ${names.length - 3} more` : shown;
}

/** Told of a request at each level of its search. */
export type Observe = (request: Request, level: Omit<KeptPrefixes, "query">) => void;

/** A loaded model that answers requests. */
export class Answerer {
  readonly #decoder: LevelDecoder;
  readonly #beamSize: number;
  #catalogue: Catalogue;
  #everything: LeafCounts;

  /**
   * @param beamSize - prefixes kept; lists longer than that keep as many as they are long
   */
  constructor(decoder: LevelDecoder, catalogue: Catalogue, beamSize: number) {
    this.#decoder = decoder;
    this.#beamSize = beamSize;
    this.#catalogue = catalogue;
    this.#everything = leafCounts(catalogue.trie, () => true);
  }

  get catalogue(): Catalogue {
    return this.#catalogue;
  }

  /** Takes another catalogue for all requests from now on; those under way keep theirs. */
  set catalogue(catalogue: Catalogue) {
    this.#everything = leafCounts(catalogue.trie, () => true);
    this.#catalogue = catalogue;
  }

  /**
   * Answers requests together: histories are read and searched as one batch.
   *
   * @param observe - told what the search keeps of each request at each level; requests of which nothing is known are not searched for
   */
  async answer(requests: readonly Request[], observe?: Observe): Promise<Answer[]> {
    const catalogue = this.#catalogue;
    const prepared = requests.map((request) => prepare(request, catalogue, this.#everything));
    const found = new Map<Prepared, Found[]>();
    // Drawing needs a stream of its own a request; the others share one search.
    const readable = prepared.filter(({ query }) => query.history.length > 0);
    const plain = readable.filter(({ request }) => request.temperature === 0);
    await this.#search(catalogue, plain, found, observe);
    for (const one of readable) if (one.request.temperature > 0) await this.#search(catalogue, [one], found, observe);
    return prepared.map((one) => {
      const { unknown, notes, query, request } = one;
      const list = found.get(one);
      if (!list) notes.push(request.history.length > 0 ? "no item of the history is known" : "the history is empty");
      if (!list) notes.push("popular items instead");
      if (unknown.length > 0) notes.push(`not in the catalogue, skipped: ${nameSome(unknown)}`);
      const items = list && query.history.length > 0 ? withCold(one, list) : popular(one);
      if (items.length < request.k) notes.push(`only ${items.length} of ${request.k} items may be recommended`);
      return { items, unknown, notes };
    });
  }

  async #search(
    catalogue: Catalogue,
    prepared: readonly Prepared[],
    found: Map<Prepared, Found[]>,
    observe?: Observe,
  ): Promise<void> {
    if (prepared.length === 0) return;
    const [{ request }] = prepared;
    const wanted = Math.max(this.#beamSize, ...prepared.map(({ request: { k } }) => k));
    const beamSize = Math.min(wanted, this.#decoder.maxBeams);
    const sample =
      request.temperature > 0
        ? { temperature: request.temperature, random: new Random(request.seed, "recommend", "sample") }
        : undefined;
    const queries = prepared.map(({ query }) => query);
    const lists = await searchBeams(this.#decoder, catalogue.trie, queries, {
      beamSize,
      sample,
      observe: observe && (({ query, ...level }) => observe(prepared[query].request, level)),
    });
    for (const [i, one] of prepared.entries()) found.set(one, lists[i]);
  }
}
