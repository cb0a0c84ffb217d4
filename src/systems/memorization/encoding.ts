/** From the cells of a table to points in the unit ball: what each column becomes, written down so that anybody can do it again. @module */
import { assert, DataError } from "../../core/index.ts";
import type { Column } from "../../data/index.ts";
import type { Points } from "./points.ts";
import { isMissing, type TableSource } from "./table-source.ts";

/** What a column becomes. */
export type ColumnEncoding =
  /** One feature, the number itself, or `middle` where it is missing. */
  | { readonly name: string; readonly as: "number"; readonly middle: number; readonly missing: boolean }
  /** A 0 or 1 for each of `positions`: that bit of the number's float64 pattern, bit 0 the least significant. */
  | { readonly name: string; readonly as: "bits"; readonly positions: readonly number[]; readonly missing: boolean }
  /** A 0 or 1 for each of `categories`. */
  | { readonly name: string; readonly as: "one-hot"; readonly categories: readonly string[]; readonly missing: boolean }
  /** A 0 or 1 for each of the `bits` lowest bits of the text's hash, see {@link hashText}. */
  | { readonly name: string; readonly as: "hash"; readonly bits: number; readonly missing: boolean };

/**
 * How rows become points: each column gives features (where `missing`, one more that is 1 for a cell without value), and feature f
 * becomes the coordinate (f - centre) * scale.
 */
export interface Encoding {
  readonly columns: readonly ColumnEncoding[];
  readonly centre: Float64Array;
  readonly scale: Float64Array;
}

/** How numbers are encoded: as they are, scaled; or by the bits of their float64 pattern. */
export type NumberMode = "scaled" | "bits";

/** Text columns of more categories than this are hashed. */
const mostCategories = 64;

/** How many features a column gives. */
export function widthOf(column: ColumnEncoding): number {
  const extra = column.missing ? 1 : 0;
  if (column.as === "number") return 1 + extra;
  if (column.as === "bits") return column.positions.length + extra;
  if (column.as === "one-hot") return column.categories.length + extra;
  return column.bits + extra;
}

/**
 * FNV-1a of a text's UTF-8 bytes in 64 bits, mixed by MurmurHash3's finaliser.
 *
 * @example
 * ```ts
 * hashText("a"); // 9412937077740882341n
 * ```
 */
export function hashText(text: string): bigint {
  const mask = 0xffffffffffffffffn;
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & mask;
  hash = ((hash ^ (hash >> 33n)) * 0xff51afd7ed558ccdn) & mask;
  hash = ((hash ^ (hash >> 33n)) * 0xc4ceb9fe1a85ec53n) & mask;
  return hash ^ (hash >> 33n);
}

const patternView = new DataView(new ArrayBuffer(8));

/** The two halves of a number's float64 pattern; minus zero counts as zero. */
function patternOf(value: number): [low: number, high: number] {
  patternView.setFloat64(0, value + 0);
  return [patternView.getUint32(4), patternView.getUint32(0)];
}

function bitsThatVary(values: Float64Array): number[] {
  let [lowAll, highAll, lowAny, highAny] = [-1, -1, 0, 0];
  for (const value of values) {
    if (Number.isNaN(value)) continue;
    const [low, high] = patternOf(value);
    lowAll &= low;
    highAll &= high;
    lowAny |= low;
    highAny |= high;
  }
  const [low, high] = [lowAll ^ lowAny, highAll ^ highAny];
  return Array.from({ length: 64 }, (_, bit) => bit).filter(
    (bit) => ((bit < 32 ? low >>> bit : high >>> (bit - 32)) & 1) === 1,
  );
}

/** The smallest and the largest of the values that are there. */
function rangeOf(values: Float64Array): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

