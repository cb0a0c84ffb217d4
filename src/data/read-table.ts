/**
 * Reading table files, each format by its own reader.
 *
 * @module
 */
import { ConfigError, DataError } from "../core/index.ts";
import { readCsv } from "./csv.ts";
import { readJsonLines } from "./json-lines.ts";
import { readParquet } from "./parquet.ts";
import type { Table } from "./table.ts";

/** Options of {@link readTable}. */
export interface ReadTableOptions {
  /** The character between the values of a CSV file; default the most frequent of `,` `;` tab `|` in its header. */
  readonly delimiter?: string;
  /** Texts that mean that a value is missing; default `?`, `NA`, `N/A`, `NaN`, `nan`, `null`, `NULL`. The empty text always does. */
  readonly missingValues?: readonly string[];
}

const missingByDefault = ["?", "NA", "N/A", "NaN", "nan", "null", "NULL"];

const readers = {
  csv: readCsv,
  tsv: (path: string, options: { missing: ReadonlySet<string> }) => readCsv(path, { ...options, delimiter: "\t" }),
  jsonl: readJsonLines,
  parquet: readParquet,
};

const readerOfEnding: Readonly<Record<string, keyof typeof readers>> = {
  csv: "csv",
  tsv: "tsv",
  tab: "tsv",
  jsonl: "jsonl",
  ndjson: "jsonl",
  parquet: "parquet",
};

function readerFor(path: string): keyof typeof readers | undefined {
  const ending = /\.([^./\\]+?)(\.gz)?$/i.exec(path)?.[1]?.toLowerCase() ?? "";
  return Object.hasOwn(readerOfEnding, ending) ? readerOfEnding[ending] : undefined;
}

/** Whether {@link readTable} knows the ending of `path`. */
export function isTablePath(path: string): boolean {
  return readerFor(path) !== undefined;
}

/**
 * Reads a CSV, TSV, JSON-lines or Parquet file (all but Parquet also as `.gz`), told by its ending.
 *
 * A column is numeric where every value that is not missing is a number (CSV and TSV), or where the file's own types say so
 * (JSON, Parquet); booleans and dates are texts. Spaces around names and values are dropped.
 *
 * @param path - `.csv`, `.tsv`, `.tab`, `.jsonl`, `.ndjson` or `.parquet`
 * @throws {DataError} where the file is missing, damaged, empty or has no rows, where a row has more or fewer values than the
 * header, or where a column has no name, the name of another, or values that are neither numbers nor texts
 * @throws {ConfigError} where `delimiter` is not one character
 * @example
 * ```ts
 * const table = await readTable("iris.csv");
 * table.columns.map((column) => `${column.name}: ${column.type}`); // ["sepal_length: number", …, "species: text"]
 * ```
 */
export async function readTable(path: string, options: ReadTableOptions = {}): Promise<Table> {
  const reader = readerFor(path);
  if (reader === undefined) {
    throw new DataError({
      where: path,
      expected: "a table file (.csv, .tsv, .tab, .jsonl, .ndjson, each also .gz, or .parquet)",
      found: "another ending",
    });
  }
  const { delimiter = "", missingValues = missingByDefault } = options;
  if (delimiter.length > 1) {
    throw new ConfigError({ where: "delimiter", expected: "one character", found: JSON.stringify(delimiter) });
  }
  const table = await readers[reader](path, { delimiter, missing: new Set(["", ...missingValues]) });
  if (table.rows === 0) {
    throw new DataError({
      where: path,
      expected: "at least one row of values",
      found: reader === "csv" || reader === "tsv" ? "only a header" : "none",
    });
  }
  return table;
}
