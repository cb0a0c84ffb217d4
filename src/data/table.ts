/**
 * Tables in memory: named columns of numbers or texts.
 *
 * @module
 */

/** A column of numbers. */
export interface NumberColumn {
  readonly name: string;
  readonly type: "number";
  /** One value a row; NaN where it is missing. */
  readonly values: Float64Array;
}

/** A column of texts, each distinct text kept once. */
export interface TextColumn {
  readonly name: string;
  readonly type: "text";
  /** The distinct texts, sorted. */
  readonly categories: readonly string[];
  /** Per row the place of its text in `categories`; -1 where it is missing. */
  readonly codes: Int32Array;
}

/** A column of a {@link Table}. */
export type Column = NumberColumn | TextColumn;

/** What a table file holds. */
export interface Table {
  /** The file it was read from. */
  readonly path: string;
  /** Number of rows, at least 1. */
  readonly rows: number;
  /** In the order of the file. */
  readonly columns: readonly Column[];
  /** SHA-256 of the file's bytes, as hex. */
  readonly sha256: string;
}

/** How errors name row `row` (from 0) of a table: rows are counted from 1, without the header. */
export function locate(path: string, row: number, column: string): string {
  return `${path}: row ${row + 1}, column ${column}`;
}

/** The value of a column at `row` as text, or undefined where it is missing. */
export function textAt(column: Column, row: number): string | undefined {
  if (column.type === "text") return column.categories[column.codes[row]!];
  const value = column.values[row]!;
  return Number.isNaN(value) ? undefined : String(value);
}

/** A finite decimal number as people and programs write it, or undefined. */
export function parseNumber(text: string): number | undefined {
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

/** Collects a column of texts row by row, without the spaces around them. */
export class TextBuilder {
  readonly #missing: ReadonlySet<string>;
  readonly #codes: Int32Array;
  readonly #texts: string[] = [];
  /** By raw text, so that each is trimmed and compared once; -1 for those that mean missing. */
  readonly #codeOfRaw = new Map<string, number>();
  readonly #codeOf = new Map<string, number>();

  /**
   * @param rows - number of rows; those never set are missing
   * @param missing - texts that mean that a value is missing
   */
  constructor(rows: number, missing: ReadonlySet<string>) {
    this.#codes = new Int32Array(rows).fill(-1);
    this.#missing = missing;
  }

  set(row: number, raw: string): void {
    let code = this.#codeOfRaw.get(raw);
    if (code === undefined) {
      code = this.#encode(raw.trim());
      this.#codeOfRaw.set(raw, code);
    }
    this.#codes[row] = code;
  }

  #encode(text: string): number {
    if (this.#missing.has(text)) return -1;
    const code = this.#codeOf.get(text) ?? this.#texts.push(text) - 1;
    this.#codeOf.set(text, code);
    return code;
  }

  /** The column of the texts. */
  toText(name: string): TextColumn {
    const categories = [...this.#texts].sort();
    const sorted = new Map(categories.map((text, place) => [text, place]));
    const places = this.#texts.map((text) => sorted.get(text)!);
    return { name, type: "text", categories, codes: this.#codes.map((code) => (code < 0 ? -1 : places[code]!)) };
  }

  /** The column of the texts as numbers, or undefined where one of them is none. */
  toNumbers(name: string): NumberColumn | undefined {
    const numbers = this.#texts.map(parseNumber);
    if (numbers.includes(undefined)) return undefined;
    return { name, type: "number", values: Float64Array.from(this.#codes, (code) => numbers[code] ?? Number.NaN) };
  }
}