function planColumn(column: Column, rows: number, mode: NumberMode, path: string): ColumnEncoding {
  const { name } = column;
  let missing = false;
  for (let row = 0; row < rows && !missing; row++) missing = isMissing(column, row);
  if (column.type === "number") {
    if (mode === "scaled") {
      const [low, high] = rangeOf(column.values);
      return { name, as: "number", middle: low / 2 + high / 2, missing };
    }
    return { name, as: "bits", positions: bitsThatVary(column.values), missing };
  }
  const used = new Uint8Array(column.categories.length);
  for (const code of column.codes) if (code >= 0) used[code] = 1;
  const categories = column.categories.filter((_, code) => used[code] === 1);
  if (categories.length <= mostCategories) return { name, as: "one-hot", categories, missing };
  const hashes = categories.map(hashText);
  const distinct = (bits: number) => new Set(hashes.map((hash) => BigInt.asUintN(bits, hash))).size === hashes.length;
  const bits = [32, 48, 64].find(distinct);
  if (bits !== undefined) return { name, as: "hash", bits, missing };
  throw new DataError({
    where: `${path}: column ${name}`,
    expected: "texts whose 64-bit hashes differ",
    found: "two with the same",
    hint: "change one of the texts by a letter",
  });
}

/** Adds the features of a column, row by row, to `out`. @returns cells whose text the encoding does not know */
function fillFeatures(
  column: Column,
  encoding: ColumnEncoding,
  rows: number,
  out: Float64Array,
  width: number,
  at: number,
): number {
  const extra = widthOf(encoding) - 1;
  let unknown = 0;
  if (column.type === "number") {
    for (let row = 0; row < rows; row++) {
      const value = column.values[row]!;
      const base = row * width + at;
      if (Number.isNaN(value)) {
        if (encoding.as === "number") out[base] = encoding.middle;
        if (encoding.missing) out[base + extra] = 1;
        else unknown++;
      } else if (encoding.as === "number") out[base] = value;
      else if (encoding.as === "bits") {
        const [low, high] = patternOf(value);
        for (const [k, bit] of encoding.positions.entries())
          out[base + k] = (bit < 32 ? low >>> bit : high >>> (bit - 32)) & 1;
      }
    }
    return unknown;
  }
  const places =
    encoding.as === "one-hot" ? new Map(encoding.categories.map((text, place) => [text, place])) : undefined;
  const featuresOf = column.categories.map((text): readonly number[] => {
    if (places) return places.has(text) ? [places.get(text)!] : [];
    assert(encoding.as === "hash", "a text column is one-hot or hashed");
    const hash = hashText(text);
    return Array.from({ length: encoding.bits }, (_, bit) => bit).filter((bit) => (hash >> BigInt(bit)) & 1n);
  });
  for (let row = 0; row < rows; row++) {
    const code = column.codes[row]!;
    const base = row * width + at;
    if (code < 0) {
      if (encoding.missing) out[base + extra] = 1;
      else unknown++;
      continue;
    }
    const ones = featuresOf[code]!;
    if (places && ones.length === 0) unknown++;
    for (const feature of ones) out[base + feature] = 1;
  }
  return unknown;
}

/** The features of every row as they come from the cells, float64 [rows, width]. */
function rawFeatures(
  columns: readonly Column[],
  encodings: readonly ColumnEncoding[],
  rows: number,
): { raw: Float64Array; width: number; unknownCells: number } {
  const width = encodings.reduce((total, encoding) => total + widthOf(encoding), 0);
  const raw = new Float64Array(rows * width);
  let at = 0;
  let unknownCells = 0;
  for (const [i, encoding] of encodings.entries()) {
    unknownCells += fillFeatures(columns[i]!, encoding, rows, raw, width, at);
    at += widthOf(encoding);
  }
  return { raw, width, unknownCells };
}

/** Turns raw features into coordinates, in place. */
function normalize(raw: Float64Array, { centre, scale }: Pick<Encoding, "centre" | "scale">): void {
  const width = centre.length;
  // Adding 0 makes a minus zero a zero.
  for (let at = 0, j = 0; at < raw.length; at++, j = j + 1 === width ? 0 : j + 1)
    raw[at] = (raw[at]! - centre[j]!) * scale[j]! + 0;
}

/** Where each column's features have their middle, and what brings them to [-1, 1]. */
function columnScales(
  columns: readonly Column[],
  encodings: readonly ColumnEncoding[],
): { centre: number[]; scale: number[] } {
  const centre: number[] = [];
  const scale: number[] = [];
  for (const [i, encoding] of encodings.entries()) {
    const column = columns[i]!;
    if (encoding.as === "number" && column.type === "number") {
      const [low, high] = rangeOf(column.values);
      const half = high / 2 - low / 2;
      centre.push(encoding.middle);
      // A column of one value beside missing ones has no width.
      scale.push(half > 0 ? 1 / half : 1);
    } else {
      const count = widthOf({ ...encoding, missing: false });
      // One of k features is 1: around 1/k the points have the smallest norm, and all the same.
      const middle = encoding.as === "one-hot" ? 1 / widthOf(encoding) : 0.5;
      for (let k = 0; k < count; k++) {
        centre.push(middle);
        scale.push(1);
      }
    }
    if (encoding.missing) {
      centre.push(encoding.as === "one-hot" ? 1 / widthOf(encoding) : 0.5);
      scale.push(1);
    }
  }
  return { centre, scale };
}

