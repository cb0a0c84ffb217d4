/** Who interacted with what, in order of time. @module */
import { gunzipSync } from "node:zlib";
import { DataError, Random } from "../../core/index.ts";
import { type Column, readTable } from "../../data/index.ts";
import { readFileBytes, sha256 } from "../../storage/index.ts";

/** Sequences of items, a user at a time. */
export interface Interactions {
  readonly users: readonly string[];
  /** int32[users + 1]: where each user's items begin in `items`. */
  readonly offsets: Int32Array;
  /** int32[interactions]: places in the catalogue, a user's in order of time. */
  readonly items: Int32Array;
}

/** What was read of a file of interactions. */
export interface InteractionFile extends Interactions {
  readonly notes: readonly string[];
  readonly sha256: string;
}

/** What happens to the order of a user's events of the same time. */
export type TiePolicy = "keep" | "shuffle";

/** A user's items. */
export function sequenceOf({ offsets, items }: Interactions, user: number): Int32Array {
  return items.subarray(offsets[user], offsets[user + 1]);
}

/** Collects events by user. */
class Collector {
  readonly #places: ReadonlyMap<string, number>;
  readonly #users = new Map<string, number>();
  readonly #unknown = new Set<string>();
  #unknownEvents = 0;
  readonly names: string[] = [];

  constructor(places: ReadonlyMap<string, number>) {
    this.#places = places;
  }

  user(name: string): number {
    const known = this.#users.get(name);
    if (known !== undefined) return known;
    this.#users.set(name, this.names.length);
    return this.names.push(name) - 1;
  }

  /** An item's place in the catalogue; -1 for one that it does not have, which is counted. */
  item(id: string): number {
    const place = this.#places.get(id);
    if (place !== undefined) return place;
    this.#unknown.add(id);
    this.#unknownEvents++;
    return -1;
  }