/** Rows as points, with what is needed to encode other rows the same way. */
export interface EncodedTable {
  readonly encoding: Encoding;
  readonly points: Points;
}

/**
 * Encodes a table: numbers scaled to [-1, 1] or by their bits, texts one-hot or hashed, all scaled together so that the largest norm
 * is 1.
 *
 * @throws {DataError} where a number is too large or too small to be scaled
 */
export function encodeTable(source: TableSource, mode: NumberMode): EncodedTable {
  const { features, rows, name } = source;
  const columns = features.map((column) => planColumn(column, rows, mode, name));
  const { raw, width } = rawFeatures(features, columns, rows);
  const { centre, scale } = columnScales(features, columns);
  let [smallest, largest] = [Number.POSITIVE_INFINITY, 0];
  for (let row = 0; row < rows; row++) {
    let square = 0;
    for (let j = 0; j < width; j++) square += ((raw[row * width + j]! - centre[j]!) * scale[j]!) ** 2;
    smallest = Math.min(smallest, square);
    largest = Math.max(largest, square);
  }
  const encoding = {
    columns,
    centre: Float64Array.from(centre),
    scale: Float64Array.from(scale, (value) => value / Math.sqrt(largest)),
  };
  const bad = encoding.scale.findIndex((value) => !Number.isFinite(value) || value === 0);
  if (bad >= 0) {
    throw new DataError({
      where: name,
      expected: "numbers that can be scaled to [-1, 1] in float64",
      found: `a column whose range is too wide or too narrow (feature ${bad + 1})`,
      hint: "--encode bits takes any number",
    });
  }
  normalize(raw, encoding);
  const sphere = smallest > largest * (1 - 1e-9);
  return { encoding, points: { count: rows, dimensions: width, data: raw, geometry: sphere ? "sphere" : "ball" } };
}

/** Rows of another table in an encoding that is there. */
export interface AppliedEncoding {
  readonly points: Points;
  /** Cells with a text, or a gap, that the encoding does not know; their features are all 0. */
  readonly unknownCells: number;
}

/**
 * Encodes rows as an {@link Encoding} says.
 *
 * @param columns - by name; those that the encoding does not name are ignored
 * @throws {DataError} where a column is not there or is text in place of numbers
 */
export function applyEncoding(
  encoding: Encoding,
  columns: readonly Column[],
  rows: number,
  path: string,
): AppliedEncoding {
  const chosen = encoding.columns.map(({ name, as }): Column => {
    const column = columns.find((candidate) => candidate.name === name);
    if (!column) {
      const found = `the columns ${columns.map((other) => other.name).join(", ")}`;
      throw new DataError({ where: path, expected: `a column ${name}`, found, hint: "the network was fitted on it" });
    }
    const isNumber = as === "number" || as === "bits";
    if (isNumber === (column.type === "number")) return column;
    if (isNumber) {
      throw new DataError({ where: `${path}: column ${name}`, expected: "numbers", found: "texts" });
    }
    return asText(column as Extract<Column, { type: "number" }>);
  });
  const { raw, width, unknownCells } = rawFeatures(chosen, encoding.columns, rows);
  normalize(raw, encoding);
  return { points: { count: rows, dimensions: width, data: raw, geometry: "ball" }, unknownCells };
}

/** A column of numbers as the texts that they were written as. */
function asText(column: Extract<Column, { type: "number" }>): Column {
  const categories = [...new Set(Array.from(column.values, String))].filter((text) => text !== "NaN");
  const codeOf = new Map(categories.map((text, code) => [text, code]));
  return {
    name: column.name,
    type: "text",
    categories,
    codes: Int32Array.from(column.values, (value) => codeOf.get(String(value)) ?? -1),
  };
}