  get notes(): string[] {
    if (this.#unknownEvents === 0) return [];
    const example = this.#unknown.values().next().value;
    const which = `${this.#unknown.size} items that are not in the catalogue, such as ${example}`;
    return [`${this.#unknownEvents} events name ${which}: left out`];
  }
}

function findColumn(columns: readonly Column[], path: string, stem: string): Column {
  const found = columns.find(({ name }) => name.toLowerCase().startsWith(stem));
  if (found) return found;
  throw new DataError({
    where: path,
    expected: `a column whose name begins with "${stem}"`,
    found: columns.map(({ name }) => name).join(", "),
    hint: "events need the columns user, item and timestamp",
  });
}

function timesOf(column: Column, path: string): Float64Array {
  const times = column.type === "number" ? column.values : dateTimes(column.categories, column.codes);
  const row = times.findIndex((time) => Number.isNaN(time));
  if (row < 0) return times;
  const found = column.type === "text" ? (column.categories[column.codes[row]] ?? "nothing") : "nothing";
  const hint = "write seconds, or dates as 2026-01-31T12:00:00Z";
  throw new DataError({ where: `${path}: row ${row + 1}, column ${column.name}`, expected: "a time", found, hint });
}

function dateTimes(texts: readonly string[], codes: Int32Array): Float64Array {
  const parsed = texts.map((text) => Date.parse(text));
  return Float64Array.from(codes, (code) => parsed[code] ?? Number.NaN);
}

/** Texts of a column by their codes, so that each is looked at once. */
function coded(column: Column): { texts: readonly string[]; codes: Int32Array } {
  if (column.type === "text") return { texts: column.categories, codes: column.codes };
  const places = new Map<number, number>();
  const codes = Int32Array.from(column.values, (value) => {
    if (Number.isNaN(value)) return -1;
    const known = places.get(value);
    if (known !== undefined) return known;
    places.set(value, places.size);
    return places.size - 1;
  });
  return { texts: [...places.keys()].map(String), codes };
}

function mapCodes(column: Column, path: string, place: (text: string) => number): (row: number) => number {
  const { texts, codes } = coded(column);
  const missing = codes.indexOf(-1);
  if (missing >= 0) {
    const where = `${path}: row ${missing + 1}, column ${column.name}`;
    throw new DataError({ where, expected: "a value", found: "nothing" });
  }
  const cache = new Map<number, number>();
  return (row) => {
    const code = codes[row];
    const known = cache.get(code);
    // Items that the catalogue lacks are asked for again, so that their events are counted.
    if (known !== undefined && known >= 0) return known;
    const value = place(texts[code]);
    cache.set(code, value);
    return value;
  };
}

async function readEvents(path: string, collector: Collector, ties: TiePolicy, seed: number): Promise<InteractionFile> {
  const table = await readTable(path);
  const column = (stem: string) => findColumn(table.columns, path, stem);
  const times = timesOf(column("time"), path);
  const userAt = mapCodes(column("user"), path, (text) => collector.user(text));
  const itemAt = mapCodes(column("item"), path, (text) => collector.item(text));
  const users = new Int32Array(table.rows);
  const items = new Int32Array(table.rows);
  for (let row = 0; row < table.rows; row++) {
    users[row] = userAt(row);
    items[row] = itemAt(row);
  }
  const tieOrder =
    ties === "shuffle"
      ? new Random(seed, "recommend", "ties").permutation(table.rows)
      : Int32Array.from({ length: table.rows }, (_, row) => row);
  const order = Int32Array.from({ length: table.rows }, (_, row) => row);
  order.sort((a, b) => users[a] - users[b] || times[a] - times[b] || tieOrder[a] - tieOrder[b]);

  const kept: number[] = [];
  const offsets = new Int32Array(collector.names.length + 1);
  const tiedUsers = new Set<number>();
  let duplicates = 0;
  let sameTime = new Set<number>();
  for (const [i, row] of order.entries()) {
    const before = i > 0 ? order[i - 1] : -1;
    const tied = before >= 0 && users[before] === users[row] && times[before] === times[row];
    if (!tied) sameTime = new Set();
    if (items[row] < 0) continue;
    if (sameTime.has(items[row])) {
      duplicates++;
      continue;
    }
    if (sameTime.size > 0) tiedUsers.add(users[row]);
    sameTime.add(items[row]);
    kept.push(items[row]);
    offsets[users[row] + 1]++;
  }
  for (let user = 0; user < collector.names.length; user++) offsets[user + 1] += offsets[user];
  const notes = [...collector.notes];
  if (duplicates > 0) notes.push(`${duplicates} events are there twice (user, item and time): counted once`);
  if (tiedUsers.size > 0) {
    const what =
      ties === "shuffle" ? "their order was drawn" : "the order of the file decides (--ties shuffle draws it)";
    notes.push(`${tiedUsers.size} of ${collector.names.length} users have events of the same time: ${what}`);
  }
  return { users: collector.names, offsets, items: Int32Array.from(kept), notes, sha256: table.sha256 };
}

async function readSequences(path: string, collector: Collector): Promise<InteractionFile> {
  const bytes = await readFileBytes(path);
  const text = decodeText(bytes, path);
  const byUser = new Map<number, number[]>();
  for (const [number, line] of text.split("\n").entries()) {
    const words = line.trim().split(/\s+/);
    if (words[0] === "") continue;
    const user = collector.user(words[0]);
    if (byUser.has(user)) {
      throw new DataError({ where: `${path}:${number + 1}`, expected: "one line a user", found: `${words[0]} again` });
    }
    byUser.set(
      user,
      words.slice(1).flatMap((word) => {
        const place = collector.item(word);
        return place < 0 ? [] : [place];
      }),
    );
  }
  const sequences = [...byUser.values()];
  const offsets = new Int32Array(sequences.length + 1);
  for (const [user, { length }] of sequences.entries()) offsets[user + 1] = offsets[user] + length;
  const notes = [...collector.notes];
  notes.push("lines carry no times: the order of each line is taken as it is, ties cannot be seen");
  return { users: collector.names, offsets, items: Int32Array.from(sequences.flat()), notes, sha256: sha256(bytes) };
}

function decodeText(bytes: Uint8Array, path: string): string {
  try {
    const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes) : bytes;
    return new TextDecoder("utf-8", { fatal: true }).decode(plain);
  } catch (cause) {
    const gzip = cause instanceof Error && "code" in cause && String(cause.code).startsWith("Z_");
    const [expected, found] = gzip ? ["a whole gzip file", "a damaged one"] : ["UTF-8 text", "other bytes"];
    throw new DataError({ where: path, expected, found, cause });
  }
}

/**
 * Reads interactions: a table of events (user, item, timestamp; CSV, TSV, JSON lines or Parquet), or lines
 * `user item item …` in order of time (`.txt`, `.seq`), each also `.gz`.
 *
 * @param places - of the items in the catalogue, by id; events of others are left out, and said
 * @param ties - of events of one user at one time
 * @throws {DataError} where the file cannot be read, lacks a column, or has no event of a known item
 */
export async function readInteractions(
  path: string,
  places: ReadonlyMap<string, number>,
  { ties, seed }: { readonly ties: TiePolicy; readonly seed: number },
): Promise<InteractionFile> {
  const collector = new Collector(places);
  const file = /\.(txt|seq)(\.gz)?$/i.test(path)
    ? await readSequences(path, collector)
    : await readEvents(path, collector, ties, seed);
  if (file.items.length > 0) return file;
  throw new DataError({
    where: path,
    expected: "events of items in the catalogue",
    found: "none",
    hint: "are the item ids those of --items?",
  });
}
